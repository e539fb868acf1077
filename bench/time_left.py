"""How long the rest of a run will take, measured from its finished cells."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import fmean

from bench.capacity import fitting_workers
from bench.records import Record, read_records
from bench.run import Plan


@dataclass(frozen=True)
class TimeLeft:
    """An estimate.

    Attributes:
        seconds: None where nothing finished tells of what is pending. Of all cells one after another where
            ``workers`` is None.
        workers: Cells at once; None where only the run itself can tell: on a cluster, or without the GPU.
        measured_cells: Finished cells that it was measured from.
    """

    seconds: float | None
    workers: int | None
    measured_cells: int

    def __str__(self) -> str:
        if self.seconds is None:
            return "Time left: unknown until a cell is finished; baselines, of seconds, do not tell of trained ones."
        if self.workers is None:
            what = f"About {_duration(self.seconds)} of work left, divided by how many cells run at once"
        else:
            at_once = "one cell at a time" if self.workers == 1 else f"{self.workers} cells at once"
            what = f"About {_duration(self.seconds)} left with {at_once}"
        return f"{what}; measured from {self.measured_cells} finished cell{'s' * (self.measured_cells != 1)}."


def estimate(plan: Plan, *, workers: int | None, device: str, executor: str) -> TimeLeft:
    """The time that a plan's pending cells will take; data sets that are still to be prepared come on top.

    A cell takes the mean of the finished cells that are most like it, as `_likenesses` ranks them.

    Args:
        workers: Cells at once; None: as many as there is room for on this machine.
        device: "auto", "cpu" or "cuda".
        executor: "local" or "ray".
    """
    finished = [record for record in read_records(plan.folder) if record.status == "completed"]
    alike: dict[tuple, list[Record]] = defaultdict(list)
    for record in finished:
        for likeness in _likenesses(record.architecture, record.loss, record.dataset):
            alike[likeness].append(record)
    expected, measured = [], set()
    for cell in plan.pending:
        likenesses = _likenesses(cell.architecture.text, cell.loss.text if cell.loss else None, cell.dataset.text)
        nearest = next((alike[likeness] for likeness in likenesses if likeness in alike), None)
        if nearest is None:
            return TimeLeft(None, None, 0)
        expected.append(fmean(map(_seconds, nearest)))
        measured |= {record.cell_id for record in nearest}
    if not expected:
        return TimeLeft(0.0, None, 0)
    count = _at_once(plan, finished, workers, device, executor)
    # No worker helps another with a cell, so that the longest one is the least that it takes.
    seconds = sum(expected) if count is None else max(sum(expected) / count, max(expected))
    return TimeLeft(seconds, count, len(measured))


def _seconds(record: Record) -> float:
    """From start to end, with the validation that no phase counts; of a cell that was resumed at least its phases."""
    wall = datetime.fromisoformat(record.finished_at) - datetime.fromisoformat(record.started_at)
    return max(wall.total_seconds(), sum(record.seconds.values()))


def _likenesses(architecture: str, loss: str | None, dataset: str) -> list[tuple]:
    """What a cell has in common with others that cost as much, the most telling first.

    The last is shared by all that are trained, or by all that are not: baselines end within seconds, and a mean with
    them in it would promise too much.
    """
    trained = loss is not None
    return [
        (trained, architecture, loss, dataset),
        (trained, architecture, dataset),
        (trained, architecture),
        (trained,),
    ]


def _at_once(plan: Plan, finished: Sequence[Record], workers: int | None, device: str, executor: str) -> int | None:
    if workers is not None:
        return min(workers, len(plan.pending))
    if executor == "ray":
        return None
    if device == "cuda" or (device == "auto" and any(record.environment.get("cuda") for record in finished)):
        # Only where cells do run on a GPU is PyTorch worth waiting for.
        import torch

        return fitting_workers(plan.pending, "cuda", plan.folder) if torch.cuda.is_available() else None
    return fitting_workers(plan.pending, "cpu", plan.folder)


def _duration(seconds: float) -> str:
    """In the coarsest unit that still says something: 45 s, 14 min, 2 h 10 min."""
    if round(seconds) < 100:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 100 else f"{minutes // 60} h {minutes % 60} min"
