"""Measures of laziness: how far predictions have collapsed towards grey or towards one mean colour."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from registry.color import Colors
from registry.metrics.base import ColorMetric, PictureMetric, pixel_mean

LEAST_CHROMA = 0.05
"""Below this, in Lab units, colour is the rounding of 8-bit pictures: nothing can be measured against it."""


class Chroma(PictureMetric):
    """Mean distance from grey, E|ab|, in Lab units."""

    unit = "Lab"

    def measure(self, picture: Colors) -> Tensor:  # noqa: D102
        return pixel_mean(picture.chroma)


class AbMoments(ColorMetric):
    """Pooled first and second moments of ab, for the prediction and for the truth."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        for name in ("moments", "truth_moments"):
            self.add_state(name, default=torch.zeros(4, dtype=torch.float64), dist_reduce_fx="sum")
        self.add_state("pixels", default=torch.zeros((), dtype=torch.float64), dist_reduce_fx="sum")

    def update(self, prediction: Colors, target: Colors) -> None:  # noqa: D102
        self.moments += prediction.once(_moments)
        self.truth_moments += target.once(_moments)
        self.pixels += target.L.numel()

    def means(self) -> tuple[Tensor, Tensor]:
        """Mean (a, b, |ab|^2, |ab|) over all pixels of prediction and truth, each ``(4,)``."""
        return self.moments / self.pixels, self.truth_moments / self.pixels


def _moments(picture: Colors) -> Tensor:
    """Sums of a, b, |ab|^2 and |ab|, ``(4,)`` float64."""
    ab, chroma = picture.ab.double(), picture.chroma.double()
    return torch.stack((ab[:, 0].sum(), ab[:, 1].sum(), (ab**2).sum(), chroma.sum()))


class ChromaRatio(AbMoments):
    """E|ab| of the prediction over E|ab| of the truth."""

    best = 1.0

    def compute(self) -> Tensor:  # noqa: D102
        prediction, truth = self.means()
        return _ratio(prediction[3], truth[3], LEAST_CHROMA)


class DispersionRatio(AbMoments):
    """sqrt(tr cov) of the predicted ab over that of the true ab."""

    best = 1.0

    def compute(self) -> Tensor:  # noqa: D102
        prediction, truth = self.means()
        squared = _ratio(_trace_of_covariance(prediction), _trace_of_covariance(truth), LEAST_CHROMA**2)
        return squared.sqrt()


class ConstantColorShare(AbMoments):
    """|E ab|^2 / E|ab|^2: 1 where all pixels have one colour, 0 where the colours balance each other.

    A picture without any colour has no share to speak of: not a number.
    """

    def compute(self) -> Tensor:  # noqa: D102
        return _constant_share(self.means()[0])

    def truth(self) -> Tensor:  # noqa: D102
        return _constant_share(self.means()[1])


def _ratio(numerator: Tensor, denominator: Tensor, least: float) -> Tensor:
    """Not a number where there is too little to compare with."""
    return numerator / torch.where(denominator < least, torch.nan, denominator)


def _trace_of_covariance(means: Tensor) -> Tensor:
    # Rounding can leave a hair below zero where all pixels have one colour.
    return (means[2] - means[0] ** 2 - means[1] ** 2).clamp(min=0)


def _constant_share(means: Tensor) -> Tensor:
    return _ratio(means[0] ** 2 + means[1] ** 2, means[2], LEAST_CHROMA**2)


class Skill(ColorMetric):
    """1 - MSE / MSE of the training set's mean colour, on ab, as in forecasting (Murphy 1988).

    1 is perfect, 0 is no better than one constant colour (lazy), below 0 is worse than that. Not a number on
    pictures of one colour.
    """

    higher_is_better = True
    best = 1.0

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        for name in ("squared_error", "lazy_squared_error"):
            self.add_state(name, default=[], dist_reduce_fx="cat")
        self.train_mean_ab: Tensor | None = None

    def reference(self, train_mean_ab: Tensor) -> None:  # noqa: D102
        self.train_mean_ab = train_mean_ab

    def update(self, prediction: Colors, target: Colors) -> None:
        """Count a batch.

        Raises:
            RuntimeError: `reference` was not called before.
        """
        if self.train_mean_ab is None:
            raise RuntimeError("Skill needs the training set's mean ab: call reference() first.")
        lazy = self.train_mean_ab.to(target.ab).view(1, 2, 1, 1)
        self.squared_error.append(pixel_mean((prediction.ab - target.ab) ** 2))
        self.lazy_squared_error.append(pixel_mean((lazy - target.ab) ** 2))

    def compute(self) -> Tensor:  # noqa: D102
        return 1 - _ratio(
            torch.cat(self.squared_error).mean(), torch.cat(self.lazy_squared_error).mean(), LEAST_CHROMA**2
        )

    def per_image(self) -> dict[str, Tensor]:
        """Mean squared error of each picture, and of the mean colour on it, in Lab units squared."""
        return {"_mse": torch.cat(self.squared_error), "_lazy_mse": torch.cat(self.lazy_squared_error)}
