"""One picture file at its full size, upright, converted a strip at a time."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from PIL import Image

from registry.datasets.decoding import load_picture, pillow_settings, strips, to_small_rgb, whole_white
from registry.datasets.picture_colors import to_rgb_and_alpha

_STRIP_PIXELS = 2**19  # small, because who asks for strips works on them in floats


class WholePicture:
    """A decoded picture, which `registry.datasets.decoding.decode` reads in the same ways, but for a smaller one.

    Memory: the picture once in its own mode, at most 4 bytes a pixel, and twice while it is turned upright.

    Args:
        source: Path or open file.

    Raises:
        UnreadablePictureError: The file cannot be read, is damaged, is no picture or is too large.
    """

    def __init__(self, source: str | Path | BinaryIO) -> None:
        with pillow_settings():
            image, orientation = load_picture(source)
            self._image = image if orientation is None else image.transpose(orientation)
            self._white = whole_white(self._image)

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels, upright."""
        return self._image.size

    @property
    def is_transparent(self) -> bool:
        """Whether strips are RGBA."""
        return self._white is None and self._image.has_transparency_data

    def strips(self) -> Iterator[tuple[int, Image.Image]]:
        """Its rows, many at a time, and where they start: 8-bit sRGB, RGB or, with the colour kept beneath, RGBA."""
        for top, strip in strips(self._image, pixels=_STRIP_PIXELS):
            with pillow_settings():
                rgb, alpha = to_rgb_and_alpha(strip, self._white)
            if alpha is not None:
                rgb.putalpha(alpha)
            yield top, rgb

    def resized(self, width: int, height: int) -> Image.Image:
        """All of it as 8-bit sRGB of this size, antialiased, transparency laid on white."""
        with pillow_settings():
            small = to_small_rgb(self._image, self._white, min(width, height))
        return small.resize((width, height), Image.Resampling.LANCZOS)
