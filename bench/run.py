"""The main job: a grid's cells, those that are not done yet, from preparation to report."""

from __future__ import annotations

import contextlib
import os
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal

from filelock import FileLock, Timeout

from bench.cell import Cell, Job
from bench.comparable import check_same_pictures, check_same_settings
from bench.executors.base import Executor, Finished
from bench.grid import Grid
from bench.left_out import name_few
from bench.progress import Display
from bench.records import Status, make_writable, read_record, write_atomically
from registry.errors import UserError

Rerun = Literal["none", "failed", "all"]


@dataclass(frozen=True)
class Plan:
    """What a run has to do.

    Attributes:
        folder: ``results/<run>``.
        pending: Cells that are not done.
        done: How the others ended, by cell id.
    """

    folder: Path
    grid: Grid
    cells: list[Cell]
    pending: list[Cell]
    done: dict[str, Status]


def plan(grid: Grid, name: str, results_dir: Path, rerun: Rerun = "none") -> Plan:
    """Find out which cells of a grid are not done yet, writing nothing.

    A skipped cell is tried again: what it lacked may be there now. A failed one is so only when asked.

    Raises:
        UserError: The name or the grid is wrong, or the run was made with other settings.
    """
    if not re.fullmatch(r"\w[\w .+-]{0,99}", name):
        raise UserError(f"The run's name {name!r} must be up to 100 letters, digits, spaces, '.', '_', '+' and '-'.")
    folder = results_dir / name
    cells = grid.cells()
    check_same_settings(folder, cells[0].settings)
    kept: dict[str, Status] = {}
    for cell in cells:
        status = _status(folder / "cells" / cell.id)
        again = rerun == "all" or status in (None, "skipped") or (rerun == "failed" and status == "failed")
        if not again:
            kept[cell.id] = status
    return Plan(folder, grid, cells, [cell for cell in cells if cell.id not in kept], kept)


def execute(plan: Plan, executor: Executor, *, device: str, workers: int, display: Display) -> Counter[Status]:
    """Run a plan's pending cells and write ``results.csv``, also when interrupted.

    Returns:
        How many cells of the whole grid ended in each way.

    Raises:
        UserError: Something is wrong that no cell of the grid can do without.
    """
    # Imported here because a dry run need not wait for pandas.
    from bench.results import write_results

    statuses = dict(plan.done)
    for folder in (plan.folder, plan.folder / "cells", plan.folder / "datasets"):
        make_writable(folder, "--results-dir")
    with _alone(plan.folder):
        check_same_pictures(plan.folder, plan.cells, {cell.id for cell in plan.pending})
        jobs = _prepare(plan, device, workers, display) if plan.pending else []
        # Only now: a call that was wrong leaves no run behind that a corrected one would differ from.
        write_atomically(plan.folder / "grid.yaml", plan.grid.resolved().to_yaml())
        display.begin({job.cell_id: job.title for job in jobs})
        try:
            for event in executor.run(jobs):
                display.show(event)
                if isinstance(event, Finished):
                    statuses[event.record.cell_id] = event.record.status
        finally:
            write_results(plan.folder)
    return Counter(statuses.values())


def default_workers(pending: Sequence[Cell], device: str) -> int:
    """As many cells at once as their threads fit the cores; one on a GPU."""
    if device == "cuda" or not pending:
        return 1
    return max(1, min(count_cores() // pending[0].settings.threads, len(pending)))


def count_cores() -> int:
    """The processor cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


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


@contextlib.contextmanager
def _alone(run_folder: Path) -> Iterator[None]:
    """Hold a run's folder: two writers would overwrite each other's files."""
    try:
        with FileLock(run_folder / ".lock", timeout=0):
            yield
    except Timeout:
        raise UserError(
            f"Another process is at work on the run {run_folder}; wait for it, or give this run another --name."
        ) from None


def _prepare(plan: Plan, device: str, workers: int, display: Display) -> list[Job]:
    """Check components, prepare and describe each data set, and make the jobs."""
    from bench.datasets import describe_dataset, prepare_dataset
    from bench.preflight import check_components
    from bench.supply import check_batch

    check_components(plan.pending, display.task("checking components"))
    settings = plan.pending[0].settings
    prepared = {}
    for dataset in {cell.dataset.text: cell.dataset for cell in plan.pending}.values():
        waiting = partial(display.say, f"another process is preparing {dataset}: waiting for it")
        data = prepare_dataset(dataset, settings, workers, display.task(f"preparing {dataset}"), waiting)
        if any(cell.loss for cell in plan.pending):
            check_batch(len(data.keys("train")), settings.batch_size)
        described = describe_dataset(plan.folder, dataset.text, data, settings)
        prepared[dataset.text] = data.folder
        for line in name_few(data.left_out_as("unreadable"), data.left_out_as("grey"), str(described)):
            display.say(f"warning: {dataset}: left out as {line}")
    return [
        Job.of(
            cell,
            prepared=prepared[cell.dataset.text],
            folder=plan.folder / "cells" / cell.id,
            device=device,
        )
        for cell in plan.pending
    ]


def _status(folder: Path) -> Status | None:
    record = read_record(folder)
    return record.status if record else None
