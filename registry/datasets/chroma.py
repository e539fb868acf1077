"""Pictures without colour: black-and-white photographs among coloured ones, which teach a network grey."""

from __future__ import annotations

import numpy as np

from registry.srgb import WHITE_XYZ, XYZ_FROM_RGB

COLORED_SHARE = 0.01
"""A picture has colour where this share of its pixels has it; a small bright object is enough."""

_STRIDE = 4  # in both directions, of the pixels that are looked at first

_VALUES = np.arange(256) / 255
_LINEAR = np.where(_VALUES > 0.04045, ((_VALUES + 0.055) / 1.055) ** 2.4, _VALUES / 12.92).astype(np.float32)
_WHITE_XYZ_FROM_RGB = (np.array(XYZ_FROM_RGB) / np.array(WHITE_XYZ)[:, None]).astype(np.float32)


def chroma_of(picture: np.ndarray) -> np.ndarray:
    """The distance from grey in Lab units, float32 ``(n,)``, of the n pixels of sRGB ``(..., 3)`` uint8."""
    ratio = _LINEAR[picture.reshape(-1, 3)] @ _WHITE_XYZ_FROM_RGB.T
    x, y, z = np.where(ratio > 0.008856, np.cbrt(ratio), 7.787 * ratio + 16 / 116).T
    return np.hypot(500 * (x - y), 200 * (y - z))


def is_grey(picture: np.ndarray, min_chroma: float) -> bool:
    """Whether less than `COLORED_SHARE` of the pixels of ``(S, S, 3)`` uint8 have a chroma of ``min_chroma``."""
    if min_chroma <= 0:
        return False
    enough = COLORED_SHARE * picture.shape[0] * picture.shape[1]
    # Of nearly every picture a sixteenth of its pixels are enough already, at a fifth of the time.
    if np.count_nonzero(chroma_of(picture[::_STRIDE, ::_STRIDE]) >= min_chroma) >= enough:
        return False
    return np.count_nonzero(chroma_of(picture) >= min_chroma) < enough
