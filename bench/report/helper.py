"""A process beside this one that writes figures to files while this one draws the next."""

from __future__ import annotations

import contextlib
import multiprocessing
import pickle
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextvars import ContextVar
from typing import Any

from registry.processes import obey_parent, one_thread_each, starting_workers

_AHEAD = 3
"""Pieces of work that the helper is given at a time; what is more is done here, so that both end together."""

_helper: ContextVar[_Helper | None] = ContextVar("helper", default=None)


@contextlib.contextmanager
def helped() -> Iterator[None]:
    """Have a helper take a part of what is handed over in here.

    It starts as a fresh interpreter, which imports the program's main module: that has to be one that does nothing
    by being imported.
    """
    helper = _Helper()
    token = _helper.set(helper)
    try:
        yield
    finally:
        _helper.reset(token)
        helper.end()


@contextlib.contextmanager
def settled() -> Iterator[None]:
    """All that was handed over in here is done, or was given up for an error, when the block ends.

    Raises:
        OSError: Of the work; any other error likewise.
    """
    helper = _helper.get()
    try:
        yield
        if helper:
            helper.finish()
    except BaseException:
        if helper:
            helper.end()
        raise


def hand_over(work: Callable[..., None], *arguments: Any) -> None:
    """Have the helper do some work, or do it here where there is none or it has enough.

    Args:
        work: A function that a module names.
        arguments: They can be pickled and may not change any more.
    """
    helper = _helper.get()
    if helper and not helper.busy:
        helper.take(pickle.dumps((work, arguments)))
    else:
        work(*arguments)


class _Helper:
    def __init__(self) -> None:
        # Spawned: a fork would copy the locks and threads of whatever the caller runs.
        self._pool = ProcessPoolExecutor(1, multiprocessing.get_context("spawn"), obey_parent)
        self._taken: list[tuple[bytes, Future[None]]] = []
        self.take(pickle.dumps((_get_ready, ())))

    @property
    def busy(self) -> bool:
        return sum(not future.done() for _, future in self._taken) >= _AHEAD

    def take(self, work: bytes) -> None:
        with one_thread_each(), starting_workers():
            try:
                future = self._pool.submit(_do, work)
            except (BrokenProcessPool, OSError) as error:
                future = Future()
                future.set_exception(BrokenProcessPool(str(error)))
        self._taken.append((work, future))

    def finish(self) -> None:
        for work, future in self._taken:
            try:
                future.result()
            except BrokenProcessPool:
                _do(work)  # it was killed or could not be started, as happens when memory runs out
        self._taken.clear()

    def end(self) -> None:
        self._pool.shutdown(cancel_futures=True)


def _do(work: bytes) -> None:
    function, arguments = pickle.loads(work)
    function(*arguments)


def _get_ready() -> None:
    """Import what drawing needs, beside what this process does meanwhile."""
    import matplotlib.backends.backend_agg
    import matplotlib.figure  # noqa: F401
