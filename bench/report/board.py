"""The cells of one data set as a board of architectures by losses, holes included."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from statistics import mean

import numpy as np

from bench.records import Record
from bench.report.stored import StoredRun
from registry.errors import UserError

Value = Callable[[Record], float | None]

MOST_LOSSES = 5
"""Columns of small multiples; more losses than this are spread over several figures."""


@dataclass(frozen=True)
class LossGroup:
    """Losses that share a figure; the first of ``count`` groups has the number 1."""

    losses: list[str]
    number: int
    count: int

    @property
    def title(self) -> str:
        """What a title says of it: `` (2 of 3)``."""
        return f" ({self.number} of {self.count})" if self.count > 1 else ""

    @property
    def kind(self) -> str:
        """What a file name says of it: ``-2``."""
        return f"-{self.number}" if self.count > 1 else ""


@dataclass(frozen=True)
class Board:
    """All cells of a data set.

    Attributes:
        architectures: Trained ones, in the order of the grid. So are losses.
        records: Of trained cells, however they ended.
        baselines: Completed ones.
    """

    run: StoredRun
    dataset: str
    architectures: list[str]
    losses: list[str]
    records: list[Record]
    baselines: list[Record]

    @cached_property
    def completed(self) -> list[Record]:
        """The trained cells that were scored."""
        return [record for record in self.records if record.status == "completed"]

    def at(self, architecture: str, loss: str) -> list[Record]:
        """Completed cells of a place, one per seed."""
        return [one for one in self.completed if (one.architecture, one.loss) == (architecture, loss)]

    def state(self, architecture: str, loss: str) -> str:
        """The words for a hole.

        "failed", "skipped", "not run", "left out" where the grid does not ask for it, "not stored" where only files
        are missing.
        """
        if self.at(architecture, loss):
            return "not stored"
        ends = {one.status for one in self.records if (one.architecture, one.loss) == (architecture, loss)}
        if not ends and self._asked is not None and (architecture, loss) not in self._asked:
            return "left out"
        return next((end for end in ("failed", "skipped") if end in ends), "not run")

    @cached_property
    def _asked(self) -> set[tuple[str, str | None]] | None:
        """Architectures with losses that the grid asks for here; None where this installation cannot tell."""
        try:
            return {
                (architecture, loss) for dataset, architecture, loss, _ in self.run.asked if dataset == self.dataset
            }
        except UserError:
            return None

    def mean(self, architecture: str, loss: str, value: Value) -> float:
        """Mean over the seeds; not a number where there is none."""
        values = [number for record in self.at(architecture, loss) if (number := value(record)) is not None]
        return mean(values) if values else float("nan")

    def table(self, value: Value) -> np.ndarray:
        """Means over seeds, rows architectures and columns losses."""
        rows = [[self.mean(architecture, loss, value) for loss in self.losses] for architecture in self.architectures]
        return np.array(rows, dtype=float).reshape(len(self.architectures), len(self.losses))

    def ranked(self) -> list[tuple[str, str]]:
        """Places with a score as (architecture, loss), the lowest LPIPS first."""
        scores = {
            (architecture, loss): self.mean(architecture, loss, metric("lpips"))
            for architecture in self.architectures
            for loss in self.losses
        }
        return sorted((place for place, score in scores.items() if np.isfinite(score)), key=scores.__getitem__)

    def shown_architectures(self) -> list[str]:
        """Architectures with a completed cell."""
        return [one for one in self.architectures if any(record.architecture == one for record in self.completed)]

    def loss_groups(self) -> list[LossGroup]:
        """The losses in groups of about equal size that each fit into the columns of one figure."""
        count = -(-len(self.losses) // MOST_LOSSES)
        sizes = np.array_split(np.arange(len(self.losses)), count) if count else []
        return [LossGroup([self.losses[place] for place in places], n, count) for n, places in enumerate(sizes, 1)]


def metric(name: str) -> Value:
    """A record's measurement by name."""
    return lambda record: record.metrics[name].value if name in record.metrics else None


def boards(run: StoredRun) -> list[Board]:
    """A board per data set of a run."""
    records, grid = run.records, run.grid
    trained = [record for record in records if record.loss is not None]
    untrained = {record.architecture for record in records if record.loss is None} | set(grid.baselines)
    architectures = _unique(grid.architectures, [record.architecture for record in trained])
    losses = _unique(grid.losses, [record.loss for record in trained])
    datasets = _unique(grid.datasets, [record.dataset for record in records])
    return [
        Board(
            run,
            dataset,
            [architecture for architecture in architectures if architecture not in untrained],
            losses,
            [record for record in trained if record.dataset == dataset],
            [
                record
                for record in records
                if record.dataset == dataset and record.loss is None and record.status == "completed"
            ],
        )
        for dataset in datasets
    ]


def _unique(*lists: list) -> list:
    return list(dict.fromkeys(one for values in lists for one in values))
