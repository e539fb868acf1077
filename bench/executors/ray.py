"""Cells as tasks of a Ray cluster.

The nodes share no disk with this process: what a cell needs goes there, and what it made comes back, through Ray.
Only this process writes into the run's folder.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import ray
import ray.exceptions
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from bench import cell_folder
from bench.cell import Job
from bench.environment import code_version, package_versions
from bench.executors.base import Event, Finished, Started
from bench.executors.ray_cluster import Cluster
from bench.executors.ray_node import Desk, Parcel, Supplies, run_on_node
from bench.executors.telling import failed_record
from bench.interrupts import undisturbed
from bench.records import Failure, Record, now, write_record
from bench.storage import writing_to
from registry import weights
from registry.datasets.prepared import TRAIN_COLORS
from registry.datasets.preparing import MANIFEST, PICTURES
from registry.packages import Package

_TRIES = 3
"""Workers that a cell may lose before it counts as what kills them."""

_INTERVAL = 0.5
"""Seconds between two looks at what the cells tell."""

_GRACE = 3.0
"""Seconds a cancelled cell has to tidy up before its process is killed."""

_LOST = (
    ray.exceptions.WorkerCrashedError,
    ray.exceptions.NodeDiedError,
    ray.exceptions.OutOfMemoryError,
    ray.exceptions.LocalRayletDiedError,
    # The cell had ended, and its files were lost with its node.
    ray.exceptions.ObjectLostError,
)


class RayExecutor:
    """Runs cells on the cluster that `open_cluster` has joined."""

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster

    def run(self, jobs: Sequence[Job]) -> Iterator[Event]:
        """Run all jobs; see `Executor`. A cell whose worker or node is lost is given to another."""
        waiting = deque(_Attempt(job) for job in jobs)
        running: dict[ray.ObjectRef, _Attempt] = {}
        desk = self._open_desk()
        # Ray's own retries know no end where memory runs out; those here are counted.
        task = ray.remote(num_cpus=self.cluster.cpus, num_gpus=self.cluster.gpus, max_retries=0)(run_on_node)
        try:
            while waiting or running:
                while waiting and len(running) < (self.cluster.limit or len(jobs)):
                    attempt = waiting.popleft()
                    job = attempt.job
                    running[task.options(name=job.title).remote(job, _supplies(job), desk)] = attempt
                ended, _ = ray.wait(list(running), timeout=_INTERVAL)
                yield from _news(desk, running.values())
                for reference in ended:
                    attempt = running.pop(reference)
                    record = attempt.end(reference)
                    if record is None:
                        waiting.appendleft(attempt)
                    else:
                        yield Finished(record)
        finally:
            with undisturbed():
                _cancel(list(running))

    def _open_desk(self) -> Any:
        here = NodeAffinitySchedulingStrategy(self.cluster.node, soft=False)
        options = {"num_cpus": 0, "max_restarts": -1, "max_task_retries": -1, "scheduling_strategy": here}
        return ray.remote(**options)(Desk).remote()


@dataclass
class _Attempt:
    """A cell on its way to a record."""

    job: Job
    lost: int = 0
    started_at: str = ""

    def end(self, reference: ray.ObjectRef) -> Record | None:
        """Store and return the cell's record; None where its worker was lost and another may try."""
        files: Mapping[str, np.ndarray] = {}
        try:
            record, files = ray.get(reference)
        except _LOST as error:
            self.lost += 1
            if self.lost < _TRIES:
                self.started_at = ""
                return None
            message = f"The cell lost its worker {self.lost} times. The last time: {_first_line(error)}"
            record = self._fail(Failure(type="WorkerDied", message=message, traceback=""))
        except ray.exceptions.RayTaskError as error:
            cause = error.cause
            record = self._fail(Failure(type=type(cause).__name__, message=str(cause), traceback=error.traceback_str))
        except ray.exceptions.RayError as error:
            record = self._fail(Failure(type=type(error).__name__, message=_first_line(error), traceback=str(error)))
        # The nodes ran this process's code, and have no checkout of their own to tell its version by.
        record.environment |= code_version()
        _store(self.job, record, files)
        return record

    def _fail(self, error: Failure) -> Record:
        return failed_record(self.job, error, self.started_at or now())


def _supplies(job: Job) -> Supplies:
    names = [item.path.name for item in weights.listing()]
    files = (PICTURES, MANIFEST, TRAIN_COLORS)
    return Supplies(
        prepared=Parcel.of(job.prepared, files),
        test_on={name: Parcel.of(folder, files) for name, folder in job.test_on.items()},
        weights=Parcel.of(weights.folder(), names),
        versions={**package_versions(), **{one.name: one.version for one in job.plugins if isinstance(one, Package)}},
    )


def _news(desk: Any, running: Collection[_Attempt]) -> Iterator[Event]:
    """What cells have told that still run; a cell's end may overtake its last steps."""
    attempts = {attempt.job.cell_id: attempt for attempt in running}
    for event in ray.get(desk.take.remote()):
        attempt = attempts.get(event.cell_id)
        if attempt and isinstance(event, Started):
            attempt.started_at = now()
        if attempt and attempt.started_at:
            yield event


def _store(job: Job, record: Record, files: Mapping[str, np.ndarray]) -> None:
    """Write a cell's folder, the record last: only with it the cell is done.

    Raises:
        StorageError: It cannot be written.
    """
    cell_folder.clear(job.folder)
    # No checkpoint travels to a node: there the cell began anew.
    cell_folder.begin_anew(job.folder)
    with writing_to(job.folder):
        for name, content in files.items():
            path = job.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
    write_record(job.folder, record)
    cell_folder.settle(job.folder, record.status)


def _cancel(references: list[ray.ObjectRef]) -> None:
    """Stop tasks: by an exception in them, so that they remove their files, and by force where that does not help."""
    for reference in references:
        ray.cancel(reference)
    if references:
        _, left = ray.wait(references, num_returns=len(references), timeout=_GRACE, fetch_local=False)
        for reference in left:
            ray.cancel(reference, force=True)


def _first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0]
