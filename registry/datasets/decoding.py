"""One picture file, of whatever kind, to a square of 8-bit sRGB."""

from __future__ import annotations

import math
import struct
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Literal

import numpy as np
from PIL import ExifTags, Image, UnidentifiedImageError

from registry.datasets.base import UnreadablePictureError
from registry.datasets.picture_colors import to_rgb, white_of

Resize = Literal["crop", "squash"]
RESIZE_RULES: dict[Resize, str] = {
    "crop": "Centre-cropped to a square, then resized in 8-bit sRGB with an antialiasing Lanczos filter.",
    "squash": "The whole picture squeezed to a square, in 8-bit sRGB with an antialiasing Lanczos filter.",
}

MAX_PIXELS = 5 * 10**8
"""Larger pictures are refused: a small file can claim to be one and fill the memory.

Pillow takes up to 4 bytes for a pixel, so that one picture takes at most 2 GB. No camera's is larger: the largest, put
together from several exposures, have 400 million pixels.
"""

_LARGE_PIXELS = 2**24  # pictures above this are shrunk by averaging, JPEGs already while libjpeg decodes them
_MARGIN = 4  # ... to no less than this many times the asked size, so that Lanczos does the fine work
_STRIP_PIXELS = 2**22  # of a large picture converted at a time

# Named, so that a renamed EPS never starts Ghostscript. Pillow's JPEG covers phones' MPO.
_FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "TIFF", "GIF")

_TRANSPOSED = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}

_pillow_lock = threading.Lock()


def decode(source: str | Path | BinaryIO, image_size: int, resize: Resize = "crop") -> np.ndarray:
    """Decode a picture to sRGB, uint8, ``(image_size, image_size, 3)``, made square as `RESIZE_RULES` say.

    EXIF orientation and embedded colour profiles are applied, transparency is laid on white, deep pictures
    are scaled to 8 bits, and of an animation the first frame is taken. Threads decode one after another.

    Memory: the decoded picture once, in its own mode (RGB: 4 bytes a pixel, at most 2 GB; a large JPEG up to 64 times
    less), and some 100 MB, as long as it is shrunk to a quarter or less; else once more in RGB.

    Raises:
        UnreadablePictureError: The file cannot be read, is damaged, is no picture or is too large.
    """
    with pillow_settings():
        image, orientation = load_picture(source, image_size)
        rgb = to_small_rgb(image, whole_white(image), image_size)
        upright = rgb if orientation is None else rgb.transpose(orientation)
        square = _centre_square(upright) if resize == "crop" else upright
        return np.array(square.resize((image_size, image_size), Image.Resampling.LANCZOS))


@contextmanager
def pillow_settings() -> Iterator[None]:
    """Our size limit in place of Pillow's, and none of its warnings, while we hold the lock and no longer."""
    with _pillow_lock, warnings.catch_warnings():
        warnings.filterwarnings("ignore", module="PIL")
        limit, Image.MAX_IMAGE_PIXELS = Image.MAX_IMAGE_PIXELS, None
        try:
            yield
        finally:
            Image.MAX_IMAGE_PIXELS = limit


def load_picture(
    source: str | Path | BinaryIO, image_size: int | None = None
) -> tuple[Image.Image, Image.Transpose | None]:
    """The picture decoded, in the file's own mode, and how it is to be turned; within `pillow_settings`.

    Args:
        source: Path or open file.
        image_size: A large JPEG may come smaller, but no smaller than this asks for; None: at its full size.

    Raises:
        UnreadablePictureError: As `decode` says.
    """
    try:
        with Image.open(source, formats=_FORMATS) as image:
            if _pixels(image) > MAX_PIXELS:
                raise UnreadablePictureError(
                    f"it has {image.width} x {image.height} pixels, more than {MAX_PIXELS:,}: shrink it first"
                )
            if image_size is not None and _pixels(image) > _LARGE_PIXELS:
                image.draft(None, (_MARGIN * image_size, _MARGIN * image_size))
            image.load()
            return image, _orientation(image)
    except UnreadablePictureError:
        raise
    except FileNotFoundError:
        raise UnreadablePictureError("No such file: it is missing, or a link to one that is") from None
    except UnidentifiedImageError:
        allowed = f"{', '.join(_FORMATS[:-1])} or {_FORMATS[-1]}"
        raise UnreadablePictureError(f"it is empty, damaged or no {allowed} picture") from None
    # Of a damaged file Pillow's parsers raise nearly anything: OSError, SyntaxError, ValueError, zlib.error.
    except Exception as error:
        raise UnreadablePictureError(f"it cannot be decoded: {error or type(error).__name__}") from error


def _pixels(image: Image.Image) -> int:
    return image.width * image.height


def _orientation(image: Image.Image) -> Image.Transpose | None:
    """What undoes the camera's rotation; after loading, since Pillow turns TIFFs itself and then drops their tag."""
    try:
        orientation = image.getexif().get(ExifTags.Base.Orientation)
    except (SyntaxError, ValueError, LookupError, TypeError, OSError, struct.error):
        return None  # the EXIF block is damaged, not the picture
    # A list is what a damaged tag can hold, and it is not hashable.
    return _TRANSPOSED.get(orientation) if isinstance(orientation, int) else None


def whole_white(image: Image.Image) -> float | None:
    """The value that means white in a picture, found a strip at a time; see `white_of`."""
    return white_of(strip for _, strip in strips(image))


def to_small_rgb(image: Image.Image, white: float | None, image_size: int) -> Image.Image:
    """8-bit sRGB of a picture that is to be shrunk to ``image_size`` pixels on its shorter side, or not much less.

    A large one is averaged over squares, a strip at a time, so that beside it there is no second one of its size.
    """
    if _pixels(image) <= _LARGE_PIXELS:
        return to_rgb(image, white)
    least = _MARGIN * image_size
    factor = max(1, min(image.size) // least)
    small = Image.new("RGB", (math.ceil(image.width / factor), math.ceil(image.height / factor)))
    for top, strip in strips(image, factor):
        small.paste(to_rgb(strip, white).reduce(factor), (0, top // factor))
    return small


def strips(image: Image.Image, factor: int = 1, pixels: int = _STRIP_PIXELS) -> Iterator[tuple[int, Image.Image]]:
    """The rows of a picture, many at a time but for the last a multiple of ``factor``, and where they start."""
    rows = factor * max(1, pixels // (image.width * factor))
    for top in range(0, image.height, rows):
        yield top, image.crop((0, top, image.width, min(top + rows, image.height)))


def _centre_square(image: Image.Image) -> Image.Image:
    """The middle of the longer side; of an odd rest, one pixel more is cut at its end."""
    width, height = image.size
    side = min(width, height)
    left, top = (width - side) // 2, (height - side) // 2
    return image.crop((left, top, left + side, top + side))


def read_header(source: str | Path | BinaryIO) -> tuple[int, int, str] | None:
    """Width and height in pixels as stored, before any rotation, and format; None where it is no picture.

    Only the header is read: what follows may be damaged.
    """
    with pillow_settings():
        try:
            with Image.open(source, formats=_FORMATS) as image:
                return image.width, image.height, image.format
        # A damaged header raises nearly anything; `decode` says what is wrong with it.
        except Exception:
            return None
