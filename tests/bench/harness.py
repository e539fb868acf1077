"""The harness as processes, for tests that kill, interrupt and starve it."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pandas as pd

COSTS = ["images_per_second", "peak_memory_bytes", "seconds_data", "seconds_fit", "seconds_eval"]


PATIENCE = 500
"""Seconds until a test gives something up: that of a machine that is busy with much else."""


def until(condition: Callable[[], object], seconds: float = PATIENCE) -> None:
    """Wait for a condition."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come to that"
        time.sleep(0.02)


class Run:
    """``python -m bench run`` in a folder, in a process group of its own as a terminal gives it.

    What is left of it when its test ends, however that ends, is killed; see `kill_all`.
    """

    started: list["Run"] = []  # noqa: RUF012

    def __init__(self, folder: Path, *arguments: str, **environment: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "bench", "run", "--grid", "smoke", *arguments],
            cwd=folder,
            env={**os.environ, **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
            # A test runner in the background ignores Ctrl-C; a terminal's programs do not.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
        )
        self.started.append(self)

    @classmethod
    def kill_all(cls) -> None:
        """Leave no process of any run behind."""
        while cls.started:
            run = cls.started.pop()
            run.signal_group(signal.SIGKILL)
            run.process.wait()

    def wait_until_it_listens(self) -> None:
        """Wait until Python is up and the harness, not yet the interpreter's start, answers SIGTERM."""
        until(lambda: self.process.poll() is not None or _catches(self.process.pid, signal.SIGTERM))

    def signal_group(self, how: signal.Signals) -> None:
        """As Ctrl-C in a terminal does: to the harness and all of its workers."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, how)

    def workers(self) -> list[int]:
        """Process ids of its workers that are alive."""
        return [pid for pid, command in _group(self.process.pid) if "spawn_main" in command]

    def members(self) -> list[int]:
        """Process ids of all of its group that are alive."""
        return [pid for pid, _ in _group(self.process.pid)]

    def end(self, timeout: float = PATIENCE) -> tuple[int, str, str]:
        """Wait for its end: exit status, output, errors."""
        output, errors = self.process.communicate(timeout=timeout)
        self.started.remove(self)  # from now on its number may become another process's
        return self.process.returncode, output, errors


def _catches(pid: int, which: signal.Signals) -> bool:
    status = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines())
    return bool(int(status["SigCgt"], 16) >> (which - 1) & 1)


def _group(group: int) -> list[tuple[int, str]]:
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            state, _, itself = (folder / "stat").read_text().rpartition(")")[2].split()[:3]
            if int(itself) == group and state != "Z":
                found.append((int(folder.name), (folder / "cmdline").read_text()))
    return found


def records(run_folder: Path) -> dict[str, dict]:
    """All records by cell id; each must be whole."""
    return {path.parent.name: json.loads(path.read_text()) for path in run_folder.glob("cells/*/record.json")}


def written(run_folder: Path, status: str = "completed") -> dict[Path, tuple[int, bytes]]:
    """When each record of a status was written, and what: neither may change once a cell is done."""
    return {
        path: (path.stat().st_mtime_ns, path.read_bytes())
        for path in run_folder.glob("cells/*/record.json")
        if json.loads(path.read_text())["status"] == status
    }


def results(run_folder: Path) -> pd.DataFrame:
    """``results.csv`` without what cells cost."""
    return pd.read_csv(run_folder / "results.csv").drop(columns=COSTS)
