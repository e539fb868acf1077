"""The work behind `prepare`: write a data set's pictures and manifest, complete or not at all."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path

from filelock import FileLock, Timeout

from registry.datasets.base import SPLITS, DataSet, Split
from registry.datasets.picture_array import PictureArray, writing_to
from registry.datasets.reading import Reader, read_all
from registry.errors import UserError

PICTURES, MANIFEST = "pictures.npy", "manifest.json"


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
    progress: Callable[[int, int], None],
    workers: int,
) -> None:
    """Write a prepared data set beside ``folder`` and give it that name when it is complete.

    The caller holds the lock of the folder.

    Raises:
        UserError: A file cannot be written, or a split has no picture that can be used.
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
            "min_chroma": dataset.min_chroma,
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
    progress: Callable[[int, int], None],
    workers: int,
) -> tuple[dict[Split, list[str]], list[dict[str, str]]]:
    """Write all pictures that can be used, uint8, ``(n, S, S, 3)``, train first, then validation, then test.

    Returns:
        The keys written, by split, and the pictures left out, each a ``key``, a ``kind`` and a ``reason``.

    Raises:
        UserError: The file cannot be written, or a split has no picture that can be used.
    """
    splits = dataset.keys()
    asked = [key for split in SPLITS for key in splits[split]]
    array = PictureArray(path, len(asked), image_size)
    array.create()
    empty = read_all(Reader(dataset, array), asked, workers, progress)
    kept: dict[Split, list[str]] = {}
    start = 0
    for split in SPLITS:
        keys = splits[split]
        kept[split] = [key for place, key in enumerate(keys, start) if place not in empty]
        if not kept[split]:
            example = f", {keys[0]}: {empty[start].reason}" if keys else ""
            raise UserError(f"Not one of the {len(keys)} pictures of the {split} split can be used{example}.")
        start += len(keys)
    array.finish(empty)
    left_out = [{"key": asked[place], **why._asdict()} for place, why in sorted(empty.items())]
    return kept, left_out
