"""The last layer that every network of a comparison shares."""

import math

from torch import nn

INITIAL_SCALE = 0.02
"""Standard deviation of an untrained network's output, ab / 110: about 2 Lab units round grey."""


class ColorHead(nn.Conv2d):
    """3 x 3 convolution from features ``(N, C, H, W)`` to ab / 110 ``(N, 2, H, W)``.

    Its features must come from batch normalisation and ReLU: their mean square is then 1/2 whatever the network,
    so that all networks start equally near to grey and a comparison is of what they learn. Exactly at zero, Adam's
    equal first steps would move a and b along one line, and short trainings would keep to it.
    """

    def __init__(self, in_channels: int, out_channels: int = 2) -> None:
        super().__init__(in_channels, out_channels, kernel_size=3, padding=1)
        nn.init.normal_(self.weight, std=INITIAL_SCALE / math.sqrt(9 * in_channels / 2))
        nn.init.zeros_(self.bias)
