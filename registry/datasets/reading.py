"""Every picture of a data set, one after another, read by several processes if asked."""

from __future__ import annotations

import multiprocessing
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool

import numpy as np

from registry.datasets.base import DataSet, UnreadablePictureError
from registry.errors import UserError
from registry.processes import obey_parent, starting_workers

_CHUNK = 32  # pictures that a process reads at a time


def read_all(dataset: DataSet, keys: Sequence[str], image_size: int, workers: int) -> Iterator[np.ndarray | str]:
    """Read pictures in the order of ``keys``, few of them in memory at a time.

    Yields:
        The picture, uint8, ``(S, S, 3)``, or the reason why it cannot be read.

    Raises:
        TypeError: The data set gave something else.
    """
    if workers <= 1:
        for key in keys:
            yield _read(dataset, key, image_size)
        return
    # Spawned: a fork would copy the locks and threads of whatever the caller runs.
    context = multiprocessing.get_context("spawn")
    try:
        with ProcessPoolExecutor(workers, context, _start_worker, (dataset, image_size)) as pool:
            ahead: deque[Future[list[np.ndarray | str]]] = deque()
            try:
                for start in range(0, len(keys), _CHUNK):
                    with starting_workers():
                        ahead.append(pool.submit(_read_chunk, keys[start : start + _CHUNK]))
                    if len(ahead) > 2 * workers:
                        yield from ahead.popleft().result()
                while ahead:
                    yield from ahead.popleft().result()
            finally:
                # An interrupted preparation need not wait for what nobody will read.
                for chunk in ahead:
                    chunk.cancel()
    except BrokenProcessPool:
        raise UserError(
            "A process that decodes pictures was killed, as the system does when memory runs out; try --workers 1."
        ) from None


def _read(dataset: DataSet, key: str, image_size: int) -> np.ndarray | str:
    try:
        picture = dataset.read(key, image_size)
    except UnreadablePictureError as error:
        return str(error)
    if picture.shape != (image_size, image_size, 3) or picture.dtype != np.uint8:
        raise TypeError(
            f"{type(dataset).__name__}.read({key!r}) gave {picture.dtype} {picture.shape}, "
            f"not uint8 ({image_size}, {image_size}, 3)."
        )
    return picture


_worker: tuple[DataSet, int]
"""In a worker process: what it reads from and at what size, sent once and not with every chunk."""


def _start_worker(dataset: DataSet, image_size: int) -> None:
    global _worker
    _worker = (dataset, image_size)
    obey_parent()


def _read_chunk(keys: Sequence[str]) -> list[np.ndarray | str]:
    dataset, image_size = _worker
    return [_read(dataset, key, image_size) for key in keys]
