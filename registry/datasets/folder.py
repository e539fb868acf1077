"""Any folder of pictures, split by what is in the files."""

from __future__ import annotations

import functools
import hashlib
import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from pathlib import Path

import numpy as np

from registry.datasets.base import DEFAULT_MIN_CHROMA, SPLITS, DataSet, Split
from registry.datasets.decoding import RESIZE_RULE, decode
from registry.errors import UserError

EXTENSIONS = (".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff", ".gif")

# Of 50 different pictures one of the two tenths gets none about once in 100 folders.
_ENOUGH_PICTURES = 50
_BLOCK = 2**20


class Folder(DataSet):
    """The pictures of a folder and of the folders in it; hidden ones are ignored.

    A key is a picture's path relative to the folder, with forward slashes.
    """

    split_rule = (
        "80/10/10 by a hash of each file's content, so that a picture stays in its split when others are "
        "added and exact duplicates share one."
    )
    resize_rule = RESIZE_RULE

    def __init__(self, path: str, limit: int | None = None, min_chroma: float = DEFAULT_MIN_CHROMA) -> None:
        """Find the pictures.

        Args:
            path: The folder, absolute, relative to the current one, or from the home folder (``~``).
            limit: Use this many pictures at most, of every split its share; at least 3.
            min_chroma: As the base class says.

        Raises:
            UserError: The folder is missing, is no folder, cannot be listed or has no pictures.
        """
        if limit is not None and limit < len(SPLITS):
            raise UserError(f"limit={limit} is too small for a folder: use {len(SPLITS)} or more, or none.")
        if not path.strip():
            raise UserError("The path of the folder is empty: give path=... a folder with pictures in it.")
        # os.path leaves the home folder of a user who does not exist as it stands; pathlib raises.
        self.path = Path(os.path.expanduser(path)).absolute()  # noqa: PTH111
        self.limit = limit
        self.min_chroma = min_chroma
        self._files = _find_pictures(self.path)

    @property
    def revision(self) -> str:
        """A hash of every picture's path and content, and of the limit."""
        digest = hashlib.blake2b(f"limit={self.limit}\0".encode(), digest_size=16)
        for key, content in self._contents.items():
            digest.update(f"{key}\0{content.hex()}\0".encode())
        return digest.hexdigest()

    def keys(self) -> Mapping[Split, Sequence[str]]:
        """The keys of each split, in the order of their paths.

        Raises:
            UserError: A split is empty.
        """
        return self._splits

    def file(self, key: str) -> Path:
        """The picture's file."""
        return self._files[key]

    def read(self, key: str, image_size: int) -> np.ndarray:
        """The picture, as the base class says."""
        return decode(self._files[key], image_size)

    @cached_property
    def _contents(self) -> dict[str, bytes]:
        """The hash of each picture's content, by key."""
        with ThreadPoolExecutor() as threads:
            return dict(zip(self._files, threads.map(_content, self._files.values()), strict=True))

    @cached_property
    def _splits(self) -> dict[Split, list[str]]:
        by_order = sorted(self._contents, key=lambda key: (_order_of(self._contents[key]), key))
        splits: dict[Split, list[str]] = {split: [] for split in SPLITS}
        for key in by_order:
            splits[_split_of(self._contents[key])].append(key)
        if self.limit is not None:
            splits = _limited(splits, self.limit)
        empty = [split for split in SPLITS if not splits[split]]
        if empty:
            raise UserError(
                f"The {empty[0]} split of the folder {str(self.path)!r} is empty because it has only "
                f"{len(self._files)} pictures ({len(set(self._contents.values()))} different): "
                f"about {_ENOUGH_PICTURES} different ones are needed."
            )
        return {split: sorted(keys) for split, keys in splits.items()}


def _find_pictures(folder: Path) -> dict[str, Path]:
    """The picture files in and below ``folder``, by key, in the order of keys."""
    try:
        if not folder.is_dir():
            problem = "is a file" if folder.exists() else "does not exist"
            raise UserError(f"The path {str(folder)!r} {problem}: give path=... a folder with pictures in it.")
        paths = [path for path in _walk(folder) if path.suffix.lower() in EXTENSIONS and _is_file(path)]
    except OSError as error:
        raise UserError(
            f"The folder {str(error.filename)!r} cannot be listed ({error.strerror}): make it readable."
        ) from error
    if not paths:
        allowed = ", ".join(extension.lstrip(".") for extension in EXTENSIONS)
        raise UserError(f"The folder {str(folder)!r} has no pictures in it: files may end in {allowed}.")
    return dict(sorted((_key(path.relative_to(folder)), path) for path in paths))


def _walk(folder: Path) -> list[Path]:
    """All files below ``folder`` that are not hidden, through links to folders but through none twice."""

    def fail(error: OSError) -> None:
        raise error

    files, seen = [], set()
    for parent, folders, names in os.walk(folder, followlinks=True, onerror=fail):
        status = Path(parent).stat()
        if (status.st_dev, status.st_ino) in seen:
            folders.clear()
            continue
        seen.add((status.st_dev, status.st_ino))
        # Sorted, so that of two links to one folder it is always the same one that counts.
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        files += [Path(parent, name) for name in names if not name.startswith(".")]
    return files


def _is_file(path: Path) -> bool:
    """Whether it is a file, or a broken link, which is then left out with a reason; a pipe is neither."""
    return path.is_file() or not path.exists()


def _key(path: Path) -> str:
    """The relative path as text that every file format can hold, names in old encodings included."""
    return path.as_posix().encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def _content(path: Path) -> bytes:
    """The hash of a file's content, worked out once per process and state of the file."""
    try:
        status = path.stat()
        return _hash_file(path, status.st_size, status.st_mtime_ns)
    except OSError:
        # It still needs a split, in which `read` says what is wrong with it.
        return hashlib.blake2b(b"unreadable\0" + os.fsencode(path), digest_size=16).digest()


@functools.cache
def _hash_file(path: Path, size: int, modified: int) -> bytes:  # noqa: ARG001 - they are for the cache
    digest = hashlib.blake2b(digest_size=16)
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
    return digest.digest()


def _split_of(content: bytes) -> Split:
    share = int.from_bytes(content[:8], "big") / 2**64
    return "train" if share < 0.8 else "validation" if share < 0.9 else "test"


def _order_of(content: bytes) -> bytes:
    # Not the bytes that decide on the split, or the first in this order would all be training pictures.
    return content[8:]


def _limited(splits: dict[Split, list[str]], limit: int) -> dict[Split, list[str]]:
    """The first of each split, in proportion to its size, ``limit`` in all."""
    total = sum(map(len, splits.values()))
    if limit >= total:
        return splits
    shares = {split: max(1, limit * len(keys) // total) for split, keys in splits.items()}
    shares["train"] = limit - shares["validation"] - shares["test"]
    return {split: keys[: shares[split]] for split, keys in splits.items()}
