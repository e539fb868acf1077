"""Tools to draw pictures in CIE Lab with NumPy: soft-edged shapes, smooth noise, the gamut and sRGB.

Pictures span [-1, 1] in both directions, y downwards, so that a drawing does not know its size in pixels.
Edges are one pixel wide and worked out from distances, which costs a quarter of supersampling.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike

from registry.srgb import WHITE_XYZ, XYZ_FROM_RGB

DRAWING_VERSION = 1
"""To be raised whenever any drawn picture changes: it is part of the drawn data sets' revisions."""

DETAIL_SIZE = 64
"""Smaller pictures are drawn at least this large and averaged down, as their details would alias."""

_RGB_FROM_WHITE_XYZ = np.linalg.inv(np.array(XYZ_FROM_RGB) / np.array(WHITE_XYZ)[:, None]).astype(np.float32)
_GAMMA_STEPS = 1 << 14


class Frame:
    """Coordinates of one part of a picture, and soft masks in them.

    Attributes:
        u, v: Local coordinates of each pixel's centre, float32 ``(size, size)``.
        pixel: Width of a pixel in local units.
    """

    def __init__(
        self,
        size: int,
        centre: tuple[float, float] = (0.0, 0.0),
        scale: float = 1.0,
        angle: float = 0.0,
        squash: float = 1.0,
    ) -> None:
        """Place local (0, 0) at ``centre``, turned by ``angle`` (radians); ``squash`` < 1 flattens v."""
        axis = (np.arange(size, dtype=np.float32) + 0.5) * (2 / size) - 1
        across, down = (axis - np.float32(centre[0]))[None, :], (axis - np.float32(centre[1]))[:, None]
        cosine, sine = np.float32(np.cos(angle) / scale), np.float32(np.sin(angle) / scale)
        self.u = across * cosine + down * sine
        self.v = (down * cosine - across * sine) / np.float32(squash)
        self.pixel = 2 / size / scale

    def cover(self, distance: np.ndarray, softness: float = 0.0) -> np.ndarray:
        """Share of each pixel inside a shape, from its signed distance (negative inside) in local units."""
        return np.clip(0.5 - distance * np.float32(1 / (self.pixel + softness)), 0, 1)

    def ellipse(
        self,
        centre: tuple[float, float],
        radii: tuple[float, float],
        softness: float = 0.0,
        bend: float = 0.0,
        mirrored: bool = False,
    ) -> np.ndarray:
        """Mask of an ellipse; ``bend`` curves its long axis, ``mirrored`` adds its mirror image at -u."""
        u = (np.abs(self.u) if mirrored else self.u) - np.float32(centre[0])
        v = self.v - np.float32(centre[1])
        if bend:
            v = v - np.float32(bend) * u * u
        u, v = u / np.float32(radii[0]), v / np.float32(radii[1])
        ring = np.sqrt(u * u + v * v + np.float32(1e-6))
        steepness = np.sqrt((u / np.float32(radii[0])) ** 2 + (v / np.float32(radii[1])) ** 2 + np.float32(1e-6))
        return self.cover(ring * (ring - 1) / steepness, softness)

    def glow(self, centre: tuple[float, float], radii: tuple[float, float], mirrored: bool = False) -> np.ndarray:
        """A soft bump, 1 at its centre, a quarter at the radii, for light and shade."""
        u = (np.abs(self.u) if mirrored else self.u) - np.float32(centre[0])
        v = self.v - np.float32(centre[1])
        return 1 / (1 + (u / np.float32(radii[0])) ** 2 + (v / np.float32(radii[1])) ** 2) ** 2


def canvas(size: int) -> np.ndarray:
    """An empty Lab picture, float32 ``(3, size, size)``."""
    return np.zeros((3, size, size), dtype=np.float32)


def paint(lab: np.ndarray, mask: np.ndarray, color: ArrayLike) -> None:
    """Lay a Lab color, one ``(3,)`` or per pixel ``(3, H, W)``, over a picture where ``mask`` is above 0."""
    color = np.asarray(color, dtype=np.float32)
    lab += mask * ((color if color.ndim == 3 else color[:, None, None]) - lab)


def shaded(color: ArrayLike, shade: np.ndarray) -> np.ndarray:
    """A Lab color ``(3,)`` under a change of lightness ``(H, W)``: ``(3, H, W)``, duller where darker."""
    lightness, a, b = np.asarray(color, dtype=np.float32)
    chroma = np.clip(1 + shade * np.float32(0.01), 0.3, 1.2)
    return np.stack((np.clip(lightness + shade, 2, 98), a * chroma, b * chroma))


def noise(generator: np.random.Generator, cells: tuple[int, int], size: int) -> np.ndarray:
    """Smooth noise of about standard deviation 1, ``(size, size)``, from ``cells`` (down, across) draws."""
    values = generator.standard_normal(cells, dtype=np.float32)
    # Averaging neighbours in a B-spline halves the spread in each direction, very nearly.
    return 2 * (_spline(cells[0], size) @ values @ _spline(cells[1], size).T)


@lru_cache(maxsize=64)
def _spline(cells: int, size: int) -> np.ndarray:
    """Cubic B-spline weights ``(size, cells)`` of the cells at each pixel; rows sum to 1."""
    position = (np.arange(size) + 0.5) / size * cells
    distance = np.abs(position[:, None] - (np.arange(cells) + 0.5))
    near = 2 / 3 - distance**2 + distance**3 / 2
    weights = np.where(distance < 1, near, np.clip(2 - distance, 0, None) ** 3 / 6)
    return (weights / weights.sum(axis=1, keepdims=True)).astype(np.float32)


def lab_to_linear(lab: np.ndarray) -> np.ndarray:
    """Linear RGB ``(3, ...)`` of a Lab picture ``(3, ...)``; outside [0, 1] where out of gamut."""
    f = np.empty(lab.shape, dtype=np.float32)
    f[1] = (lab[0] + 16) * np.float32(1 / 116)
    f[0] = f[1] + lab[1] * np.float32(1 / 500)
    f[2] = f[1] - lab[2] * np.float32(1 / 200)
    ratio = np.where(f > 0.2068966, f * f * f, (f - np.float32(16 / 116)) * np.float32(1 / 7.787))
    return (_RGB_FROM_WHITE_XYZ @ ratio.reshape(3, -1)).reshape(lab.shape)


@lru_cache(maxsize=1)
def _gamma() -> np.ndarray:
    """8-bit sRGB by the square root of linear RGB: in steps of the root the curve is nearly straight."""
    linear = np.linspace(0, 1, _GAMMA_STEPS) ** 2
    encoded = np.where(linear > 0.0031308, 1.055 * linear ** (1 / 2.4) - 0.055, 12.92 * linear)
    return np.round(encoded * 255).astype(np.uint8)


def lab_to_rgb8(lab: np.ndarray) -> np.ndarray:
    """The sRGB picture, uint8 ``(H, W, 3)``, of a Lab picture ``(3, H, W)``; clipped to the gamut."""
    root = np.sqrt(np.clip(lab_to_linear(lab), 0, 1))
    steps = (root * np.float32(_GAMMA_STEPS - 1) + np.float32(0.5)).astype(np.int32)
    return np.ascontiguousarray(_gamma()[steps].transpose(1, 2, 0))


@lru_cache(maxsize=1)
def _chroma_limits() -> np.ndarray:
    """Largest chroma in sRGB ``(360, 401)`` by whole degree of hue and quarter unit of lightness."""
    hue, lightness = np.meshgrid(np.radians(np.arange(360)), np.arange(401) / 4, indexing="ij")
    low, high = np.zeros_like(hue), np.full_like(hue, 140.0)
    for _ in range(10):
        middle = (low + high) / 2
        linear = lab_to_linear(np.stack((lightness, middle * np.cos(hue), middle * np.sin(hue))))
        inside = ((linear >= -1e-4) & (linear <= 1 + 1e-4)).all(axis=0)
        low, high = np.where(inside, middle, low), np.where(inside, high, middle)
    return low.astype(np.float32)


def within_gamut(lightness: np.ndarray, hue: float, chroma: float) -> np.ndarray:
    """Lab ``(3, H, W)`` of one hue (degrees) and of ``chroma``, or less where sRGB has less."""
    limits = _chroma_limits()[round(hue) % 360]
    reached = np.minimum(np.float32(chroma), limits[np.clip(lightness * 4, 0, 400).astype(np.int32)])
    angle = np.radians(hue)
    return np.stack((lightness, reached * np.float32(np.cos(angle)), reached * np.float32(np.sin(angle))))
