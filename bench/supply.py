"""Batches of a prepared data set, in an order that only the seed and the step decide."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

import numpy as np
import torch
from torch import Tensor

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
        on_device: Keep all pictures on the device and choose, crop and mirror there: a GPU need not wait for the
            processor then. The batches are the same either way.

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
        on_device: bool = False,
    ) -> None:
        check_batch(len(pictures), batch_size)
        self.pictures = torch.from_numpy(np.array(pictures)).to(device) if on_device else pictures
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
        if isinstance(self.pictures, torch.Tensor):
            return Colors.from_rgb8(self._take_there(indices, step))
        return _colors(self._take(indices, step), self.device)

    def _take(self, indices: np.ndarray, step: int) -> np.ndarray:
        if self.crop_size is None:
            chosen = self.pictures[indices]
        else:
            size, corners = self.crop_size, zip(indices, self._corners(step), strict=True)
            chosen = np.stack([self.pictures[i, y : y + size, x : x + size] for i, (y, x) in corners])
        flipped = self._flipped(step)
        chosen[flipped] = chosen[flipped, :, ::-1]
        return chosen

    def _take_there(self, indices: np.ndarray, step: int) -> Tensor:
        """The same on the device, in one gathering of pixels."""
        corners = self._corners(step)
        rows, columns = (corners[:, axis, None] + np.arange(self._size) for axis in (0, 1))
        columns = np.where(self._flipped(step)[:, None], columns[:, ::-1], columns)
        places = (indices[:, None, None], rows[:, :, None], columns[:, None, :])
        return self.pictures[tuple(torch.from_numpy(place).to(self.device) for place in places)]

    @property
    def _size(self) -> int:
        return self.crop_size or self.pictures.shape[1]

    def _corners(self, step: int) -> np.ndarray:
        """The upper left corners of what is shown, rows of (y, x)."""
        places = self.pictures.shape[1] - self._size + 1
        return np.random.default_rng([self.seed, 2, step]).integers(places, size=(self.batch_size, 2))

    def _flipped(self, step: int) -> np.ndarray:
        """Which of the batch's pictures are mirrored."""
        draws = np.random.default_rng([self.seed, 1, step]).random(self.batch_size)
        return draws < 0.5 if self.horizontal_flip else np.zeros(self.batch_size, dtype=bool)

    def _shuffle(self, which: int) -> np.ndarray:
        return np.random.default_rng([self.seed, 0, which]).permutation(len(self.pictures))


def _colors(pictures: np.ndarray, device: str) -> Colors:
    # The copy takes the batch out of the read-only memory map.
    return Colors.from_rgb8(torch.from_numpy(np.array(pictures)).to(device))
