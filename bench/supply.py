"""Batches of a prepared data set, in an order that only the seed and the step decide."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

import numpy as np
import torch

from registry.color import Colors
from registry.errors import UserError


def batches(pictures: np.ndarray, batch_size: int, device: str) -> Iterator[Colors]:
    """All pictures ``(n, S, S, 3)`` uint8 in order, in batches of at most ``batch_size``."""
    for start in range(0, len(pictures), batch_size):
        yield _colors(pictures[start : start + batch_size], device)


def check_batch(n_train: int, batch_size: int) -> None:
    """Refuse batches that a training set cannot fill.

    Raises:
        UserError: With the largest batch that it can.
    """
    if n_train < batch_size:
        raise UserError(
            f"A batch of {batch_size} pictures cannot be filled from a training set of {n_train}: "
            f"set batch_size to at most {n_train}, or give more pictures."
        )


class TrainingSupply:
    """Shuffled training batches.

    The batch of a step is a function of (seed, step) alone: all cells of a seed see the same pictures at the
    same steps, and a resumed cell goes on where it was without replaying what came before.

    Args:
        pictures: ``(n, S, S, 3)`` uint8.
        crop_size: Pixels of a side of the square of each picture that is shown, at a random place; None: all of it.
        horizontal_flip: Mirror half of the pictures.

    Raises:
        UserError: The training set has fewer pictures than a batch.
    """

    def __init__(
        self,
        pictures: np.ndarray,
        *,
        batch_size: int,
        seed: int,
        crop_size: int | None,
        horizontal_flip: bool,
        device: str,
    ) -> None:
        check_batch(len(pictures), batch_size)
        self.pictures = pictures
        self.batch_size = batch_size
        self.seed = seed
        self.crop_size = crop_size
        self.horizontal_flip = horizontal_flip
        self.device = device
        self.steps_per_pass = len(pictures) // batch_size
        self._order = lru_cache(maxsize=2)(self._shuffle)

    def batch(self, step: int) -> Colors:
        """The batch of a step, counted from 0 over all epochs; a pass leaves out its incomplete last batch."""
        which, place = divmod(step, self.steps_per_pass)
        indices = self._order(which)[place * self.batch_size : (place + 1) * self.batch_size]
        chosen = self.pictures[indices] if self.crop_size is None else self._crop(indices, step)
        if self.horizontal_flip:
            flip = np.random.default_rng([self.seed, 1, step]).random(self.batch_size) < 0.5
            chosen[flip] = chosen[flip, :, ::-1]
        return _colors(chosen, self.device)

    def _crop(self, indices: np.ndarray, step: int) -> np.ndarray:
        size = self.crop_size
        places = self.pictures.shape[1] - size + 1
        corners = np.random.default_rng([self.seed, 2, step]).integers(places, size=(self.batch_size, 2))
        chosen = zip(indices, corners, strict=True)
        return np.stack([self.pictures[i, top : top + size, left : left + size] for i, (top, left) in chosen])

    def _shuffle(self, which: int) -> np.ndarray:
        return np.random.default_rng([self.seed, 0, which]).permutation(len(self.pictures))


def _colors(pictures: np.ndarray, device: str) -> Colors:
    # The copy takes the batch out of the read-only memory map.
    return Colors.from_rgb8(torch.from_numpy(np.array(pictures)).to(device))
