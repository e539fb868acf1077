"""The harness as processes, for tests that kill, interrupt and starve it."""

import contextlib
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pandas as pd

COSTS = ["images_per_second", "peak_memory_bytes", "seconds_data", "seconds_fit", "seconds_eval"]


class Run:
    """``python -m bench run`` in a folder, in a process group of its own as a terminal gives it."""

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

    def end(self, timeout: float = 240) -> tuple[int, str, str]:
        """Wait for its end: exit status, output, errors."""
        output, errors = self.process.communicate(timeout=timeout)
        return self.process.returncode, output, errors


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
