"""The main job: a grid's cells, those that are not done yet, from preparation to report."""

from __future__ import annotations

import contextlib
import itertools
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from filelock import FileLock, Timeout

from bench.cell import Cell, Job
from bench.comparable import check_same_plugins, check_same_settings
from bench.endings import ending
from bench.executors.base import Executor, Finished
from bench.grid import Grid
from bench.progress import Display
from bench.records import Record, Status, make_writable, now, read_record, write_atomically, write_record
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
        check_same_plugins(plan.folder, plan.cells, {cell.id for cell in plan.pending})
        jobs, lost = _prepare(plan, device, workers, display) if plan.pending else ([], [])
        # Only now: a call that was wrong leaves no run behind that a corrected one would differ from.
        write_atomically(plan.folder / "grid.yaml", plan.grid.resolved().to_yaml())
        display.begin({cell.id: cell.title for cell in plan.pending})
        try:
            for event in itertools.chain(_end_all(lost), executor.run(jobs)):
                display.show(event)
                if isinstance(event, Finished):
                    statuses[event.record.cell_id] = event.record.status
        finally:
            write_results(plan.folder)
    return Counter(statuses.values())


def failures(plan: Plan) -> list[str]:
    """A line for each cell of the grid that has failed: what it was and why."""
    records = ((cell, read_record(plan.folder / "cells" / cell.id)) for cell in plan.cells)
    return [f"{cell.title}: {record.error.line}" for cell, record in records if record and record.error]


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


def _prepare(plan: Plan, device: str, workers: int, display: Display) -> tuple[list[Job], list[tuple[Job, Exception]]]:
    """Check components, prepare the data sets, and make the jobs.

    Returns:
        The jobs, and those whose data set cannot be had, each with the reason.
    """
    from bench.datasets import prepare_datasets
    from bench.preflight import check_components

    check_components(plan.pending, display.task("checking components"))
    found = prepare_datasets(plan.folder, plan.pending, workers, display)
    jobs, lost = [], []
    for cell in plan.pending:
        data = found[cell.dataset.text]
        missing = isinstance(data, Exception)
        folder = plan.folder / "cells" / cell.id
        job = Job.of(cell, prepared=folder if missing else data.folder, folder=folder, device=device)
        if missing:
            lost.append((job, data))
        else:
            jobs.append(job)
    return jobs, lost


def _end_all(lost: Sequence[tuple[Job, Exception]]) -> Iterator[Finished]:
    """Store the records of cells that no worker can begin."""
    for job, error in lost:
        record = Record(**job.facts, **ending(error), started_at=now(), finished_at=now())
        write_record(job.folder, record)
        yield Finished(record)


def _status(folder: Path) -> Status | None:
    record = read_record(folder)
    return record.status if record else None
