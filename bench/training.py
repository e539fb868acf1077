"""Training one network with one loss, and what happened at each epoch."""

from __future__ import annotations

import copy
import dataclasses
import functools
import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from bench.checkpoint import Checkpoint
from bench.network import Predictor
from bench.randomness import seed_all
from bench.settings import Settings
from bench.supply import TrainingSupply, batches
from registry.color import Colors
from registry.errors import UserError
from registry.metrics.ab_histogram import AbEffectiveColors
from registry.metrics.collapse import ChromaRatio, Skill


class NonFiniteLossError(Exception):
    """The loss is no longer a number; there is nothing left to train."""


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


def fit(
    predictor: Predictor,
    loss: nn.Module,
    train: np.ndarray,
    validation: np.ndarray,
    *,
    settings: Settings,
    seed: int,
    train_mean_ab: Tensor,
    on_step: Callable[[int, int], None],
    on_epoch: Callable[[int, list[dict[str, float]]], None],
    checkpoint: Checkpoint | None = None,
    state: Mapping[str, Any] | None = None,
) -> Fit:
    """Train with AdamW on a one-cycle schedule (Smith and Topin 2018), validating after each epoch.

    Args:
        train: Pictures ``(n, S, S, 3)`` uint8; so is ``validation``.
        on_step: Called with (steps done, steps in all) after each step.
        on_epoch: Called with the epoch, from 1, and the history so far, the network in evaluation mode.
        checkpoint: Takes the state after an epoch.
        state: What it took: training goes on after that epoch, to the same numbers.

    Raises:
        NonFiniteLossError: The loss became infinite or not a number.
        UserError: The settings make a single step, which has no schedule.
    """
    supply = training_supply(train, settings, seed, predictor.device)
    steps = settings.steps_per_epoch or supply.steps_per_pass
    total = steps * settings.epochs
    if total < 2:
        raise UserError("A single optimiser step trains nothing: set epochs or steps_per_epoch higher.")
    optimizer = torch.optim.AdamW(
        predictor.network.parameters(),
        lr=settings.learning_rate,
        weight_decay=settings.weight_decay,
        fused=True,
    )
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, settings.learning_rate, total_steps=total)
    training = _Training(predictor.network, optimizer, schedule, loss)
    result = training.restore(state, settings.epochs) if state else Fit()
    lowest = min((row["validation_loss"] for row in result.history), default=math.inf)
    for epoch in range(len(result.history) + 1, settings.epochs + 1):
        # Also for dropout: a resumed epoch draws what it would have drawn.
        seed_all(seed * 1_000_003 + epoch)
        started = time.perf_counter()
        rate = schedule.get_last_lr()[0]
        predictor.network.train()
        train_loss = 0.0
        for step in range((epoch - 1) * steps, epoch * steps):
            value = _step(predictor, loss, supply.batch(step), optimizer)
            if not math.isfinite(value):
                raise NonFiniteLossError(
                    f"The loss became {value} at step {step + 1} of {total}, in epoch {epoch} of {settings.epochs}."
                )
            train_loss += value / steps
            # The last step has no next one to set a rate for.
            if step + 1 < total:
                schedule.step()
            on_step(step + 1, total)
        seconds = time.perf_counter() - started
        row = _validate(predictor, loss, validation, settings.batch_size, train_mean_ab)
        if not math.isfinite(row["validation_loss"]):
            raise NonFiniteLossError(
                f"The validation loss became {row['validation_loss']} after step {epoch * steps} of {total}, "
                f"in epoch {epoch} of {settings.epochs}."
            )
        result.history.append(
            {
                "epoch": epoch,
                "step": epoch * steps,
                "train_loss": train_loss,
                **row,
                "learning_rate": rate,
                "seconds": seconds,
            }
        )
        result.seconds += seconds
        result.pictures += steps * settings.batch_size
        if row["validation_loss"] < lowest:
            lowest, result.best_epoch = row["validation_loss"], epoch
            last = epoch == settings.epochs
            result.best_weights = None if last else copy.deepcopy(predictor.network.state_dict())
        on_epoch(epoch, result.history)
        if checkpoint:
            checkpoint.offer(result.seconds, functools.partial(training.state, result))
    return result


def training_supply(train: np.ndarray, settings: Settings, seed: int, device: str) -> TrainingSupply:
    """The batches that a cell of these settings and this seed is trained on."""
    return TrainingSupply(
        train,
        batch_size=settings.batch_size,
        seed=seed,
        crop_size=settings.crop_size,
        horizontal_flip=settings.horizontal_flip,
        device=device,
    )


@dataclass(frozen=True)
class _Training:
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


def _step(predictor: Predictor, loss: nn.Module, truth: Colors, optimizer: torch.optim.Optimizer) -> float:
    prediction = truth.with_ab(predictor(truth))
    with predictor.autocast():
        value = loss(prediction, truth)
    optimizer.zero_grad(set_to_none=True)
    value.backward()
    optimizer.step()
    return value.item()


@torch.no_grad()
def _validate(
    predictor: Predictor, loss: nn.Module, pictures: np.ndarray, batch_size: int, train_mean_ab: Tensor
) -> dict[str, float]:
    """Loss and signs of collapse on the validation pictures."""
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
