"""Variance components: how far a metric moves along each axis of a full table of cells, and how sure that is."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from bench.report.sample import RESAMPLES
from bench.report.statistics import CONFIDENCE

Range = tuple[float, float]

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
