"""Sums of losses."""

from torch import Tensor, nn

from registry.color import Colors
from registry.spec import WeightedSum


class WeightedSumLoss(nn.Module):
    """Weighted sum of registered losses, such as ``l1 + 0.1*vgg``."""

    def __init__(self, spec: WeightedSum) -> None:
        super().__init__()
        self.weights = [weight for weight, _ in spec.terms]
        self.losses = nn.ModuleList(component.create() for _, component in spec.terms)

    def reference(self, train_counts: Tensor) -> None:
        """Tell the terms that ask for it how many training pixels are in each of the Q ab bins, ``(Q,)``."""
        for loss in self.losses:
            if hasattr(loss, "reference"):
                loss.reference(train_counts)

    def forward(self, prediction: Colors, target: Colors) -> Tensor:
        """Compare predicted with true pictures; a scalar."""
        return sum(weight * loss(prediction, target) for weight, loss in zip(self.weights, self.losses, strict=True))
