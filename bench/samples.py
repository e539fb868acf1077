"""The fixed test pictures that are kept to look at."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image


def sample_indices(n_test: int, count: int) -> list[int]:
    """Which test pictures are kept: ``count`` of them, evenly spread, the same for every cell."""
    return sorted({round(index) for index in np.linspace(0, n_test - 1, min(count, n_test))})


def half_epoch(epochs: int) -> int:
    """The epoch, from 1, at which the pictures of the half are kept."""
    return (epochs + 1) // 2


def extreme_indices(distances: np.ndarray) -> list[int]:
    """Which test pictures are the best, the median and the worst by a distance ``(n,)``; ties by their order."""
    order = np.argsort(distances, kind="stable")
    return [int(order[0]), int(order[(len(order) - 1) // 2]), int(order[-1])]


def save_strip(path: Path, pictures: np.ndarray) -> None:
    """Write pictures ``(n, S, S, 3)`` uint8 side by side, losslessly, as one PNG of ``n * S`` by ``S`` pixels."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.concatenate(list(pictures), axis=1)).save(path, optimize=True)
