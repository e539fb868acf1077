"""Every pair of losses, of architectures and of settings: which differ by more than chance, by how much, how often."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from bench.report.axes import Axis
from bench.report.entries import Entry
from bench.report.sample import Sample
from bench.report.statistics import CONFIDENCE, Uncertainty, holm

AXES: dict[Axis, str] = {"loss": "losses", "architecture": "architectures", "settings": "settings"}
"""In the order they are told, with the word for several levels."""


@dataclass(frozen=True)
class Pair:
    """Two losses, compared within every architecture and settings trained with both; or two of another axis likewise.

    Attributes:
        gap: How much further from the goal the second is than the first.
        wins: Chance that the first is nearer on a picture, the rest, seed and picture the same for both; None where
            pictures were not stored.
        within: How many architectures with some settings (or whatever the other axes are) both were trained with.
        p: Corrected by Holm over all pairs of the data set; None where nothing is known of chance.
    """

    axis: Axis
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
        """The mean difference in standard deviations of single paired differences (Cohen's d of pairs).

        They vary between pictures and, with several seeds, between seeds. Of a metric that pools pictures, the
        deviation between them is the one that would give its bootstrap's standard error.
        """
        gap = self.gap
        spread = math.sqrt(gap.seeds * gap.n_seeds + gap.pictures * gap.n_pictures)
        return self.gap.value / spread if spread else None


def pairs(samples: dict[str, Sample], entries: Sequence[Entry]) -> list[Pair]:
    """All pairs of a data set's trained rows by some metrics, Holm's correction over all of them together."""
    found = [
        pair
        for name, sample in samples.items()
        for axis in AXES
        for first, second in itertools.combinations(dict.fromkeys(getattr(entry.levels, axis) for entry in entries), 2)
        if (pair := _pair(sample, name, axis, first, second, entries)) is not None
    ]
    tested = [pair for pair in found if pair.gap.covers]
    corrected = iter(holm([pair.gap.p() for pair in tested]))
    return [replace(pair, p=next(corrected)) if pair.gap.covers else pair for pair in found]


def _pair(sample: Sample, name: str, axis: Axis, first: str, second: str, entries: Sequence[Entry]) -> Pair | None:
    rows = {entry.levels: (entry.architecture, entry.loss) for entry in entries}
    found = [
        (rows[one], rows[other])
        for one in rows
        if getattr(one, axis) == first and (other := one._replace(**{axis: second})) in rows
    ]
    found = [both for both in found if sample.seeds(both)]
    ours, theirs = ([both[side] for both in found] for side in (0, 1))
    gap = sample.difference(ours, theirs) if found else None
    if gap is None or math.isnan(gap.value):
        return None
    return Pair(axis, name, first, second, gap, sample.wins(ours, theirs), len(found))
