"""Which cells of two runs are the same: those with the same architecture, loss, data set and seed.

A cell's id is a hash of its settings too, and settings are what two runs are compared for: ids do not match cells.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from bench.records import Record
from bench.report.entries import Entry, collect
from bench.report.markdown import code
from bench.report.stored import StoredRun

NOT_RUN = "not run yet"

Key = tuple[str, str, str | None]
"""Data set, architecture and loss; the loss of a reference is None."""


@dataclass(frozen=True, eq=False)
class Row:
    """The cells of an architecture with a loss on a data set that both runs completed.

    Attributes:
        first: Records of A, one per seed that both have. So is second of B, in the same order.
    """

    dataset: str
    architecture: str
    loss: str | None
    first: tuple[Record, ...]
    second: tuple[Record, ...]

    @property
    def trained(self) -> bool:
        """Whether it is no reference."""
        return self.loss is not None

    @property
    def name(self) -> str:
        """The row in a sentence, without its data set."""
        return name_of(self.architecture, self.loss)


@dataclass(frozen=True)
class End:
    """A cell that at least one run lacks, with how it ended there; None where a run's grid does not ask for it."""

    dataset: str
    architecture: str
    loss: str | None
    seed: int | None
    first: str | None
    second: str | None

    @property
    def lost(self) -> bool:
        """Whether A completed it, and B was to and has not."""
        return self.first == "completed" and self.second not in ("completed", None)

    @property
    def name(self) -> str:
        """The cell in a sentence."""
        seed = "" if self.seed is None else f", seed {self.seed}"
        return f"{name_of(self.architecture, self.loss)} on {code(self.dataset)}{seed}"


@dataclass(frozen=True)
class Matching:
    """The cells of two runs, side by side.

    Attributes:
        rows: What both completed, in the order of A's grid.
        ends: Cells that not both completed.
    """

    rows: list[Row]
    ends: list[End]

    @property
    def cells(self) -> int:
        """How many cells both completed."""
        return sum(len(row.first) for row in self.rows)

    @property
    def lost(self) -> list[End]:
        """Cells that A completed and B was to and has not."""
        return [one for one in self.ends if one.lost]


def match(first: StoredRun, second: StoredRun) -> Matching:
    """Put the cells of two runs side by side."""
    ours, theirs = (_rows(run) for run in (first, second))
    rows, ends = [], []
    for key in dict.fromkeys([*ours, *theirs]):
        cells = [dict(_cells(side[key])) if key in side else {} for side in (ours, theirs)]
        seeds = sorted({seed for side in cells for seed in side}, key=lambda seed: -1 if seed is None else seed)
        both = [seed for seed in seeds if all(_status(side.get(seed)) == "completed" for side in cells)]
        if both:
            rows.append(Row(*key, *(tuple(side[seed] for seed in both) for side in cells)))
        ends += [End(*key, seed, *(_status(side.get(seed)) for side in cells)) for seed in seeds if seed not in both]
    return Matching(rows, ends)


def name_of(architecture: str, loss: str | None) -> str:
    """A row in a sentence."""
    return f"{code(architecture)} with {code(loss)}" if loss else code(architecture)


def _rows(run: StoredRun) -> dict[Key, Entry]:
    return {(one.dataset, one.architecture, one.loss): one for entries in collect(run).values() for one in entries}


def _cells(entry: Entry) -> Iterator[tuple[int | None, Record | str]]:
    """By seed: the record, or that it has not been run."""
    yield from ((record.seed, record) for record in entry.records)
    yield from ((seed, NOT_RUN) for seed in entry.pending)


def _status(cell: Record | str | None) -> str | None:
    return cell.status if isinstance(cell, Record) else cell
