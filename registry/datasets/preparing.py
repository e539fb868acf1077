"""The work behind `prepare`: write a data set's pictures and manifest, complete or not at all."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import numpy as np
from filelock import FileLock, Timeout

from registry.datasets.base import SPLITS, DataSet, Split
from registry.datasets.reading import read_all
from registry.errors import UserError

PICTURES, MANIFEST = "pictures.npy", "manifest.json"


@contextmanager
def writing_to(folder: Path) -> Iterator[None]:
    """Turn a full disk or a forbidden folder into a sentence for the user."""
    try:
        yield
    except OSError as error:
        raise UserError(
            f"Cannot write prepared data to {str(folder)!r} ({error.strerror or error}): make room there, or "
            "set COLORIZATION_BENCH_CACHE to a folder that can take it."
        ) from error


def lock_of(folder: Path) -> Path:
    """The file whose lock a process holds while it prepares ``folder``."""
    return folder.with_suffix(".lock")


def hash_of(text: str) -> str:
    """A short hash."""
    return hashlib.blake2b(text.encode(), digest_size=12).hexdigest()


def build(
    dataset: DataSet,
    name: str,
    image_size: int,
    folder: Path,
    progress: Callable[[int, int], None] | None,
    workers: int,
) -> None:
    """Write a prepared data set beside ``folder`` and give it that name when it is complete.

    The caller holds the lock of the folder.

    Raises:
        UserError: A file cannot be written, or a split has no readable picture.
    """
    partial = folder.with_suffix(".partial")
    with writing_to(folder.parent):
        _remove_leftovers(folder.parent, besides=partial)
        for leftover in (partial, folder):  # of a killed preparation; of one that was damaged later
            if leftover.exists():
                shutil.rmtree(leftover)
        partial.mkdir()
    try:
        keys, left_out = _write_pictures(dataset, image_size, partial / PICTURES, progress, workers)
        manifest = {
            "name": name,
            "revision": dataset.revision,
            "image_size": image_size,
            "split_rule": dataset.split_rule,
            "resize_rule": dataset.resize_rule,
            "split_hash": hash_of(json.dumps(keys)),
            "left_out": left_out,
            "split_keys": keys,
        }
        with writing_to(folder.parent):
            (partial / MANIFEST).write_text(json.dumps(manifest, indent=1), encoding="utf-8")
            partial.rename(folder)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _remove_leftovers(root: Path, besides: Path) -> None:
    """Remove what killed preparations of other data left: nobody holds their locks any more."""
    for partial in set(root.glob("*.partial")) - {besides}:
        try:
            with FileLock(lock_of(partial), timeout=0):
                # Completed and renamed since it was listed, it is not there.
                shutil.rmtree(partial, ignore_errors=True)
        except Timeout:
            continue  # another process is at work on it


def _write_pictures(
    dataset: DataSet,
    image_size: int,
    path: Path,
    progress: Callable[[int, int], None] | None,
    workers: int,
) -> tuple[dict[Split, list[str]], list[dict[str, str]]]:
    """Write all readable pictures, uint8, ``(n, S, S, 3)``, train first, then validation, then test.

    Returns:
        The keys written, by split, and the pictures left out, each a ``key`` and a ``reason``.

    Raises:
        UserError: The file cannot be written, or a split has no readable picture.
    """
    splits = dataset.keys()
    asked = [(split, key) for split in SPLITS for key in splits[split]]
    kept: dict[Split, list[str]] = {split: [] for split in SPLITS}
    left_out: list[dict[str, str]] = []
    pictures = read_all(dataset, [key for _, key in asked], image_size, workers)
    # Written from front to back: a mapped file that outgrows the disk would kill the process by a signal.
    with writing_to(path.parent):
        file = path.open("wb")
    try:
        with writing_to(path.parent):
            _write_header(file, len(asked), image_size)
        for done, ((split, key), picture) in enumerate(zip(asked, pictures, strict=True), start=1):
            if isinstance(picture, str):
                left_out.append({"key": key, "reason": picture})
            else:
                kept[split].append(key)
                with writing_to(path.parent):
                    file.write(picture.tobytes())
            if progress is not None:
                progress(done, len(asked))
        with writing_to(path.parent):
            file.seek(0)
            _write_header(file, len(asked) - len(left_out), image_size)
            file.flush()
            os.fsync(file.fileno())
    finally:
        with writing_to(path.parent):
            file.close()
    _refuse_empty(splits, kept, left_out)
    return kept, left_out


def _write_header(file: BinaryIO, n: int, image_size: int) -> None:
    # NumPy pads headers for a first axis of any length, so that the second header fits where the first was.
    shape = (n, image_size, image_size, 3)
    np.lib.format.write_array_header_1_0(file, {"descr": "|u1", "fortran_order": False, "shape": shape})


def _refuse_empty(
    splits: Mapping[Split, Sequence[str]], kept: dict[Split, list[str]], left_out: list[dict[str, str]]
) -> None:
    for split in SPLITS:
        if not kept[split]:
            reasons = {unreadable["key"]: unreadable["reason"] for unreadable in left_out}
            example = next((f", {key}: {reasons[key]}" for key in splits[split]), "")
            raise UserError(f"Not one of the {len(splits[split])} pictures of the {split} split can be read{example}.")
