"""How sure a value is: a bootstrap over pictures whose memory does not grow with their number."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np

RESAMPLES = 1000
GROUPS = 2000
"""More pictures than this are resampled in groups drawn at random, which have the same variance in all."""


@dataclass(frozen=True)
class Estimate:
    """A value with its 95 % interval over pictures; of a single picture there is none (NaN)."""

    value: float
    low: float
    high: float


class Groups:
    """Pictures in random groups of nearly equal size, a picture each where there are few, to be redrawn.

    Attributes:
        of: The group of each picture, ``(n,)``.
        count: Number of groups.
        weights: How often each group is drawn in each resample, ``(RESAMPLES, count)``.
    """

    def __init__(self, n: int, name: str) -> None:
        """Draw the resamples, by ``name``: no two sets may be drawn with the same weights."""
        seed = int.from_bytes(hashlib.blake2b(name.encode(), digest_size=8).digest(), "big")
        generator = np.random.default_rng(seed)
        self.count = min(n, GROUPS)
        self.of = generator.permutation(n) % self.count
        self.weights = generator.multinomial(self.count, [1 / self.count] * self.count, RESAMPLES)

    def mean(self, values: np.ndarray) -> Estimate:
        """The mean of values by picture, ``(n,)``."""
        sums, sizes = np.bincount(self.of, weights=values), np.bincount(self.of)
        low, high = _percentiles((self.weights @ sums) / (self.weights @ sizes))
        return self._estimate(values.mean(), low, high)

    def of_histogram(self, value: float, redrawn: np.ndarray) -> Estimate:
        """A measure of the pooled histogram, and the same of each resample, ``(RESAMPLES,)``.

        The interval is the basic one, 2 value - percentile (Davison and Hinkley 1997, section 5.2). The histogram
        of few pictures is too uneven, and that of a resample is so by as much again: percentiles as they are held
        the effective colours of all flowers for 74 % of samples of 100, these for 87 %.
        """
        low, high = _percentiles(redrawn)
        return self._estimate(value, 2 * value - high, 2 * value - low)

    def _estimate(self, value: float, low: float, high: float) -> Estimate:
        if len(self.of) < 2:
            low = high = float("nan")
        return Estimate(float(value), float(low), float(high))


def ratio(value: float, redrawn: np.ndarray) -> Estimate:
    """A ratio of such measures of two sets of pictures: the basic interval of its logarithm."""
    low, high = _percentiles(redrawn)
    return Estimate(float(value), float(value**2 / high), float(value**2 / low))


def _percentiles(redrawn: np.ndarray) -> tuple[float, float]:
    """What holds 95 % of the resamples."""
    low, high = np.percentile(redrawn, [2.5, 97.5])
    return low, high
