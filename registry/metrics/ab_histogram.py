"""How evenly predictions use the colours there are: measures of the ab histogram pooled over the test set.

Bins are 10 Lab units wide with centres at multiples of 10; Q of them are reached by some 8-bit sRGB colour. A
prediction out of gamut counts in the nearest of those, so that every histogram has the same Q bins.
"""

from __future__ import annotations

import math
from abc import abstractmethod
from functools import cache
from typing import Any

import torch
from torch import Tensor

from registry.color import Colors, rgb_to_lab
from registry.metrics.base import ColorMetric

BIN = 10
_REACH = 13  # bins each side of grey: predictions beyond +-135 count at the edge
_SIDE = 2 * _REACH + 1


@cache
def reachable_bins() -> Tensor:
    """Centres ``(Q, 2)`` in Lab units of the bins that some 8-bit sRGB colour reaches.

    Every ab that a colour inside the RGB cube has is also had by one on its surface, so only that is visited.
    """
    steps = torch.arange(256, dtype=torch.float32) / 255
    u, v = (grid.flatten() for grid in torch.meshgrid(steps, steps, indexing="ij"))
    faces = []
    for level in (0.0, 1.0):
        w = torch.full_like(u, level)
        faces += [torch.stack(face) for face in ((w, u, v), (u, w, v), (u, v, w))]
    ab = rgb_to_lab(torch.cat(faces, dim=1)[None, :, None])[:, 1:]
    cells = _cell(ab).unique()
    return torch.stack((cells // _SIDE, cells % _SIDE), dim=1).sub(_REACH).float() * BIN


@cache
def _nearest_bin() -> Tensor:
    """For each cell of the square grid, the index of the nearest reachable bin, ``(_SIDE**2,)``."""
    axis = torch.arange(-_REACH, _REACH + 1, dtype=torch.float32) * BIN
    return torch.cdist(torch.cartesian_prod(axis, axis), reachable_bins()).argmin(dim=1)


def _cell(ab: Tensor) -> Tensor:
    """Cell of the square grid for each pixel of ``(N, 2, H, W)``, flat."""
    a, b = ((ab / BIN).round().clamp(-_REACH, _REACH).long() + _REACH).unbind(1)
    return (a * _SIDE + b).flatten()


def ab_bins(ab: Tensor) -> Tensor:
    """Which of the Q bins each pixel of ``(N, 2, H, W)`` falls into, ``(N, H * W)``."""
    return _nearest_bin().to(ab.device)[_cell(ab)].view(len(ab), -1)


def ab_counts(ab: Tensor) -> Tensor:
    """Pixels of each picture ``(N, 2, H, W)`` in each of the Q bins, ``(N, Q)`` float64."""
    n, q = len(ab), len(reachable_bins())
    places = ab_bins(ab) + q * torch.arange(n, device=ab.device)[:, None]
    return torch.bincount(places.flatten(), minlength=n * q).view(n, q).double()


def entropy(p: Tensor) -> Tensor:
    """Shannon entropy in nats of probabilities ``(Q,)``."""
    return torch.special.entr(p).sum()


class AbHistogramMetric(ColorMetric):
    """A function of the pooled histogram, for the prediction and for the truth."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        empty = torch.zeros(len(reachable_bins()), dtype=torch.float64)
        self.add_state("counts", default=empty.clone(), dist_reduce_fx="sum")
        self.add_state("truth_counts", default=empty.clone(), dist_reduce_fx="sum")

    def update(self, prediction: Colors, target: Colors) -> None:  # noqa: D102
        self.counts += ab_counts(prediction.ab).sum(0)
        self.truth_counts += ab_counts(target.ab).sum(0)

    @abstractmethod
    def measure(self, p: Tensor) -> Tensor:
        """The measure of probabilities ``(Q,)``, a scalar."""

    def compute(self) -> Tensor:  # noqa: D102
        return self.measure(self.counts / self.counts.sum())

    def truth(self) -> Tensor | None:  # noqa: D102
        return self.measure(self.truth_counts / self.truth_counts.sum())


class AbImbalance(AbHistogramMetric):
    """1 - H(p) / ln Q: 0 where all Q bins are equally frequent, 1 where there is one colour."""

    def measure(self, p: Tensor) -> Tensor:  # noqa: D102
        return 1 - entropy(p) / math.log(len(p))


class AbEffectiveColors(AbHistogramMetric):
    """exp(H(p)), the perplexity: from 1 (one colour) to Q (all bins equally frequent)."""

    unit = "bins"

    def measure(self, p: Tensor) -> Tensor:  # noqa: D102
        return entropy(p).exp()


class AbGini(AbHistogramMetric):
    """Gini coefficient of the bins' frequencies: 0 where they are equal, (Q - 1) / Q where there is one colour."""

    def measure(self, p: Tensor) -> Tensor:  # noqa: D102
        ascending = p.sort().values
        rank = torch.arange(1, len(p) + 1, dtype=p.dtype, device=p.device)
        return ((2 * rank - len(p) - 1) * ascending).sum() / (len(p) * ascending.sum())


class AbJensenShannon(AbHistogramMetric):
    """Jensen-Shannon divergence between prediction and truth (Lin 1991): 0 bits equal, 1 bit disjoint."""

    higher_is_better = False
    best = 0.0
    unit = "bit"

    def measure(self, p: Tensor) -> Tensor:  # noqa: D102
        q = self.truth_counts / self.truth_counts.sum()
        nats = entropy((p + q) / 2) - (entropy(p) + entropy(q)) / 2
        return (nats / math.log(2)).clamp(0, 1)

    def truth(self) -> None:
        """It compares two histograms: there is no value of the truth alone."""
