"""The colour difference CIEDE2000 (CIE 142-2001), after Sharma, Wu and Dalal 2005."""

import math

import torch
from torch import Tensor


def ciede2000(lab: Tensor, other: Tensor) -> Tensor:
    """Difference of each pixel of two Lab pictures ``(N, 3, H, W)``; ``(N, H, W)``, >= 0, symmetric.

    Equation numbers are those of Sharma et al., k_L = k_C = k_H = 1.
    """
    l1, a1, b1 = lab.unbind(1)
    l2, a2, b2 = other.unbind(1)
    mean_chroma = (torch.hypot(a1, b1) + torch.hypot(a2, b2)) / 2  # (2), (3)
    g = 0.5 * (1 - _saturation(mean_chroma))  # (4)
    a1, a2 = a1 * (1 + g), a2 * (1 + g)  # (5)
    c1, c2 = torch.hypot(a1, b1), torch.hypot(a2, b2)  # (6)
    h1, h2 = _hue(a1, b1), _hue(a2, b2)  # (7)

    difference = h2 - h1
    grey = c1 * c2 == 0
    wrapped = difference - 360 * torch.sign(difference) * (difference.abs() > 180)
    delta_h = torch.where(grey, torch.zeros_like(difference), wrapped)  # (10)
    delta_hue = 2 * (c1 * c2).sqrt() * torch.sin(torch.deg2rad(delta_h / 2))  # (11)

    lightness, chroma = (l1 + l2) / 2, (c1 + c2) / 2  # (12), (13)
    total = h1 + h2
    far = difference.abs() > 180
    half = torch.where(far, (total + torch.where(total < 360, 360.0, -360.0)) / 2, total / 2)
    hue = torch.where(grey, total, half)  # (14)

    t = (
        1
        - 0.17 * _cosine(hue - 30)
        + 0.24 * _cosine(2 * hue)
        + 0.32 * _cosine(3 * hue + 6)
        - 0.20 * _cosine(4 * hue - 63)
    )  # (15)
    rotation = 30 * torch.exp(-(((hue - 275) / 25) ** 2))  # (16)
    r_chroma = 2 * _saturation(chroma)  # (17)
    lightness_offset = (lightness - 50) ** 2
    s_lightness = 1 + 0.015 * lightness_offset / (20 + lightness_offset).sqrt()  # (18)
    s_chroma = 1 + 0.045 * chroma  # (19)
    s_hue = 1 + 0.015 * chroma * t  # (20)
    r_turn = -torch.sin(torch.deg2rad(2 * rotation)) * r_chroma  # (21)

    x, y, z = (l2 - l1) / s_lightness, (c2 - c1) / s_chroma, delta_hue / s_hue
    return (x**2 + y**2 + z**2 + r_turn * y * z).clamp(min=0).sqrt()  # (22)


def _saturation(chroma: Tensor) -> Tensor:
    seventh = chroma**7
    return (seventh / (seventh + 25.0**7)).sqrt()


def _hue(a: Tensor, b: Tensor) -> Tensor:
    """Angle in 0..360 degrees."""
    return torch.rad2deg(torch.atan2(b, a)) % 360


def _cosine(degrees: Tensor) -> Tensor:
    return torch.cos(degrees * (math.pi / 180))
