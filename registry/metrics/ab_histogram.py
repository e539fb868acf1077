"""How evenly predictions use the colours there are: measures of the ab histogram pooled over the test set.

Its Q bins are those of `registry.ab_bins`.
"""

from __future__ import annotations

import math
from abc import abstractmethod
from typing import Any

import torch
from torch import Tensor

from registry.ab_bins import ab_counts, reachable_bins
from registry.color import Colors
from registry.metrics.base import ColorMetric


def entropy(p: Tensor) -> Tensor:
    """Shannon entropy in nats of probabilities ``(Q,)``."""
    return torch.special.entr(p).sum()


class AbHistogramMetric(ColorMetric):
    """A function of the pooled histogram, for the prediction and for the truth."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        empty = torch.zeros(len(reachable_bins()), dtype=torch.float64)
        self.add_state("counts", default=empty.clone(), dist_reduce_fx="sum")
        self.add_state("truth_counts", default=empty.clone(), dist_reduce_fx="sum")

    def update(self, prediction: Colors, target: Colors) -> None:  # noqa: D102
        self.counts += prediction.once(ab_counts).sum(0)
        self.truth_counts += target.once(ab_counts).sum(0)

    @abstractmethod
    def measure(self, p: Tensor) -> Tensor:
        """The measure of probabilities ``(Q,)``, a scalar."""

    def compute(self) -> Tensor:  # noqa: D102
        return self.measure(self.counts / self.counts.sum())

    def truth(self) -> Tensor | None:  # noqa: D102
        return self.measure(self.truth_counts / self.truth_counts.sum())


class AbImbalance(AbHistogramMetric):
    """1 - H(p) / ln Q: 0 where all Q bins are equally frequent, 1 where there is one colour."""

    def measure(self, p: Tensor) -> Tensor:  # noqa: D102
        return 1 - entropy(p) / math.log(len(p))


class AbEffectiveColors(AbHistogramMetric):
    """exp(H(p)), the perplexity: from 1 (one colour) to Q (all bins equally frequent)."""

    unit = "bins"

    def measure(self, p: Tensor) -> Tensor:  # noqa: D102
        return entropy(p).exp()


class AbGini(AbHistogramMetric):
    """Gini coefficient of the bins' frequencies: 0 where they are equal, (Q - 1) / Q where there is one colour."""

    def measure(self, p: Tensor) -> Tensor:  # noqa: D102
        ascending = p.sort().values
        rank = torch.arange(1, len(p) + 1, dtype=p.dtype, device=p.device)
        return ((2 * rank - len(p) - 1) * ascending).sum() / (len(p) * ascending.sum())


class AbJensenShannon(AbHistogramMetric):
    """Jensen-Shannon divergence between prediction and truth (Lin 1991): 0 bits equal, 1 bit disjoint."""

    higher_is_better = False
    best = 0.0
    unit = "bit"

    def measure(self, p: Tensor) -> Tensor:  # noqa: D102
        q = self.truth_counts / self.truth_counts.sum()
        nats = entropy((p + q) / 2) - (entropy(p) + entropy(q)) / 2
        return (nats / math.log(2)).clamp(0, 1)

    def truth(self) -> None:
        """It compares two histograms: there is no value of the truth alone."""
