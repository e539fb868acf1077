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
from bench.report.stored import StoredRun

RESAMPLES = 1000
CONFIDENCE = 0.95


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
class Effects:
    """How far a metric moves along each axis of the table architecture x loss.

    Attributes:
        architecture: Range of the architectures' means, each over all losses.
        loss: Range of the losses' means, each over all architectures.
        shares: Shares of the variance between cells: of architecture, of loss, and of their interplay.
    """

    architecture: float
    loss: float
    shares: tuple[float, float, float]


def redraw(run: StoredRun, entries: Sequence[Entry], name: str) -> np.ndarray | None:
    """A metric of each row on test sets drawn again from the pictures, ``(RESAMPLES, rows)``.

    All rows see the same pictures in each draw, so that what is common to them cancels in differences. None
    where the metric has no value of single pictures.
    """
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
    if name != RATIO:
        return draws
    return draws / (_draws(len(table)) @ true[0].loc[table.index].to_numpy())[:, None]


def over_pictures(where: Goal, redrawn: np.ndarray, better: int, worse: int, difference: float) -> Interval:
    """How much further from the goal column ``worse`` is than column ``better``."""
    return _percentiles(difference, where.distance(redrawn[:, worse]) - where.distance(redrawn[:, better]))


def over_seeds(where: Goal, name: str, better: Entry, worse: Entry) -> Interval | None:
    """The same over the seeds that both rows have, by Student's t; None for fewer than two."""
    values = [
        {record.seed: found.value for record in entry.completed if (found := measure(record, name))}
        for entry in (better, worse)
    ]
    shared = sorted(set(values[0]) & set(values[1]), key=str)
    if len(shared) < 2:
        return None
    gaps = np.array([where.distance(values[1][seed]) - where.distance(values[0][seed]) for seed in shared])
    half = t.ppf((1 + CONFIDENCE) / 2, len(gaps) - 1) * gaps.std(ddof=1) / np.sqrt(len(gaps))
    return Interval(gaps.mean(), gaps.mean() - half, gaps.mean() + half)


def effects(entries: Sequence[Entry], values: Sequence[float]) -> Effects | None:
    """Compare the axes; None unless every architecture has every loss and there are two of each."""
    table = _two_way(entries, np.asarray(values)[None])
    if table is None:
        return None
    table = table[0]
    total = table.mean()
    by_architecture, by_loss = table.mean(axis=1), table.mean(axis=0)
    squares = np.array(
        [
            table.shape[1] * ((by_architecture - total) ** 2).sum(),
            table.shape[0] * ((by_loss - total) ** 2).sum(),
            ((table - by_architecture[:, None] - by_loss[None] + total) ** 2).sum(),
        ]
    )
    shares = squares / squares.sum() if squares.sum() > 0 else np.zeros(3)
    return Effects(float(np.ptp(by_architecture)), float(np.ptp(by_loss)), tuple(shares.tolist()))


def balanced(entries: Sequence[Entry]) -> list[Entry]:
    """The rows less those architectures and losses that not all others were combined with."""
    rows = list(entries)
    while True:
        architectures, losses = ({getattr(row, axis) for row in rows} for axis in ("architecture", "loss"))
        if len(rows) == len(architectures) * len(losses):
            return rows
        lacking = {
            level: sum(level in (row.architecture, row.loss) for row in rows) / len(others)
            for levels, others in ((architectures, losses), (losses, architectures))
            for level in sorted(levels)
        }
        least = min(lacking, key=lacking.__getitem__)
        rows = [row for row in rows if least not in (row.architecture, row.loss)]


def axes_over_pictures(entries: Sequence[Entry], redrawn: np.ndarray, found: Effects) -> Interval:
    """How much further the loss moves the metric than the architecture does."""
    table = _two_way(entries, redrawn)
    difference = np.ptp(table.mean(axis=1), axis=1) - np.ptp(table.mean(axis=2), axis=1)
    return _percentiles(found.loss - found.architecture, difference)


def _two_way(entries: Sequence[Entry], values: np.ndarray) -> np.ndarray | None:
    """Values ``(n, rows)`` as ``(n, architectures, losses)``."""
    architectures = list(dict.fromkeys(entry.architecture for entry in entries))
    losses = list(dict.fromkeys(entry.loss for entry in entries))
    if min(len(architectures), len(losses)) < 2 or len(entries) != len(architectures) * len(losses):
        return None
    place = {(entry.architecture, entry.loss): index for index, entry in enumerate(entries)}
    order = [place[architecture, loss] for architecture in architectures for loss in losses]
    return values[:, order].reshape(len(values), len(architectures), len(losses))


def _pictures(table: pd.DataFrame | None, column: str) -> pd.DataFrame | None:
    if table is None or column not in table:
        return None
    columns = [one for one in (column, f"{column}_truth") if one in table]
    return table.set_index("picture")[columns]


@lru_cache(maxsize=2)
def _draws(n: int) -> np.ndarray:
    """Weights of n pictures in each resample, ``(RESAMPLES, n)``; the same for every report."""
    return np.random.default_rng(0).multinomial(n, [1 / n] * n, size=RESAMPLES) / n


def _percentiles(difference: float, redrawn: np.ndarray) -> Interval:
    tail = 100 * (1 - CONFIDENCE) / 2
    low, high = np.percentile(redrawn, [tail, 100 - tail])
    return Interval(float(difference), float(low), float(high))
