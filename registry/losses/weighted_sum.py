"""Sums of losses."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor, nn

from registry.color import Colors
from registry.spec import AUTO, WeightedSum


class WeightedSumLoss(nn.Module):
    """Weighted sum of registered losses, such as ``l1 + 0.1*vgg``.

    Attributes:
        weights: Of the terms, in their order; NaN until `balance` has found those that are automatic.
    """

    def __init__(self, spec: WeightedSum) -> None:
        super().__init__()
        self.spec = spec
        self.weights = [float("nan") if weight == AUTO else weight for weight, _ in spec.terms]
        self.losses = nn.ModuleList(component.create() for _, component in spec.terms)

    @property
    def automatic(self) -> list[int]:
        """The places of the terms whose weights are found by `balance`."""
        return [place for place, (weight, _) in enumerate(self.spec.terms) if weight == AUTO]

    def reference(self, train_counts: Tensor) -> None:
        """Tell the terms that ask for it how many training pixels are in each of the Q ab bins, ``(Q,)``."""
        for loss in self.losses:
            if hasattr(loss, "reference"):
                loss.reference(train_counts)

    def balance(self, pairs: Iterable[tuple[Colors, Colors]]) -> None:
        """Find the automatic weights: each such term then pulls as hard as the fixed terms do together.

        How hard a term pulls is the L2 norm of its gradient with respect to the predicted ab, its mean over the
        batches. The weights stay as they are from then on.

        Args:
            pairs: Predicted and true pictures, a batch each.

        Raises:
            ValueError: A term has no gradient, or none that is finite, to balance.
        """
        fixed = [place for place in range(len(self.weights)) if place not in self.automatic]
        pulls = torch.zeros(len(self.automatic))
        reference = 0.0
        for prediction, target in pairs:
            gradients = [_gradient(loss, prediction, target) for loss in self.losses]
            pulls += torch.tensor([gradients[place].norm().item() for place in self.automatic])
            reference += sum(self.weights[place] * gradients[place] for place in fixed).norm().item()
        for place, pull in zip(self.automatic, pulls.tolist(), strict=True):
            weight = reference / pull if pull else float("inf")
            if not 0 < weight < float("inf"):
                text = self.spec.terms[place][1].text
                raise ValueError(f"auto*{text} cannot be balanced: the gradient norms are {pull:g} and {reference:g}.")
            self.weights[place] = weight

    def forward(self, prediction: Colors, target: Colors) -> Tensor:
        """Compare predicted with true pictures; a scalar."""
        total = sum(weight * loss(prediction, target) for weight, loss in zip(self.weights, self.losses, strict=True))
        if total.dim():
            raise ValueError(f"{self.spec} gave {tuple(total.shape)} where a scalar is asked for: take its mean.")
        return total


def _gradient(loss: nn.Module, prediction: Colors, target: Colors) -> Tensor:
    """The gradient of a loss with respect to the predicted ab, ``(N, 2, H, W)`` float32."""
    with torch.enable_grad():
        # A leaf of its own: neither the network nor another term's graph is touched.
        ab = prediction.ab.detach().clone().requires_grad_()
        (gradient,) = torch.autograd.grad(loss(prediction.with_ab(ab), target), ab)
    return gradient.float()
