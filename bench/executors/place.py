"""Where the cells of a call run, and how many at once."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.capacity import fitting_workers
from bench.cell import Cell
from bench.executors.base import Executor
from registry.errors import UserError
from registry.processes import count_cores


@dataclass(frozen=True)
class Place:
    """Where cells run.

    Attributes:
        device: Of the networks, "cpu" or "cuda".
        decoders: Processes that prepare data sets on this machine.
    """

    executor: Executor
    device: str
    decoders: int


@contextlib.contextmanager
def open_place(
    pending: Sequence[Cell],
    run_folder: Path,
    *,
    executor: str,
    ray_address: str | None,
    device: str,
    workers: int | None,
) -> Iterator[Place]:
    """Open what ``--executor``, ``--device`` and ``--workers`` ask for, and leave it in the end.

    Args:
        pending: The cells to run.
        workers: Cells at once; None: as many as there is room for.

    Raises:
        UserError: It is not there.
    """
    decoders = workers or count_cores()
    if executor == "ray" and pending:
        from bench.executors.ray_cluster import open_cluster

        threads = pending[0].settings.threads
        with open_cluster(ray_address, device=device, threads=threads, workers=workers) as cluster:
            # Imported only now: it needs Ray, and its absence is told by `open_cluster`.
            from bench.executors.ray import RayExecutor

            yield Place(RayExecutor(cluster), cluster.device, decoders)
    else:
        from bench.executors.local import LocalExecutor

        device = resolve_device(device) if pending else device
        count = workers or fitting_workers(pending, device, run_folder)
        yield Place(LocalExecutor(count), device, decoders)


def resolve_device(device: str) -> str:
    """The device that "auto" means on this machine.

    Raises:
        UserError: A GPU is asked for and there is none.
    """
    if device == "cpu":
        return device
    import torch

    if torch.cuda.is_available():
        return "cuda"
    if device == "cuda":
        raise UserError("--device cuda: PyTorch sees no CUDA GPU on this machine; use --device cpu or auto.")
    return "cpu"
