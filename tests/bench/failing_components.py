"""A plugin of the tests: components that fail in every way there is, among one that works."""

import os
import signal
from typing import Any

import torch
from torch import nn

from registry import DATASETS, LOSSES
from registry.errors import UnavailableError


class _Loss(nn.Module):
    def __init__(self, extra: Any) -> None:
        super().__init__()
        self.extra = extra

    def forward(self, prediction: Any, target: Any) -> torch.Tensor:
        return (prediction.ab - target.ab).abs().mean() / 110 + self.extra()


@LOSSES.register("works")
def works() -> Any:
    """L1 again."""
    return _Loss(lambda: 0.0)


@LOSSES.register("raises")
def raises() -> Any:
    """Cannot be built."""
    raise KeyError("the missing part")


@LOSSES.register("not-a-number")
def not_a_number() -> Any:
    """Gives NaN."""
    return _Loss(lambda: float("nan"))


@LOSSES.register("hungry")
def hungry() -> Any:
    """Asks for a pebibyte."""
    return _Loss(lambda: torch.empty(2**50, dtype=torch.uint8).sum())


@LOSSES.register("suicidal")
def suicidal() -> Any:
    """Kills its process."""
    return _Loss(lambda: os.kill(os.getpid(), signal.SIGKILL))


@DATASETS.register("elsewhere")
def elsewhere() -> Any:
    """Cannot be had here."""
    raise UnavailableError("These pictures are not on this machine.")


@DATASETS.register("broken")
def broken() -> Any:
    """Has a bug."""
    return {}["bug"]
