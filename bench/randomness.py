"""All random numbers of a cell, from its seed."""

from __future__ import annotations

import random

import numpy as np
import torch


def seed_all(number: int) -> None:
    """Seed Python's, NumPy's and PyTorch's generators, on every device.

    A cell does so before it builds, at each epoch and before it scores: what is drawn there depends on the seed
    and the epoch alone, not on what ran before in the process, and a resumed cell draws what it would have drawn.
    """
    random.seed(number)
    np.random.seed(number % 2**32)
    torch.manual_seed(number)
