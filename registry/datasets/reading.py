"""Every picture of a data set read and put in its place, by several processes if asked."""

from __future__ import annotations

import multiprocessing
import os
import pickle
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Literal, NamedTuple

import numpy as np

from registry.datasets.base import DataSet, UnreadablePictureError
from registry.datasets.chroma import COLORED_SHARE, is_grey
from registry.datasets.picture_array import PictureArray, writing_to
from registry.errors import UserError
from registry.plugins import load_plugin, loaded_plugins
from registry.processes import obey_parent, one_thread_each, starting_workers

LeftOutKind = Literal["grey", "unreadable"]

_CHUNK = 32  # pictures that a process reads at a time
_AHEAD = 2  # chunks that a helper has been given, the one that it reads included


class LeftOut(NamedTuple):
    """Why a picture is not used."""

    kind: LeftOutKind
    reason: str


@dataclass(frozen=True)
class Reader:
    """Reads pictures of a data set and puts them into their array."""

    dataset: DataSet
    array: PictureArray

    def read_chunk(self, file: BinaryIO, start: int, keys: Sequence[str]) -> dict[int, LeftOut]:
        """Read pictures into the places from ``start`` on.

        Returns:
            The places left empty.

        Raises:
            TypeError: The data set gave something that is no picture.
            UserError: The array cannot be written.
        """
        left_out = {}
        for place, key in enumerate(keys, start):
            picture = self._read(key)
            if isinstance(picture, LeftOut):
                left_out[place] = picture
            else:
                self.array.put(file, place, picture)
        return left_out

    def _read(self, key: str) -> np.ndarray | LeftOut:
        size = self.array.image_size
        try:
            picture = self.dataset.read(key, size)
        except UnreadablePictureError as error:
            return LeftOut("unreadable", str(error))
        if picture.shape != (size, size, 3) or picture.dtype != np.uint8:
            raise TypeError(
                f"{type(self.dataset).__name__}.read({key!r}) gave {picture.dtype} {picture.shape}, "
                f"not uint8 ({size}, {size}, 3)."
            )
        if is_grey(picture, self.dataset.min_chroma):
            return LeftOut(
                "grey",
                f"less than {COLORED_SHARE:.0%} of its pixels have a chroma of {self.dataset.min_chroma:g} or more",
            )
        return picture


def read_all(
    reader: Reader, keys: Sequence[str], workers: int, progress: Callable[[int, int], None]
) -> dict[int, LeftOut]:
    """Read all pictures into the places of their keys; the array's bytes do not depend on ``workers``.

    Args:
        workers: Processes at work, this one among them.
        progress: Told how many pictures are done, of how many.

    Returns:
        The places left empty.

    Raises:
        TypeError: The data set gave something that is no picture.
        UserError: The array cannot be written, the data set cannot be sent to other processes, or one was killed.
    """
    chunks = {start: keys[start : start + _CHUNK] for start in range(0, len(keys), _CHUNK)}
    left_out: dict[int, LeftOut] = {}
    done = 0
    with reader.array.open() as file:
        if workers <= 1:
            finished = ((len(chunk), reader.read_chunk(file, start, chunk)) for start, chunk in chunks.items())
        else:
            finished = _read_with_helpers(reader, file, chunks, workers - 1)
        for n, found in finished:
            left_out |= found
            done += n
            progress(done, len(keys))
    return left_out


def _read_with_helpers(
    reader: Reader, file: BinaryIO, chunks: dict[int, Sequence[str]], helpers: int
) -> Iterator[tuple[int, dict[int, LeftOut]]]:
    """Read chunks from the back while other processes, which take a moment to start, read from the front."""
    # By a file: sent through a pipe, the lists of a large data set keep this process waiting until all helpers are
    # up, and for ever if one dies before.
    sent = reader.array.path.with_name("reader.pickle")
    content = _pack(reader)
    with writing_to(sent.parent.parent):
        sent.write_bytes(content)
    left = deque(chunks.items())
    ahead: deque[tuple[int, Future[dict[int, LeftOut]]]] = deque()
    # Spawned: a fork would copy the locks and threads of whatever the caller runs.
    pool = ProcessPoolExecutor(helpers, multiprocessing.get_context("spawn"), _start_helper, (sent,))
    try:
        while left or ahead:
            # Few at a time: of what a pool was given nothing can be taken back safely while its processes may die.
            while left and len(ahead) < _AHEAD * helpers:
                start, chunk = left.popleft()
                with one_thread_each(), starting_workers():
                    ahead.append((len(chunk), pool.submit(_help, start, chunk)))
            if left:
                start, chunk = left.pop()
                yield len(chunk), reader.read_chunk(file, start, chunk)
            else:
                n, first = ahead.popleft()
                yield n, first.result()
            while ahead and ahead[0][1].done():
                n, first = ahead.popleft()
                yield n, first.result()
    except BrokenProcessPool:
        raise UserError(
            "A process that decodes pictures was killed, as the system does when memory runs out; try --workers 1."
        ) from None
    finally:
        # Where all is read, the helpers end beside what comes next; where not, before their file is removed.
        pool.shutdown(wait=bool(left or ahead), cancel_futures=True)
        sent.unlink()


def _pack(reader: Reader) -> bytes:
    """The reader for other processes, and before it what they must know to read it."""
    try:
        return pickle.dumps((loaded_plugins(), pickle.dumps(reader)))
    except (pickle.PicklingError, AttributeError, TypeError) as error:
        raise UserError(
            f"The data set {type(reader.dataset).__name__} cannot be sent to other processes ({error}): define its "
            "class at the top of its file and keep no open files or functions in it, or give --workers 1."
        ) from None


def _unpack(content: bytes) -> Reader:
    plugins, reader = pickle.loads(content)
    for plugin in plugins:
        load_plugin(plugin)
    return pickle.loads(reader)


_helper: tuple[Reader, BinaryIO] | Exception
"""In a helper: its reader and the open array, sent and opened once and not with every chunk; or why it has none."""


def _start_helper(sent: Path) -> None:
    global _helper
    obey_parent()
    try:
        content = sent.read_bytes()
    except FileNotFoundError:
        os._exit(0)  # all was read before this helper was up
    try:
        reader = _unpack(content)
        # Open as long as it lives, so that after a killed parent it cannot write to the file of a later one.
        _helper = reader, reader.array.open()
    except Exception as error:
        _helper = error  # raised here, it would look like the death of the process


def _help(start: int, keys: Sequence[str]) -> dict[int, LeftOut]:
    if isinstance(_helper, Exception):
        raise _helper
    reader, file = _helper
    return reader.read_chunk(file, start, keys)
