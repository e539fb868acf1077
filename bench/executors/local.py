"""Cells in worker processes of this machine.

A process per worker, fed one cell at a time over a pipe: a worker that the system kills takes only its cell
with it, and another takes its place.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import signal
import sys
import time
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess

from bench.cell import Job
from bench.cell_folder import clear
from bench.executors.base import Event, Finished, Noted, Started
from bench.executors.telling import failed_record, step_teller
from bench.interrupts import undisturbed
from bench.records import Failure, Record, now, read_record, write_record
from bench.storage import StorageError
from registry.processes import obey_parent, starting_workers

_GRACE = 5.0
"""Seconds that workers have to end by themselves before they are killed."""


class LocalExecutor:
    """Runs cells in up to ``workers`` processes at once."""

    def __init__(self, workers: int) -> None:
        self.workers = workers

    def run(self, jobs: Sequence[Job]) -> Iterator[Event]:
        """Run all jobs; see `Executor`."""
        waiting = deque(jobs)
        workers: list[_Worker] = []
        try:
            for _ in range(min(self.workers, len(jobs))):
                workers.append(_Worker.start())
            while waiting or any(worker.job for worker in workers):
                for place, worker in enumerate(workers):
                    if worker.job is None and waiting:
                        if not worker.process.is_alive():
                            worker = workers[place] = _Worker.start()
                        worker.give(waiting.popleft())
                        yield Started(worker.job.cell_id)
                for connection in wait([worker.connection for worker in workers if worker.job]):
                    worker = next(one for one in workers if one.connection is connection)
                    try:
                        event = connection.recv()
                    except (EOFError, OSError):
                        event = Finished(worker.bury())
                    if isinstance(event, StorageError):
                        raise event
                    if isinstance(event, Finished):
                        worker.job = None
                    yield event
        finally:
            with undisturbed():
                _stop(workers)


@dataclass
class _Worker:
    """A process, the pipe to it, and the cell it works on."""

    process: BaseProcess
    connection: Connection
    job: Job | None = None
    started_at: str = ""

    @classmethod
    def start(cls) -> _Worker:
        # A fresh interpreter: forking a process that has used PyTorch's threads can hang.
        context = multiprocessing.get_context("spawn")
        connection, theirs = context.Pipe()
        process = context.Process(target=_serve, args=(theirs,), daemon=True)
        with starting_workers():
            process.start()
        # Only the worker may hold its end, or its death would not close the pipe.
        theirs.close()
        return cls(process, connection)

    def give(self, job: Job) -> None:
        self.job = job
        self.started_at = now()
        # A process that has died since it was last looked at shows when it is listened to.
        with contextlib.suppress(OSError):
            self.connection.send(job)

    def bury(self) -> Record:
        """The record of the cell whose process has died: failed, unless it died after storing another.

        A checkpoint is left: what killed the process, often a lack of memory, did no harm to what it had computed.
        """
        self.process.join()
        stored = read_record(self.job.folder)
        if stored and stored.started_at >= self.started_at:
            return stored
        if stored:
            clear(self.job.folder)  # the process had not come to putting aside what an earlier try completed
        job, code = self.job, self.process.exitcode
        how = f"was killed by {signal.Signals(-code).name}" if code < 0 else f"ended with exit status {code}"
        hint = "; the system does that when memory runs out" if code == -signal.SIGKILL else ""
        error = Failure(type="WorkerDied", message=f"The worker process {how}{hint}.", traceback="")
        record = failed_record(job, error, self.started_at)
        write_record(job.folder, record)
        return record


def _stop(workers: Sequence[_Worker]) -> None:
    """End the processes: idle ones by closing their pipes, busy ones by a signal."""
    for worker in workers:
        worker.connection.close()
        if worker.job:
            worker.process.terminate()
    deadline = time.monotonic() + _GRACE
    for worker in workers:
        worker.process.join(max(0.0, deadline - time.monotonic()))
        if worker.process.is_alive():
            worker.process.kill()
            worker.process.join()


def _serve(connection: Connection) -> None:
    """The worker's life: take a job, run it, tell what happens, until the pipe closes."""
    obey_parent()
    from bench.work import run_cell

    while True:
        try:
            job: Job = connection.recv()
        except EOFError:
            return
        tell = partial(_tell, connection)

        def on_note(text: str, job: Job = job) -> None:
            _tell(connection, Noted(job.cell_id, text))

        try:
            tell(Finished(run_cell(job, step_teller(job.cell_id, tell), on_note)))
        except StorageError as error:
            tell(error)


def _tell(connection: Connection, event: Event | StorageError) -> None:
    try:
        connection.send(event)
    except OSError:
        # The run is gone. Leaving without a record, a cell counts as not done, not as failed.
        sys.exit(1)
