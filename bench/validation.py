"""How a network in training does on the validation pictures."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

from bench.network import Predictor
from bench.supply import batches
from registry.metrics.ab_histogram import AbEffectiveColors
from registry.metrics.collapse import ChromaRatio, Skill


@torch.no_grad()
def validate(
    predictor: Predictor, loss: nn.Module, pictures: np.ndarray, batch_size: int, train_mean_ab: Tensor
) -> dict[str, float]:
    """Loss and signs of collapse on the validation pictures ``(n, S, S, 3)`` uint8, by name.

    The network is left in evaluation mode.
    """
    predictor.network.eval()
    total = 0.0
    signs = {"chroma_ratio": ChromaRatio(), "ab_effective_colors": AbEffectiveColors(), "skill": Skill()}
    for sign in signs.values():
        sign.to(predictor.device).reference(train_mean_ab)
    for truth in batches(pictures, batch_size, predictor.device):
        prediction = truth.with_ab(predictor(truth))
        with predictor.autocast():
            total += loss(prediction, truth).item() * len(truth.L)
        for sign in signs.values():
            sign.update(prediction, truth)
    values = {name: float(sign.compute()) for name, sign in signs.items()}
    return {"validation_loss": total / len(pictures), **values}
