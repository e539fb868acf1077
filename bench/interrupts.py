"""Ctrl-C and SIGTERM: both interrupt, and neither disturbs tidying up."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Iterator
from typing import NoReturn

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


_unanswered = False
"""Whether an interruption was raised that nobody has answered yet."""


def watch() -> None:
    """Let SIGTERM end a run as tidily as Ctrl-C does."""
    for one in _SIGNALS:
        signal.signal(one, _interrupt)


def answer() -> None:
    """From here on errors are what they say: the interruption that there was has been answered."""
    global _unanswered
    _unanswered = False


def is_one(error: BaseException) -> bool:
    """Whether an error is an interruption, which is answered with this.

    A library that is interrupted while it is imported may make any other error of it: NumPy's lazy imports end in a
    RecursionError.
    """
    found = _unanswered or isinstance(error, KeyboardInterrupt)
    answer()
    return found


def ignore() -> None:
    """From here on nothing is left to interrupt: the process ends by itself, with the status it chooses."""
    for one in _SIGNALS:
        signal.signal(one, signal.SIG_IGN)
    # A Ctrl-C that met source text being run, as dataclasses do, makes CPython end by that signal whatever status
    # is asked for, though it was answered; it forgets so when it runs another text.
    exec("")


@contextlib.contextmanager
def undisturbed() -> Iterator[None]:
    """Do something that takes seconds at most and must not be left by half, such as stopping workers."""
    before = {one: signal.signal(one, signal.SIG_IGN) for one in _SIGNALS}
    try:
        yield
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)


def _interrupt(*_: object) -> NoReturn:
    global _unanswered
    _unanswered = True
    raise KeyboardInterrupt
