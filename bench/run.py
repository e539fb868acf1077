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

from bench.cell import Cell, Job
from bench.cell_folder import clear, settle
from bench.comparable import check_same_plugins, check_same_settings
from bench.endings import ending
from bench.executors.base import Finished
from bench.executors.place import Place
from bench.grid import Grid
from bench.progress import Display
from bench.records import Record, Status, now, read_record, write_record
from bench.rerun import begin_rerun, end_rerun, superseded_cells
from bench.run_lock import holding
from bench.storage import StorageError, make_writable, write_if_changed, writing_to
from registry.errors import UserError

Rerun = Literal["none", "failed", "all"]


@dataclass(frozen=True)
class Plan:
    """What a run has to do.

    Attributes:
        folder: ``results/<run>``.
        pending: Cells that are not done.
        done: How the others ended, by cell id.
        goes_on: Whether this is the rest of a rerun that was interrupted.
    """

    folder: Path
    grid: Grid
    cells: list[Cell]
    rerun: Rerun
    pending: list[Cell]
    done: dict[str, Status]
    goes_on: bool


def plan(grid: Grid, name: str, results_dir: Path, rerun: Rerun = "none") -> Plan:
    """Find out which cells of a grid are not done yet, writing nothing.

    A skipped cell is tried again: what it lacked may be there now. A failed one is so only when asked. Where a
    rerun of all was interrupted, another goes on with what it had not replaced yet.

    Raises:
        UserError: The name or the grid is wrong, or the run was made with other settings.
    """
    if not re.fullmatch(r"\w[\w .+-]{0,99}", name):
        raise UserError(
            f"A run cannot be called {name[:120]!r}: a name has 1 to 100 letters, digits, spaces, '.', '_', '+' and "
            "'-', and begins with a letter, a digit or '_'; give one with --name."
        )
    folder = results_dir / name
    cells = grid.cells()
    check_same_settings(folder, grid)
    return _sort_out(folder, grid, cells, rerun)


def _sort_out(folder: Path, grid: Grid, cells: list[Cell], rerun: Rerun) -> Plan:
    superseded = superseded_cells(folder) if rerun == "all" else None
    kept: dict[str, Status] = {}
    for cell in cells:
        status = _status(folder / "cells" / cell.id)
        if rerun == "all":
            again = superseded is None or cell.id in superseded
        else:
            again = rerun == "failed" and status == "failed"
        if not again and status not in (None, "skipped"):
            kept[cell.id] = status
    pending = [cell for cell in cells if cell.id not in kept]
    check_same_plugins(folder, cells, {cell.id for cell in pending})
    return Plan(folder, grid, cells, rerun, pending, kept, goes_on=superseded is not None)


def execute(plan: Plan, place: Place, display: Display) -> Counter[Status]:
    """Run a plan's pending cells, alone in the run's folder, and write ``results.csv``, also when interrupted.

    Returns:
        How many cells of the whole grid ended in each way.

    Raises:
        UserError: Something is wrong that no cell of the grid can do without, another process is at work on the
            run, or its folder cannot be written to any more.
    """
    # Imported here because a dry run need not wait for pandas.
    from bench.results import write_results

    for folder in (plan.folder, plan.folder / "cells", plan.folder / "datasets"):
        make_writable(folder, "--results-dir")
    with holding(plan.folder):
        # Planned again: whoever held the folder till now may have finished some of these cells.
        plan = _sort_out(plan.folder, plan.grid, plan.cells, plan.rerun)
        statuses = dict(plan.done)
        _tidy(plan)
        jobs, lost = _prepare(plan, place, display) if plan.pending else ([], [])
        # Only now: a call that was wrong leaves no run behind that a corrected one would differ from.
        write_if_changed(plan.folder / "grid.yaml", plan.grid.resolved().to_yaml())
        if plan.goes_on:
            display.say(f"going on with the rerun of all cells: {len(plan.done)} have ended.")
        elif plan.rerun == "all":
            begin_rerun(plan.folder, [cell.id for cell in plan.pending])
        display.begin({cell.id: cell.title for cell in plan.pending})
        try:
            # Closed at once when interrupted: no worker may write while the results are gathered.
            with contextlib.closing(place.executor.run(jobs)) as events:
                for event in itertools.chain(_end_all(lost), events):
                    display.show(event)
                    if isinstance(event, Finished):
                        statuses[event.record.cell_id] = event.record.status
        except StorageError:
            # The table cannot be written either, and saying so would hide why.
            raise
        except BaseException:
            write_results(plan.folder)
            raise
        write_results(plan.folder)
        end_rerun(plan.folder)
    return Counter(statuses.values())


def failures(plan: Plan) -> list[str]:
    """A line for each cell of the grid that has failed: what it was and why."""
    records = ((cell, read_record(plan.folder / "cells" / cell.id)) for cell in plan.cells)
    return [f"{cell.title}: {record.error.line}" for cell, record in records if record and record.error]


def _prepare(plan: Plan, place: Place, display: Display) -> tuple[list[Job], list[tuple[Job, Exception]]]:
    """Check components, prepare the data sets, and make the jobs.

    Returns:
        The jobs, and those of which a data set cannot be had, each with the reason.
    """
    from bench.datasets import prepare_datasets
    from bench.preflight import check_components

    check_components(plan.pending, display.task("checking components"))
    found = prepare_datasets(plan.folder, plan.pending, place.decoders, display)
    jobs, lost = [], []
    for cell in plan.pending:
        needed = [found[component.text] for component in (cell.dataset, *cell.tested_on)]
        missing = next((one for one in needed if isinstance(one, Exception)), None)
        folder = plan.folder / "cells" / cell.id
        own, *others = [folder if missing else data.folder for data in needed]
        test_on = dict(zip((component.text for component in cell.tested_on), others, strict=True))
        job = Job.of(cell, prepared=own, test_on=test_on, folder=folder, device=place.device)
        if missing:
            lost.append((job, missing))
        else:
            jobs.append(job)
    return jobs, lost


def _end_all(lost: Sequence[tuple[Job, Exception]]) -> Iterator[Finished]:
    """Store the records of cells that no worker can begin; what such a cell had completed is put aside."""
    for job, error in lost:
        clear(job.folder)
        record = Record(**job.facts, **ending(error), started_at=now(), finished_at=now())
        write_record(job.folder, record)
        yield Finished(record)


def _tidy(plan: Plan) -> None:
    """Remove what a process that was killed in the middle of writing left."""
    with writing_to(plan.folder):
        for leftover in plan.folder.glob(".*.tmp"):
            leftover.unlink(missing_ok=True)
    for cell_id, status in plan.done.items():
        if status == "completed":
            settle(plan.folder / "cells" / cell_id, status)


def _status(folder: Path) -> Status | None:
    record = read_record(folder)
    return record.status if record else None
