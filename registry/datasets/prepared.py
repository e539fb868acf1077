"""Prepared data: a data set decoded once into a memory-mapped array that all cells and workers share."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from filelock import FileLock, Timeout

from registry.cache import cache_root
from registry.datasets.base import SPLITS, DataSet, Split
from registry.datasets.picture_array import writing_to
from registry.datasets.preparing import MANIFEST, PICTURES, build, hash_of, lock_of
from registry.datasets.reading import LeftOutKind
from registry.errors import UserError

PREPARED_VERSION = 3
"""Raise it when decoding gives other pixels than before or the layout of the files changes."""

TRAIN_COLORS = "train_colors.json"
_PIXELS_AT_A_TIME = 2**20


@dataclass(frozen=True)
class Prepared:
    """A prepared data set. It holds no pictures itself, so that it is cheap to send to another process.

    Attributes:
        folder: Where its files lie; `open_prepared` opens it again.
        name: The data set's name, as given to `prepare`.
        revision: The data set's revision.
        image_size: Height and width of every picture in pixels.
        split_rule: How pictures came into their splits, in one sentence.
        resize_rule: How pictures became squares, in one sentence.
        split_keys: The keys of each split's pictures.
        split_hash: A hash over them: equal where the same pictures are in the same splits.
        min_chroma: Pictures with less colour, in Lab units, were left out as grey.
        left_out: Those pictures, and those that could not be read, each a ``key``, a ``kind`` ("grey" or
            "unreadable") and a ``reason``.
    """

    folder: Path
    name: str
    revision: str
    image_size: int
    split_rule: str
    resize_rule: str
    min_chroma: float
    split_keys: Mapping[Split, list[str]]
    split_hash: str
    left_out: list[dict[str, str]]

    def keys(self, split: Split) -> list[str]:
        """The keys of a split's pictures, in the order of `pictures`."""
        return self.split_keys[split]

    def pictures(self, split: Split) -> np.ndarray:
        """A split's pictures, sRGB, uint8, ``(n, S, S, 3)``, read-only and memory-mapped."""
        start = sum(len(self.keys(earlier)) for earlier in SPLITS[: SPLITS.index(split)])
        return np.load(self.folder / PICTURES, mmap_mode="r")[start : start + len(self.keys(split))]

    def left_out_as(self, kind: LeftOutKind) -> list[str]:
        """The pictures left out as "grey" or as "unreadable", each as ``key: reason``."""
        return [f"{one['key']}: {one['reason']}" for one in self.left_out if one["kind"] == kind]

    @property
    def train_mean_ab(self) -> tuple[float, float]:
        """Mean a and b of all training pixels in Lab units.

        Raises:
            UserError: It cannot be stored.
        """
        a, b = self._train_colors["mean_ab"]
        return a, b

    @property
    def train_ab_counts(self) -> list[int]:
        """How many training pixels are in each of the Q ab bins of `registry.ab_bins`.

        Raises:
            UserError: It cannot be stored.
        """
        return self._train_colors["ab_counts"]

    @cached_property
    def _train_colors(self) -> dict[str, list[Any]]:
        """What is known of the training pixels' colours, worked out when first asked for and then stored."""
        path = self.folder / TRAIN_COLORS
        if not path.exists():
            text = json.dumps(_colors_of(self.pictures("train")))
            # Named by the process: another worker may be storing the same numbers at the same time.
            temporary = path.with_name(f"{TRAIN_COLORS}.{os.getpid()}")
            with writing_to(self.folder):
                temporary.write_text(text, encoding="utf-8")
                temporary.replace(path)
        return json.loads(path.read_text(encoding="utf-8"))


def prepare(
    dataset: DataSet,
    name: str,
    image_size: int,
    *,
    cache: Path | None = None,
    progress: Callable[[int, int], None] = lambda *_: None,
    waiting: Callable[[], None] = lambda: None,
    workers: int = 1,
) -> Prepared:
    """Decode a data set, or find it decoded already; of processes that ask at once, one does it.

    Args:
        dataset: What to prepare.
        name: Its name, for people and for the cache.
        image_size: Height and width of the pictures in pixels.
        cache: Used in place of `cache_root`.
        progress: Told how many pictures are done, of how many; never called where it is done already.
        waiting: Told that another process is preparing the same, and that this one waits for it.
        workers: Processes that decode; above 1, the data set must be picklable.

    Raises:
        UserError: The cache cannot be read or written, or a split has no picture that can be used.
    """
    rules = [dataset.split_rule, dataset.resize_rule, dataset.min_chroma]
    identity = json.dumps([name, dataset.revision, *rules, image_size, PREPARED_VERSION])
    root = ((cache or cache_root()) / "data").absolute()
    folder = root / hash_of(identity)
    if _open(folder) is None:
        lock = FileLock(lock_of(folder))
        with writing_to(root):
            root.mkdir(parents=True, exist_ok=True)
            try:
                lock.acquire(timeout=0)
            except Timeout:
                waiting()
                lock.acquire()
        try:
            if _open(folder) is None:
                build(dataset, name, image_size, folder, progress, workers)
        finally:
            lock.release()
    return open_prepared(folder)


def open_prepared(folder: str | Path) -> Prepared:
    """Open what `prepare` made, by its folder, without the data set.

    Raises:
        UserError: The folder is missing or incomplete.
    """
    prepared = _open(Path(folder))
    if prepared is None:
        raise UserError(f"{str(folder)!r} holds no complete prepared data set: prepare it again.")
    return prepared


def _open(folder: Path) -> Prepared | None:
    """What is in the folder; None where it is missing, or damaged by a person or a power cut.

    Raises:
        UserError: It is there and cannot be read; to take that for damage would be to overwrite it.
    """
    try:
        prepared = Prepared(folder, **json.loads((folder / MANIFEST).read_text(encoding="utf-8")))
        shape = np.load(folder / PICTURES, mmap_mode="r").shape
    except (FileNotFoundError, NotADirectoryError, ValueError, EOFError):
        return None
    except OSError as error:
        raise UserError(
            f"Cannot read the prepared data in {str(folder)!r} ({error.strerror or error}): make it readable "
            "or set COLORIZATION_BENCH_CACHE to another folder."
        ) from error
    size, n = prepared.image_size, sum(map(len, prepared.split_keys.values()))
    return prepared if shape == (n, size, size, 3) else None


def _colors_of(pictures: np.ndarray) -> dict[str, list[Any]]:
    """Mean a and b in Lab units, and pixels in each ab bin, of ``(n, S, S, 3)`` uint8."""
    # Imported here because PyTorch takes seconds to import and preparing does without it.
    import torch

    from registry.ab_bins import ab_counts, reachable_bins
    from registry.color import Colors

    n, size = pictures.shape[:2]
    batch = max(1, _PIXELS_AT_A_TIME // size**2)
    total = torch.zeros(2, dtype=torch.float64)
    counts = torch.zeros(len(reachable_bins()), dtype=torch.float64)
    for start in range(0, n, batch):
        colors = Colors.from_rgb8(torch.from_numpy(np.array(pictures[start : start + batch])))
        total += colors.ab.double().sum(dim=(0, 2, 3))
        counts += ab_counts(colors).sum(0)
    return {"mean_ab": (total / (n * size**2)).tolist(), "ab_counts": counts.long().tolist()}
