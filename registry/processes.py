"""Worker processes: how many fit, and their manners: Ctrl-C is their parent's to answer, they do not outlive it."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import threading
from collections.abc import Iterator


def count_cores() -> int:
    """The processor cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@contextlib.contextmanager
def one_thread_each() -> Iterator[None]:
    """Keep NumPy from starting a thread per core in each new process, which is a third of what its start costs."""
    before = os.environ.get("OPENBLAS_NUM_THREADS")
    os.environ["OPENBLAS_NUM_THREADS"] = "1"
    try:
        yield
    finally:
        if before is None:
            del os.environ["OPENBLAS_NUM_THREADS"]
        else:
            os.environ["OPENBLAS_NUM_THREADS"] = before


@contextlib.contextmanager
def starting_workers() -> Iterator[None]:
    """Start worker processes in here: Ctrl-C then cannot end them before `obey_parent` was called."""
    # A terminal sends it to every process. A blocked signal stays blocked in the processes that are started.
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def obey_parent() -> None:
    """Called first in a worker: leave Ctrl-C to the parent, and end at once when it does, killed or not."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    # A killed parent cannot tell its workers to stop: they would wait for more work, or write, for ever.
    multiprocessing.parent_process().join()
    os._exit(1)
