"""What tells a lazy network: four measures, all relative to the truth, and the words for how they change."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from matplotlib.axes import Axes

from bench.report.entries import Goal
from bench.report.legend import COLORS_RATIO, metric
from bench.report.statistics import CONFIDENCE, Uncertainty, holm
from bench.report.style import FAINT

MEASURES = ("skill", "chroma_ratio", COLORS_RATIO, "rare_ab_error")
"""None has a unit: some pictures are more colourful than others to begin with."""

NO_GOAL = Goal(None)
"""Their values are compared as they are, and not by how far they are from the best."""

COLORS = ("chroma_ratio", COLORS_RATIO)
"""Those of colour alone, as ratios to the truth: beyond 1 there is none to gain. The others are of errors."""

_LAZY = {"skill": 0.0, "rare_ab_error": 1.0}


@dataclass(frozen=True)
class Change:
    """How much a measure changes.

    Attributes:
        p: Corrected by Holm over all changes of the same question; None where nothing is known of chance.
        ends: The measure before and after; None where it is not known.
    """

    name: str
    by: Uncertainty
    p: float | None = None
    ends: tuple[float, float] | None = None

    @property
    def clear(self) -> bool:
        """Whether it is more than chance."""
        return self.p is not None and self.p < 1 - CONFIDENCE

    @property
    def clear_alone(self) -> bool:
        """Whether it would be more than chance if it were the only question: its interval leaves out 0."""
        return self.by.half is not None and abs(self.by.value) > self.by.half

    @property
    def lazier(self) -> bool:
        """Whether it is towards laziness: less skill, chroma or colours, or a larger error where colours are rare.

        To have become no less colourful than the truth is not lazy.
        """
        if self.name == "rare_ab_error":
            return self.by.value > 0
        return self.by.value < 0 and not self._beyond(1)

    @property
    def livelier(self) -> bool:
        """Whether it is away from laziness; what was as colourful as the truth already cannot become livelier."""
        if self.name == "rare_ab_error":
            return self.by.value < 0
        return self.by.value > 0 and not self._beyond(0)

    @property
    def text(self) -> str:
        """``skill falls by 0.12 (0.08 to 0.16)``; the interval is left out where there is none."""
        verb, ends = ("rises", (self.by.low, self.by.high)) if self.by.value >= 0 else ("falls", self._turned)
        interval = f" ({ends[0]:.2f} to {ends[1]:.2f})" if self.by.half is not None else ""
        return f"{metric(self.name).label} {verb} by {abs(self.by.value):.2f}{interval}"

    def _beyond(self, end: int) -> bool:
        """Whether it is a colour, and before or after the change there is as much of it as in the truth."""
        return self.name in COLORS and self.ends is not None and self.ends[end] >= 1

    @property
    def _turned(self) -> tuple[float, float]:
        return -self.by.high, -self.by.low


def corrected(changes: Sequence[Change]) -> list[Change]:
    """The same with p-values by Holm over all of them."""
    tested = [change for change in changes if change.by.covers]
    p_values = iter(holm([change.by.p() for change in tested]))
    return [replace(change, p=next(p_values)) if change.by.covers else change for change in changes]


def signed(by: Uncertainty) -> str:
    """``-0.20 (-0.25 to -0.15)``, on one line."""
    if by.half is None:
        return f"{by.value:+.2f}"
    return f"{by.value:+.2f}\u00a0({by.low:+.2f}\u00a0to\u00a0{by.high:+.2f})"


def scope(found: Sequence[Change]) -> str:
    """What a set of changes holds for."""
    covers = {change.by.covers for change in found}
    if any("seeds" in one for one in covers):
        fewer = (
            "" if all("seeds" in one for one in covers) else ", and over test pictures alone where seeds are not shared"
        )
        return (
            f"Intervals are of 95 %, over seeds and test pictures{fewer}; clear is what has p below 0.05 by Holm over "
            "measures and losses."
        )
    if covers == {""}:
        return "Nothing is known of chance: there is one seed, and single pictures were not stored."
    return (
        "Intervals are of 95 %, over test pictures alone: with one seed this holds for these trainings, and **nothing "
        "is known of others**."
    )


def frame(panel: Axes, name: str) -> None:
    """Title a panel of a measure and mark what is lazy, or as colourful as the truth."""
    value = _LAZY.get(name, 1.0)
    panel.axhline(value, color=FAINT, linewidth=1, linestyle="--", zorder=1)
    panel.set_title(metric(name).label)
