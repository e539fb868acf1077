"""Colours laid on a photograph of any size, under its own lightness."""

from __future__ import annotations

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from registry.color import Colors, lab_to_rgb
from registry.datasets.whole_picture import WholePicture

_HALF_STEP = 0.5 / 255
"""Of 8 bits: what is nearer to the gamut is rounded into it."""

_HALVINGS = 7  # a chroma to 1%


def paint(picture: WholePicture, ab: np.ndarray) -> Image.Image:
    """The picture in full size with its own L in other colours, RGB, or RGBA where it is transparent.

    Args:
        picture: Worked on a strip at a time: beside it and the result, memory does not grow with its size.
        ab: In Lab units, ``(2, h, w)`` float32, of any size; enlarged by a bicubic filter.
    """
    width, height = picture.size
    planes = [Image.fromarray(plane) for plane in ab]
    painted = Image.new("RGBA" if picture.is_transparent else "RGB", picture.size)
    for top, strip in picture.strips():
        # The rows of ab under the strip: the filter takes what lies around them too, so that strips have no seams.
        scale = ab.shape[1] / height
        box = (0, top * scale, ab.shape[2], min((top + strip.height) * scale, ab.shape[1]))
        large = [np.asarray(plane.resize((width, strip.height), Image.Resampling.BICUBIC, box)) for plane in planes]
        colored = Image.fromarray(repaint(np.asarray(strip.convert("RGB")), np.stack(large)))
        if picture.is_transparent:
            colored.putalpha(strip.getchannel("A"))
        painted.paste(colored, (0, top))
    return painted


@torch.inference_mode()
def repaint(rgb8: np.ndarray, ab: np.ndarray) -> np.ndarray:
    """A picture ``(H, W, 3)`` uint8 with its own L in other colours ``(2, H, W)``, in Lab units, within the gamut."""
    lightness = Colors.from_rgb8(torch.tensor(rgb8)[None]).L
    rgb = _within_gamut(torch.cat((lightness, torch.tensor(ab)[None]), dim=1))
    return (rgb * 255).round().to(torch.uint8)[0].permute(1, 2, 0).numpy()


def to_grey(picture: Image.Image) -> Image.Image:
    """An RGB picture as the networks see it: its L without colour."""
    rgb8 = np.asarray(picture)
    return Image.fromarray(repaint(rgb8, np.zeros((2, *rgb8.shape[:2]), np.float32)))


def _within_gamut(lab: Tensor) -> Tensor:
    """The sRGB in [0, 1] of Lab ``(N, 3, H, W)``, with less chroma where there is no such colour.

    To clip red, green and blue, as a screen would, changes the lightness: white becomes cream.
    """
    rgb = lab_to_rgb(lab)
    outside = ((rgb < -_HALF_STEP) | (rgb > 1 + _HALF_STEP)).any(dim=1)
    pixels = lab.permute(1, 0, 2, 3)[:, outside].T[:, :, None, None]
    share, step = torch.zeros(len(pixels), 1, 1, 1), 0.5
    for _ in range(_HALVINGS):
        tried = lab_to_rgb(_with_chroma(pixels, share + step))
        fits = ((tried > -_HALF_STEP) & (tried < 1 + _HALF_STEP)).all(dim=1, keepdim=True)
        share = torch.where(fits, share + step, share)
        step /= 2
    rgb.permute(1, 0, 2, 3)[:, outside] = lab_to_rgb(_with_chroma(pixels, share))[:, :, 0, 0].T
    return rgb.clamp(0, 1)


def _with_chroma(lab: Tensor, share: Tensor) -> Tensor:
    return torch.cat((lab[:, :1], lab[:, 1:] * share), dim=1)
