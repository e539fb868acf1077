"""Data sets: pictures in named splits; see `base.DataSet`."""

from typing import Any, Literal

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
def folder(
    path: str,
    limit: int | None = None,
    resize: Literal["crop", "squash"] = "crop",
    min_chroma: float = DEFAULT_MIN_CHROMA,
) -> Any:
    """Any folder of pictures, nested too; split 80/10/10 by a hash of each file's content."""
    from registry.datasets.folder import Folder

    return Folder(path, limit, resize, min_chroma)


@DATASETS.register("celeba", incidental=("download",))
def celeba(
    root: str = "data",
    limit: int | None = None,
    download: bool = False,
    resize: Literal["crop", "squash"] = "crop",
    min_chroma: float = DEFAULT_MIN_CHROMA,
) -> Any:
    """CelebA: 202,599 aligned faces in root/celeba, in the official partition by person (Liu et al. 2015)."""
    from registry.datasets.celeba import CelebA

    return CelebA(root, limit, download, resize, min_chroma)


@DATASETS.register("flowers102", incidental=("download",))
def flowers102(
    root: str = "data",
    split: Literal["official", "swapped"] = "official",
    limit: int | None = None,
    download: bool = False,
    resize: Literal["crop", "squash"] = "crop",
    min_chroma: float = DEFAULT_MIN_CHROMA,
) -> Any:
    """Oxford 102 Flowers in root/flowers-102: 1,020 to train, 1,020 to validate, 6,149 to test; or swapped."""
    from registry.datasets.flowers102 import Flowers102

    return Flowers102(root, split, limit, download, resize, min_chroma)
