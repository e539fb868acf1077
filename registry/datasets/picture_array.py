"""The file of prepared pictures while it is written: a NumPy array in which every picture has its place."""

from __future__ import annotations

import errno
import io
import itertools
import os
import shutil
from collections.abc import Collection, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import BinaryIO

import numpy as np

from registry.errors import UserError

_MOVED_BYTES = 2**22
"""Moved at a time when gaps are closed."""


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


@dataclass(frozen=True)
class PictureArray:
    """A file of pictures, uint8, ``(n, S, S, 3)``, that several processes may fill at once.

    It is written and not mapped: a mapped file that outgrows the disk kills its process by a signal, where
    writing raises an error.

    Attributes:
        path: The file; the errors name the folder that its own folder lies in.
        n: Places for pictures.
        image_size: Height and width of a picture.
    """

    path: Path
    n: int
    image_size: int

    def create(self) -> None:
        """Make the file, empty.

        Raises:
            UserError: It cannot be written, or the disk has no room for all pictures.
        """
        with self._writing():
            if shutil.disk_usage(self.path.parent).free < self.n * self._picture_bytes:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            self.path.write_bytes(self._header(self.n))

    def open(self) -> BinaryIO:
        """The file, to `put` pictures in; unbuffered, since pictures are written whole.

        Raises:
            UserError: It cannot be written.
        """
        with self._writing():
            return self.path.open("r+b", buffering=0)

    def put(self, file: BinaryIO, place: int, picture: np.ndarray) -> None:
        """Write a picture to its place, counted from 0.

        Raises:
            UserError: It cannot be written.
        """
        with self._writing():
            file.seek(self._start(place))
            _write_all(file, picture.tobytes())

    def finish(self, empty: Collection[int]) -> None:
        """Close up the places that were left empty, and see to it that the disk has the rest.

        Raises:
            UserError: It cannot be written.
        """
        with self._writing(), self.path.open("r+b", buffering=0) as file:
            kept = min(empty, default=self.n)
            gaps = [*sorted(empty), self.n]
            for gap, next_gap in itertools.pairwise(gaps):
                for start in range(gap + 1, next_gap, self._pictures_at_a_time):
                    several = min(self._pictures_at_a_time, next_gap - start)
                    file.seek(self._start(start))
                    pictures = _read_all(file, several * self._picture_bytes)
                    file.seek(self._start(kept))
                    _write_all(file, pictures)
                    kept += several
            file.truncate(self._start(kept))
            file.seek(0)
            _write_all(file, self._header(kept))
            os.fsync(file.fileno())

    @property
    def _pictures_at_a_time(self) -> int:
        return max(1, _MOVED_BYTES // self._picture_bytes)

    @property
    def _picture_bytes(self) -> int:
        return self.image_size**2 * 3

    def _start(self, place: int) -> int:
        return self._header_bytes + place * self._picture_bytes

    @cached_property
    def _header_bytes(self) -> int:
        return len(self._header(self.n))

    def _header(self, n: int) -> bytes:
        # NumPy pads headers for a first axis of any length, so that those of all n are equally long.
        header = io.BytesIO()
        shape = (n, self.image_size, self.image_size, 3)
        np.lib.format.write_array_header_1_0(header, {"descr": "|u1", "fortran_order": False, "shape": shape})
        return header.getvalue()

    def _writing(self) -> AbstractContextManager[None]:
        return writing_to(self.path.parent.parent)


def _read_all(file: BinaryIO, n: int) -> bytes:
    """Read ``n`` bytes from an unbuffered file, which may give only a part at a time."""
    parts = []
    while n:
        parts.append(file.read(n))
        if not parts[-1]:
            raise OSError(errno.EIO, "the file is shorter than what was written to it")
        n -= len(parts[-1])
    return b"".join(parts)


def _write_all(file: BinaryIO, content: bytes) -> None:
    """Write to an unbuffered file, which may take only a part at a time."""
    rest = memoryview(content)
    while rest:
        rest = rest[file.write(rest) :]
