"""The bins of the ab histogram, and how many pixels of pictures fall into each.

Bins are 10 Lab units wide with centres at multiples of 10; Q of them are reached by some 8-bit sRGB colour. A
prediction out of gamut counts in the nearest of those, so that every histogram has the same Q bins.
"""

from __future__ import annotations

from functools import cache

import torch
from torch import Tensor

from registry.color import Colors, rgb_to_lab

BIN = 10
_REACH = 13  # bins each side of grey: predictions beyond +-135 count at the edge
_SIDE = 2 * _REACH + 1


@cache
def reachable_bins() -> Tensor:
    """Centres ``(Q, 2)`` in Lab units of the bins that some 8-bit sRGB colour reaches.

    Every ab that a colour inside the RGB cube has is also had by one on its surface, so only that is visited.
    """
    steps = torch.arange(256, dtype=torch.float32) / 255
    u, v = (grid.flatten() for grid in torch.meshgrid(steps, steps, indexing="ij"))
    faces = []
    for level in (0.0, 1.0):
        w = torch.full_like(u, level)
        faces += [torch.stack(face) for face in ((w, u, v), (u, w, v), (u, v, w))]
    ab = rgb_to_lab(torch.cat(faces, dim=1)[None, :, None])[:, 1:]
    cells = _cell(ab).unique()
    return torch.stack((cells // _SIDE, cells % _SIDE), dim=1).sub(_REACH).float() * BIN


@cache
def _nearest_bin() -> Tensor:
    """For each cell of the square grid, the index of the nearest reachable bin, ``(_SIDE**2,)``."""
    axis = torch.arange(-_REACH, _REACH + 1, dtype=torch.float32) * BIN
    return torch.cdist(torch.cartesian_prod(axis, axis), reachable_bins()).argmin(dim=1)


def _cell(ab: Tensor) -> Tensor:
    """Cell of the square grid for each pixel of ``(N, 2, H, W)``, flat."""
    a, b = ((ab / BIN).round().clamp(-_REACH, _REACH).long() + _REACH).unbind(1)
    return (a * _SIDE + b).flatten()


def ab_bins(ab: Tensor) -> Tensor:
    """Which of the Q bins each pixel of ``(N, 2, H, W)`` falls into, ``(N, H * W)``."""
    return _nearest_bin().to(ab.device)[_cell(ab)].view(len(ab), -1)


def ab_counts(pictures: Colors) -> Tensor:
    """Pixels of each picture in each of the Q bins, ``(N, Q)`` float64."""
    ab = pictures.ab
    n, q = len(ab), len(reachable_bins())
    places = ab_bins(ab) + q * torch.arange(n, device=ab.device)[:, None]
    return torch.bincount(places.flatten(), minlength=n * q).view(n, q).double()
