"""What ``run --dry-run`` shows: the cells of a plan and how they stand, for people and as JSON."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from bench.run import Plan
from bench.time_left import TimeLeft


def describe(plan: Plan, time_left: TimeLeft) -> dict[str, Any]:
    """A plan, ready for JSON; keys keep their names from version to version.

    A cell that was skipped is pending: it is tried again. Its settings are those that differ between cells.
    ``trainings`` counts the tries of tuned cells.
    """
    cells = [
        {
            "id": cell.id,
            "architecture": cell.architecture.text,
            "loss": cell.loss.text if cell.loss else None,
            "dataset": cell.dataset.text,
            "seed": cell.seed,
            "settings": {name: getattr(cell.settings, name) for name in cell.varied},
            "status": plan.done.get(cell.id, "pending"),
            "folder": str(plan.folder / "cells" / cell.id),
        }
        for cell in plan.cells
    ]
    statuses = [cell["status"] for cell in cells]
    counts = {status: statuses.count(status) for status in ("completed", "failed", "pending")}
    return {
        "run": plan.folder.name,
        "folder": str(plan.folder),
        "cells": cells,
        "counts": {"cells": len(cells), **counts, "trainings": _trainings(plan)},
        "time_left": asdict(time_left),
    }


def print_plan(plan: Plan, time_left: TimeLeft) -> None:
    """A line per cell, then how many are to run and how long that will take."""
    for cell in plan.cells:
        print(f"{plan.done.get(cell.id, 'pending'):<9}  {cell.id}  {cell.title}")
    print(f"{len(plan.cells)} cells, {len(plan.pending)} to run.")
    if tries := len(plan.cells[0].settings.tries):
        print(f"Each trained cell has {tries} tries: {_trainings(plan)} trainings to run.")
    if plan.pending:
        print(time_left)


def _trainings(plan: Plan) -> int:
    """Trainings that are to run: one for each pending cell that is trained, or as many as it has tries."""
    return sum(max(1, len(cell.settings.tries)) for cell in plan.pending if cell.loss)
