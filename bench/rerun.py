"""What `--rerun all` is still to replace, written down so that an interrupted rerun goes on where it was."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path

from bench.storage import write_atomically, writing_to
from registry.errors import UserError

_NAME = "rerun.json"


def superseded_cells(run_folder: Path) -> set[str] | None:
    """Ids of cells whose records an unfinished rerun has not replaced yet; None where there is no such rerun.

    Raises:
        UserError: What was written down is damaged.
    """
    path = run_folder / _NAME
    if not path.exists():
        return None
    try:
        before: dict[str, str] = json.loads(path.read_text(encoding="utf-8"))
        return {cell_id for cell_id, digest in before.items() if _digest(run_folder, cell_id) == digest}
    except (ValueError, AttributeError):
        raise UserError(f"The file {path} cannot be read; delete it to let --rerun all begin with all cells.") from None


def begin_rerun(run_folder: Path, cell_ids: Iterable[str]) -> None:
    """Write down that the records of these cells are to be replaced.

    Raises:
        StorageError: It cannot be written.
    """
    digests = {cell_id: _digest(run_folder, cell_id) for cell_id in cell_ids}
    before = {cell_id: digest for cell_id, digest in digests.items() if digest}
    write_atomically(run_folder / _NAME, json.dumps(before, indent=1) + "\n")


def end_rerun(run_folder: Path) -> None:
    """All cells have ended: another rerun begins with all of them.

    Raises:
        StorageError: It cannot be removed.
    """
    with writing_to(run_folder):
        (run_folder / _NAME).unlink(missing_ok=True)


def _digest(run_folder: Path, cell_id: str) -> str | None:
    """By its bytes, and not by its time: the clocks of a cluster's machines differ."""
    try:
        return hashlib.sha256((run_folder / "cells" / cell_id / "record.json").read_bytes()).hexdigest()
    except FileNotFoundError:
        return None
