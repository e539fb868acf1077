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
from bench.report.sample import Sample
from bench.report.variance import Effects, Range, components, intervals

PARTS = ("interplay", "seed", "interplay and seed")
"""What varies besides the axes; the last where there is one seed."""


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
