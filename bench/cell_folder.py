"""A cell's folder from one try to the next: what is kept, what is cleared away, and when."""

from __future__ import annotations

import shutil
from pathlib import Path

from bench.records import Status, read_record
from bench.storage import writing_to

CHECKPOINT = "checkpoint.pt"
"""What an unfinished cell goes on from; see `bench.checkpoint`. Named here, because planning a run needs no PyTorch."""

HALF = Path("samples") / "half.png"
"""The pictures of the half: a cell that goes on after it cannot make them again."""

TRIES = "tries"
"""The folder of the tries of a tuned cell that is not done."""


def superseded(folder: Path) -> Path:
    """Where the results of a cell that is run again wait until new ones stand in their place."""
    return folder.with_name(f"{folder.name}.superseded")


def clear(folder: Path) -> None:
    """Make the folder ready for a try: keep what it goes on from, and put aside what an earlier one completed.

    Anything else that an earlier try left would be taken for this one's.

    Raises:
        StorageError: It cannot be written to.
    """
    record = read_record(folder)
    with writing_to(folder):
        if record and record.status == "completed":
            _remove(superseded(folder))
            folder.rename(superseded(folder))
        folder.mkdir(parents=True, exist_ok=True)
        kept = {folder / TRIES}
        if (folder / CHECKPOINT).exists():
            kept |= {folder / name for name in (CHECKPOINT, HALF, HALF.parent)}
        for path in [*(folder / HALF.parent).glob("*"), *folder.glob("*")]:
            if path not in kept:
                _remove(path)


def begin_anew(folder: Path) -> None:
    """Remove what an earlier try left to go on from.

    Raises:
        StorageError: It cannot be removed.
    """
    with writing_to(folder):
        for name in (CHECKPOINT, HALF):
            (folder / name).unlink(missing_ok=True)


def settle(folder: Path, status: Status) -> None:
    """Once the record is written: remove what only an unfinished cell needs.

    A skipped cell is tried again and goes on then. Earlier results stay beside a failed try: a person may want them.

    Raises:
        StorageError: It cannot be removed.
    """
    with writing_to(folder):
        if status != "skipped":
            (folder / CHECKPOINT).unlink(missing_ok=True)
            _remove(folder / TRIES)
        if status == "completed":
            _remove(superseded(folder))


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
