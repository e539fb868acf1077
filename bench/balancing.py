"""Finding the automatic weights of a sum of losses, before the first step of a training."""

from __future__ import annotations

import copy

import numpy as np
import torch

from bench.network import Predictor
from bench.settings import Settings
from bench.training import training_supply
from registry.losses.weighted_sum import WeightedSumLoss

_BATCHES = 8
"""Training batches that weights are found on."""


def balance(
    loss: WeightedSumLoss, predictor: Predictor, train: np.ndarray, settings: Settings, seed: int
) -> dict[str, float]:
    """Set the automatic weights of a loss by the untrained network's first batches, and leave the network as it is.

    Returns:
        The weights of all terms by their texts; nothing where none is automatic.
    """
    if not loss.automatic:
        return {}
    supply = training_supply(train, settings, seed, predictor.device)
    # A copy, because BatchNorm takes note of every batch it sees in training.
    untouched = copy.deepcopy(predictor)
    untouched.network.train()
    with torch.no_grad(), predictor.autocast():
        batches = (supply.batch(step) for step in range(_BATCHES))
        loss.balance((truth.with_ab(untouched(truth)), truth) for truth in batches)
    terms = (component.text for _, component in loss.spec.terms)
    return dict(zip(terms, loss.weights, strict=True))
