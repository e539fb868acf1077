"""A figure of the report: a picture file and the words that go with it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Section = Literal[
    "headline",
    "imbalance",
    "shares",
    "comparison",
    "huber",
    "curves",
    "colors",
    "cost",
    "distribution",
    "pictures",
]


@dataclass(frozen=True)
class Figure:
    """A drawn figure.

    Attributes:
        path: Absolute path of the picture file.
        title: What it shows, in a few words.
        caption: One or two sentences that say what to see and how to read it.
        alt: What a reader who cannot see it is told.
        section: Where in the report it answers something.
        dataset: Spec of the data set it is about; None where it is about all of them.
        folded: More of the same: shown only to a reader who asks for it.
        verdicts: Sentences that answer the question of its section, one per line, in Markdown; the page begins
            with them.
        lines: More sentences that say what it shows.
        table: In Markdown, shown below the sentences.
        details: Summaries and bodies, in Markdown, of what is folded away below it.
    """

    path: Path
    title: str
    caption: str
    alt: str
    section: Section
    dataset: str | None
    folded: bool = False
    verdicts: tuple[str, ...] = ()
    lines: tuple[str, ...] = ()
    table: str = ""
    details: tuple[tuple[str, str], ...] = ()
