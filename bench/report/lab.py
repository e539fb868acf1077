"""The little of CIE Lab that figures need, in NumPy: the report does without PyTorch (sRGB, D65, 2 degrees)."""

from __future__ import annotations

import itertools

import numpy as np

from registry.srgb import WHITE_XYZ, XYZ_FROM_RGB

_TO_XYZ = np.array(XYZ_FROM_RGB)


def to_grey(pictures: np.ndarray) -> np.ndarray:
    """What a network gets to see: pictures ``(..., 3)`` uint8 with their lightness and no colour, as uint8."""
    light = luminance(pictures / 255).clip(0, 1)
    encoded = np.where(light <= 0.0031308, light * 12.92, 1.055 * light ** (1 / 2.4) - 0.055)
    return np.repeat(np.round(encoded * 255).astype(np.uint8)[..., None], 3, axis=-1)


def luminance(rgb: np.ndarray) -> np.ndarray:
    """The Y of CIE XYZ, from 0 for black to 1 for white, of sRGB colours ``(..., 3)`` in [0, 1]."""
    return (_linear(rgb) @ _TO_XYZ.T)[..., 1]


def to_ab(rgb: np.ndarray) -> np.ndarray:
    """The a and b, ``(..., 2)``, of sRGB colours ``(..., 3)`` in [0, 1]."""
    relative = _linear(rgb) @ _TO_XYZ.T / np.array(WHITE_XYZ)
    x, y, z = np.moveaxis(np.where(relative > 0.008856, np.cbrt(relative), 7.787 * relative + 16 / 116), -1, 0)
    return np.stack([500 * (x - y), 200 * (y - z)], axis=-1)


def gamut_outline(steps: int = 50) -> np.ndarray:
    """The outline ``(n, 2)`` of all sRGB colours in the ab plane.

    It runs along the six edges of the RGB cube that touch neither black nor white: seen along L they enclose
    all other colours.
    """
    corners = np.array([[1, 0, 0], [1, 1, 0], [0, 1, 0], [0, 1, 1], [0, 0, 1], [1, 0, 1], [1, 0, 0]], dtype=float)
    share = np.linspace(0, 1, steps, endpoint=False)[:, None]
    edges = [start + share * (end - start) for start, end in itertools.pairwise(corners)]
    return to_ab(np.concatenate([*edges, corners[:1]]))


def _linear(rgb: np.ndarray) -> np.ndarray:
    return np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
