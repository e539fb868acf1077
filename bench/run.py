"""The main job: a grid's cells, those that are not done yet, from preparation to report."""

from __future__ import annotations

import os
import re
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import ValidationError

from bench.cell import Cell, Job
from bench.executors.base import Executor, Finished
from bench.grid import Grid, load_grid
from bench.progress import Display
from bench.records import Status, read_record, write_atomically
from bench.results import write_results
from bench.settings import Settings
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
    if not re.fullmatch(r"[\w][\w .+-]*", name):
        raise UserError(f"The run's name {name!r} must be letters, digits, spaces, '.', '_', '+' and '-'.")
    folder = results_dir / name
    cells = grid.cells()
    _check_same_settings(folder, cells[0].settings)
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
    statuses = dict(plan.done)
    _make_folder(plan.folder)
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
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min(cores // pending[0].settings.threads, len(pending)))


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


def _prepare(plan: Plan, device: str, workers: int, display: Display) -> list[Job]:
    """Check components, prepare and describe each data set, and make the jobs."""
    from bench.datasets import describe_dataset, prepare_dataset
    from bench.preflight import check_components
    from bench.supply import check_batch

    check_components(plan.pending, display.task("checking components"))
    settings = plan.pending[0].settings
    prepared = {}
    for dataset in {cell.dataset.text: cell.dataset for cell in plan.pending}.values():
        data = prepare_dataset(dataset, settings, workers, display.task(f"preparing {dataset}"))
        if any(cell.loss for cell in plan.pending):
            check_batch(len(data.keys("train")), settings.batch_size)
        describe_dataset(plan.folder, dataset.text, data, settings)
        prepared[dataset.text] = data.folder
        for picture in data.left_out:
            display.console.print(f"warning: {dataset}: left out {picture['key']}: {picture['reason']}", markup=False)
    return [
        Job.of(
            cell,
            prepared=prepared[cell.dataset.text],
            folder=plan.folder / "cells" / cell.id,
            device=device,
        )
        for cell in plan.pending
    ]


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise UserError(
            f"Cannot write to the results folder {folder}: {error.strerror}; choose another one with --results-dir."
        ) from None


def _status(folder: Path) -> Status | None:
    try:
        record = read_record(folder)
    except (ValidationError, ValueError):
        raise UserError(
            f"The record {folder / 'record.json'} cannot be read; delete its folder to run that cell again."
        ) from None
    return record.status if record else None


def _check_same_settings(folder: Path, settings: Settings) -> None:
    """Cells of one run are compared with each other, so all must have been trained alike."""
    stored = folder / "grid.yaml"
    if not stored.exists():
        return
    before, now = Settings.model_validate(load_grid(str(stored)).settings), settings
    changed = [
        f"{key}={getattr(before, key)}" for key in Settings.model_fields if getattr(before, key) != getattr(now, key)
    ]
    if changed:
        raise UserError(
            f"The run {folder} was made with {', '.join(changed)}; cells trained differently cannot stand in "
            "one comparison. Give this run a name of its own with --name."
        )
