"""Writing files so that a crash leaves none by half, and a full disk ends in a sentence."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from registry.errors import UserError


class StorageError(UserError):
    """A folder of the run can no longer be written to: it ends the run, and is no failure of a cell."""


def exists(path: Path) -> bool:
    """Whether something is there; unlike pathlib's it does not raise where a name is too long: writing says so."""
    return os.path.exists(path)  # noqa: PTH110


def make_writable(folder: Path, option: str) -> None:
    """Make a folder and make sure that files can be written to it.

    Raises:
        UserError: They cannot; ``option`` names another place.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise UserError(f"Cannot write to {folder}: {error.strerror}; choose another folder with {option}.") from None


@contextlib.contextmanager
def writing_to(folder: Path) -> Iterator[None]:
    """Turn a full disk, or a folder that became unwritable, into a sentence for the user.

    Raises:
        StorageError: In place of an OSError.
    """
    try:
        yield
    except OSError as error:
        raise StorageError(
            f"Cannot write to {folder}: {error.strerror or error}; make room there or make it writable again. "
            "What was finished is kept; the same command does the rest."
        ) from error


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A name to write a file under, which then takes the place of ``path``: nobody ever meets half of it.

    Raises:
        OSError: It cannot be written; what was there before is left as it was, as it is on an interruption.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    # With the whole of a long name it would be too long.
    temporary = path.with_name(f".{path.name[:40]}.{os.getpid()}.tmp")
    try:
        yield temporary
        temporary.replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise


def write_if_changed(path: Path, text: str) -> None:
    """Write a text file as `write_atomically` does, but leave one that says the same already, and its time, alone."""
    with writing_to(path.parent):
        same = path.exists() and path.read_text(encoding="utf-8") == text
    if not same:
        write_atomically(path, text)


def write_atomically(path: Path, content: str | bytes) -> None:
    """Write a file, text as UTF-8, so that a reader, or a crash, never meets half of it.

    Raises:
        StorageError: It cannot be written; what was there before is left as it was.
    """
    with writing_to(path.parent), replacing(path) as temporary:
        temporary.write_bytes(content.encode() if isinstance(content, str) else content)
