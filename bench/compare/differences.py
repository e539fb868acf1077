"""How much a metric differs between two runs: B minus A, row by row and on average, and what may be chance.

Where both runs were tested on the same pictures, differences are taken seed by seed and picture by picture: what seeds
and pictures have in common cancels, and the interval is that of the mean of the paired differences. Otherwise it is
that of two independent means.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from bench.compare.matching import Row
from bench.records import DataSummary, Record
from bench.report.entries import Entry, Goal, goal, measure
from bench.report.sample import Sample
from bench.report.statistics import CONFIDENCE, Uncertainty, averaged, holm, uncertain
from bench.report.stored import StoredRun

_PICTURES = ("revision", "split_hash", "n_test", "image_size", "resize_rule", "min_chroma")
"""What makes two test sets the same pictures, of what a record says of its data."""


Pairing = Literal["paired", "apart", "pooled"]


@dataclass(frozen=True, eq=False)
class Side:
    """A row's metric in one run.

    Attributes:
        sample: Its columns are the seeds that both runs have.
    """

    sample: Sample
    where: Goal

    @property
    def value(self) -> float:
        """Mean over seeds."""
        return float(self.sample.values.mean())


@dataclass(frozen=True, eq=False)
class Difference:
    """A metric of a row in both runs.

    Attributes:
        seeds: Those that both have a value for.
        pairing: Whether it was taken picture by picture ("paired"), on two test sets ("apart"), or on one without
            scores of single pictures ("pooled").
        gap: B minus A.
        further: How much further from the metric's goal B is than A; None where it has no goal.
        p: Of ``further``, corrected by Holm over all trained rows and metrics; None where nothing is known of chance.
    """

    metric: str
    row: Row
    seeds: tuple[int | None, ...]
    first: Side
    second: Side
    pairing: Pairing
    gap: Uncertainty
    further: Uncertainty | None
    p: float | None = None

    @property
    def same(self) -> bool:
        """Whether nothing differs, to the last digit."""
        return bool((self.first.sample.values == self.second.sample.values).all())

    @property
    def clear(self) -> bool:
        """Whether B is nearer to or further from the goal by more than chance, all rows and metrics considered."""
        return self.p is not None and self.p < 1 - CONFIDENCE

    @property
    def verdict(self) -> str:
        """What became of it in B."""
        if self.same:
            return "the same"
        if self.further is None:
            return "different"
        if not self.row.trained:
            # Nothing of a reference is trained: that it differs at all is no chance.
            return "different"
        if self.p is None:
            return "not known"
        if not self.clear:
            return "could be chance"
        return "worse" if self.further.value > 0 else "better"


def differences(first: StoredRun, second: StoredRun, rows: Sequence[Row], metrics: Sequence[str]) -> list[Difference]:
    """Every metric of every row that both runs have a value for, with Holm's correction over the trained rows."""
    found = [one for name in metrics for row in rows if (one := _difference(first, second, row, name)) is not None]
    tested = [one for one in found if one.row.trained and one.further is not None and one.further.covers]
    corrected = dict(zip(map(id, tested), holm([one.further.p() for one in tested]), strict=True))
    return [replace(one, p=corrected.get(id(one))) for one in found]


def mean(several: Sequence[Difference]) -> Uncertainty:
    """The mean of B minus A over rows; without an interval where they do not share their pictures and seeds."""
    value = float(np.mean([one.gap.value for one in several]))
    samples = [side.sample for one in several for side in (one.first, one.second)]
    alike = all(one.pairing == "paired" for one in several) and len({one.seeds for one in several}) == 1
    if not alike or not all(one.pictures.names.equals(samples[0].pictures.names) for one in samples):
        return Uncertainty(value, 0.0, 0.0, 1, 0)
    values = np.stack([one.second.sample.values - one.first.sample.values for one in several])
    redrawn = np.stack(
        [one.second.sample.pictures.redrawn - one.first.sample.pictures.redrawn for one in several], axis=1
    )
    starts = [one.row.architecture for one in several]
    return uncertain(averaged(values, starts), averaged(redrawn, starts), samples[0].n_pictures)


def has(record: Record, name: str) -> bool:
    """Whether a metric was measured of a cell."""
    one = measure(record, name)
    return one is not None and one.value is not None


def same_pictures(first: Record, second: Record) -> bool:
    """Whether two cells were tested on the same pictures, by what their records say of the data."""
    return all(_of(first.data, name) == _of(second.data, name) for name in _PICTURES)


def _of(data: DataSummary | None, name: str) -> object:
    # A record that says nothing of its data is like no other.
    return object() if data is None else getattr(data, name)


def _difference(first: StoredRun, second: StoredRun, row: Row, name: str) -> Difference | None:
    pairs = [pair for pair in zip(row.first, row.second, strict=True) if all(has(record, name) for record in pair)]
    if not pairs:
        return None
    ours, theirs = (_side(run, row, [pair[place] for pair in pairs], name) for place, run in enumerate((first, second)))
    pairing = _pairing(pairs, ours.sample, theirs.sample)
    further = None
    if not any(math.isnan(side.where.distance(side.value)) for side in (ours, theirs)):
        further = _minus(
            *(
                _Drawn(side.sample.distances, side.sample.redrawn_distances, side.sample.n_pictures)
                for side in (ours, theirs)
            ),
            pairing,
        )
    gap = _minus(
        *(_Drawn(side.sample.values, _redrawn(side.sample), side.sample.n_pictures) for side in (ours, theirs)),
        pairing,
    )
    return Difference(name, row, tuple(one.seed for one, _ in pairs), ours, theirs, pairing, gap, further)


def _side(run: StoredRun, row: Row, records: list[Record], name: str) -> Side:
    where = goal([Entry(row.architecture, row.loss, row.dataset, tuple(records))], name)
    return Side(Sample(run, records, name, where), where)


@dataclass(frozen=True, eq=False)
class _Drawn:
    """Values of each seed ``(seeds,)``, on redrawn test sets ``(draws, seeds)`` and how many pictures those have."""

    values: np.ndarray
    redrawn: np.ndarray | None
    n_pictures: int


def _minus(ours: _Drawn, theirs: _Drawn, pairing: Pairing) -> Uncertainty:
    """The second minus the first."""
    if pairing == "pooled":
        return uncertain((theirs.values - ours.values)[None], None, 0)
    if pairing == "paired":
        return uncertain((theirs.values - ours.values)[None], (theirs.redrawn - ours.redrawn)[:, None], ours.n_pictures)
    one, other = (
        uncertain(side.values[None], None if side.redrawn is None else side.redrawn[:, None], side.n_pictures)
        for side in (ours, theirs)
    )
    n_pictures = min(one.n_pictures, other.n_pictures)
    # Variances of independent means add up; the fewer degrees of freedom err on the safe side.
    return Uncertainty(
        other.value - one.value,
        one.seeds + other.seeds,
        one.pictures + other.pictures if n_pictures else 0.0,
        one.n_seeds,
        n_pictures,
        min(one.freedom, other.freedom),
    )


def _redrawn(sample: Sample) -> np.ndarray | None:
    return None if sample.pictures is None else sample.pictures.redrawn


def _pairing(pairs: Sequence[tuple[Record, Record]], ours: Sample, theirs: Sample) -> Pairing:
    if not all(same_pictures(*pair) for pair in pairs):
        return "apart"
    if ours.pictures is None or theirs.pictures is None:
        return "pooled"
    return "paired" if ours.pictures.names.equals(theirs.pictures.names) else "apart"
