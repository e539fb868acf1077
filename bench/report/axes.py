"""Architecture or loss: which of the two moves a metric more, and how sure that is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from bench.report import statistics
from bench.report.entries import Entry
from bench.report.statistics import Interval, Redrawn

Axis = Literal["architecture", "loss"]

EQUAL = 0.1
"""Shifts that differ by less than this share of the larger are called equal."""


@dataclass(frozen=True)
class Effects:
    """How far a metric moves along each axis of the table architecture x loss.

    Attributes:
        architecture: Standard deviation of the architectures' means over all losses, less what the interplay alone
            would give: so neither axis gains by having more levels. 0 where nothing is left.
        loss: The same of the losses' means over all architectures.
        shares: Shares of the variance between cells: of architecture, of loss, and of their interplay.
    """

    architecture: float
    loss: float
    shares: tuple[float, float, float]

    @property
    def leader(self) -> Axis | None:
        """The axis that moves the metric more; None where both do alike."""
        if abs(self.loss - self.architecture) <= EQUAL * max(self.loss, self.architecture):
            return None
        return "loss" if self.loss > self.architecture else "architecture"


@dataclass(frozen=True)
class Comparison:
    """What a data set says about architecture or loss by one metric.

    Attributes:
        pictures: How much further the loss moves the metric, over the test pictures; None where not known.
        seeds: The same over seeds; None with fewer than two.
        pivot: The architecture or loss without which the answer would not stand; None where there is none.
        turns: Whether the other axis leads without the pivot, or both are equal.
        cells: How many rows the full table has.
    """

    effects: Effects
    pictures: Interval | None
    seeds: Interval | None
    pivot: str | None
    turns: Literal["other", "equal"] | None
    cells: int

    @property
    def verdict(self) -> Literal["clear", "depends", "open"]:
        """Clear, hanging on a single architecture or loss, or not to be told from chance."""
        told = self.pictures is not None and self.pictures.clear and (self.seeds is None or self.seeds.clear)
        if not told or self.effects.leader is None:
            return "open"
        return "depends" if self.pivot is not None else "clear"


def compare(order: Sequence[Entry], name: str, redrawn: Redrawn | None) -> Comparison | None:
    """Compare the axes over the largest full table within some rows; None where there are not two of each."""
    found = balanced(order)
    effects = _effects_of(found, name)
    if effects is None:
        return None
    pictures = None
    if redrawn is not None:
        columns = [list(order).index(entry) for entry in found]
        pictures = over_pictures(found, redrawn.values[:, columns], effects)
    pivot, turns = _pivot(found, name, effects.leader)
    return Comparison(effects, pictures, _over_seeds(found, name), pivot, turns, len(found))


def effects(entries: Sequence[Entry], values: Sequence[float]) -> Effects | None:
    """How far each axis moves some values; None unless every architecture has every loss and there are two of each."""
    table = _two_way(entries, np.asarray(values, dtype=float)[None])
    if table is None:
        return None
    architecture, loss, squares = _parts(table)
    squares = squares[:, 0]
    shares = squares / squares.sum() if squares.sum() > 0 else np.zeros(3)
    return Effects(float(architecture[0]), float(loss[0]), tuple(shares.tolist()))


def over_pictures(entries: Sequence[Entry], redrawn: np.ndarray, found: Effects) -> Interval:
    """How much further the loss moves the metric than the architecture does."""
    architecture, loss, _ = _parts(_two_way(entries, redrawn))
    return statistics.percentiles(found.loss - found.architecture, loss - architecture)


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


def _effects_of(entries: Sequence[Entry], name: str) -> Effects | None:
    return effects(entries, [entry.estimate(name).value for entry in entries])


def _over_seeds(entries: Sequence[Entry], name: str) -> Interval | None:
    values = [statistics.by_seed(entry, name) for entry in entries]
    shared = sorted(set.intersection(*map(set, values)), key=str)
    by_seed = [effects(entries, [one[seed] for one in values]) for seed in shared]
    return statistics.student([one.loss - one.architecture for one in by_seed])


def _pivot(entries: list[Entry], name: str, leader: Axis | None) -> tuple[str | None, Literal["other", "equal"] | None]:
    """The one architecture or loss without which the lead would be the other's, or at least gone."""
    if leader is None:
        return None, None
    gone = None
    for axis in (leader, "loss" if leader == "architecture" else "architecture"):
        for level in dict.fromkeys(getattr(entry, axis) for entry in entries):
            without = _effects_of([entry for entry in entries if getattr(entry, axis) != level], name)
            if without is None or without.leader == leader:
                continue
            if without.leader is not None:
                return level, "other"
            gone = gone or level
    return (gone, "equal") if gone else (None, None)


def _parts(table: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Both axes' shifts ``(n,)`` and the sums of squares ``(3, n)`` of ``(n, architectures, losses)``."""
    rows, columns = table.shape[1:]
    by_architecture, by_loss = table.mean(axis=2), table.mean(axis=1)
    total = table.mean(axis=(1, 2))
    left = table - by_architecture[:, :, None] - by_loss[:, None] + total[:, None, None]
    interplay = (left**2).sum(axis=(1, 2))
    chance = interplay / ((rows - 1) * (columns - 1))
    of_architecture, of_loss = by_architecture.var(axis=1, ddof=1), by_loss.var(axis=1, ddof=1)
    squares = np.stack([columns * (rows - 1) * of_architecture, rows * (columns - 1) * of_loss, interplay])
    corrected = (of_architecture - chance / columns, of_loss - chance / rows)
    architecture, loss = (np.sqrt(one.clip(0)) for one in corrected)
    return architecture, loss, squares


def _two_way(entries: Sequence[Entry], values: np.ndarray) -> np.ndarray | None:
    """Values ``(n, rows)`` as ``(n, architectures, losses)``."""
    architectures = list(dict.fromkeys(entry.architecture for entry in entries))
    losses = list(dict.fromkeys(entry.loss for entry in entries))
    if min(len(architectures), len(losses)) < 2 or len(entries) != len(architectures) * len(losses):
        return None
    place = {(entry.architecture, entry.loss): index for index, entry in enumerate(entries)}
    order = [place[architecture, loss] for architecture in architectures for loss in losses]
    return values[:, order].reshape(len(values), len(architectures), len(losses))
