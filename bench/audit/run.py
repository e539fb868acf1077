"""Audit the data sets that a call names."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from bench.audit.dataset import Task, audit_dataset
from bench.audit.page import folder_name, refuse_foreign, write
from bench.storage import make_writable
from registry import DATASETS
from registry.blame import blaming
from registry.errors import UserError
from registry.processes import count_cores
from registry.spec import parse_component


def audit(
    specs: Sequence[str], image_size: int, output: Path | None, reports_dir: Path, workers: int | None, task: Task
) -> Path:
    """Audit data sets and write the page; gives its path.

    Args:
        specs: The data sets, in the order of the page.
        image_size: Height and width in pixels at which colours are measured.
        output: Folder to write to; one in ``reports_dir`` if not given.
        reports_dir: Folder of reports.
        workers: Processes that decode; as many as there are cores if not given.
        task: Starts a bar; see `bench.progress.Display`.

    Raises:
        UserError: A data set is unknown, missing or named twice, or the folder cannot be written to.
    """
    components = [parse_component(DATASETS, spec) for spec in specs]
    names = [component.text for component in components]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice:
        raise UserError(f"The data set {twice!r} is named twice: name each once.")
    target = output or reports_dir / folder_name(names)
    make_writable(target, "--output" if output else "--reports-dir")
    refuse_foreign(target)
    count = workers or count_cores()
    audits = []
    for component in components:
        with blaming(component):
            audits.append(audit_dataset(component.create(), component.text, image_size, count, task))
    return write(audits, target)
