"""Structural similarity (Wang, Bovik, Sheikh and Simoncelli 2004, "Image quality assessment")."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from registry.color import Colors
from registry.metrics.base import PairMetric, pixel_mean

_RADIUS, _SIGMA = 5, 1.5
_C1, _C2 = 0.01**2, 0.03**2  # (K L)^2 of the paper, for values in [0, 1]


class Ssim(PairMetric):
    """Structural similarity, Gaussian window of 11 x 11 with sigma 1.5, of the viewed pictures; at most 1.

    The mean over all windows that lie within the picture, as in the authors' code and in scikit-image.
    """

    higher_is_better = True
    best = 1.0

    def measure(self, prediction: Colors, target: Colors) -> Tensor:
        """The similarity of each pair, ``(N,)``, means over the channels."""
        mean, variance = prediction.once(_mean_and_variance)
        true_mean, true_variance = target.once(_mean_and_variance)
        covariance = _blur(prediction.viewed * target.viewed) - mean * true_mean
        alike = (2 * mean * true_mean + _C1) * (2 * covariance + _C2)  # (13)
        return pixel_mean(alike / ((mean**2 + true_mean**2 + _C1) * (variance + true_variance + _C2)))


def _mean_and_variance(pictures: Colors) -> list[Tensor]:
    """Of the viewed pictures within each window, each ``(N, 3, H - 10, W - 10)``."""
    mean = _blur(pictures.viewed)
    return [mean, _blur(pictures.viewed**2) - mean**2]


def _blur(channels: Tensor) -> Tensor:
    """Weighted means over each window within ``(N, C, H, W)``, ``(N, C, H - 10, W - 10)``.

    A Gaussian is the same along rows as along columns: two passes of 11 weights do what one of 121 does.
    """
    weights = torch.exp(-((torch.arange(-_RADIUS, _RADIUS + 1).to(channels) / _SIGMA) ** 2) / 2)
    weights = (weights / weights.sum()).expand(channels.shape[1], 1, -1)
    along_columns = F.conv2d(channels, weights[..., None].contiguous(), groups=channels.shape[1])
    return F.conv2d(along_columns, weights[:, :, None].contiguous(), groups=channels.shape[1])
