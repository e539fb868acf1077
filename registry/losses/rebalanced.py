"""Rare colours weighted up, the remedy of Zhang, Isola and Efros 2016 ("Colorful Image Colorization", section 2.2)."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from registry.ab_bins import ab_bins, reachable_bins
from registry.color import AB_SCALE, Colors
from registry.errors import UserError
from registry.losses.pixel import PixelLoss


class Rebalanced(nn.Module):
    """A pixel loss whose pixels count the more, the rarer their true colour is in the training set.

    Args:
        loss: The loss of the pixels.
        uniform: Share of the uniform distribution in the mixed prior, lambda in the paper: 0 weights by rarity
            alone, 1 not at all.
        sigma: Standard deviation of the Gaussian that smooths the prior over the ab bins, in Lab units.

    Raises:
        UserError: The loss has no value for each pixel, or a number is out of range.
    """

    def __init__(self, loss: nn.Module, name: str, uniform: float = 0.5, sigma: float = 5.0) -> None:
        super().__init__()
        if not isinstance(loss, PixelLoss):
            raise UserError(
                f"rebalanced({name}): only a loss of single pixels can be rebalanced, such as l1, l2 or huber; "
                f"write rebalanced(l1) + 0.1*{name} to add another."
            )
        if not 0 < uniform <= 1:
            raise UserError(f"rebalanced(uniform={uniform}): it must be above 0 and at most 1; 0.5 is the paper's.")
        if not sigma > 0:
            raise UserError(f"rebalanced(sigma={sigma}): it must be above 0 Lab units; 5 is the paper's.")
        self.loss = loss
        self.uniform = uniform
        self.sigma = sigma
        self.register_buffer("weights", torch.empty(0))

    def reference(self, train_counts: Tensor) -> None:
        """Take how many training pixels are in each of the Q ab bins, ``(Q,)``."""
        weights = rarity_weights(train_counts, reachable_bins(), uniform=self.uniform, sigma=self.sigma)
        self.weights = weights.float().to(self.weights.device)

    def forward(self, prediction: Colors, target: Colors) -> Tensor:
        """Compare ``(N, 2, H, W)`` ab; a scalar >= 0.

        Raises:
            RuntimeError: `reference` was not called before.
        """
        if not len(self.weights):
            raise RuntimeError("Rebalanced needs the training set's colours: call reference() first.")
        weights = self.weights[ab_bins(target.ab)].view_as(target.L)
        return (weights * self.loss.distance(prediction.ab / AB_SCALE, target.ab / AB_SCALE)).mean()


def rarity_weights(counts: Tensor, centres: Tensor, *, uniform: float, sigma: float) -> Tensor:
    """Weights of the bins, ``(Q,)`` float64, of mean 1 over the smoothed distribution of the training pixels (3, 4).

    The empirical distribution p is smoothed by a Gaussian that keeps each bin's mass among the Q bins;
    w = 1 / ((1 - uniform) p~ + uniform / Q), scaled so that the sum of p~ w is 1.

    Args:
        counts: Pixels in each bin, ``(Q,)``.
        centres: ab of the bins in Lab units, ``(Q, 2)``.
    """
    kernel = torch.exp(-(torch.cdist(centres.double(), centres.double()) ** 2) / (2 * sigma**2))
    p = (kernel / kernel.sum(0)) @ (counts.double() / counts.sum())
    weights = 1 / ((1 - uniform) * p + uniform / len(p))
    return weights / (p * weights).sum()
