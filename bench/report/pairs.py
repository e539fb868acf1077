"""Every pair of losses, of architectures and of settings: which differ by more than chance, by how much, how often."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from bench.report.axes import axis_levels
from bench.report.entries import Entry
from bench.report.sample import Sample
from bench.report.statistics import CONFIDENCE, Uncertainty, holm


def told_axes(entries: Sequence[Entry]) -> dict[str, str]:
    """The axes of trained rows in the order they are told, each with the word for several of its levels."""
    settings = [axis for axis in axis_levels(entries) if axis not in ("architecture", "loss")]
    return {"loss": "losses", "architecture": "architectures"} | {name: f"values of {name}" for name in settings}


@dataclass(frozen=True)
class Pair:
    """Two losses, compared within every architecture and settings trained with both; or two of another axis likewise.

    Attributes:
        axis: "loss", "architecture", or a setting.
        gap: How much further from the goal the second is than the first.
        wins: Chance that the first is nearer on a picture, the rest, seed and picture the same for both; None where
            pictures were not stored.
        within: How many combinations of the other axes both were trained with.
        p: Corrected by Holm over all pairs of the data set; None where nothing is known of chance.
    """

    axis: str
    metric: str
    first: str
    second: str
    gap: Uncertainty
    wins: float | None
    within: int
    p: float | None = None

    @property
    def clear(self) -> bool:
        """Whether the difference is more than chance, all pairs considered."""
        return self.p is not None and self.p < 1 - CONFIDENCE

    @property
    def better(self) -> str:
        """The one nearer to the goal, by the mean. So is worse the other."""
        return self.first if self.gap.value > 0 else self.second

    @property
    def worse(self) -> str:
        """The one further from the goal."""
        return self.second if self.gap.value > 0 else self.first

    @property
    def effect(self) -> float | None:
        """The mean difference in standard deviations of a picture's paired difference by one seed (Cohen's d)."""
        return self.gap.value / self.gap.single if self.gap.single else None


def pairs(samples: dict[str, Sample], entries: Sequence[Entry]) -> list[Pair]:
    """All pairs of a data set's trained rows by some metrics, Holm's correction over all of them together."""
    found = [
        pair
        for name, sample in samples.items()
        for axis in told_axes(entries)
        for first, second in itertools.combinations(axis_levels(entries).get(axis, ()), 2)
        if (pair := _pair(sample, name, axis, first, second, entries)) is not None
    ]
    tested = [pair for pair in found if pair.gap.covers]
    corrected = iter(holm([pair.gap.p() for pair in tested]))
    return [replace(pair, p=next(corrected)) if pair.gap.covers else pair for pair in found]


def _pair(sample: Sample, name: str, axis: str, first: str, second: str, entries: Sequence[Entry]) -> Pair | None:
    rows = {tuple(entry.levels.values()): (entry.architecture, entry.loss) for entry in entries}
    partners = {
        rows[tuple(entry.levels.values())]: rows.get(tuple((entry.levels | {axis: second}).values()))
        for entry in entries
        if entry.levels[axis] == first
    }
    found = [both for both in partners.items() if both[1] and sample.seeds(both)]
    ours, theirs = ([both[side] for both in found] for side in (0, 1))
    gap = sample.difference(ours, theirs) if found else None
    if gap is None or math.isnan(gap.value):
        return None
    return Pair(axis, name, first, second, gap, sample.wins(ours, theirs), len(found))
