"""Small folders in the exact layout of published data sets."""

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from PIL import Image
from scipy.io import savemat

NUMBERS = {"train": 0, "validation": 1, "test": 2}


def write_picture(path: Path, seed: int, width: int = 18, height: int = 22) -> None:
    """A small colourful JPEG, another for each seed."""
    corners = np.random.default_rng(seed).integers(0, 256, (2, 2, 3), dtype=np.uint8)
    Image.fromarray(corners).resize((width, height), Image.Resampling.BILINEAR).save(path, quality=90)


def make_celeba(
    root: Path,
    splits: Mapping[str, Sequence[int]],
    identities: Mapping[int, int] | None = None,
    pictures: Mapping[int, Path] | None = None,
) -> Path:
    """``root/celeba`` as torchvision writes it; splits hold the numbers of the pictures.

    Args:
        identities: Of pictures by number; no identity file without.
        pictures: Files to copy, by number; made up without.
    """
    folder = root / "celeba"
    (folder / "img_align_celeba").mkdir(parents=True)
    split_of = {number: split for split, numbers in splits.items() for number in numbers}
    for number in split_of:
        path = folder / "img_align_celeba" / f"{number:06d}.jpg"
        if pictures is None:
            write_picture(path, number)
        else:
            shutil.copyfile(pictures[number], path)
    partition = [f"{number:06d}.jpg {NUMBERS[split_of[number]]}\n" for number in sorted(split_of)]
    (folder / "list_eval_partition.txt").write_text("".join(partition))
    if identities is not None:
        lines = [f"{number:06d}.jpg {identity}\n" for number, identity in identities.items()]
        (folder / "identity_CelebA.txt").write_text("".join(lines))
    return folder


def make_flowers102(root: Path, train: Sequence[int], validation: Sequence[int], test: Sequence[int]) -> Path:
    """``root/flowers-102`` as torchvision writes it."""
    folder = root / "flowers-102"
    (folder / "jpg").mkdir(parents=True)
    for number in (*train, *validation, *test):
        write_picture(folder / "jpg" / f"image_{number:05d}.jpg", number)
    numbers = {"trnid": train, "valid": validation, "tstid": test}
    savemat(folder / "setid.mat", {name: np.array([several], dtype=np.uint16) for name, several in numbers.items()})
    savemat(folder / "imagelabels.mat", {"labels": np.ones((1, 8), dtype=np.uint8)})
    return folder
