"""The error where colours are rare: what a network that has grown lazy gives up first."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from registry.ab_bins import ab_bins, ab_counts, reachable_bins
from registry.color import Colors
from registry.metrics.base import ColorMetric

RARE_SHARE = 0.25
"""The rarest true colours that together have at most this share of the test pixels are the rare ones."""


class RareAbError(ColorMetric):
    """Mean of |a - a'| and |b - b'| over the pixels of rare true colours, over that of painting them grey.

    0 is perfect, 1 as bad as grey, above 1 worse. Bins of the ab histogram are taken from the rarest in the true
    test pictures on, as long as they hold at most a quarter of all pixels. Rare among the test pictures and not
    among the training ones: so no choice of training or prediction changes which pixels are measured, and networks
    trained on different sets are measured on the same. Not a number where even the rarest colour is no rarity.
    """

    higher_is_better = False
    best = 0.0

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        for name in ("counts", "errors", "grey_errors"):
            self.add_state(name, default=[], dist_reduce_fx="cat")

    def update(self, prediction: Colors, target: Colors) -> None:  # noqa: D102
        places = ab_bins(target.ab)
        self.counts.append(target.once(ab_counts))
        self.errors.append(_sums(places, (prediction.ab - target.ab).abs()))
        self.grey_errors.append(_sums(places, target.ab.abs()))

    def compute(self) -> Tensor:  # noqa: D102
        error, grey = self._of_pictures()
        return error.mean() / torch.where(grey.mean() > 0, grey.mean(), torch.nan)

    def per_image(self) -> dict[str, Tensor]:
        """Each picture's share of the error and of grey's, in Lab units per pixel; the value is their quotient."""
        error, grey = self._of_pictures()
        return {"_sum": error, "_grey_sum": grey}

    def _of_pictures(self) -> tuple[Tensor, Tensor]:
        """The error and that of grey on rare pixels, by the picture's pixels, each ``(n,)``."""
        counts = torch.cat(self.counts)
        rare, pixels = rare_bins(counts.sum(0)), counts.sum(1)
        error, grey = (torch.cat(sums)[:, rare].sum(1) / pixels for sums in (self.errors, self.grey_errors))
        return error, grey


def rare_bins(counts: Tensor) -> Tensor:
    """Which bins hold the rare colours, bool ``(Q,)``, of pixels in each bin; of equally rare ones the first."""
    order = counts.argsort(stable=True)
    rare = torch.empty_like(counts, dtype=torch.bool)
    rare[order] = counts[order].cumsum(0) <= RARE_SHARE * counts.sum()
    return rare


def _sums(places: Tensor, distances: Tensor) -> Tensor:
    """Sum of the mean of a's and b's distances ``(N, 2, H, W)`` in each bin of each picture, ``(N, Q)`` float64."""
    each = distances.double().mean(dim=1).flatten(start_dim=1)
    return torch.zeros(len(each), len(reachable_bins()), dtype=torch.float64, device=each.device).scatter_add_(
        1, places, each
    )
