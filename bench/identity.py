"""What the numbers of a half-trained cell depend on: a checkpoint counts for the very same work alone."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from bench.cell import Job

_PROJECT = Path(__file__).parent.parent
_DECIDE = ("device", "cuda", "precision", "compiled", "threads", "python", "packages")
"""Of the environment; its other facts, such as the memory, change no number."""


def work_of(job: Job, environment: Mapping[str, Any]) -> dict[str, Any]:
    """The cell, its pictures, the code and the machine, as far as they decide numbers; by names for a user to read."""
    return {
        "settings": job.cell_id,
        # The folder is named by a hash of the data set, its revision and the picture size.
        "pictures": job.prepared.name,
        "code": _code(),
        "plugins": {plugin.name: plugin.fingerprint for plugin in job.plugins},
        **{key: environment[key] for key in _DECIDE},
    }


@cache
def _code() -> str:
    """A hash of the sources; of those of pages not, which change no number."""
    files = {file for room in ("bench", "registry") for file in (_PROJECT / room).rglob("*.py")}
    pages = {_PROJECT / "bench" / room for room in ("audit", "report")}
    digest = hashlib.sha256()
    for file in sorted(files):
        if not pages & set(file.parents):
            digest.update(file.read_bytes())
    return digest.hexdigest()
