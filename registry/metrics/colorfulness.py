"""Colorfulness of a picture (Hasler and Suesstrunk 2003, "Measuring colourfulness in natural images")."""

import torch
from torch import Tensor

from registry.color import Colors
from registry.metrics.base import PictureMetric, pixel_mean


class Colorfulness(PictureMetric):
    """M3 = sqrt(var_rg + var_yb) + 0.3 sqrt(mean_rg^2 + mean_yb^2), rg = R - G, yb = (R + G) / 2 - B, 0..255.

    The opponent axes keep their signs: scorers that take absolute values give a two-tone picture 30 for 100.
    0 is grey; about 15 is slightly and 109 extremely colourful. One sepia tone scores about 23, so it does not
    see a collapse to the mean colour.
    """

    def measure(self, picture: Colors) -> Tensor:
        """M3 of each picture, ``(N,)``."""
        red, green, blue = (picture.viewed.double() * 255).unbind(1)
        rg, yb = red - green, (red + green) / 2 - blue
        spread = (_variance(rg) + _variance(yb)).sqrt()
        return spread + 0.3 * (pixel_mean(rg) ** 2 + pixel_mean(yb) ** 2).sqrt()


def _variance(values: Tensor) -> Tensor:
    return torch.flatten(values, start_dim=1).var(dim=1, correction=0)
