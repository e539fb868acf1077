"""What the numbers of a half-trained cell depend on: a checkpoint counts for the very same work alone."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from bench.cell import Job
from registry import ARCHITECTURES, LOSSES
from registry.spec import parse_component, parse_sum

_PROJECT = Path(__file__).parent.parent
_DECIDE = ("device", "cuda", "precision", "threads", "python", "packages")
"""Of the environment; its other facts, such as the memory, change no number."""


def work_of(job: Job, environment: Mapping[str, Any]) -> dict[str, Any]:
    """The cell, its pictures, the code and the machine, as far as they decide numbers; by names for a user to read."""
    return {
        "settings": job.cell_id,
        # The folder is named by a hash of the data set, its revision and the picture size.
        "pictures": job.prepared.name,
        "code": _code(_component_files(job)),
        **{key: environment[key] for key in _DECIDE},
    }


def _component_files(job: Job) -> frozenset[str]:
    """Where the cell's components are defined, a user's own outside the project too."""
    components = [parse_component(ARCHITECTURES, job.architecture)]
    components += [component for _, component in parse_sum(LOSSES, job.loss).terms]
    modules = (sys.modules[component.entry.factory.__module__] for component in components)
    return frozenset(module.__file__ for module in modules if getattr(module, "__file__", None))


@cache
def _code(component_files: frozenset[str]) -> str:
    """A hash of the sources; of a report's not, which changes no number."""
    files = {Path(file) for file in component_files}
    for room in ("bench", "registry"):
        files |= set((_PROJECT / room).rglob("*.py"))
    report = _PROJECT / "bench" / "report"
    digest = hashlib.sha256()
    for file in sorted(files):
        if report not in file.parents:
            digest.update(file.read_bytes())
    return digest.hexdigest()
