"""The last layer that every network of a comparison shares."""

from torch import nn


class ColorHead(nn.Conv2d):
    """3 x 3 convolution from features ``(N, C, H, W)`` to ab / 110 ``(N, 2, H, W)``.

    It starts at zero: before its first step every network predicts the same grey picture, so that a comparison
    is of what they learn and not of how large their features happen to start.
    """

    def __init__(self, in_channels: int, out_channels: int = 2) -> None:
        super().__init__(in_channels, out_channels, kernel_size=3, padding=1)
        nn.init.zeros_(self.weight)
        nn.init.zeros_(self.bias)
