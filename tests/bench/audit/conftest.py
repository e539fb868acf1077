"""A made-up data set whose splits, files and faults a test decides."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pytest

from registry.datasets.base import SPLITS, DataSet, UnreadablePictureError
from registry.datasets.decoding import decode


class MadeUp(DataSet):
    """Pictures given as arrays, as files, or as the reason why they cannot be read."""

    split_rule = "As the test says."
    resize_rule = "None."

    def __init__(self, splits: Mapping[str, Mapping[str, np.ndarray | Path | str]], min_chroma: float) -> None:
        self.splits = splits
        self.pictures = {key: one for pictures in splits.values() for key, one in pictures.items()}
        self.min_chroma = min_chroma

    @property
    def revision(self) -> str:
        return hashlib.sha256(repr(self.splits).encode()).hexdigest()

    def keys(self):
        return {split: list(self.splits[split]) for split in SPLITS}

    def file(self, key):
        picture = self.pictures[key]
        return picture if isinstance(picture, Path) else None

    def read(self, key, image_size):
        picture = self.pictures[key]
        if isinstance(picture, str):
            raise UnreadablePictureError(picture)
        return decode(picture, image_size) if isinstance(picture, Path) else picture


@pytest.fixture
def colored() -> Callable[[int], np.ndarray]:
    """Pictures of 32 x 32 pixels with soft blobs of colour, different for each number."""

    def make(number: int) -> np.ndarray:
        generator = np.random.default_rng(number)
        return np.kron(generator.integers(0, 256, (8, 8, 3)), np.ones((4, 4, 1))).astype(np.uint8)

    return make


@pytest.fixture
def made_up(colored) -> Callable[..., MadeUp]:
    """Three coloured pictures to a split, and what is given besides."""

    def make(min_chroma: float = 0.0, **more: Mapping[str, np.ndarray | Path | str]) -> MadeUp:
        splits = {
            split: {f"{split} {i}": colored(3 * place + i) for i in range(3)} | dict(more.get(split, {}))
            for place, split in enumerate(SPLITS)
        }
        return MadeUp(splits, min_chroma)

    return make


@pytest.fixture
def audited():
    """Audit a data set at 32 pixels."""
    from bench.audit.dataset import audit_dataset

    def audit(dataset: DataSet, name: str = "made-up"):
        return audit_dataset(dataset, name, 32, 1, lambda _: lambda *_: None)

    return audit
