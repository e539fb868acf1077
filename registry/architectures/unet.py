"""The custom U-Net, built from the innermost block outwards (Ronneberger et al. 2015; Isola et al. 2017)."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor, nn

from registry.architectures.head import ColorHead
from registry.errors import UserError

Down = Literal["stride", "maxpool"]

WIDEST = 8
"""The widths double from num_filters up to this many times num_filters."""

_DROPOUT_BLOCKS = 3
"""Dropout acts in this many blocks around the innermost one, as in pix2pix."""


class UnetBlock(nn.Module):
    """One level: halve and widen, run what is inside, double and narrow, and join with what came in.

    Args:
        in_channels: Channels of the input ``(N, in_channels, H, W)``, with H and W even.
        inner_channels: Channels at half the size.
        out_channels: Channels of the way up. The output is ``(N, out_channels, H, W)``, with the input
            concatenated to it, ``(N, out_channels + in_channels, H, W)``, where ``skip`` is set.
        inside: The block one level further in; None for the innermost.
        down: Halve by a strided convolution, or by 2 x 2 max pooling after a convolution.
        dropout: Probability on the way up.
        skip: Whether the input is concatenated to the output.
    """

    def __init__(
        self,
        in_channels: int,
        inner_channels: int,
        out_channels: int,
        inside: UnetBlock | None = None,
        *,
        down: Down = "stride",
        dropout: float = 0.0,
        skip: bool = True,
    ) -> None:
        super().__init__()
        self.skip = skip
        self.out_channels = out_channels + in_channels if skip else out_channels
        # The innermost picture may be a single pixel, on which batch normalisation has nothing to average.
        norm = nn.BatchNorm2d(inner_channels) if inside else nn.Identity()
        if down == "stride":
            halve = [nn.Conv2d(in_channels, inner_channels, 4, stride=2, padding=1, bias=inside is None)]
        else:
            halve = [
                nn.Conv2d(in_channels, inner_channels, 3, padding=1, bias=inside is None),
                nn.MaxPool2d(2),
            ]
        self.down = nn.Sequential(*halve, norm, nn.LeakyReLU(0.2))
        self.inside = inside or nn.Identity()
        self.up = nn.Sequential(
            nn.ConvTranspose2d(
                inside.out_channels if inside else inner_channels,
                out_channels,
                4,
                stride=2,
                padding=1,
                bias=False,
            ),
            nn.BatchNorm2d(out_channels),
            nn.ReLU(),
            nn.Dropout(dropout) if dropout else nn.Identity(),
        )

    def forward(self, features: Tensor) -> Tensor:
        """Map ``(N, in_channels, H, W)`` to ``(N, self.out_channels, H, W)``."""
        out = self.up(self.inside(self.down(features)))
        return torch.cat((out, features), dim=1) if self.skip else out


class Unet(nn.Module):
    """U-Net from L in [-1, 1] to ab / 110.

    Args:
        in_channels: Channels of the input.
        out_channels: Channels of the output.
        n_down: Levels; H and W must be multiples of 2**n_down.
        num_filters: Channels of the outermost level; they double inwards up to `WIDEST` times as many.
        down: Halve by strided convolution or by max pooling.
        dropout: Probability in the innermost blocks.

    Raises:
        UserError: A parameter is out of its range.
    """

    def __init__(
        self,
        in_channels: int = 1,
        out_channels: int = 2,
        n_down: int = 6,
        num_filters: int = 32,
        down: Down = "stride",
        dropout: float = 0.5,
    ) -> None:
        super().__init__()
        if not 1 <= n_down <= 10:
            raise UserError(f"unet(n_down={n_down}): n_down must be from 1 to 10.")
        if num_filters < 1:
            raise UserError(f"unet(num_filters={num_filters}): num_filters must be at least 1.")
        if not 0 <= dropout < 1:
            raise UserError(f"unet(dropout={dropout}): dropout must be from 0 up to, not including, 1.")
        self.size_multiple = 2**n_down
        widths = [num_filters * min(2**level, WIDEST) for level in range(n_down)]
        block = None
        for level in reversed(range(n_down)):
            outermost = level == 0
            block = UnetBlock(
                in_channels=in_channels if outermost else widths[level - 1],
                inner_channels=widths[level],
                out_channels=num_filters if outermost else widths[level - 1],
                inside=block,
                down=down,
                dropout=dropout if level > 0 and n_down - level <= _DROPOUT_BLOCKS else 0.0,
                skip=not outermost,
            )
        self.block = block
        self.head = ColorHead(num_filters, out_channels)

    def forward(self, lightness: Tensor) -> Tensor:
        """Map ``(N, 1, H, W)`` in [-1, 1] to ab / 110, ``(N, 2, H, W)``."""
        return self.head(self.block(lightness))
