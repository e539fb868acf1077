"""Rows of the report: an architecture with a loss on a data set, all of its seeds together."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from statistics import fmean
from typing import Any

import numpy as np

from bench.records import Measurement, Record
from bench.report.legend import COLORS_RATIO, RATIO, metric
from bench.report.markdown import code
from bench.report.statistics import Uncertainty, uncertain
from bench.report.stored import StoredRun
from registry.errors import UserError
from registry.spec import split

RATIOS = {RATIO: "colorfulness", COLORS_RATIO: "ab_effective_colors"}
"""Metrics that no record has: what they divide by its value for the truth."""


@dataclass(frozen=True)
class Goal:
    """Where a metric should go: up, down, or to a target.

    Attributes:
        target: Value to come near, where neither up nor down is better; None where it is not known.
        target_name: What the target is: "truth" or a number.
    """

    higher_is_better: bool | None
    target: float | None = None
    target_name: str = "truth"

    @property
    def arrow(self) -> str:
        """For the head of a column."""
        if self.higher_is_better is None:
            return f"→ {self.target_name}"
        return "↑" if self.higher_is_better else "↓"

    def distance(self, value: Any) -> Any:
        """How far a number, or an array of them, is from the best: smaller is better; NaN without a target."""
        if self.higher_is_better is None:
            return abs(value - (math.nan if self.target is None else self.target))
        return -value if self.higher_is_better else value


@dataclass(frozen=True, eq=False)
class Entry:
    """A row.

    Attributes:
        loss: None for a baseline. Where settings are an axis, with those it was trained with.
        records: One per seed that ended, however it ended.
        pending: Seeds that the grid asks for and that have not ended yet.
    """

    architecture: str
    loss: str | None
    dataset: str
    records: tuple[Record, ...]
    pending: tuple[int | None, ...] = ()

    @cached_property
    def levels(self) -> dict[str, str]:
        """Where a trained row stands on each axis: architecture, loss, and settings that are axes by their names."""
        loss, *settings = split(self.loss, ",")
        return {
            "architecture": self.architecture,
            "loss": loss,
            **{one.partition("=")[0]: one for one in settings},
        }

    @property
    def completed(self) -> list[Record]:
        """The records that have measurements."""
        return [record for record in self.records if record.status == "completed"]

    @property
    def name(self) -> str:
        """The row in a sentence."""
        return f"{code(self.architecture)} with {code(self.loss)}" if self.loss else code(self.architecture)

    def values(self, name: str) -> list[float]:
        """A metric's value of each seed that has one."""
        found = [measure(record, name) for record in self.completed]
        return [one.value for one in found if one is not None and one.value is not None]

    def estimate(self, name: str) -> Uncertainty | None:
        """A metric's mean over seeds, or its value over test pictures where there is one seed, as the records say it.

        None where it was not measured.
        """
        values = self.values(name)
        if len(values) != 1:
            return uncertain(np.array([values]), None, 0) if values else None
        found = [measure(record, name) for record in self.completed]
        [only] = [one for one in found if one is not None and one.value is not None]
        if only.stderr is None:
            return uncertain(np.array([values]), None, 0)
        return Uncertainty(values[0], 0.0, only.stderr**2, 1, only.n)


def measure(record: Record, name: str, on: str | None = None) -> Measurement | None:
    """A metric of a record, ratios to the truth's included; ``on`` another data set that it was tested on."""
    scores = record if on in (None, record.dataset) else record.transfer.get(on)
    if scores is None or name not in RATIOS:
        return scores.metrics.get(name) if scores else None
    of = RATIOS[name]
    found, truth = scores.metrics.get(of), scores.truth.get(of)
    if found is None or found.value is None or not truth:
        return None
    return Measurement(value=found.value / truth, n=found.n)


def goal(entries: Iterable[Entry], name: str) -> Goal:
    """Where a metric should go, as the records say it."""
    for record in (record for entry in entries for record in entry.completed):
        measurement = measure(record, name)
        if measurement is None:
            continue
        if measurement.higher_is_better is not None:
            return Goal(measurement.higher_is_better)
        if name in record.truth:
            return Goal(None, record.truth[name])
        best = metric(name).best
        if best is not None:
            return Goal(None, best, f"{best:g}")
    return Goal(None)


def ranked(entries: Iterable[Entry], name: str) -> list[Entry]:
    """Trained rows that have a value, best first."""
    rows = list(entries)
    where = goal(rows, name)
    distances = {}
    for index, entry in enumerate(rows):
        values = entry.values(name) if entry.loss else []
        # The mean distance: seeds that miss the goal on both sides do not make each other good.
        if values and not math.isnan(where.distance(values[0])):
            distances[index] = fmean(map(where.distance, values))
    return [rows[index] for index in sorted(distances, key=distances.__getitem__)]


def leaders(entries: Iterable[Entry], name: str) -> tuple[list[Entry], list[Entry]]:
    """The best trained rows and the second: those of exactly one value share a place, after two firsts no second."""
    order = ranked(entries, name)
    values = {entry: tuple(entry.values(name)) for entry in order}
    places = [list(several) for _, several in itertools.groupby(order, key=values.__getitem__)]
    first, *others = places or [[]]
    return first, others[0] if others and len(first) == 1 else []


def collect(run: StoredRun) -> dict[str, list[Entry]]:
    """Rows of each data set in the order of the grid's axes, what has not ended yet included."""
    records: dict[tuple[str, str, str | None], list[Record]] = {}
    for record in run.records:
        records.setdefault((record.dataset, record.architecture, record.loss), []).append(record)
    pending = _pending(run)
    return {
        dataset: [
            Entry(*key[1:], dataset, tuple(records.get(key, ())), tuple(pending.get(key, ())))
            for key in sorted({**records, **pending}, key=lambda key: _place(run, key))
            if key[0] == dataset
        ]
        for dataset in dict.fromkeys([*run.grid.datasets, *(key[0] for key in records)])
    }


def _pending(run: StoredRun) -> dict[tuple[str, str, str | None], list[int | None]]:
    try:
        asked = run.asked
    except UserError:
        # The grid names a component that this installation does not have: its records can still be shown.
        return {}
    ended = {(one.dataset, one.architecture, one.loss, one.seed) for one in run.records}
    pending: dict[tuple[str, str, str | None], list[int | None]] = {}
    for *what, seed in asked:
        key = tuple(what)
        if (*key, seed) not in ended:
            pending.setdefault(key, []).append(seed)
    return pending


def _place(run: StoredRun, key: tuple[str, str, str | None]) -> tuple[int, int]:
    _, architecture, loss = key
    architectures, losses = [*run.grid.baselines, *run.grid.architectures], run.grid.losses
    return (
        architectures.index(architecture) if architecture in architectures else len(architectures),
        losses.index(loss) if loss in losses else len(losses),
    )
