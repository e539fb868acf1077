"""The pictures that a reader should look at, by name, as Markdown lists."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from bench.audit.dataset import GREY, NEAR_GREY, DatasetAudit
from bench.report.markdown import code, count, escape

_SHOWN = 50
"""Longer lists are cut on the page; ``pictures.csv`` has everything."""


@dataclass(frozen=True)
class Listed:
    """A list to be folded away under its summary."""

    summary: str
    lines: list[str]


def lists(audit: DatasetAudit) -> list[Listed]:
    """All lists of a data set that have something in them."""
    unreadable = audit.flagged("unreadable")
    leaks = audit.flagged("leak")
    copies = audit.flagged("duplicate").drop(leaks.index)
    found = (
        ("Copies across splits", _groups(leaks)),
        ("Copies within a split", _groups(copies)),
        ("Unreadable", [f"{_place(row)}: {escape(row.reason)}" for row in unreadable.itertuples()]),
        (f"Grey: peak chroma below {GREY:g}", _by_chroma(audit.flagged("grey"))),
        (f"Near-grey: peak chroma from {GREY:g} to {NEAR_GREY:g}", _by_chroma(audit.flagged("near-grey"))),
    )
    return [Listed(f"{title} ({len(lines):,})", _cut(lines)) for title, lines in found if lines]


def _groups(pictures: pd.DataFrame) -> list[str]:
    """A line per group of copies."""
    return [_group(group) for _, group in pictures.groupby("duplicate_group")]


def _group(group: pd.DataFrame) -> str:
    contents = group["content_hash"]
    files = "" if contents.isna().all() else "the same file: " if contents.nunique() == 1 else "the same pixels: "
    places = [_place(row) for row in group.itertuples()]
    return files + ", ".join(places[:_SHOWN]) + (f" and {len(places) - _SHOWN:,} more" if len(places) > _SHOWN else "")


def _by_chroma(pictures: pd.DataFrame) -> list[str]:
    return [f"{_place(row)}: {row.peak_chroma:.1f}" for row in pictures.sort_values("peak_chroma").itertuples()]


def _place(row: object) -> str:
    return f"{code(row.key)} ({row.split})"


def _cut(lines: list[str]) -> list[str]:
    if len(lines) <= _SHOWN:
        return lines
    return [*lines[:_SHOWN], f"and {count(len(lines) - _SHOWN, 'more line')}: see `pictures.csv`"]
