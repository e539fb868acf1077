"""Pictures as text that a page can hold."""

from __future__ import annotations

import base64
import io
from pathlib import Path

import numpy as np
from PIL import Image

EXACT_UP_TO = 128
"""Pixels of a side: larger pictures of a hundred cells would be a page of a hundred megabytes."""


def strip_address(pictures: np.ndarray) -> str:
    """A ``data:`` address of pictures ``(n, S, S, 3)`` uint8 side by side; exact up to a size of `EXACT_UP_TO`."""
    strip = Image.fromarray(np.concatenate(list(pictures), axis=1))
    if strip.height <= EXACT_UP_TO:
        return _address(strip)
    # At full resolution of colour: colour is what the pictures are looked at for.
    return _written(strip, "JPEG", quality=90, subsampling=0)


def figure_address(path: Path) -> tuple[str, tuple[int, int]]:
    """A ``data:`` address of a picture file, and its width and height in pixels."""
    with Image.open(path) as image:
        return _address(image.convert("RGB")), image.size


def _address(image: Image.Image) -> str:
    # Lossless WebP shows the same pixels as the PNG that is stored in little more than half of the bytes.
    return _written(image, "WEBP", lossless=True, quality=75, method=2)


def _written(image: Image.Image, kind: str, **options: int) -> str:
    written = io.BytesIO()
    image.save(written, kind, **options)
    return f"data:image/{kind.lower()};base64,{base64.b64encode(written.getvalue()).decode()}"
