"""One writer per run folder: two would overwrite each other's files."""

from __future__ import annotations

import contextlib
import json
import os
import socket
from collections.abc import Iterator
from datetime import datetime, timezone
from pathlib import Path

from filelock import FileLock, Timeout

from bench.storage import write_atomically, writing_to
from registry.errors import UserError

_LOCK, _HOLDER = ".lock", ".holder.json"


@contextlib.contextmanager
def holding(run_folder: Path) -> Iterator[None]:
    """Hold a run's folder. The system lets go of it when the process ends, however it ends.

    Raises:
        UserError: Another process holds it; the message says which, and since when.
    """
    lock = FileLock(run_folder / _LOCK)
    with writing_to(run_folder):
        try:
            lock.acquire(timeout=0)
        except Timeout:
            raise UserError(
                f"Another process is at work on the run {run_folder}{_holder(run_folder)}; wait for it, or give "
                "this run another --name."
            ) from None
    holder = run_folder / _HOLDER
    try:
        # In a file of its own: who merely tries the lock empties the lock's.
        facts = {"pid": os.getpid(), "host": socket.gethostname(), "since": _now()}
        write_atomically(holder, json.dumps(facts) + "\n")
        yield
    finally:
        # Left behind, as by a killed process, it misleads nobody: it is read only while the lock is held.
        with contextlib.suppress(OSError):
            holder.unlink()
        lock.release()


def _holder(run_folder: Path) -> str:
    """Who holds a run, in brackets; nothing where that is not written down yet."""
    try:
        facts = json.loads((run_folder / _HOLDER).read_text(encoding="utf-8"))
        return f" (process {facts['pid']} on {facts['host']}, since {facts['since']})"
    except (OSError, ValueError, KeyError, TypeError):
        return ""


def _now() -> str:
    return datetime.now(timezone.utc).strftime("%Y-%m-%d %H:%M:%S UTC")
