"""Peak memory of a cell."""

from __future__ import annotations

import contextlib
import resource
import sys
from pathlib import Path

import torch

_STATUS = Path("/proc/self/status")
_CLEAR_PEAK = Path("/proc/self/clear_refs")


def reset_peak(device: str) -> None:
    """Start counting anew, as far as the system allows: a worker process runs many cells."""
    if device == "cuda":
        torch.cuda.reset_peak_memory_stats()
        return
    # Where the system does not let a process do so, the peak is that of the process so far.
    with contextlib.suppress(OSError):
        _CLEAR_PEAK.write_text("5", encoding="ascii")


def peak_bytes(device: str) -> int:
    """Peak since `reset_peak`: allocated on the GPU, or resident in this process."""
    if device == "cuda":
        return torch.cuda.max_memory_allocated()
    if _STATUS.exists():
        for line in _STATUS.read_text(encoding="ascii").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
