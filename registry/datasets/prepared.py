"""Prepared data: a data set decoded once into a memory-mapped array that all cells and workers share."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from filelock import FileLock

from registry.cache import cache_root
from registry.datasets.base import SPLITS, DataSet, Split
from registry.datasets.preparing import MANIFEST, PICTURES, build, hash_of, lock_of, writing_to
from registry.errors import UserError

PREPARED_VERSION = 1
"""Raise it when decoding gives other pixels than before or the layout of the files changes."""

STATISTICS = "statistics.json"
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
        left_out: The pictures that could not be read, each a ``key`` and a ``reason``.
    """

    folder: Path
    name: str
    revision: str
    image_size: int
    split_rule: str
    resize_rule: str
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

    @property
    def train_mean_ab(self) -> tuple[float, float]:
        """Mean a and b of all training pixels in Lab units, worked out when first asked for and then stored.

        Raises:
            UserError: It cannot be stored.
        """
        path = self.folder / STATISTICS
        if not path.exists():
            text = json.dumps({"train_mean_ab": _mean_ab(self.pictures("train"))})
            # Named by the process: another worker may be storing the same numbers at the same time.
            temporary = path.with_name(f"{STATISTICS}.{os.getpid()}")
            with writing_to(self.folder):
                temporary.write_text(text, encoding="utf-8")
                temporary.replace(path)
        a, b = json.loads(path.read_text(encoding="utf-8"))["train_mean_ab"]
        return a, b


def prepare(
    dataset: DataSet,
    name: str,
    image_size: int,
    *,
    cache: Path | None = None,
    progress: Callable[[int, int], None] | None = None,
    workers: int = 1,
) -> Prepared:
    """Decode a data set, or find it decoded already; of processes that ask at once, one does it.

    Args:
        dataset: What to prepare.
        name: Its name, for people and for the cache.
        image_size: Height and width of the pictures in pixels.
        cache: Used in place of `cache_root`.
        progress: Told how many pictures are done, of how many.
        workers: Processes that decode; above 1, the data set must be picklable.

    Raises:
        UserError: The cache cannot be read or written, or a split has no readable picture.
    """
    identity = json.dumps([name, dataset.revision, image_size, PREPARED_VERSION])
    root = ((cache or cache_root()) / "data").absolute()
    folder = root / hash_of(identity)
    if _open(folder) is None:
        lock = FileLock(lock_of(folder))
        with writing_to(root):
            root.mkdir(parents=True, exist_ok=True)
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


def _mean_ab(pictures: np.ndarray) -> tuple[float, float]:
    """Mean a and b in Lab units of ``(n, S, S, 3)`` uint8."""
    # Imported here because PyTorch takes seconds to import and preparing does without it.
    import torch

    from registry.color import Colors

    n, size = pictures.shape[:2]
    batch = max(1, _PIXELS_AT_A_TIME // size**2)
    total = torch.zeros(2, dtype=torch.float64)
    for start in range(0, n, batch):
        colors = Colors.from_rgb8(torch.from_numpy(np.array(pictures[start : start + batch])))
        total += colors.ab.double().sum(dim=(0, 2, 3))
    a, b = (total / (n * size**2)).tolist()
    return a, b
