"""What the stored numbers say, worked out once for the sentences, the tables and the figures of a report."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from bench.report import headlines
from bench.report.entries import Entry, collect
from bench.report.headlines import Answer
from bench.report.pairs import Pair, pairs
from bench.report.stored import StoredRun


@dataclass(frozen=True)
class Findings:
    """Of a data set.

    Attributes:
        entries: All rows, the untrained and the unfinished included.
        answers: One per headline metric that some trained cell has.
        pairs: Of losses and of architectures, by each headline metric.
    """

    entries: list[Entry]
    answers: list[Answer]
    pairs: list[Pair]


@lru_cache(maxsize=1)
def findings(run: StoredRun) -> dict[str, Findings]:
    """By data set."""
    found = {}
    for dataset, entries in collect(run).items():
        samples = headlines.samples(run, entries)
        trained = [entry for entry in entries if entry.loss]
        found[dataset] = Findings(entries, headlines.answers(samples, entries), pairs(samples, trained))
    return found
