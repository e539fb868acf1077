"""What all benchmarks have in common."""

from __future__ import annotations

import subprocess

import numpy as np

ARCHITECTURES = ("unet", "unet-resnet18", "unet-resnet34")
BATCH, SIZE = 16, 64
"""Those of the grid ``full``."""


def noise(n: int, seed: int = 0) -> np.ndarray:
    """Pictures ``(n, S, S, 3)`` uint8."""
    return np.random.default_rng(seed).integers(0, 256, (n, SIZE, SIZE, 3), dtype=np.uint8)


def gpu_driver() -> str:
    """The version of NVIDIA's driver."""
    ask = ["nvidia-smi", "--query-gpu=driver_version", "--format=csv,noheader"]
    return subprocess.run(ask, capture_output=True, text=True, check=True).stdout.strip()
