"""Distances between prediction and truth, pixel by pixel."""

from __future__ import annotations

import torch
from torch import Tensor

from registry.color import Colors
from registry.metrics.base import PairMetric, pixel_mean
from registry.metrics.ciede2000 import ciede2000


class AbMae(PairMetric):
    """Mean of |a - a'| and |b - b'| over pixels, in Lab units; the raw prediction."""

    higher_is_better = False
    best = 0.0
    unit = "Lab"

    def measure(self, prediction: Colors, target: Colors) -> Tensor:  # noqa: D102
        return pixel_mean((prediction.ab - target.ab).abs())


class Ciede2000(PairMetric):
    """Mean CIEDE2000 difference of the viewed pictures; about 1 is just noticeable."""

    higher_is_better = False
    best = 0.0
    unit = "dE00"

    def measure(self, prediction: Colors, target: Colors) -> Tensor:  # noqa: D102
        return pixel_mean(ciede2000(prediction.viewed_lab, target.viewed_lab))


class Psnr(PairMetric):
    """10 log10(1 / MSE) of the viewed pictures in [0, 1], in dB; the mean over pictures, each at most 100 dB."""

    higher_is_better = True
    unit = "dB"

    def measure(self, prediction: Colors, target: Colors) -> Tensor:  # noqa: D102
        error = pixel_mean((prediction.viewed - target.viewed) ** 2)
        # Equal pictures have no finite value. 100 dB is one 8-bit step in a channel of a picture of 51,000 pixels.
        return -10 * torch.log10(error.clamp(min=1e-10))


class OutOfGamut(PairMetric):
    """Share of pixels whose predicted Lab lies outside sRGB by more than half an 8-bit step; 0 to 1."""

    higher_is_better = False
    best = 0.0

    def measure(self, prediction: Colors, target: Colors) -> Tensor:  # noqa: ARG002, D102
        half_step = 0.5 / 255
        outside = (prediction.rgb < -half_step) | (prediction.rgb > 1 + half_step)
        return pixel_mean(outside.any(dim=1))
