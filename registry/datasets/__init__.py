"""Data sets: pictures in named splits; see `base.DataSet`."""

from typing import Any

from registry.catalogue import DATASETS
from registry.datasets.base import DEFAULT_MIN_CHROMA


@DATASETS.register("synthetic-faces")
def synthetic_faces(n_train: int = 1024, n_validation: int = 96, n_test: int = 256, seed: int = 0) -> Any:
    """Drawn faces: mostly skin before muted backgrounds, a narrow range of colours; needs no download."""
    from registry.datasets.synthetic import SyntheticFaces

    return SyntheticFaces(n_train, n_validation, n_test, seed)


@DATASETS.register("synthetic-flowers")
def synthetic_flowers(
    n_train: int = 1024, n_validation: int = 96, n_test: int = 256, seed: int = 0, imbalance: float = 0.0
) -> Any:
    """Drawn flowers: all hues, told by the shape; imbalance is the share of one dominant colour in training."""
    from registry.datasets.synthetic import SyntheticFlowers

    return SyntheticFlowers(n_train, n_validation, n_test, seed, imbalance)


@DATASETS.register("folder")
def folder(path: str, limit: int | None = None, min_chroma: float = DEFAULT_MIN_CHROMA) -> Any:
    """Any folder of pictures, nested too; split 80/10/10 by a hash of each file's content."""
    from registry.datasets.folder import Folder

    return Folder(path, limit, min_chroma)
