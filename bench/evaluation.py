"""Scoring predictions on the test set with every registered metric."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from bench.distribution import ColorDistribution
from bench.records import Measurement
from registry import METRICS
from registry.color import Colors
from registry.metrics.base import ColorMetric

Predict = Callable[[Colors], Tensor]
"""From pictures, of which a network looks at the lightness alone, to ab ``(N, 2, H, W)`` in Lab units."""


@dataclass(frozen=True)
class Evaluation:
    """Scores on the test set.

    Attributes:
        metrics: By name.
        truth: The value of the true pictures, of metrics that describe a picture.
        per_image: A row per test picture; a column per metric, and ``<metric>_truth`` where that exists.
        colors: How often each colour was predicted.
    """

    metrics: dict[str, Measurement]
    truth: dict[str, float]
    per_image: pd.DataFrame
    colors: ColorDistribution


@torch.no_grad()
def evaluate(
    predict: Predict, truth: Iterable[Colors], keys: list[str], *, train_mean_ab: Tensor, device: str
) -> Evaluation:
    """Score predictions for true pictures, given in batches, of which ``keys`` names each."""
    metrics: dict[str, ColorMetric] = {name: METRICS[name].factory().to(device) for name in METRICS}
    for metric in metrics.values():
        metric.reference(train_mean_ab)
    colors = ColorDistribution()
    for batch in truth:
        prediction = batch.with_ab(predict(batch))
        colors.update(prediction)
        for metric in metrics.values():
            metric.update(prediction, batch)

    columns: dict[str, np.ndarray] = {}
    measurements, true_values = {}, {}
    for name, metric in metrics.items():
        each = {name + suffix: values.cpu().numpy() for suffix, values in metric.per_image().items()}
        columns |= each
        measurements[name] = _measurement(metric, each.get(name), len(keys))
        true_value = metric.truth()
        if true_value is not None and math.isfinite(true_value):
            true_values[name] = float(true_value)
    per_image = pd.DataFrame({"picture": keys, **columns})
    return Evaluation(measurements, true_values, per_image, colors)


def _measurement(metric: ColorMetric, each: np.ndarray | None, n: int) -> Measurement:
    value = float(metric.compute())
    stderr = float(each.std(ddof=1) / math.sqrt(n)) if each is not None and n > 1 else None
    return Measurement(
        # Some measures have no value for some predictions: grey pictures have no constant colour.
        value=value if math.isfinite(value) else None,
        n=n,
        stderr=stderr,
        higher_is_better=metric.higher_is_better,
        unit=metric.unit,
    )
