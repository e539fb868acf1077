"""What runs on the nodes of a Ray cluster: fetch what the node lacks, run the cell, hand back its files."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
from filelock import FileLock

from bench.cell import Job
from bench.cell_folder import CHECKPOINT
from bench.executors.base import Event, Noted, Started
from bench.executors.telling import step_teller
from bench.records import Record
from registry import weights
from registry.cache import cache_root
from registry.datasets.prepared import open_prepared
from registry.datasets.preparing import lock_of, writing_to
from registry.errors import UserError

_PIECE = 64 * 2**20
"""Bytes of a file sent at a time: what a transfer holds in memory, however large the data set."""


@dataclass(frozen=True)
class Parcel:
    """Files of the driver's machine that a node may lack.

    Attributes:
        source: Their folder there.
        files: Bytes of each file by its name in that folder.
    """

    source: Path
    files: Mapping[str, int]

    @classmethod
    def of(cls, folder: Path, names: Iterable[str]) -> Parcel:
        """Those files of a folder that are there."""
        return cls(folder, {name: (folder / name).stat().st_size for name in names if (folder / name).is_file()})


@dataclass(frozen=True)
class Supplies:
    """What a node needs for a cell besides the packages.

    Attributes:
        prepared: The prepared data set.
        test_on: Other prepared data sets that the cell is tested on, by spec.
        weights: The pretrained weights that the driver's machine has.
        versions: Packages that decide the numbers, and those that offer components of the cell, and their versions on
            the driver's machine.
    """

    prepared: Parcel
    test_on: Mapping[str, Parcel]
    weights: Parcel
    versions: Mapping[str, str]


class Desk:
    """An actor on the driver's machine: gathers what cells tell and hands out the driver's files in pieces."""

    def __init__(self) -> None:
        self.events: list[Event] = []

    def tell(self, event: Event) -> None:
        """Keep an event until the driver asks."""
        self.events.append(event)

    def take(self) -> list[Event]:
        """What was told since the last call."""
        events, self.events = self.events, []
        return events

    def read(self, path: Path, offset: int) -> np.ndarray:
        """A piece of a file, uint8; Ray hands arrays over without another copy."""
        return np.fromfile(path, np.uint8, count=_PIECE, offset=offset)


def run_on_node(job: Job, supplies: Supplies, desk: Any) -> tuple[Record, dict[str, np.ndarray]]:
    """Run a cell in a temporary folder of this node.

    Args:
        job: Its folders are the driver's and are not touched here.
        desk: Handle of the `Desk`.

    Returns:
        The cell's record, and the bytes of its other files by their paths in its folder.

    Raises:
        UserError: The node has other versions of the packages, or cannot keep the data.
    """

    def tell(event: Event) -> None:
        desk.tell.remote(event)

    tell(Started(job.cell_id))
    check_versions(supplies.versions)
    fetch = partial(_fetch, desk)
    receive_weights(supplies.weights, fetch)
    prepared = receive_prepared(supplies.prepared, fetch)
    test_on = {name: receive_prepared(parcel, fetch) for name, parcel in supplies.test_on.items()}
    # Imported here because PyTorch takes seconds, and a node that lacks it shall say so as this cell's failure.
    from bench.work import run_cell

    with tempfile.TemporaryDirectory(prefix="colorization-bench-") as temporary:
        folder = Path(temporary) / job.cell_id
        here = replace(job, prepared=prepared, test_on=test_on, folder=folder)
        record = run_cell(here, step_teller(job.cell_id, tell), lambda text: tell(Noted(job.cell_id, text)))
        files = {
            path.relative_to(folder).as_posix(): np.fromfile(path, np.uint8)
            for path in sorted(folder.rglob("*"))
            if path.is_file() and path.name not in ("record.json", CHECKPOINT)
        }
    return record, files


def check_versions(expected: Mapping[str, str]) -> None:
    """Make sure that cells run here as they would on the driver's machine.

    Raises:
        UserError: A package is missing or has another version; builds of one version (+cpu, +cu130) may differ.
    """
    for name, version in expected.items():
        try:
            found = metadata.version(name)
        except metadata.PackageNotFoundError:
            found = "none"
        if found.partition("+")[0] != version.partition("+")[0]:
            raise UserError(
                f"it has {name} {found} where the driver's machine has {version}: "
                "install the same versions on all nodes, or the numbers could not be compared."
            )


Fetch = Callable[[Parcel, str, Path], None]
"""Write the file of a parcel that has this name to a path of this node."""


def receive_prepared(parcel: Parcel, fetch: Fetch) -> Path:
    """The prepared data set in this node's cache; of the processes that ask at once, one fetches it.

    Raises:
        UserError: The cache cannot be written.
    """
    root = (cache_root() / "data").absolute()
    # Its name is a hash of what was prepared and how: the same name holds the same pictures everywhere.
    folder = root / parcel.source.name
    if _is_complete(folder):
        return folder
    with writing_to(root):
        root.mkdir(parents=True, exist_ok=True)
        with FileLock(lock_of(folder)):
            if not _is_complete(folder):
                partial_folder = folder.with_suffix(".partial")
                for leftover in (partial_folder, folder):
                    shutil.rmtree(leftover, ignore_errors=True)
                partial_folder.mkdir()
                for name in parcel.files:
                    fetch(parcel, name, partial_folder / name)
                partial_folder.rename(folder)
    return folder


def receive_weights(parcel: Parcel, fetch: Fetch) -> None:
    """Complete this node's pretrained weights; whoever loads them checks their digests.

    Raises:
        UserError: The cache cannot be written.
    """
    folder = weights.folder()
    if all((folder / name).is_file() for name in parcel.files):
        return
    with writing_to(folder):
        folder.mkdir(parents=True, exist_ok=True)
        with weights.lock():
            for name in parcel.files:
                if not (folder / name).is_file():
                    temporary = folder / f"{name}.partial"
                    fetch(parcel, name, temporary)
                    temporary.replace(folder / name)


def _fetch(desk: Any, parcel: Parcel, name: str, path: Path) -> None:
    import ray

    with path.open("wb") as file:
        for offset in range(0, parcel.files[name], _PIECE):
            file.write(ray.get(desk.read.remote(parcel.source / name, offset)))


def _is_complete(folder: Path) -> bool:
    try:
        open_prepared(folder)
    except UserError:
        return False
    return True
