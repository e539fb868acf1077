"""sRGB <-> CIE Lab (D65, 2 degrees, as scikit-image has it) and `Colors`, the pictures that losses see."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from functools import cache, cached_property
from typing import TypeVar

import torch
from torch import Tensor

from registry.srgb import WHITE_XYZ, XYZ_FROM_RGB

AB_SCALE = 110.0
"""Networks give ab divided by this, so that sRGB's colours lie within [-1, 1]."""

_WHITE_XYZ_FROM_RGB = (
    torch.tensor(XYZ_FROM_RGB, dtype=torch.float64) / torch.tensor(WHITE_XYZ, dtype=torch.float64)[:, None]
)
_RGB_FROM_WHITE_XYZ = torch.linalg.inv(_WHITE_XYZ_FROM_RGB)

_Found = TypeVar("_Found")

_EPSILON = 0.008856  # CIE: below this XYZ ratio the cube root becomes a line
_EPSILON_ROOT = 0.2068966  # cube root of the above
_KAPPA = 7.787  # slope of that line


def rgb_to_lab(rgb: Tensor) -> Tensor:
    """Convert sRGB ``(N, 3, H, W)`` in [0, 1] to Lab ``(N, 3, H, W)``: L in 0..100, a and b in Lab units."""
    return _lab_of_linear(_linear(rgb))


def _linear(rgb: Tensor) -> Tensor:
    """Light intensities of sRGB values in [0, 1]."""
    return torch.where(rgb > 0.04045, ((rgb.clamp(min=0.04045) + 0.055) / 1.055) ** 2.4, rgb / 12.92)


@cache
def _linear_of_rgb8(device: torch.device) -> Tensor:
    """Light intensities of the 256 8-bit values: looked up, they take a quarter of the time."""
    return _linear(torch.arange(256, dtype=torch.float32, device=device) / 255)


def _lab_of_linear(linear: Tensor) -> Tensor:
    ratio = _mix(_WHITE_XYZ_FROM_RGB, linear)
    f = torch.where(ratio > _EPSILON, ratio.clamp(min=_EPSILON) ** (1 / 3), _KAPPA * ratio + 16 / 116)
    x, y, z = f.unbind(1)
    return torch.stack((116 * y - 16, 500 * (x - y), 200 * (y - z)), dim=1)


def lab_to_rgb(lab: Tensor) -> Tensor:
    """Convert Lab ``(N, 3, H, W)`` to sRGB ``(N, 3, H, W)``, out-of-gamut values unclipped.

    In gamut it is scikit-image's ``lab2rgb``. Outside, each curve goes on smoothly (sRGB's straight part below
    0, its power above 1), so that a gradient points back into the gamut instead of vanishing at a clip.
    """
    lightness, a, b = lab.unbind(1)
    y = (lightness + 16) / 116
    f = torch.stack((y + a / 500, y, y - b / 200), dim=1)
    # torch.where sends gradients through both branches: the clamps keep the unused one finite.
    ratio = torch.where(f > _EPSILON_ROOT, f.clamp(min=_EPSILON_ROOT) ** 3, (f - 16 / 116) / _KAPPA)
    linear = _mix(_RGB_FROM_WHITE_XYZ, ratio)
    return torch.where(linear > 0.0031308, 1.055 * linear.clamp(min=0.0031308) ** (1 / 2.4) - 0.055, 12.92 * linear)


def _mix(matrix: Tensor, channels: Tensor) -> Tensor:
    """Multiply the channels of each pixel by a 3 x 3 matrix, in full precision whatever autocast is on."""
    with torch.autocast(channels.device.type, enabled=False):
        return torch.einsum("ij,njhw->nihw", matrix.to(channels), channels)


class Colors:
    """A batch of pictures in the forms that losses and metrics ask for, each worked out once.

    Attributes:
        L: Lightness ``(N, 1, H, W)`` in 0..100.
        ab: a and b ``(N, 2, H, W)`` in Lab units; a prediction's may lie out of gamut.
    """

    def __init__(self, L: Tensor, ab: Tensor) -> None:  # noqa: N803 - L is the field's name
        self.L = L
        self.ab = ab
        self._found: dict[Hashable, object] = {}

    @classmethod
    def from_rgb8(cls, rgb8: Tensor) -> Colors:
        """Pictures from 8-bit sRGB ``(N, H, W, 3)``, uint8, on any device."""
        linear = _linear_of_rgb8(rgb8.device).index_select(0, rgb8.flatten().int()).view(rgb8.shape)
        lab = _lab_of_linear(linear.permute(0, 3, 1, 2))
        colors = cls(lab[:, :1], lab[:, 1:])
        colors.viewed = rgb8.permute(0, 3, 1, 2).float() / 255
        return colors

    def with_ab(self, ab: Tensor) -> Colors:
        """The same lightness in other colours, ``(N, 2, H, W)`` in Lab units, worked on in float32."""
        return Colors(self.L, ab.float())

    @property
    def network_input(self) -> Tensor:
        """L scaled to [-1, 1], ``(N, 1, H, W)``: what an architecture takes."""
        return self.L / 50 - 1

    @cached_property
    def rgb(self) -> Tensor:
        """Differentiable sRGB ``(N, 3, H, W)``, unclipped: in [0, 1] where the colour is in gamut."""
        return lab_to_rgb(torch.cat((self.L, self.ab), dim=1))

    @cached_property
    def viewed(self) -> Tensor:
        """The picture a viewer sees: sRGB ``(N, 3, H, W)`` in [0, 1], clipped to the gamut, in 8-bit steps."""
        viewed = (self.rgb.clamp(0, 1) * 255).round() / 255
        # Laid out like pictures of 8-bit values: AlexNet is faster so, and unlike layouts are slow to compare.
        return viewed.contiguous(memory_format=torch.channels_last)

    @cached_property
    def chroma(self) -> Tensor:
        """Distance from grey ``(N, H, W)`` in Lab units."""
        # Not by vector_norm, which takes a hundred times as long over an axis of two.
        return torch.hypot(*self.ab.unbind(1))

    @cached_property
    def viewed_lab(self) -> Tensor:
        """The viewed picture in Lab, ``(N, 3, H, W)``."""
        return rgb_to_lab(self.viewed)

    def once(self, work: Callable[[Colors], _Found]) -> _Found:
        """What a function works out of these pictures, kept for all who ask for the same.

        Several metrics count the same things, and the true pictures are the same for all cells.
        """
        if work not in self._found:
            self._found[work] = work(self)
        return self._found[work]

    @property
    def kept_bytes(self) -> int:
        """Memory that the pictures and all that was worked out of them take."""
        tensors = [value for value in vars(self).values() if isinstance(value, Tensor)]
        for found in self._found.values():
            tensors += [found] if isinstance(found, Tensor) else found
        # L and ab are often views of one and the same memory.
        memory = {tensor.untyped_storage().data_ptr(): tensor.untyped_storage().nbytes() for tensor in tensors}
        return sum(memory.values())

    @cached_property
    def rgb8(self) -> Tensor:
        """The viewed picture as ``(N, H, W, 3)`` uint8."""
        return (self.viewed * 255).round().to(torch.uint8).permute(0, 2, 3, 1)
