"""What all benchmarks have in common."""

from __future__ import annotations

import subprocess

ARCHITECTURES = ("unet", "unet-resnet18", "unet-resnet34")
BATCH, SIZE = 16, 64
"""Those of the grid ``full``."""


def gpu_driver() -> str:
    """The version of NVIDIA's driver."""
    ask = ["nvidia-smi", "--query-gpu=driver_version", "--format=csv,noheader"]
    return subprocess.run(ask, capture_output=True, text=True, check=True).stdout.strip()
