"""The colour prior of pictures: what can be known of their colours before any lightness is seen."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import torch

from bench.audit.resampling import Estimate, Groups
from bench.distribution import ColorDistribution
from bench.supply import batches
from registry.ab_bins import ab_bins, reachable_bins
from registry.color import Colors
from registry.datasets.chroma import COLORED_SHARE
from registry.metrics.ab_histogram import AbEffectiveColors, AbGini, AbHistogramMetric, AbImbalance
from registry.metrics.base import pixel_mean
from registry.metrics.colorfulness import Colorfulness

NEAR = 10.0
"""Pixels at most this far from the dominant colour, in Lab units of ab, are near it."""

_PIXELS_AT_A_TIME = 2**17


@dataclass(frozen=True)
class PictureValues:
    """Of each picture, ``(n,)``.

    Attributes:
        chroma: Mean over its pixels, in Lab units.
        peak_chroma: What the most colourful `COLORED_SHARE` of its pixels reach; small only where all is grey.
        pixel_hash: BLAKE2b of its pixels, 16 bytes in hexadecimal.
    """

    chroma: np.ndarray
    peak_chroma: np.ndarray
    colorfulness: np.ndarray
    pixel_hash: np.ndarray


@dataclass(frozen=True)
class Prior:
    """Colours of a set of pictures.

    Attributes:
        n: Pictures.
        ab: Pixel counts in the ab plane as `bench.distribution` has them.
        bins: Pixels in each of the Q ab bins of the metrics, ``(Q,)``.
        lab: Mean Lab colour of the pixels in each bin, ``(Q, 3)``; NaN where there are none.
        mean: Mean Lab colour of all pixels, ``(3,)``.
        dominant: a and b at the centre of the bin with most pixels.
        near_dominant: Share of pixels at most `NEAR` from there.
        imbalance: The metric of that name on these pictures; so are effective_colors, gini, chroma, colorfulness.
        redrawn_colors: Effective colours in each resample, to compare two sets with.
    """

    n: int
    ab: np.ndarray
    bins: np.ndarray
    lab: np.ndarray
    mean: np.ndarray
    dominant: tuple[float, float]
    near_dominant: Estimate
    imbalance: Estimate
    effective_colors: Estimate
    gini: Estimate
    chroma: Estimate
    colorfulness: Estimate
    redrawn_colors: np.ndarray

    @property
    def dominant_share(self) -> float:
        """Share of pixels in the dominant bin."""
        return float(self.bins.max() / self.bins.sum())


def measure(pictures: np.ndarray, name: str, progress: Callable[[int], None]) -> tuple[Prior, PictureValues]:
    """Measure pictures ``(n, S, S, 3)`` uint8, memory-mapped or not, a batch at a time.

    Args:
        pictures: At least one.
        name: A name of the set; it decides on the resamples.
        progress: Told of each batch how many pictures it had; every picture comes twice.
    """
    batch_size = max(1, _PIXELS_AT_A_TIME // pictures.shape[1] ** 2)
    groups = Groups(len(pictures), name)
    tally = _Tally(groups)
    near = []
    with _one_thread():
        for colors in batches(pictures, batch_size, "cpu"):
            tally.update(colors)
            progress(len(colors.L))
        bins = tally.grouped.sum(axis=0)
        dominant = reachable_bins()[int(bins.argmax())]
        for colors in batches(pictures, batch_size, "cpu"):
            near.append(_share_near(colors, dominant))
            progress(len(colors.L))
    values = PictureValues(
        chroma=np.concatenate(tally.chroma),
        peak_chroma=np.concatenate(tally.peak_chroma),
        colorfulness=np.concatenate(tally.colorfulness),
        pixel_hash=np.array(tally.pixel_hashes),
    )
    return _summary(tally, groups, values, np.concatenate(near)), values


@contextmanager
def _one_thread() -> Iterator[None]:
    """Keep PyTorch from sharing out steps this small: on a busy machine its threads wait for each other at each."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


class _Tally:
    """What is counted while the batches pass."""

    def __init__(self, groups: Groups) -> None:
        q = len(reachable_bins())
        self.groups = groups
        self.distribution = ColorDistribution()
        self.grouped = np.zeros((groups.count, q))
        self.lab = np.zeros((q, 3))
        self.chroma: list[np.ndarray] = []
        self.peak_chroma: list[np.ndarray] = []
        self.colorfulness: list[np.ndarray] = []
        self.pixel_hashes: list[str] = []

    def update(self, colors: Colors) -> None:
        """Count the next batch, in the order of the pictures."""
        start = len(self.pixel_hashes)
        self.distribution.update(colors)
        # Taken out at once: kept for every picture, they would fill the memory.
        counts = self.distribution.bins.pop()
        np.add.at(self.grouped, self.groups.of[start : start + len(counts)], counts)
        self.lab += _sums_by_bin(colors)
        self.chroma.append(pixel_mean(colors.chroma).numpy())
        self.peak_chroma.append(_peak(colors.chroma).numpy())
        self.colorfulness.append(Colorfulness().measure(colors).numpy())
        self.pixel_hashes += [hashlib.blake2b(one, digest_size=16).hexdigest() for one in colors.rgb8.numpy()]


def _sums_by_bin(colors: Colors) -> np.ndarray:
    """Sums of L, a and b over the pixels in each bin, ``(Q, 3)``."""
    places, q = ab_bins(colors.ab).flatten(), len(reachable_bins())
    channels = (colors.L[:, 0], colors.ab[:, 0], colors.ab[:, 1])
    sums = [torch.bincount(places, one.flatten().double(), minlength=q) for one in channels]
    return torch.stack(sums, dim=1).numpy()


def _peak(chroma: torch.Tensor) -> torch.Tensor:
    """Of each picture ``(N, H, W)`` the chroma that no less than `COLORED_SHARE` of its pixels have, ``(N,)``."""
    pixels = chroma.flatten(1)
    return pixels.topk(math.ceil(COLORED_SHARE * pixels.shape[1]), dim=1).values[:, -1]


def _share_near(colors: Colors, centre: torch.Tensor) -> np.ndarray:
    """Of each picture the share of pixels at most `NEAR` from ``centre``, ``(n,)``."""
    # Not by vector_norm, which takes ten times as long over an axis of two.
    a, b = (colors.ab - centre.view(1, 2, 1, 1)).unbind(1)
    return pixel_mean(a * a + b * b <= NEAR**2).numpy()


def _summary(tally: _Tally, groups: Groups, values: PictureValues, near: np.ndarray) -> Prior:
    bins = tally.grouped.sum(axis=0)
    redrawn = torch.from_numpy(groups.weights @ tally.grouped)
    # The last row is that of the pictures themselves.
    counts = torch.cat((redrawn, torch.from_numpy(bins)[None]))
    probabilities = counts / counts.sum(dim=1, keepdim=True)

    def over_bins(metric: AbHistogramMetric) -> np.ndarray:
        return np.array([float(metric.measure(p)) for p in probabilities])

    imbalance, effective, gini = map(over_bins, (AbImbalance(), AbEffectiveColors(), AbGini()))
    a, b = reachable_bins()[int(bins.argmax())].tolist()
    filled = bins[:, None] > 0
    return Prior(
        n=len(near),
        ab=tally.distribution.ab,
        bins=bins,
        lab=np.divide(tally.lab, bins[:, None], out=np.full_like(tally.lab, np.nan), where=filled),
        mean=tally.lab.sum(axis=0) / bins.sum(),
        dominant=(a, b),
        near_dominant=groups.mean(near),
        imbalance=groups.of_histogram(imbalance[-1], imbalance[:-1]),
        effective_colors=groups.of_histogram(effective[-1], effective[:-1]),
        gini=groups.of_histogram(gini[-1], gini[:-1]),
        chroma=groups.mean(values.chroma),
        colorfulness=groups.mean(values.colorfulness),
        redrawn_colors=effective[:-1],
    )
