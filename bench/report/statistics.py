"""How sure is a mean or a difference, over the test pictures and over the seeds? Intervals and p-values.

A score varies with the seed of the training and with the picture it is measured on, and the same pictures are met with
every seed: two crossed random factors. Resampling seeds and then pictures, as a hierarchical bootstrap does, makes
intervals too short where seeds are few: with two or three it calls up to one in five differences real where there is
none. So pictures are resampled, and the level of the seeds has its exact small-sample form:
``difference = truth + a t(freedom) + b t(pictures - 1)`` with ``a`` from the spread between seeds and ``b`` from
redrawn test sets, which is the distribution of Behrens and Fisher. It errs on the safe side.

A difference of two losses is had within each architecture, which starts from weights of its own: the spread between
seeds is taken within each, and the degrees of freedom add up as far as the spreads are alike (Satterthwaite 1946). A
difference of two architectures is had with each loss, and all losses start from the same weights: they are averaged
first, and the seeds alone are draws of their own.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.optimize import brentq
from scipy.stats import norm, t

CONFIDENCE = 0.95

_NODES = np.linspace(-8, 8, 321)
_WEIGHTS = norm.pdf(_NODES) / norm.pdf(_NODES).sum()


@dataclass(frozen=True)
class Uncertainty:
    """A number that was worked out from seeds and pictures, and what both contribute to its variance.

    Attributes:
        seeds: Variance of the mean over seeds; 0 with one seed.
        pictures: Variance over test sets; 0 where it is not known.
        n_seeds: How many there are. So is n_pictures, 0 where nothing is known over pictures.
        freedom: Degrees of freedom of what seeds contribute.
        own: Of what one seed contributes, the part that pictures do to each training in its own way.
    """

    value: float
    seeds: float
    pictures: float
    n_seeds: int
    n_pictures: int
    freedom: float = 0.0
    own: float = 0.0

    @property
    def covers(self) -> str:
        """What an interval is about; empty where there is nothing to make one of."""
        parts = [("seeds", self.n_seeds > 1), ("pictures", self.n_pictures > 1)]
        return " and ".join(name for name, known in parts if known)

    def p(self, gap: float | None = None) -> float:
        """The two-sided p-value of a true value of 0, or of one that lies ``gap`` away."""
        distance = abs(self.value if gap is None else gap)
        if self.seeds + self.pictures == 0:
            return float(distance == 0)
        if self.n_seeds < 2 or self.seeds == 0:
            return float(2 * t.sf(distance / math.sqrt(self.pictures), self.n_pictures - 1))
        if self.pictures == 0:
            return float(2 * t.sf(distance / math.sqrt(self.seeds), self.freedom))
        # Over all that the pictures can do, the chance that the seeds do the rest.
        moved = distance - math.sqrt(self.pictures) * t.ppf(norm.cdf(_NODES), self.n_pictures - 1)
        return float(2 * (_WEIGHTS * t.sf(moved / math.sqrt(self.seeds), self.freedom)).sum())

    @cached_property
    def half(self) -> float | None:
        """Half the width of the 95 % interval; None where there is nothing to make one of."""
        if not self.covers:
            return None
        alone = [
            math.sqrt(variance) * t.ppf((1 + CONFIDENCE) / 2, freedom)
            for variance, freedom in ((self.seeds, self.freedom), (self.pictures, self.n_pictures - 1))
            if freedom > 0
        ]
        # One of them 0: its part is not there, and the other's is exact.
        if min(alone) == 0 or len(alone) == 1:
            return float(max(alone))
        return float(brentq(lambda gap: self.p(gap) - (1 - CONFIDENCE), 0, 2 * sum(alone)))

    @property
    def single(self) -> float:
        """Standard deviation of the number of a single picture by a single seed.

        Of a metric that pools pictures, the part of the pictures is what would give its bootstrap's standard error.
        """
        between = max(0.0, self.seeds * self.n_seeds - self.own)
        return math.sqrt(between + (self.pictures + self.own) * self.n_pictures)

    @property
    def low(self) -> float:
        """Lower end of the 95 % interval. So is high the upper."""
        return self.value - (self.half or 0)

    @property
    def high(self) -> float:
        """Upper end of the 95 % interval."""
        return self.value + (self.half or 0)


def uncertain(values: np.ndarray, redrawn: np.ndarray | None, n_pictures: int) -> Uncertainty:
    """The mean of a number that was had in several places, with its uncertainty.

    Args:
        values: ``(places, seeds)``: of each architecture a difference of losses was taken in, say.
        redrawn: The same on test sets drawn again, ``(draws, places, seeds)``, the draws shared by all; None where
            not known.
    """
    places, n = values.shape
    spreads = values.var(axis=1, ddof=1) if n > 1 else np.zeros(places)
    seeds = float(spreads.sum() / (places**2 * n))
    freedom = 0.0
    if n > 1:
        freedom = (n - 1) * (float(spreads.sum() ** 2 / (spreads**2).sum()) if seeds > 0 else places)
    if redrawn is None or n_pictures < 2:
        return Uncertainty(float(values.mean()), seeds, 0.0, n, 0, freedom)
    # A bootstrap's variance lacks what one degree of freedom takes.
    correction = n_pictures / (n_pictures - 1)
    pictures = correction * redrawn.mean(axis=(1, 2)).var()
    alone = 0.0
    if n > 1:
        # What pictures do to each training in its own way is in the spread between seeds already.
        own = redrawn - redrawn.mean(axis=2, keepdims=True)
        pictures = max(0.0, pictures - correction * own.var(axis=0).sum() / (places**2 * n * (n - 1)))
        alone = float(correction * own.mean(axis=1).var(axis=0).sum() / (n - 1))
    return Uncertainty(float(values.mean()), seeds, float(pictures), n, n_pictures, freedom, alone)


def averaged(values: np.ndarray | None, starts: Sequence[Hashable]) -> np.ndarray | None:
    """Differences ``(..., places, seeds)``, those of places that start alike averaged: ``(..., starts, seeds)``.

    Trainings of one architecture with one seed begin with the same weights, whatever their loss: as a good start
    helps them all, their differences from another architecture are no draws of their own. The mean stays what it was.

    Args:
        starts: Of each place, what it has in common with those that start alike.
    """
    if values is None:
        return None
    members = [[place for place, start in enumerate(starts) if start == one] for one in dict.fromkeys(starts)]
    weighed = [values[..., of, :].mean(axis=-2) * len(of) * len(members) / len(starts) for of in members]
    return np.stack(weighed, axis=-2)


def contrast(values: np.ndarray, redrawn: np.ndarray | None, n_pictures: int, weights: Sequence[float]) -> Uncertainty:
    """A weighted sum over conditions, such as a slope over doses, of means over places and seeds.

    Every training counts as a draw of its own. What trainings with the same seed share cancels where the weights sum
    to 0, so that the interval is then rather too long than too short.

    Args:
        values: ``(places, conditions, seeds)``.
        redrawn: The same on test sets drawn again, ``(draws, places, conditions, seeds)``.
        weights: Of the conditions.
    """
    places, conditions, seeds = values.shape
    # `uncertain` takes means: of sums, each part counts as many times as there are parts.
    scale = conditions * np.asarray(weights, dtype=float)[:, None]
    drawn = None if redrawn is None else (redrawn * scale).reshape(-1, places * conditions, seeds)
    return uncertain((values * scale).reshape(-1, seeds), drawn, n_pictures)


def slope_weights(doses: Sequence[float]) -> np.ndarray:
    """What least squares multiplies the values at some doses with to get their slope."""
    away = np.asarray(doses, dtype=float) - np.mean(doses)
    return away / (away**2).sum()


def holm(p_values: Sequence[float]) -> list[float]:
    """p-values corrected for how many there are (Holm 1979)."""
    # Imported here because it takes most of a second.
    from statsmodels.stats.multitest import multipletests

    return multipletests(p_values, method="holm")[1].tolist() if len(p_values) else []


def write_p(p: float | None) -> str:
    """A p-value to two digits."""
    if p is None:
        return "–"
    return "< 0.0001" if p < 0.0001 else f"{p:.2g}" if p < 0.1 else f"{p:.2f}"
