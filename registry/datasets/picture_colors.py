"""Decoded pictures in any of Pillow's modes to 8-bit sRGB."""

from __future__ import annotations

import io
from collections.abc import Iterable

import numpy as np
from PIL import Image, ImageCms

from registry.datasets.base import UnreadablePictureError

# The values that may mean white; of a picture it is the smallest that holds all of its values.
_WHITES = {"I": (255, 65535, 2**31 - 1), "F": (1, 255, 65535)}

_PROFILE_SPACES = {"1": "GRAY", "L": "GRAY", "LA": "GRAY", "CMYK": "CMYK"}


def white_of(parts: Iterable[Image.Image]) -> float | None:
    """The value that means white in a picture of deep grey, of which ``parts`` are all; None in any other.

    Raises:
        UnreadablePictureError: The values do not tell.
    """
    extremes = []
    for part in parts:
        if not _is_deep(part):
            return None
        values = np.asarray(part)
        extremes.append((values.min(), values.max()))
    whites = _WHITES.get(part.mode, (65535,))
    # By NumPy, in whose extremes a value that is no number stays.
    least, most = np.min(extremes), np.max(extremes)
    fitting = [white for white in whites if least >= 0 and most <= white]
    if not fitting:
        raise UnreadablePictureError(
            f"its values run from {least:g} to {most:g}, so that white is unknown: save it with 8 or 16 bits"
        )
    return fitting[0]


def to_rgb(image: Image.Image, white: float | None) -> Image.Image:
    """8-bit sRGB of a picture or a part of one, transparency laid on white; for the rest see `to_rgb_and_alpha`."""
    rgb, alpha = to_rgb_and_alpha(image, white)
    return rgb if alpha is None else Image.composite(rgb, Image.new("RGB", rgb.size, "white"), alpha)


def to_rgb_and_alpha(image: Image.Image, white: float | None) -> tuple[Image.Image, Image.Image | None]:
    """8-bit sRGB of a picture or a part of one, by the profile embedded in it, and its opacity if it has one.

    Args:
        image: In any mode.
        white: What `white_of` gave for the whole picture.

    Raises:
        UnreadablePictureError: Its mode has no way to RGB.
    """
    profile = image.info.get("icc_profile")
    if white is not None:
        image = _to_grey(image, white)
    space = _PROFILE_SPACES.get(image.mode, "RGB")
    alpha = None
    try:
        if image.has_transparency_data:
            image = image.convert("RGBA")
            alpha = image.getchannel("A")
        rgb = _through_profile(image, profile, space) if profile else image.convert("RGB")
    except ValueError as error:
        raise UnreadablePictureError(f"its colour mode {image.mode} is not supported: save it as RGB") from error
    return rgb, alpha


def _is_deep(image: Image.Image) -> bool:
    return image.mode in _WHITES or image.mode.startswith("I;16")


def _to_grey(image: Image.Image, white: float) -> Image.Image:
    """Deep grey to 8 bits by scale (Pillow's own conversion clips in many versions)."""
    return Image.fromarray(np.round(np.asarray(image) * np.float32(255 / white)).astype(np.uint8))


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
