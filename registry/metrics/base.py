"""What all metrics share: torchmetrics' interface, fed with `Colors`, and what the report needs to know."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any

import torch
from torch import Tensor
from torchmetrics import Metric
from torchmetrics.utilities import dim_zero_cat

from registry.color import Colors


class ColorMetric(Metric):
    """A measure of predicted pictures against the true ones.

    Attributes:
        higher_is_better: Direction; None where the best value is the truth's (colorfulness, say).
        best: The value of a perfect prediction; None where that is the truth's own value.
        unit: Unit of the value, empty for a pure number.
    """

    higher_is_better: bool | None = None
    best: float | None = None
    unit: str = ""
    full_state_update = False

    def reference(self, train_mean_ab: Tensor) -> None:
        """Take what the training set tells: its mean ab, shape (2,). Called once before the first update."""

    @abstractmethod
    def update(self, prediction: Colors, target: Colors) -> None:
        """Count a batch of predicted pictures and their truth."""

    @abstractmethod
    def compute(self) -> Tensor:
        """The value over all pictures counted so far, a scalar."""

    def truth(self) -> Tensor | None:
        """The same measure of the true pictures; None where it describes a pair and not a picture."""
        return None

    def per_image(self) -> dict[str, Tensor]:
        """Columns of per-picture values, each ``(n,)``, named by suffix: "" the value, "_truth" the truth's."""
        return {}


class PairMetric(ColorMetric):
    """Mean over the pictures of a measure of prediction against truth."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.add_state("values", default=[], dist_reduce_fx="cat")

    @abstractmethod
    def measure(self, prediction: Colors, target: Colors) -> Tensor:
        """The measure of each picture, ``(N,)``."""

    def update(self, prediction: Colors, target: Colors) -> None:  # noqa: D102
        self.values.append(self.measure(prediction, target).detach().double())

    def compute(self) -> Tensor:  # noqa: D102
        return dim_zero_cat(self.values).mean()

    def per_image(self) -> dict[str, Tensor]:  # noqa: D102
        return {"": dim_zero_cat(self.values)}


class PictureMetric(ColorMetric):
    """Mean over the pictures of a measure that describes one picture, for the prediction and for the truth."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.add_state("values", default=[], dist_reduce_fx="cat")
        self.add_state("truth_values", default=[], dist_reduce_fx="cat")

    @abstractmethod
    def measure(self, picture: Colors) -> Tensor:
        """The measure of each picture, ``(N,)``."""

    def update(self, prediction: Colors, target: Colors) -> None:  # noqa: D102
        self.values.append(self.measure(prediction).detach().double())
        self.truth_values.append(self.measure(target).detach().double())

    def compute(self) -> Tensor:  # noqa: D102
        return dim_zero_cat(self.values).mean()

    def truth(self) -> Tensor:  # noqa: D102
        return dim_zero_cat(self.truth_values).mean()

    def per_image(self) -> dict[str, Tensor]:  # noqa: D102
        return {"": dim_zero_cat(self.values), "_truth": dim_zero_cat(self.truth_values)}


def pixel_mean(values: Tensor) -> Tensor:
    """Mean over all but the first dimension, in float64: ``(N, ...)`` -> ``(N,)``."""
    return torch.flatten(values, start_dim=1).double().mean(dim=1)
