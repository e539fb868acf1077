"""One picture file, of whatever kind, to a square of 8-bit sRGB."""

from __future__ import annotations

import io
import struct
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import numpy as np
from PIL import ExifTags, Image, ImageCms, UnidentifiedImageError

from registry.datasets.base import UnreadablePictureError

RESIZE_RULE = "Centre-cropped to a square, then resized in 8-bit sRGB with an antialiasing Lanczos filter."

MAX_PIXELS = 10**9
"""Larger pictures are refused: a small file can claim to be one and fill the memory."""

_DRAFT_PIXELS = 2**24  # JPEGs above this are shrunk by libjpeg while it decodes them
_DRAFT_MARGIN = 4  # ... to no less than this many times the asked size, so that Lanczos does the fine work

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

# The value that means white, the smallest that holds all of a picture's values.
_WHITES = {"I": (255, 65535, 2**31 - 1), "F": (1, 255, 65535)}

_PROFILE_SPACES = {"1": "GRAY", "L": "GRAY", "LA": "GRAY", "CMYK": "CMYK"}

_pillow_lock = threading.Lock()


def decode(source: str | Path | BinaryIO, image_size: int) -> np.ndarray:
    """Decode a picture to sRGB, uint8, ``(image_size, image_size, 3)``.

    EXIF orientation and embedded colour profiles are applied, transparency is laid on white, deep pictures
    are scaled to 8 bits, and of an animation the first frame is taken. Threads decode one after another.

    Raises:
        UnreadablePictureError: The file cannot be read, is damaged, is no picture or is too large.
    """
    with _pillow_settings():
        rgb = _to_rgb(_load_square(source, image_size))
        return np.array(rgb.resize((image_size, image_size), Image.Resampling.LANCZOS))


@contextmanager
def _pillow_settings() -> Iterator[None]:
    """Our size limit in place of Pillow's, and none of its warnings, while we hold the lock and no longer."""
    with _pillow_lock, warnings.catch_warnings():
        warnings.filterwarnings("ignore", module="PIL")
        limit, Image.MAX_IMAGE_PIXELS = Image.MAX_IMAGE_PIXELS, None
        try:
            yield
        finally:
            Image.MAX_IMAGE_PIXELS = limit


def _load_square(source: str | Path | BinaryIO, image_size: int) -> Image.Image:
    """The upright centre square, decoded, in the file's own mode."""
    try:
        with Image.open(source, formats=_FORMATS) as image:
            width, height = image.size
            if width * height > MAX_PIXELS:
                raise UnreadablePictureError(
                    f"it has {width} x {height} pixels, more than {MAX_PIXELS:,}: shrink it first"
                )
            if width * height > _DRAFT_PIXELS:
                image.draft(None, (_DRAFT_MARGIN * image_size, _DRAFT_MARGIN * image_size))
            image.load()
            return _centre_square(_upright(image))
    except UnreadablePictureError:
        raise
    except UnidentifiedImageError:
        allowed = f"{', '.join(_FORMATS[:-1])} or {_FORMATS[-1]}"
        raise UnreadablePictureError(f"it is empty, damaged or no {allowed} picture") from None
    # Of a damaged file Pillow's parsers raise nearly anything: OSError, SyntaxError, ValueError, zlib.error.
    except Exception as error:
        raise UnreadablePictureError(f"it cannot be decoded: {error or type(error).__name__}") from error


def _upright(image: Image.Image) -> Image.Image:
    """Undo the camera's rotation; after loading, since Pillow turns TIFFs itself and then drops their tag."""
    try:
        orientation = image.getexif().get(ExifTags.Base.Orientation)
    except (SyntaxError, ValueError, LookupError, TypeError, OSError, struct.error):
        return image  # the EXIF block is damaged, not the picture
    # A list is what a damaged tag can hold, and it is not hashable.
    transposed = _TRANSPOSED.get(orientation) if isinstance(orientation, int) else None
    return image if transposed is None else image.transpose(transposed)


def _centre_square(image: Image.Image) -> Image.Image:
    """The middle of the longer side; of an odd rest, one pixel more is cut at its end."""
    width, height = image.size
    side = min(width, height)
    left, top = (width - side) // 2, (height - side) // 2
    return image.crop((left, top, left + side, top + side))


def _to_rgb(image: Image.Image) -> Image.Image:
    """8-bit sRGB of a picture in any mode, transparency laid on white."""
    profile = image.info.get("icc_profile")
    if image.mode in _WHITES or image.mode.startswith("I;16"):
        image = _to_grey(image)
    space = _PROFILE_SPACES.get(image.mode, "RGB")
    alpha = None
    try:
        if image.has_transparency_data:
            image = image.convert("RGBA")
            alpha = image.getchannel("A")
        rgb = _through_profile(image, profile, space) if profile else image.convert("RGB")
    except ValueError as error:
        raise UnreadablePictureError(f"its colour mode {image.mode} is not supported: save it as RGB") from error
    return rgb if alpha is None else Image.composite(rgb, Image.new("RGB", rgb.size, "white"), alpha)


def _to_grey(image: Image.Image) -> Image.Image:
    """Deep grey to 8 bits by scale (Pillow's own conversion clips in many versions)."""
    values = np.asarray(image)
    least, most = values.min(), values.max()
    fitting = [white for white in _WHITES.get(image.mode, (65535,)) if least >= 0 and most <= white]
    if not fitting:
        raise UnreadablePictureError(
            f"its values run from {least:g} to {most:g}, so that white is unknown: save it with 8 or 16 bits"
        )
    return Image.fromarray(np.round(values * np.float32(255 / fitting[0])).astype(np.uint8))


def _through_profile(image: Image.Image, icc_profile: bytes, space: str) -> Image.Image:
    """Convert by the embedded profile; one that is sRGB, broken or of another space is ignored."""
    opaque = image if space == "CMYK" else image.convert("L" if space == "GRAY" else "RGB")
    try:
        profile = ImageCms.ImageCmsProfile(io.BytesIO(icc_profile))
        is_srgb = "srgb" in ImageCms.getProfileDescription(profile).lower()
        if is_srgb or profile.profile.xcolor_space.strip() != space:
            return image.convert("RGB")
        return ImageCms.profileToProfile(opaque, profile, ImageCms.createProfile("sRGB"), outputMode="RGB")
    except (OSError, ImageCms.PyCMSError):
        return image.convert("RGB")


def read_header(source: str | Path | BinaryIO) -> tuple[int, int, str] | None:
    """Width and height in pixels as stored, before any rotation, and format; None where it is no picture.

    Only the header is read: what follows may be damaged.
    """
    with _pillow_settings():
        try:
            with Image.open(source, formats=_FORMATS) as image:
                return image.width, image.height, image.format
        # A damaged header raises nearly anything; `decode` says what is wrong with it.
        except Exception:
            return None
