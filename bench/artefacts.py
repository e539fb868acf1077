"""What a cell leaves in its folder beside its record: tables, weights and pictures to look at."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from safetensors import SafetensorError
from safetensors.torch import save_file
from torch import Tensor

from bench.evaluation import Evaluation, Predict
from bench.samples import extreme_indices, sample_indices, save_strip
from bench.storage import writing_to
from bench.supply import batches
from registry.color import Colors
from registry.datasets.prepared import Prepared

_FLOAT = "%.9g"


class Artefacts:
    """Writes a cell's files.

    Every method raises `StorageError` where its file cannot be written.

    Args:
        folder: The cell's.
        sample_pictures: How many test pictures are kept.
    """

    def __init__(self, folder: Path, sample_pictures: int, device: str) -> None:
        self.folder = folder
        self.sample_pictures = sample_pictures
        self.device = device

    def write_table(self, name: str, table: pd.DataFrame) -> None:
        """Write ``<name>.csv``."""
        with writing_to(self.folder):
            table.to_csv(self.folder / f"{name}.csv", index=False, float_format=_FLOAT)

    def save_weights(self, name: str, weights: Mapping[str, Tensor]) -> None:
        """Write ``<name>.safetensors``."""
        contiguous = {key: value.contiguous() for key, value in weights.items()}
        with writing_to(self.folder):
            try:
                save_file(contiguous, self.folder / f"{name}.safetensors")
            except SafetensorError as error:
                raise OSError(str(error)) from error

    def store(self, evaluation: Evaluation, folder: Path) -> None:
        """Write ``per_image.csv`` and ``colors.npz`` to the cell's folder or one in it."""
        with writing_to(folder):
            folder.mkdir(parents=True, exist_ok=True)
            evaluation.per_image.to_csv(folder / "per_image.csv", index=False, float_format=_FLOAT)
            evaluation.colors.save(folder / "colors.npz")

    @torch.no_grad()
    def keep_samples(self, predict: Predict, data: Prepared, name: str) -> None:
        """Keep the fixed test pictures as they are predicted now."""
        truth = sample_truth(data, self.sample_pictures, self.device)
        self._save_strip(name, truth.with_ab(predict(truth)))

    @torch.no_grad()
    def keep_extremes(self, predict: Predict, data: Prepared, per_image: pd.DataFrame) -> None:
        """Keep the best, the median and the worst picture by LPIPS, and their truth."""
        indices = extreme_indices(per_image["lpips"].to_numpy())
        truth = next(batches(np.asarray(data.pictures("test")[indices]), len(indices), self.device))
        self._save_strip("extremes", truth.with_ab(predict(truth)))
        self._save_strip("extremes_truth", truth)

    def _save_strip(self, name: str, pictures: Colors) -> None:
        with writing_to(self.folder):
            save_strip(self.folder / "samples" / f"{name}.png", pictures.rgb8.cpu().numpy())


def sample_truth(data: Prepared, count: int, device: str) -> Colors:
    """The fixed test pictures that are kept to look at."""
    pictures = data.pictures("test")
    return next(batches(np.asarray(pictures[sample_indices(len(pictures), count)]), count, device))
