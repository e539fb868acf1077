"""Published data sets: their pictures in one folder, their splits in an official file beside it."""

from __future__ import annotations

import hashlib
import os
from abc import abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import ClassVar

from registry.datasets.base import SPLITS, Split
from registry.datasets.decoding import Resize
from registry.datasets.downloading import Layout, fetch, find_folder, missing_parts, unavailable
from registry.datasets.picture_files import PictureFiles, folder_path, limited
from registry.errors import UserError

_SEED = 0
_MOST_MISSING = 0.01
"""Share of the listed pictures that may lack their file: a few are left out by name, more are a broken copy."""


class PublishedPictures(PictureFiles):
    """Pictures of an official list; a key is a picture's file name.

    Args:
        root: The folder that torchvision would be given, or the data set's own folder in it.
        download: Fetch what is missing, by torchvision.
        limit: As for `PictureFiles`, the pictures being chosen at random; so are ``resize`` and ``min_chroma``.

    Raises:
        UnavailableError: It is not there, or cannot be downloaded.
        UserError: What is there is damaged or contradicts itself, or a parameter is out of its range.
    """

    layout: ClassVar[Layout]

    def __init__(self, root: str, limit: int | None, download: bool, resize: Resize, min_chroma: float) -> None:
        super().__init__(limit, resize, min_chroma)
        layout = self.layout
        self.folder = find_folder(layout, folder_path(root))
        if missing_parts(layout, self.folder):
            if not download:
                raise unavailable(layout, self.folder)
            fetch(layout, self.folder)
        with self._readable():
            split_file = self.folder / layout.split_file
            checksum = hashlib.md5(split_file.read_bytes(), usedforsecurity=False).hexdigest()
            splits = self.read_splits(split_file)
            _check_all_filled(splits, layout)
            self._check_files(splits)
        chosen = splits if limit is None else limited(_shuffled(splits), limit)
        self._keys = {split: sorted(keys) for split, keys in chosen.items()}
        self.split_rule = self.describe_splits(checksum == layout.split_file_md5) + _describe_choice(splits, self._keys)

    @abstractmethod
    def read_splits(self, path: Path) -> dict[Split, list[str]]:
        """The file names of each split's pictures, by the official file.

        Raises:
            UserError: The file is damaged or contradicts itself or what lies beside it.
        """

    @abstractmethod
    def describe_splits(self, official: bool) -> str:
        """The rule of the splits in one sentence; ``official``: the file is the published one, bit for bit."""

    @cached_property
    def revision(self) -> str:
        """A hash of the parameters and of each picture's split, name and size in bytes.

        To read every picture at every start would take minutes: one that is replaced by another of exactly as
        many bytes goes unnoticed.
        """
        digest = hashlib.blake2b(f"{self.parameters}\0".encode(), digest_size=16)
        for split in SPLITS:
            for key in self._keys[split]:
                digest.update(f"{split} {key} {_size(self.file(key))}\0".encode())
        return digest.hexdigest()

    def keys(self) -> Mapping[Split, Sequence[str]]:
        """The file names of each split, in alphabetical order."""
        return self._keys

    def file(self, key: str) -> Path:
        """The picture's file."""
        return self.folder / self.layout.pictures / key

    def _check_files(self, splits: Mapping[Split, Sequence[str]]) -> None:
        """Refuse a folder that lacks more than a few of the listed pictures."""
        folder = self.folder / self.layout.pictures
        there = set(os.listdir(folder))  # noqa: PTH208 - of 200,000 pictures no path each is needed
        listed = [key for split in SPLITS for key in splits[split]]
        missing = [key for key in listed if key not in there]
        if len(missing) > _MOST_MISSING * len(listed):
            raise UserError(
                f"{len(missing):,} of the {len(listed):,} pictures that {self.layout.split_file} lists are not in "
                f"{str(folder)!r}, such as {missing[0]}: unpack {self.layout.archive} again, and whole."
            )

    @contextmanager
    def _readable(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise UserError(
                f"{self.layout.title} in {str(self.folder)!r} cannot be read ({error.filename}: {error.strerror}): "
                "make it readable."
            ) from error


def _check_all_filled(splits: Mapping[Split, Sequence[str]], layout: Layout) -> None:
    for split in SPLITS:
        if not splits[split]:
            raise UserError(
                f"{layout.split_file} puts no picture into the {split} split: use the file published with "
                f"{layout.title}."
            )


def _shuffled(splits: Mapping[Split, Sequence[str]]) -> dict[Split, list[str]]:
    """In random order, but the same on every machine and, unlike a generator's, with every version of NumPy."""

    def order(key: str) -> bytes:
        return hashlib.blake2b(f"{_SEED}/{key}".encode(), digest_size=8).digest()

    return {split: sorted(keys, key=order) for split, keys in splits.items()}


def _describe_choice(all_keys: Mapping[Split, Sequence[str]], chosen: Mapping[Split, Sequence[str]]) -> str:
    total, kept = (sum(map(len, splits.values())) for splits in (all_keys, chosen))
    if kept == total:
        return ""
    return (
        f" Of {total:,} pictures {kept:,} are used, of every split the same share, chosen at random by a hash of "
        f"seed {_SEED} and the file's name."
    )


def _size(path: Path) -> int | None:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return None
