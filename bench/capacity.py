"""How many cells this machine can run at once."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import psutil

from bench.cell import Cell
from bench.records import read_records
from registry.processes import count_cores

_CELL_BYTES = 2 * 2**30
_PIXEL_BYTES = 4096
"""A cell's memory as measured, with something to spare: PyTorch, weights, moments and metrics take up to 2 GiB,
activations and gradients of any of the networks with a VGG loss up to 4 KiB for every pixel of a batch."""

_GPU_CELLS = 4
"""More processes on one GPU only take turns: it runs the kernels of one at a time."""

_CGROUP = Path("/sys/fs/cgroup")


def fitting_workers(pending: Sequence[Cell], device: str, run_folder: Path) -> int:
    """As many cells at once as cores and memory allow, at least one.

    Cells of this run that are done tell what one needs; before there are any, an estimate does.
    """
    if not pending:
        return 1
    settings = max((cell.settings for cell in pending), key=lambda settings: settings.batch_size)
    cores = count_cores()
    estimate = _CELL_BYTES + _PIXEL_BYTES * settings.batch_size * settings.image_size**2
    if device == "cuda":
        import torch

        free, _ = torch.cuda.mem_get_info()
        # Of the host a GPU's cell needs a core to feed it, and what PyTorch itself takes.
        limits = [cores, _available_memory() // _CELL_BYTES, free // estimate, _GPU_CELLS]
    else:
        peaks = [record.peak_memory_bytes or 0 for record in read_records(run_folder) if record.loss]
        limits = [cores // settings.threads, _available_memory() // (max(peaks, default=0) or estimate)]
    return max(1, min(*limits, len(pending)))


def _available_memory() -> int:
    """Bytes that new processes can take: of the machine, or of the container if that has less."""
    available = psutil.virtual_memory().available
    try:
        most = (_CGROUP / "memory.max").read_text(encoding="ascii").strip()
        used = int((_CGROUP / "memory.current").read_text(encoding="ascii"))
        statistics = dict(line.split() for line in (_CGROUP / "memory.stat").read_text(encoding="ascii").splitlines())
    except OSError:
        return available  # no container, or an older kind of control group
    # Files that the system keeps in memory are given up when a process needs the room.
    free = float("inf") if most == "max" else int(most) - used + int(statistics["inactive_file"])
    return int(min(available, free))
