"""Losses on the ab of each pixel, worked out on ab / 110, the scale that networks give."""

from abc import abstractmethod

import torch.nn.functional as F
from torch import Tensor, nn

from registry.color import AB_SCALE, Colors
from registry.errors import UserError


class PixelLoss(nn.Module):
    """The mean over all pixels of a distance of two colours."""

    def forward(self, prediction: Colors, target: Colors) -> Tensor:
        """Compare ``(N, 2, H, W)`` ab; a scalar >= 0."""
        return self.distance(prediction.ab / AB_SCALE, target.ab / AB_SCALE).mean()

    @abstractmethod
    def distance(self, prediction: Tensor, target: Tensor) -> Tensor:
        """The distance of each value of ab / 110, ``(N, 2, H, W)``, >= 0."""


class L1(PixelLoss):
    """Mean absolute difference; its optimum is the median colour."""

    def distance(self, prediction: Tensor, target: Tensor) -> Tensor:  # noqa: D102
        return F.l1_loss(prediction, target, reduction="none")


class L2(PixelLoss):
    """Mean squared difference; its optimum is the mean colour."""

    def distance(self, prediction: Tensor, target: Tensor) -> Tensor:  # noqa: D102
        return F.mse_loss(prediction, target, reduction="none")


class Huber(PixelLoss):
    """Half the square below delta, delta times the distance less half of delta above (Huber 1964).

    Args:
        delta: Where the square becomes a line, in Lab units. PyTorch's default of 1.0 on ab / 110 would be 110
            Lab units, which no error reaches: that is half of L2.
    """

    def __init__(self, delta: float = 10.0) -> None:
        super().__init__()
        if not delta > 0:
            raise UserError(f"huber(delta={delta}): delta must be above 0; it is in Lab units, 10 is usual.")
        self.delta = delta

    def distance(self, prediction: Tensor, target: Tensor) -> Tensor:  # noqa: D102
        return F.huber_loss(prediction, target, delta=self.delta / AB_SCALE, reduction="none")
