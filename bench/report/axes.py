"""Architecture or loss: how much of a metric's variance comes from each, from their interplay and from the seed.

Where settings are an axis of the grid, their share is told apart from that of the loss.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from bench.report.entries import Entry
from bench.report.sample import RESAMPLES, Sample
from bench.report.statistics import CONFIDENCE

Range = tuple[float, float]

PARTS = ("interplay", "seed", "interplay and seed")
"""What varies besides the axes; the last where there is one seed."""

EQUAL = 0.1
"""Shifts that differ by less than this share of the larger are called equal."""


@dataclass(frozen=True)
class Effects:
    """How far a metric moves along each axis of the table of cells: its variance components.

    Attributes:
        parts: Variances of architecture, loss, each setting that is an axis, interplay and seed, of a balanced
            analysis of variance with random effects. That of an axis is what the variance of its means has beyond
            what interplay and seed give it, so no axis gains by having more levels; none is below 0. With one seed,
            interplay and seed cannot be told apart, and are one part.
    """

    parts: tuple[float, ...]

    @property
    def shares(self) -> tuple[float, ...]:
        """Of the sum of all parts; 0 where nothing varies."""
        return tuple(_shares(np.array(self.parts)).tolist())

    @property
    def leader(self) -> Literal["architecture", "loss"] | None:
        """Which of architecture and loss moves the metric more; None where both do alike."""
        architecture, loss = np.sqrt(self.parts[:2])
        if abs(loss - architecture) <= EQUAL * max(loss, architecture):
            return None
        return "loss" if loss > architecture else "architecture"


@dataclass(frozen=True)
class Comparison:
    """What a data set says about architecture or loss by one metric.

    Attributes:
        names: Of the parts, as a reader knows them.
        ranges: 95 % intervals of the shares; None where not known.
        lead: That of how much more standard deviation the loss gives than the architecture.
        pivot: The architecture or loss without which the answer would not stand; None where there is none.
        turns: Whether the other of the two leads without the pivot, or both are equal.
        cells: How many rows the full table has.
        seeds: How many each has.
    """

    names: tuple[str, ...]
    effects: Effects
    ranges: tuple[Range, ...] | None
    lead: Range | None
    pivot: str | None
    turns: Literal["other", "equal"] | None
    cells: int
    seeds: int

    @property
    def verdict(self) -> Literal["clear", "depends", "open"]:
        """Clear, hanging on a single architecture or loss, or not to be told from chance."""
        if self.lead is None or self.effects.leader is None or self.lead[0] <= 0 <= self.lead[1]:
            return "open"
        return "depends" if self.pivot is not None else "clear"


def compare(order: Sequence[Entry], sample: Sample) -> Comparison | None:
    """Compare the axes over the largest full table within some rows; None where there are not two of each."""
    found = balanced(order)
    rows = {tuple(entry.levels.values()): (entry.architecture, entry.loss) for entry in found}
    levels = axis_levels(found)
    seeds = sample.seeds(list(rows.values()))
    if not seeds or min(len(levels["architecture"]), len(levels["loss"])) < 2:
        return None
    places = [rows[point] for point in itertools.product(*levels.values())]
    levels = {axis: several for axis, several in levels.items() if len(several) > 1}
    shape = [len(several) for several in levels.values()]
    table, redrawn = sample.table(np.array(places, dtype=object).reshape(*shape, 2), seeds)
    effects = Effects(tuple(components(table, len(shape)).tolist()))
    ranges = lead = None
    if redrawn is not None or len(seeds) > 1:
        ranges, lead = intervals(table, redrawn)
    pivot, turns = _pivot(table, levels, effects.leader)
    names = (*levels, *(PARTS[:2] if len(seeds) > 1 else PARTS[2:]))
    return Comparison(names, effects, ranges, lead, pivot, turns, len(found), len(seeds))


def axis_levels(rows: Sequence[Entry]) -> dict[str, list[str]]:
    """The levels of each axis, in the order of the rows."""
    axes = rows[0].levels if rows else ()
    return {axis: list(dict.fromkeys(row.levels[axis] for row in rows)) for axis in axes}


def components(table: np.ndarray, axes: int = 2) -> np.ndarray:
    """Variances of the axes, of interplay and of seeds ``(axes + 2, ...)`` in ``(..., levels of each axis, seeds)``.

    With one seed ``(axes + 1, ...)``: interplay and seed are one.
    """
    seeds = table.shape[-1]
    cells = table.mean(axis=-1)
    _, effects, interplay = _split(cells, axes)
    every, count = tuple(range(-axes, 0)), math.prod(cells.shape[-axes:])
    # Mean squares per cell: the interplay's holds the seeds' too.
    mixed = (interplay**2).sum(axis=every) / _freedom(cells.shape[-axes:])
    parts = [
        effect.var(axis=every) * levels / (levels - 1) - mixed * levels / count
        for effect, levels in zip(effects, cells.shape[-axes:], strict=True)
    ]
    if seeds == 1:
        return np.stack([*parts, mixed]).clip(0)
    chance = table.var(axis=-1, ddof=1).mean(axis=every)
    return np.stack([*parts, mixed - chance / seeds, chance]).clip(0)


def intervals(table: np.ndarray, redrawn: np.ndarray | None) -> tuple[tuple[Range, ...], Range]:
    """95 % intervals of the shares, and of the loss's standard deviation less the architecture's.

    A parametric bootstrap: seeds draw trainings anew around the cells' means, which are pulled together first by what
    seeds alone give them; pictures move them as they do in redrawn test sets.

    Args:
        table: ``(architectures, losses, seeds)``, with the values of settings that are axes before the seeds.
        redrawn: The same on test sets drawn again, ``(draws, ...)``; None where not known.
    """
    drawn = _draw(table, redrawn) if table.shape[-1] > 1 else redrawn
    parts = components(drawn, table.ndim - 1)
    shifts = np.sqrt(parts[:2])
    return tuple(_middle(one) for one in _shares(parts)), _middle(shifts[1] - shifts[0])


def balanced(entries: Sequence[Entry]) -> list[Entry]:
    """The rows less those levels of an axis that were not combined with all of the others."""
    rows = list(entries)
    while True:
        levels = axis_levels(rows)
        full = math.prod(map(len, levels.values()))
        if len(rows) == full or not rows:
            return rows
        lacking = {
            (axis, level): sum(row.levels[axis] == level for row in rows) * len(several) / full
            for axis, several in levels.items()
            for level in sorted(several)
        }
        axis, least = min(lacking, key=lacking.__getitem__)
        rows = [row for row in rows if row.levels[axis] != least]


def _draw(table: np.ndarray, redrawn: np.ndarray | None) -> np.ndarray:
    """Trainings drawn anew, ``(RESAMPLES, levels of each axis, seeds)``."""
    *shape, seeds = table.shape
    count = math.prod(shape)
    random = np.random.default_rng(0)
    freedom = count * (seeds - 1)
    chance = table.var(axis=-1, ddof=1).mean()
    total, effects, interplay = _split(table.mean(axis=-1), len(shape))
    means = total + sum(
        _pull(effect, chance / seeds * levels / count, levels - 1)
        for effect, levels in zip(effects, shape, strict=True)
    )
    means = means + _pull(interplay, chance / seeds, _freedom(shape))
    spread = np.sqrt(chance * freedom / random.chisquare(freedom, RESAMPLES)).reshape(-1, *[1] * table.ndim)
    drawn = means[..., None] + spread * random.normal(size=(RESAMPLES, *table.shape))
    if redrawn is None:
        return drawn
    return drawn + (redrawn - redrawn.mean(axis=0)).mean(axis=-1, keepdims=True)


def _pull(part: np.ndarray, chance: float, degrees: int) -> np.ndarray:
    """Effects of a variance from which what chance gives has been taken off."""
    variance = (part**2).sum() / degrees
    return part * np.sqrt(max(0.0, variance - chance) / variance) if variance > 0 else part


def _pivot(
    table: np.ndarray, levels: Mapping[str, Sequence[str]], leader: str | None
) -> tuple[str | None, Literal["other", "equal"] | None]:
    """The one level of an axis without which the lead would be the other's, or at least gone."""
    if leader is None:
        return None, None
    gone = None
    for axis in sorted(levels, key=lambda axis: axis != leader):
        for place, level in enumerate(levels[axis]):
            if len(levels[axis]) < 3:
                continue
            rest = np.delete(table, place, axis=list(levels).index(axis))
            without = Effects(tuple(components(rest, len(levels)).tolist()))
            if without.leader == leader:
                continue
            if without.leader is not None:
                return level, "other"
            gone = gone or level
    return (gone, "equal") if gone else (None, None)


def _split(cells: np.ndarray, axes: int) -> tuple[np.ndarray, list[np.ndarray], np.ndarray]:
    """The mean of ``(..., levels of each axis)``, the effects of each axis, and those of their interplay."""
    every = range(-axes, 0)
    total = cells.mean(axis=tuple(every), keepdims=True)
    effects = [cells.mean(axis=tuple(set(every) - {axis}), keepdims=True) - total for axis in every]
    return total, effects, cells - sum(effects) - total


def _freedom(shape: Sequence[int]) -> int:
    """Degrees of freedom of the interplay in a table of this shape."""
    return math.prod(shape) - 1 - sum(levels - 1 for levels in shape)


def _shares(parts: np.ndarray) -> np.ndarray:
    total = parts.sum(axis=0)
    return parts / np.where(total > 0, total, 1)


def _middle(draws: np.ndarray) -> Range:
    tail = 100 * (1 - CONFIDENCE) / 2
    low, high = np.percentile(draws, [tail, 100 - tail])
    return float(low), float(high)
