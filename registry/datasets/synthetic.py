"""Drawn data sets that need no download: narrow in color (faces) and even in color (flowers)."""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Mapping, Sequence

import numpy as np

from registry.datasets.base import SPLITS, DataSet, Split
from registry.datasets.drawing import DETAIL_SIZE, DRAWING_VERSION, lab_to_rgb8
from registry.datasets.faces import draw_face
from registry.datasets.flowers import DOMINANT, KINDS, draw_flower
from registry.errors import UserError

SMALLEST_SIZE = 16


class DrawnDataSet(DataSet):
    """Pictures drawn from (seed, split, index) alone, the same whenever and wherever they are asked for."""

    split_rule = "Each picture is drawn from its own random stream of seed, split and index."
    resize_rule = f"Drawn at the asked size; below {DETAIL_SIZE} pixels drawn larger and averaged down in Lab."

    def __init__(self, n_train: int, n_validation: int, n_test: int, seed: int) -> None:
        sizes = dict(zip(SPLITS, (n_train, n_validation, n_test), strict=True))
        for split, count in sizes.items():
            if count < 1:
                raise UserError(f"n_{split} of a drawn data set must be at least 1, not {count}.")
        if seed < 0:
            raise UserError(f"The seed of a drawn data set must be 0 or above, not {seed}.")
        self.seed = seed
        self._keys = {split: [f"{split}-{i:05d}" for i in range(count)] for split, count in sizes.items()}

    @property
    def revision(self) -> str:
        """The drawing's version and all parameters."""
        counts = "-".join(str(len(keys)) for keys in self._keys.values())
        return f"drawing{DRAWING_VERSION}-{counts}-seed{self.seed}"

    def keys(self) -> Mapping[Split, Sequence[str]]:
        """Keys such as "train-00012"."""
        return self._keys

    def read(self, key: str, image_size: int) -> np.ndarray:
        """Draw the picture: sRGB, uint8, ``(image_size, image_size, 3)``.

        Raises:
            UserError: The size is below 16 pixels.
            ValueError: The key is of another form than "train-00012".
        """
        if image_size < SMALLEST_SIZE:
            raise UserError(f"Drawn pictures need an image size of at least {SMALLEST_SIZE}, not {image_size}.")
        split, _, index = key.partition("-")
        if split not in SPLITS:
            raise ValueError(f"{key!r} is no key of a drawn picture, such as 'train-00012'.")
        stream = np.random.SeedSequence((self.seed, SPLITS.index(split), int(index)))
        times = math.ceil(DETAIL_SIZE / image_size)
        lab = self.draw(np.random.default_rng(stream), split, int(index), image_size * times)
        return lab_to_rgb8(lab.reshape(3, image_size, times, image_size, times).mean(axis=(2, 4)))

    @abstractmethod
    def draw(self, generator: np.random.Generator, split: Split, index: int, size: int) -> np.ndarray:
        """Draw one picture: Lab, float32 ``(3, size, size)``.

        What is asked of ``generator`` must not depend on ``size``: each size shows the same picture.
        """


class SyntheticFaces(DrawnDataSet):
    """Drawn portraits; nearly all color is that of skin, as in photographs of faces."""

    def draw(self, generator: np.random.Generator, split: Split, index: int, size: int) -> np.ndarray:  # noqa: ARG002
        """Draw a portrait; every split draws alike."""
        return draw_face(generator, size)


class SyntheticFlowers(DrawnDataSet):
    """Drawn flowers of nine hues round the whole circle; the hue can be told from the shape.

    Kinds take turns by index, so that each is exactly as frequent as the next. Each training and validation
    picture is of one red kind instead with probability ``imbalance``; the test split stays even and the same.
    """

    split_rule = (
        "Each picture is drawn from its own random stream of seed, split and index; nine kinds take turns, "
        "but for the share `imbalance` of train and validation, which is of one kind."
    )

    def __init__(self, n_train: int, n_validation: int, n_test: int, seed: int, imbalance: float) -> None:
        super().__init__(n_train, n_validation, n_test, seed)
        if not 0 <= imbalance <= 1:
            raise UserError(f"The imbalance of synthetic-flowers must be between 0 and 1, not {imbalance}.")
        self.imbalance = float(imbalance)

    @property
    def revision(self) -> str:
        """The drawing's version and all parameters."""
        return f"{super().revision}-imbalance{self.imbalance}"

    def draw(self, generator: np.random.Generator, split: Split, index: int, size: int) -> np.ndarray:
        """Draw a flower of the kind whose turn it is, or of the dominant kind."""
        # Drawn in every split and first, so that the imbalance changes no other picture.
        dominant = generator.random() < self.imbalance and split != "test"
        return draw_flower(generator, DOMINANT if dominant else KINDS[index % len(KINDS)], size)
