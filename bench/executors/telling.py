"""What executors tell alike: a cell's steps, and the end of a cell that could not tell it itself."""

from __future__ import annotations

import time
from collections.abc import Callable

from bench.cell import Job
from bench.executors.base import Event, Stepped
from bench.records import Failure, Record, now

_STEP_INTERVAL = 0.2
"""Seconds between two messages on a cell's steps: progress is for people."""


def step_teller(cell_id: str, tell: Callable[[Event], None]) -> Callable[[int, int], None]:
    """A callback for (steps done, steps in all) that tells of some of them."""
    told = 0.0

    def on_step(step: int, steps: int) -> None:
        nonlocal told
        if time.monotonic() - told >= _STEP_INTERVAL:
            told = time.monotonic()
            tell(Stepped(cell_id, step, steps))

    return on_step


def failed_record(job: Job, error: Failure, started_at: str) -> Record:
    """The record of a cell that failed outside its own guard, by the death of its worker for instance."""
    return Record(**job.facts, status="failed", error=error, started_at=started_at, finished_at=now())
