"""Architecture or loss: how much of a metric's variance comes from each, from their interplay and from the seed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from bench.report.entries import Entry
from bench.report.sample import RESAMPLES, Sample
from bench.report.statistics import CONFIDENCE

Axis = Literal["architecture", "loss"]
Range = tuple[float, float]

EQUAL = 0.1
"""Shifts that differ by less than this share of the larger are called equal."""


@dataclass(frozen=True)
class Effects:
    """How far a metric moves along each axis of the table architecture x loss: its variance components.

    Attributes:
        parts: Variances of architecture, loss, interplay and seed, of a balanced two-way analysis of variance with
            random effects. That of an axis is what the variance of its means has beyond what interplay and seed give
            it, so no axis gains by having more levels; none is below 0. With one seed, interplay and seed cannot be
            told apart, and there are only three parts.
    """

    parts: tuple[float, ...]

    @property
    def shares(self) -> tuple[float, ...]:
        """Of the sum of all parts; 0 where nothing varies."""
        return tuple(_shares(np.array(self.parts)).tolist())

    @property
    def leader(self) -> Axis | None:
        """The axis that moves the metric more; None where both do alike."""
        architecture, loss = np.sqrt(self.parts[:2])
        if abs(loss - architecture) <= EQUAL * max(loss, architecture):
            return None
        return "loss" if loss > architecture else "architecture"


@dataclass(frozen=True)
class Comparison:
    """What a data set says about architecture or loss by one metric.

    Attributes:
        ranges: 95 % intervals of the shares; None where not known.
        lead: That of how much more standard deviation the loss gives than the architecture.
        pivot: The architecture or loss without which the answer would not stand; None where there is none.
        turns: Whether the other axis leads without the pivot, or both are equal.
        cells: How many rows the full table has.
        seeds: How many each has.
    """

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
    architectures = list(dict.fromkeys(entry.architecture for entry in found))
    losses = list(dict.fromkeys(entry.loss for entry in found))
    places = np.array([[(a, loss) for loss in losses] for a in architectures], dtype=object)
    seeds = sample.seeds([(entry.architecture, entry.loss) for entry in found])
    if min(len(architectures), len(losses)) < 2 or not seeds:
        return None
    table, redrawn = sample.table(places, seeds)
    effects = Effects(tuple(components(table).tolist()))
    ranges = lead = None
    if redrawn is not None or len(seeds) > 1:
        ranges, lead = intervals(table, redrawn)
    pivot, turns = _pivot(table, architectures, losses, effects.leader)
    return Comparison(effects, ranges, lead, pivot, turns, len(found), len(seeds))


def components(table: np.ndarray) -> np.ndarray:
    """Variances ``(4, ...)`` of architecture, loss, interplay and seed in ``(..., architectures, losses, seeds)``.

    With one seed ``(3, ...)``: interplay and seed are one.
    """
    rows, columns, seeds = table.shape[-3:]
    cells = table.mean(axis=-1)
    of_architecture, of_loss, interplay, _ = _split(cells)
    # Mean squares per cell: the interplay's holds the seeds' too.
    mixed = (interplay**2).sum(axis=(-2, -1)) / ((rows - 1) * (columns - 1))
    architecture = of_architecture.var(axis=(-2, -1)) * rows / (rows - 1) - mixed / columns
    loss = of_loss.var(axis=(-2, -1)) * columns / (columns - 1) - mixed / rows
    if seeds == 1:
        return np.stack([architecture, loss, mixed]).clip(0)
    chance = table.var(axis=-1, ddof=1).mean(axis=(-2, -1))
    return np.stack([architecture, loss, mixed - chance / seeds, chance]).clip(0)


def intervals(table: np.ndarray, redrawn: np.ndarray | None) -> tuple[tuple[Range, ...], Range]:
    """95 % intervals of the shares, and of the loss's standard deviation less the architecture's.

    A parametric bootstrap: seeds draw trainings anew around the cells' means, which are pulled together first by what
    seeds alone give them; pictures move them as they do in redrawn test sets.

    Args:
        table: ``(architectures, losses, seeds)``.
        redrawn: The same on test sets drawn again, ``(draws, ...)``; None where not known.
    """
    drawn = _draw(table, redrawn) if table.shape[-1] > 1 else redrawn
    parts = components(drawn)
    shifts = np.sqrt(parts[:2])
    return tuple(_middle(one) for one in _shares(parts)), _middle(shifts[1] - shifts[0])


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


def _draw(table: np.ndarray, redrawn: np.ndarray | None) -> np.ndarray:
    """Trainings drawn anew, ``(RESAMPLES, architectures, losses, seeds)``."""
    rows, columns, seeds = table.shape
    random = np.random.default_rng(0)
    freedom = rows * columns * (seeds - 1)
    chance = table.var(axis=-1, ddof=1).mean()
    of_architecture, of_loss, interplay, total = _split(table.mean(axis=-1))
    means = total + sum(
        _pull(part, chance / seeds / others, degrees)
        for part, others, degrees in (
            (of_architecture, columns, rows - 1),
            (of_loss, rows, columns - 1),
            (interplay, 1, (rows - 1) * (columns - 1)),
        )
    )
    spread = np.sqrt(chance * freedom / random.chisquare(freedom, RESAMPLES))
    drawn = means[..., None] + spread[:, None, None, None] * random.normal(size=(RESAMPLES, *table.shape))
    if redrawn is None:
        return drawn
    return drawn + (redrawn - redrawn.mean(axis=0)).mean(axis=-1, keepdims=True)


def _pull(part: np.ndarray, chance: float, degrees: int) -> np.ndarray:
    """Effects of a variance from which what chance gives has been taken off."""
    variance = (part**2).sum() / degrees
    return part * np.sqrt(max(0.0, variance - chance) / variance) if variance > 0 else part


def _pivot(
    table: np.ndarray, architectures: list[str], losses: list[str], leader: Axis | None
) -> tuple[str | None, Literal["other", "equal"] | None]:
    """The one architecture or loss without which the lead would be the other's, or at least gone."""
    if leader is None:
        return None, None
    levels = {"architecture": (0, architectures), "loss": (1, losses)}
    gone = None
    for axis, names in (levels[leader], *(one for name, one in levels.items() if name != leader)):
        for place, level in enumerate(names):
            if len(names) < 3:
                continue
            without = Effects(tuple(components(np.delete(table, place, axis=axis)).tolist()))
            if without.leader == leader:
                continue
            if without.leader is not None:
                return level, "other"
            gone = gone or level
    return (gone, "equal") if gone else (None, None)


def _split(cells: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Effects of architecture, of loss and of their interplay, and the mean, of ``(..., architectures, losses)``."""
    total = cells.mean(axis=(-2, -1), keepdims=True)
    of_architecture = cells.mean(axis=-1, keepdims=True) - total
    of_loss = cells.mean(axis=-2, keepdims=True) - total
    return of_architecture, of_loss, cells - of_architecture - of_loss - total, total


def _shares(parts: np.ndarray) -> np.ndarray:
    total = parts.sum(axis=0)
    return parts / np.where(total > 0, total, 1)


def _middle(draws: np.ndarray) -> Range:
    tail = 100 * (1 - CONFIDENCE) / 2
    low, high = np.percentile(draws, [tail, 100 - tail])
    return float(low), float(high)
