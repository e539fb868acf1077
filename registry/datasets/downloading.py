"""Where the parts of a published data set belong, and how torchvision fetches them."""

from __future__ import annotations

import contextlib
import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock

from registry.errors import UnavailableError
from registry.sockets import socket_timeout


@dataclass(frozen=True)
class Layout:
    """The files of a published data set, laid out as torchvision does.

    Attributes:
        title: What people call it.
        page: Where it is published.
        torchvision: Name of its class in `torchvision.datasets`.
        subfolder: Its folder in the root.
        pictures: The folder of its pictures, in that one.
        archive: What that folder is published as.
        split_file: The official splits.
        split_file_md5: Checksum of the published one, as torchvision has it.
        extras: Files that serve where they are present.
    """

    title: str
    page: str
    torchvision: str
    subfolder: str
    pictures: str
    archive: str
    split_file: str
    split_file_md5: str
    extras: tuple[str, ...] = ()

    @property
    def parts(self) -> tuple[str, str]:
        """What it takes."""
        return self.split_file, self.pictures


def find_folder(layout: Layout, root: Path) -> Path:
    """The data set's folder: the one in the root or, where that holds nothing of it, the root itself if it does."""
    inside = root / layout.subfolder
    here = (*layout.parts, layout.archive)
    if any((root / name).exists() for name in here) and not any((inside / name).exists() for name in here):
        return root
    return inside


def missing_parts(layout: Layout, folder: Path) -> list[str]:
    """What of the data set is not in its folder."""
    return [name for name in layout.parts if not (folder / name).exists()]


def unavailable(layout: Layout, folder: Path, problem: str = "") -> UnavailableError:
    """The error that says what to put where.

    Args:
        problem: Why it could not be downloaded; empty where nobody asked for that.
    """
    missing = missing_parts(layout, folder)
    steps = []
    if layout.pictures in missing:
        packed = ", which lies there still packed," if (folder / layout.archive).exists() else ""
        steps.append(f"unpack {layout.archive}{packed} to a folder {layout.pictures}")
    if layout.split_file in missing:
        steps.append(f"put {layout.split_file}")
    remedy = f"{' and '.join(steps)} in {str(folder)!r} (published at {layout.page})"
    if problem:
        return UnavailableError(f"{layout.title} cannot be downloaded ({problem}): {remedy}.")
    return UnavailableError(f"{layout.title} is not there: {remedy}, or have it fetched with download=true.")


def fetch(layout: Layout, folder: Path) -> None:
    """Download and unpack what is missing, with torchvision's progress bars and checksums.

    Everything is made in a hidden folder and moved to its place when it is whole. Of processes that ask at once,
    one does it. After an interruption, archives that are whole are used again.

    Raises:
        UnavailableError: torchvision is refused or offline, or there is no room; the message says what to put where.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with FileLock(folder / ".download.lock"):
            if missing_parts(layout, folder):
                _fetch_alone(layout, folder)
    # Whatever torchvision dies of (gdown and urllib have errors of their own, archives theirs), it is not there.
    except Exception as error:
        problem = " ".join(str(error).split()).rstrip(".") or type(error).__name__
        raise unavailable(layout, folder, problem) from error


def _fetch_alone(layout: Layout, folder: Path) -> None:
    """As `fetch`, with errors as they come; the caller holds the lock."""
    hidden = folder / ".download"
    staged = hidden / layout.subfolder
    staged.mkdir(parents=True, exist_ok=True)
    try:
        # torchvision would take a half-unpacked folder for a whole one.
        shutil.rmtree(staged / layout.pictures, ignore_errors=True)
        _offer(folder / layout.archive, staged / layout.archive)
        _download(layout, hidden)
        # The pictures last: all other parts are then in place when they are.
        for name in (*layout.extras, *layout.parts):
            if not (folder / name).exists():
                (staged / name).rename(folder / name)
        shutil.rmtree(hidden)
    finally:
        # Where nothing was fetched nothing is left; what was, the next attempt uses.
        with contextlib.suppress(OSError):
            staged.rmdir()
            hidden.rmdir()


def _offer(archive: Path, place: Path) -> None:
    """Spare torchvision the download of an archive that is there; it checks whether it is the right one."""
    # There is none, or it is offered already, or the file system has no links: torchvision then fetches it.
    with contextlib.suppress(OSError):
        os.link(archive, place)


def _download(layout: Layout, root: Path) -> None:
    # Imported here because it takes seconds.
    from torchvision import datasets

    with socket_timeout():
        getattr(datasets, layout.torchvision)(root=root, download=True)
