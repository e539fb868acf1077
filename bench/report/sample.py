"""A metric of some trainings as a sample: as stored, on test sets drawn again, and picture by picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
import pandas as pd
from scipy.special import entr

from bench.records import Record
from bench.report.entries import Goal, measure
from bench.report.legend import COLORS_RATIO, RATIO
from bench.report.statistics import Uncertainty, averaged, uncertain
from bench.report.stored import Colors, StoredRun

RESAMPLES = 1000

_QUOTIENTS = {
    RATIO: ("colorfulness", "colorfulness_truth"),
    "chroma_ratio": ("chroma", "chroma_truth"),
    "skill": ("skill_mse", "skill_lazy_mse"),
    "rare_ab_error": ("rare_ab_error_sum", "rare_ab_error_grey_sum"),
}
"""Metrics that divide one mean over pictures by another."""

Place = tuple[str, str | None]
"""An architecture and a loss."""


@dataclass(frozen=True)
class Pictures:
    """A metric on test sets drawn again from the pictures, and of single pictures.

    All trainings see the same pictures in each draw, so that what is common to them cancels in differences.

    Attributes:
        redrawn: ``(RESAMPLES, trainings)``.
        truth: The same of the true pictures, ``(RESAMPLES,)``; None where the metric's goal is no truth's value.
        each: Value of each picture, ``(pictures, trainings)``.
        each_truth: Of the true pictures, ``(pictures,)``; None where there is no such value.
        names: Of the pictures.
    """

    redrawn: np.ndarray
    truth: np.ndarray | None
    each: np.ndarray
    each_truth: np.ndarray | None
    names: pd.Index


class Sample:
    """A metric of some trainings.

    Args:
        on: A data set that they were tested on; None: their own.
        lazy: Of the skill: squared error of the lazy colour on each test picture, in place of each training's own.

    Attributes:
        records: Those of the completed trainings that have a value.
        values: ``(trainings,)``.
        pictures: None where what is needed was not stored for every training.
    """

    def __init__(
        self,
        run: StoredRun,
        records: Sequence[Record],
        name: str,
        where: Goal,
        on: str | None = None,
        lazy: pd.Series | None = None,
    ) -> None:
        found = {index: one.value for index, record in enumerate(records) if (one := measure(record, name, on))}
        self.records = [records[index] for index, value in found.items() if value is not None]
        self.values = np.array([value for value in found.values() if value is not None], dtype=float)
        self.where = where
        self.pictures = _pictures(run, self.records, name, on, lazy) if self.records else None
        if lazy is not None and self.pictures is not None:
            self.values = 1 + self.pictures.each.mean(axis=0) / lazy.mean()
        self._columns = {(one.architecture, one.loss, one.seed): n for n, one in enumerate(self.records)}

    def mean(self, place: Place) -> Uncertainty | None:
        """Mean over the seeds of a row; None where it has no value."""
        columns = [self._columns[(*place, seed)] for seed in self.seeds([place])]
        if not columns:
            return None
        redrawn = None if self.pictures is None else self.pictures.redrawn[:, None, columns]
        return uncertain(self.values[None, columns], redrawn, self.n_pictures)

    def difference(self, first: Sequence[Place], second: Sequence[Place]) -> Uncertainty | None:
        """How much further from the goal the second rows are than their partners in the first, a mean over all pairs.

        With the seeds that all rows have; None where they share none.
        """
        seeds = self.seeds([*first, *second])
        if not seeds:
            return None
        starts = [(ours[0], theirs[0]) for ours, theirs in zip(first, second, strict=True)]
        gaps, redrawn = (
            averaged(self._gap(values, first, second, seeds), starts)
            for values in (self.distances, self.redrawn_distances)
        )
        return uncertain(gaps, redrawn, self.n_pictures)

    def wins(self, first: Sequence[Place], second: Sequence[Place]) -> float | None:
        """Chance that a picture by one of the first rows is nearer to the goal than by its partner in the second."""
        if self.pictures is None:
            return None
        seeds = self.seeds([*first, *second])
        ours, theirs = (self.each_distances[:, self._take(places, seeds)] for places in (first, second))
        return float(((ours < theirs) + 0.5 * (ours == theirs)).mean())

    def seeds(self, places: Sequence[Place]) -> list[int | None]:
        """Seeds that all of some rows have."""
        of = [{seed for *place, seed in self._columns if tuple(place) == one} for one in places]
        return sorted(set.intersection(*of), key=str) if of else []

    def table(self, places: np.ndarray, seeds: Sequence[int | None]) -> tuple[np.ndarray, np.ndarray | None]:
        """Values of rows, a table of places ``(..., 2)``, with some seeds, and the same on redrawn test sets."""
        flat = [tuple(place) for place in places.reshape(-1, 2)]
        columns = np.array(self._take(flat, seeds)).reshape(*places.shape[:-1], len(seeds))
        return self.values[columns], None if self.pictures is None else self.pictures.redrawn[:, columns]

    def rows(self, places: Sequence[Place], seeds: Sequence[int | None]) -> tuple[np.ndarray, np.ndarray | None]:
        """Values of some rows with some seeds ``(places, seeds)``, and the same on redrawn test sets."""
        values, redrawn = self.table(np.array(places, dtype=object)[:, None], seeds)
        return values[:, 0], None if redrawn is None else redrawn[:, :, 0]

    def apart(
        self, first: Sequence[Place], second: Sequence[Place], seeds: Sequence[int | None]
    ) -> tuple[np.ndarray, np.ndarray] | None:
        """How far a picture's values by the first rows are from those by their partners, a mean over pictures.

        Absolute differences ``(places, seeds)``, and the same on redrawn test sets; None where no pictures were stored.
        """
        if self.pictures is None:
            return None
        ours, theirs = (self.pictures.each[:, self._take(places, seeds)] for places in (first, second))
        gaps = abs(ours - theirs)
        shape = (len(first), len(seeds))
        return gaps.mean(axis=0).reshape(shape), (_draws(len(gaps)) @ gaps).reshape(-1, *shape)

    @property
    def n_pictures(self) -> int:
        """How many pictures were drawn from; 0 where none were stored."""
        return 0 if self.pictures is None else len(self.pictures.each)

    @cached_property
    def distances(self) -> np.ndarray:
        """From the goal, of the values as stored, ``(trainings,)``."""
        return self.where.distance(self.values)

    @cached_property
    def redrawn_distances(self) -> np.ndarray | None:
        """From the goal; where that is the truth's value, the truth is drawn again with the same pictures."""
        if self.pictures is None:
            return None
        return _distances(self.where, self.pictures.redrawn, self.pictures.truth)

    @cached_property
    def each_distances(self) -> np.ndarray:
        """Of each picture from its goal, which is its own truth's value where there is one."""
        return _distances(self.where, self.pictures.each, self.pictures.each_truth)

    def _gap(
        self, distances: np.ndarray | None, first: Sequence[Place], second: Sequence[Place], seeds: list[int | None]
    ) -> np.ndarray | None:
        """Of each pair and seed, ``(..., pairs, seeds)``."""
        if distances is None:
            return None
        ours, theirs = (distances[..., self._take(places, seeds)] for places in (first, second))
        return (theirs - ours).reshape(*distances.shape[:-1], len(first), len(seeds))

    def _take(self, places: Sequence[Place], seeds: Sequence[int | None]) -> list[int]:
        return [self._columns[(*place, seed)] for place in places for seed in seeds]


def _distances(where: Goal, values: np.ndarray, truth: np.ndarray | None) -> np.ndarray:
    if where.higher_is_better is None and truth is not None:
        return abs(values - truth[:, None])
    return where.distance(values)


def _pictures(
    run: StoredRun, records: Sequence[Record], name: str, on: str | None, lazy: pd.Series | None
) -> Pictures | None:
    if name in _POOLED:
        return _of_bins(run, records, name, on)
    columns = _QUOTIENTS.get(name, (name, f"{name}_truth"))
    tables = [run.per_image(record, on) for record in records]
    if any(table is None or columns[0] not in table for table in tables):
        return None
    each = pd.concat([table.set_index("picture")[columns[0]] for table in tables], axis=1, join="inner").dropna()
    if len(each) < 2:
        return None
    draws, values = _draws(len(each)), each.to_numpy()
    redrawn, second, truth = draws @ values, None, None
    if columns[1] in tables[0]:
        first = tables[0].set_index("picture")[columns[1]] if lazy is None else lazy
        second = first.reindex(each.index).to_numpy()
        if np.isnan(second).any():
            return None
        truth = draws @ second
    if name == "skill":
        return Pictures(1 - redrawn / truth[:, None], None, -values, None, each.index)
    if name in _QUOTIENTS:
        return Pictures(redrawn / truth[:, None], None, values, second, each.index)
    return Pictures(redrawn, truth, values, second, each.index)


def _of_bins(run: StoredRun, records: Sequence[Record], name: str, on: str | None) -> Pictures | None:
    """A measure of the pooled ab bins, for the predictions and for the truth."""
    stored = [run.true_colors(on or records[0].dataset), *(run.colors(record, on) for record in records)]
    if any(one is None for one in stored) or len({one.bins.shape for one in stored}) > 1 or len(stored[0].bins) < 2:
        return None
    measured = _POOLED[name]
    n_bins = stored[0].bins.shape[1]
    entropies = [_entropies(one) for one in stored]
    truth, *redrawn = (measured(redrawn, n_bins) for redrawn, _ in entropies)
    each_truth, *each = (measured(each, n_bins) for _, each in entropies)
    if name == COLORS_RATIO:
        redrawn, each = [one / truth for one in redrawn], [one / each_truth for one in each]
        truth = each_truth = None
    table = run.per_image(records[0], on)
    # Their rows are in the order of `per_image`.
    names = pd.RangeIndex(len(stored[0].bins)) if table is None else pd.Index(table["picture"])
    return Pictures(np.stack(redrawn, axis=1), truth, np.stack(each, axis=1), each_truth, names)


@lru_cache(maxsize=512)
def _entropies(colors: Colors) -> tuple[np.ndarray, np.ndarray]:
    """Of ab bins in nats: pooled over each redrawn test set ``(RESAMPLES,)``, and of each picture ``(pictures,)``.

    Kept, because several measures of many tables are made of them.
    """
    counts = colors.bins.astype(float)
    return _entropy(_draws(len(counts)) @ counts), _entropy(counts)


def _entropy(counts: np.ndarray) -> np.ndarray:
    """Of counts ``(n, Q)``, in nats, ``(n,)``."""
    return entr(counts / counts.sum(axis=1, keepdims=True)).sum(axis=1)


_POOLED = {
    "ab_imbalance": lambda entropy, n_bins: 1 - entropy / np.log(n_bins),
    "ab_effective_colors": lambda entropy, _: np.exp(entropy),
    COLORS_RATIO: lambda entropy, _: np.exp(entropy),
}


@lru_cache(maxsize=2)
def _draws(n: int) -> np.ndarray:
    """Weights of n pictures in each resample, ``(RESAMPLES, n)``; the same for every report."""
    return np.random.default_rng(0).multinomial(n, [1 / n] * n, size=RESAMPLES) / n
