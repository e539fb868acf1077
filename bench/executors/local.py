"""Cells in worker processes of this machine.

A process per worker, fed one cell at a time over a pipe: a worker that the system kills takes only its cell
with it, and another takes its place.
"""

from __future__ import annotations

import multiprocessing
import signal
import sys
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess

from bench.cell import Job
from bench.executors.base import Event, Finished, Started
from bench.executors.telling import failed_record, now, step_teller
from bench.records import Failure, Record, write_record

_GRACE = 5.0
"""Seconds a worker has to end by itself before it is killed."""


class LocalExecutor:
    """Runs cells in up to ``workers`` processes at once."""

    def __init__(self, workers: int) -> None:
        self.workers = workers

    def run(self, jobs: Sequence[Job]) -> Iterator[Event]:
        """Run all jobs; see `Executor`."""
        waiting = deque(jobs)
        workers = [_Worker.start() for _ in range(min(self.workers, len(jobs)))]
        try:
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
                    if isinstance(event, Finished):
                        worker.job = None
                    yield event
        finally:
            for worker in workers:
                worker.stop()


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
        process.start()
        # Only the worker may hold its end, or its death would not close the pipe.
        theirs.close()
        return cls(process, connection)

    def give(self, job: Job) -> None:
        self.job = job
        self.started_at = now()
        self.connection.send(job)

    def bury(self) -> Record:
        """Store and return the failed record of the cell whose process has died."""
        self.process.join()
        job, code = self.job, self.process.exitcode
        how = f"was killed by {signal.Signals(-code).name}" if code < 0 else f"ended with exit status {code}"
        hint = "; the system does that when memory runs out" if code == -signal.SIGKILL else ""
        error = Failure(type="WorkerDied", message=f"The worker process {how}{hint}.", traceback="")
        record = failed_record(job, error, self.started_at)
        write_record(job.folder, record)
        return record

    def stop(self) -> None:
        """End the process: an idle one by closing its pipe, a busy one by a signal."""
        self.connection.close()
        if self.job:
            self.process.terminate()
        self.process.join(_GRACE)
        if self.process.is_alive():
            self.process.kill()
            self.process.join()


def _serve(connection: Connection) -> None:
    """The worker's life: take a job, run it, tell what happens, until the pipe closes."""
    # Ctrl-C goes to every process of the terminal; the parent alone decides what it means.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    from bench.work import run_cell

    while True:
        try:
            job: Job = connection.recv()
        except EOFError:
            return
        on_step = step_teller(job.cell_id, partial(_tell, connection))
        _tell(connection, Finished(run_cell(job, on_step)))


def _tell(connection: Connection, event: Event) -> None:
    try:
        connection.send(event)
    except OSError:
        # The run is gone. Leaving without a record, a cell counts as not done, not as failed.
        sys.exit(1)
