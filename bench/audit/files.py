"""What is known of a picture file without decoding it: its size, format and content."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

from registry.datasets.decoding import read_header

_BLOCK = 2**20
_CHUNK = 128  # files that a thread takes at a time


class FileFacts(NamedTuple):
    """A picture file; what cannot be told is None.

    Attributes:
        width: In pixels as stored, before any rotation. So is height.
        format: As Pillow names it, such as "JPEG".
        bytes: Size of the file.
        content_hash: BLAKE2b of its bytes, 16 bytes in hexadecimal: equal for exact copies alone.
    """

    width: int | None
    height: int | None
    format: str | None
    bytes: int | None
    content_hash: str | None


def inspect_files(paths: Sequence[Path], progress: Callable[[int, int], None]) -> list[FileFacts]:
    """Read each file once from front to back, a block at a time, several files at once.

    Args:
        paths: The files; those that cannot be read give facts that are all None.
        progress: Told how many files are done, of how many.
    """
    chunks = [paths[start : start + _CHUNK] for start in range(0, len(paths), _CHUNK)]
    facts: list[FileFacts] = []
    # Hashing and waiting for the disk leave the interpreter to other threads.
    with ThreadPoolExecutor() as threads:
        try:
            for several in threads.map(_inspect_all, chunks):
                facts += several
                progress(len(facts), len(paths))
        except BaseException:
            threads.shutdown(cancel_futures=True)
            raise
    return facts


def _inspect_all(paths: Sequence[Path]) -> list[FileFacts]:
    return [_inspect(path) for path in paths]


def _inspect(path: Path) -> FileFacts:
    digest, size = hashlib.blake2b(digest_size=16), 0
    try:
        with path.open("rb") as file:
            while block := file.read(_BLOCK):
                digest.update(block)
                size += len(block)
            width, height, kind = read_header(file) or (None, None, None)
    except OSError:
        return FileFacts(None, None, None, None, None)
    return FileFacts(width, height, kind, size, digest.hexdigest())
