"""How far training has come: what it leaves behind, and what it needs to go on from there."""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn


@dataclass
class Fit:
    """What training leaves behind; the network itself holds the weights of the last epoch.

    Attributes:
        history: A row per epoch.
        best_epoch: The epoch with the lowest validation loss, from 1.
        best_weights: The weights of that epoch; None where it is the last.
        seconds: Spent on training steps alone.
        pictures: Trained on, repeats counted.
        resumed_from: After which epochs training went on from a checkpoint.
    """

    history: list[dict[str, float]] = field(default_factory=list)
    best_epoch: int = 0
    best_weights: Mapping[str, Tensor] | None = None
    seconds: float = 0.0
    pictures: int = 0
    resumed_from: list[int] = field(default_factory=list)


@dataclass(frozen=True)
class TrainingState:
    """All that changes from step to step, but for the order of the pictures, which the step decides."""

    network: nn.Module
    optimizer: torch.optim.Optimizer
    schedule: torch.optim.lr_scheduler.LRScheduler
    loss: nn.Module

    def state(self, result: Fit) -> dict[str, Any]:
        """What `restore` needs, sharing memory with what is trained."""
        best_is_last = result.best_epoch == len(result.history)
        return {
            **dataclasses.asdict(dataclasses.replace(result, best_weights=None)),
            "best_weights": None if best_is_last else result.best_weights,
            "network": self.network.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "schedule": self.schedule.state_dict(),
            # Not its weights, which are those of a pretrained network and do not change.
            "loss_buffers": dict(self.loss.named_buffers()),
        }

    def restore(self, state: Mapping[str, Any], epochs: int) -> Fit:
        """Put a state back; what training had left behind until then."""
        self.network.load_state_dict(state["network"])
        # Where no epoch is left, scoring comes next.
        self.network.eval()
        self.optimizer.load_state_dict(state["optimizer"])
        self.schedule.load_state_dict(state["schedule"])
        for name, buffer in self.loss.named_buffers():
            buffer.copy_(state["loss_buffers"][name])
        result = Fit(**{one.name: state[one.name] for one in dataclasses.fields(Fit)})
        epoch = len(result.history)
        if result.best_epoch == epoch < epochs:
            result.best_weights = copy.deepcopy(self.network.state_dict())
        return dataclasses.replace(result, resumed_from=[*result.resumed_from, epoch])
