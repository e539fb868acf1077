"""Is a difference larger than what the pictures, or the seeds, alone vary? Paired bootstrap and t intervals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pandas as pd
from scipy.stats import t

from bench.report.entries import Entry, Goal, measure
from bench.report.legend import RATIO
from bench.report.stored import Colors, StoredRun

RESAMPLES = 1000
CONFIDENCE = 0.95
IMBALANCE = "ab_imbalance"


@dataclass(frozen=True)
class Interval:
    """A difference and its 95 % interval."""

    difference: float
    low: float
    high: float

    @property
    def clear(self) -> bool:
        """Whether zero lies outside."""
        return self.low > 0 or self.high < 0


@dataclass(frozen=True)
class Redrawn:
    """A metric on test sets drawn again from the pictures, ``(RESAMPLES, rows)``.

    Attributes:
        distances: How far the values are from the goal, the truth drawn again with the same pictures.
    """

    values: np.ndarray
    distances: np.ndarray


def redraw(run: StoredRun, entries: Sequence[Entry], name: str, where: Goal) -> Redrawn | None:
    """Draw the pictures again; None where what is needed was not stored for every row.

    All rows see the same pictures in each draw, so that what is common to them cancels in differences.
    """
    if name == IMBALANCE:
        return _redraw_imbalance(run, entries)
    column = "colorfulness" if name == RATIO else name
    predicted, true = [], []
    for entry in entries:
        values = [_pictures(run.per_image(record), column) for record in entry.completed]
        if not values or any(one is None for one in values):
            return None
        both = sum(values) / len(values)
        predicted.append(both[column])
        true.append(both.get(f"{column}_truth"))
    table = pd.concat(predicted, axis=1, join="inner").dropna()
    if len(table) < 2:
        return None
    draws = _draws(len(table)) @ table.to_numpy()
    if name == RATIO:
        draws = draws / (_draws(len(table)) @ true[0].loc[table.index].to_numpy())[:, None]
    return Redrawn(draws, where.distance(draws))


def over_pictures(redrawn: Redrawn, better: int, worse: int, difference: float) -> Interval:
    """How much further from the goal column ``worse`` is than column ``better``."""
    return percentiles(difference, redrawn.distances[:, worse] - redrawn.distances[:, better])


def over_seeds(where: Goal, name: str, better: Entry, worse: Entry) -> Interval | None:
    """The same over the seeds that both rows have, by Student's t; None for fewer than two."""
    values = [by_seed(entry, name) for entry in (better, worse)]
    shared = sorted(set(values[0]) & set(values[1]), key=str)
    return student([where.distance(values[1][seed]) - where.distance(values[0][seed]) for seed in shared])


def by_seed(entry: Entry, name: str) -> dict[int | None, float]:
    """A row's values of a metric by seed."""
    found = {record.seed: measure(record, name) for record in entry.completed}
    return {seed: one.value for seed, one in found.items() if one is not None and one.value is not None}


def student(differences: Sequence[float]) -> Interval | None:
    """The mean of some differences with its interval by Student's t; None for fewer than two."""
    if len(differences) < 2:
        return None
    gaps = np.asarray(differences)
    half = t.ppf((1 + CONFIDENCE) / 2, len(gaps) - 1) * gaps.std(ddof=1) / np.sqrt(len(gaps))
    return Interval(float(gaps.mean()), float(gaps.mean() - half), float(gaps.mean() + half))


def percentiles(difference: float, redrawn: np.ndarray) -> Interval:
    """The interval that holds 95 % of what was redrawn."""
    tail = 100 * (1 - CONFIDENCE) / 2
    low, high = np.percentile(redrawn, [tail, 100 - tail])
    return Interval(float(difference), float(low), float(high))


def _redraw_imbalance(run: StoredRun, entries: Sequence[Entry]) -> Redrawn | None:
    """One minus the relative entropy of the pooled bins, for the predictions and for the truth."""
    stored = run.true_colors(entries[0].dataset)
    colors = [[run.colors(record) for record in entry.completed] for entry in entries]
    everything = [stored, *(one for several in colors for one in several)]
    if not all(colors) or any(one is None or one.bins.shape != everything[-1].bins.shape for one in everything):
        return None
    if len(stored.bins) < 2:
        return None
    truth = _imbalance(stored)
    # As the tables do: the distance of the mean over seeds, not the mean of their distances.
    values = np.stack([sum(map(_imbalance, several)) / len(several) for several in colors], axis=1)
    return Redrawn(values, abs(values - truth[:, None]))


def _imbalance(colors: Colors) -> np.ndarray:
    """The imbalance in each resample, ``(RESAMPLES,)``."""
    counts = _draws(len(colors.bins)) @ colors.bins.astype(float)
    p = counts / counts.sum(axis=1, keepdims=True)
    entropy = -(p * np.log(np.where(p > 0, p, 1))).sum(axis=1)
    return 1 - entropy / np.log(p.shape[1])


def _pictures(table: pd.DataFrame | None, column: str) -> pd.DataFrame | None:
    if table is None or column not in table:
        return None
    columns = [one for one in (column, f"{column}_truth") if one in table]
    return table.set_index("picture")[columns]


@lru_cache(maxsize=2)
def _draws(n: int) -> np.ndarray:
    """Weights of n pictures in each resample, ``(RESAMPLES, n)``; the same for every report."""
    return np.random.default_rng(0).multinomial(n, [1 / n] * n, size=RESAMPLES) / n
