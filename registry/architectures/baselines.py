"""Predictions without a network; they frame every table."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable

import torch
from torch import Tensor

from registry.color import Colors
from registry.errors import UserError


class Baseline(ABC):
    """A prediction that needs no training beyond counting the training set's colours."""

    def fit(self, batches: Iterable[Colors]) -> None:  # noqa: B027 - a hook that most baselines leave empty
        """Count the training set's colours; by default there is nothing to count."""

    @abstractmethod
    def predict(self, truth: Colors) -> Tensor:
        """The ab ``(N, 2, H, W)`` in Lab units for pictures whose truth is given; all but `Ceiling` use L only."""


class Grey(Baseline):
    """No colour at all."""

    def predict(self, truth: Colors) -> Tensor:  # noqa: D102
        return torch.zeros_like(truth.ab)


class ColorTable(Baseline):
    """The mean ab of the training pixels with (nearly) the same lightness.

    Args:
        bins: Steps that L in 0..100 is cut into; at 101 each is one unit wide.
    """

    def __init__(self, bins: int = 101) -> None:
        if bins < 1:
            raise UserError(f"color-table(bins={bins}): bins must be at least 1.")
        self.bins = bins
        self.table = torch.zeros(bins, 2, dtype=torch.float64)

    def fit(self, batches: Iterable[Colors]) -> None:
        """Average ab per step of lightness; a step that never occurs takes the mean of all."""
        sums, counts = torch.zeros_like(self.table), torch.zeros(self.bins, 1, dtype=torch.float64)
        for batch in batches:
            ab = batch.ab.permute(0, 2, 3, 1).reshape(-1, 2).double().cpu()
            steps = self._steps(batch.L).flatten().cpu()
            sums.index_add_(0, steps, ab)
            counts.index_add_(0, steps, torch.ones(len(steps), 1, dtype=torch.float64))
        self.table = torch.where(counts > 0, sums / counts.clamp(min=1), sums.sum(0) / counts.sum())

    def predict(self, truth: Colors) -> Tensor:  # noqa: D102
        table = self.table.to(truth.ab)
        return table[self._steps(truth.L)].squeeze(1).permute(0, 3, 1, 2)

    def _steps(self, lightness: Tensor) -> Tensor:
        return (lightness / 100 * (self.bins - 1)).round().long().clamp(0, self.bins - 1)


class MeanColor(ColorTable):
    """The training set's mean ab at every pixel: a table of a single step."""

    def __init__(self) -> None:
        super().__init__(bins=1)


class Ceiling(Baseline):
    """The true ab rounded to whole Lab units: what storing colours in 8-bit Lab costs, and so the best there is."""

    def predict(self, truth: Colors) -> Tensor:  # noqa: D102
        return truth.ab.round()
