"""A plugin: a data set of any number of pictures that cost next to nothing to make."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from registry import DATASETS
from registry.datasets.base import DataSet, Split


@DATASETS.register("noise")
class Noise(DataSet):
    """Coloured noise, another for each key."""

    split_rule = "By number."
    resize_rule = "Made at the asked size."

    def __init__(self, n_train: int, n_validation: int = 128, n_test: int = 128) -> None:
        sizes = {"train": n_train, "validation": n_validation, "test": n_test}
        self._keys = {split: [f"{split}-{i}" for i in range(n)] for split, n in sizes.items()}

    @property
    def revision(self) -> str:
        """Sizes of the splits."""
        return "-".join(str(len(keys)) for keys in self._keys.values())

    def keys(self) -> Mapping[Split, Sequence[str]]:
        """A key per picture."""
        return self._keys

    def read(self, key: str, image_size: int) -> np.ndarray:
        """The picture: sRGB, uint8, ``(image_size, image_size, 3)``."""
        stream = np.frombuffer(key.encode(), dtype=np.uint8)
        return np.random.default_rng(stream).integers(0, 256, (image_size, image_size, 3), dtype=np.uint8)
