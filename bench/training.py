"""Training one network with one loss, and what happened at each epoch."""

from __future__ import annotations

import copy
import functools
import math
import time
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from bench.checkpoint import Checkpoint
from bench.network import Predictor
from bench.randomness import seed_all
from bench.settings import Settings
from bench.supply import TrainingSupply
from bench.training_state import Fit, TrainingState
from bench.validation import validate
from registry.color import Colors
from registry.errors import UserError

_READ_EVERY = {"cpu": 1, "cuda": 32}
"""Steps after which losses are looked at: a GPU would have to stop for each."""

_SHARE_OF_GPU = 0.25
"""Training pictures that take more than this of the free memory stay with the processor."""


class NonFiniteLossError(Exception):
    """The loss is no longer a number; there is nothing left to train."""


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
    optimizer = make_optimizer(predictor, settings)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, settings.learning_rate, total_steps=total)
    training = TrainingState(predictor.network, optimizer, schedule, loss)
    result = training.restore(state, settings.epochs) if state else Fit()
    lowest = min((row["validation_loss"] for row in result.history), default=math.inf)
    for epoch in range(len(result.history) + 1, settings.epochs + 1):
        # Also for dropout: a resumed epoch draws what it would have drawn.
        seed_all(seed * 1_000_003 + epoch)
        started = time.perf_counter()
        rate = schedule.get_last_lr()[0]
        predictor.network.train()
        train_loss = 0.0
        waiting: list[Tensor] = []
        for step in range((epoch - 1) * steps, epoch * steps):
            waiting.append(training_step(predictor, loss, supply.batch(step), optimizer))
            if len(waiting) == _READ_EVERY[predictor.device] or step + 1 == epoch * steps:
                for number, value in enumerate(torch.stack(waiting).tolist(), step + 2 - len(waiting)):
                    if not math.isfinite(value):
                        where = f"at step {number} of {total}, in epoch {epoch} of {settings.epochs}"
                        raise NonFiniteLossError(f"The loss became {value} {where}.")
                    train_loss += value / steps
                waiting.clear()
            # The last step has no next one to set a rate for.
            if step + 1 < total:
                schedule.step()
            on_step(step + 1, total)
        seconds = time.perf_counter() - started
        row = validate(predictor, loss, validation, settings.batch_size, train_mean_ab)
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
        on_device=device == "cuda" and train.nbytes <= _SHARE_OF_GPU * torch.cuda.mem_get_info()[0],
    )


def make_optimizer(predictor: Predictor, settings: Settings) -> torch.optim.Optimizer:
    """The optimiser of all cells."""
    return torch.optim.AdamW(
        predictor.network.parameters(), lr=settings.learning_rate, weight_decay=settings.weight_decay, fused=True
    )


def training_step(predictor: Predictor, loss: nn.Module, truth: Colors, optimizer: torch.optim.Optimizer) -> Tensor:
    """Predict, compare, and let the optimiser take a step; the loss before it, a scalar on the device."""
    prediction = truth.with_ab(predictor(truth))
    with predictor.autocast():
        value = loss(prediction, truth)
    value.backward()
    optimizer.step()
    # Now and not before the next step: gradients in the memory of CUDA graphs must not outlive their step.
    optimizer.zero_grad(set_to_none=True)
    return value.detach()
