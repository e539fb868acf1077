"""Oxford 102 Flowers (Nilsback and Zisserman 2008), in the official splits or with two of them swapped."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import numpy as np

from registry.datasets.base import Split
from registry.datasets.decoding import Resize
from registry.datasets.downloading import Layout
from registry.datasets.published import PublishedPictures
from registry.errors import UserError

_SPLITS: dict[str, dict[Split, str]] = {
    "official": {"train": "trnid", "validation": "valid", "test": "tstid"},
    "swapped": {"train": "tstid", "validation": "valid", "test": "trnid"},
}


class Flowers102(PublishedPictures):
    """8,189 photographs of 102 kinds of flowers: 1,020 to train, 1,020 to validate, 6,149 to test.

    Args:
        split: "official", or "swapped": 6,149 to train and 1,020 to test, as in many papers.
    """

    layout = Layout(
        title="Oxford 102 Flowers",
        page="https://www.robots.ox.ac.uk/~vgg/data/flowers/102/",
        torchvision="Flowers102",
        subfolder="flowers-102",
        pictures="jpg",
        archive="102flowers.tgz",
        split_file="setid.mat",
        split_file_md5="a5357ecc9cb78c4bef273ce3793fc85c",
        extras=("imagelabels.mat",),
    )

    def __init__(
        self,
        root: str,
        split: Literal["official", "swapped"],
        limit: int | None,
        download: bool,
        resize: Resize,
        min_chroma: float,
    ) -> None:
        self.split = split
        super().__init__(root, limit, download, resize, min_chroma)

    def read_splits(self, path: Path) -> dict[Split, list[str]]:
        """A MATLAB file with the numbers of the pictures in ``trnid``, ``valid`` and ``tstid``."""
        # Imported here because it takes a moment.
        from scipy.io import loadmat

        try:
            content = loadmat(path)
            numbers = {split: np.ravel(content[name]).astype(int) for split, name in _SPLITS[self.split].items()}
        except OSError:
            raise
        # Of a damaged file SciPy's parsers raise nearly anything.
        except Exception as error:
            raise UserError(
                f"{str(path)!r} is no MATLAB file with trnid, valid and tstid ({error}): fetch it again."
            ) from error
        everything, counts = np.unique(np.concatenate(list(numbers.values())), return_counts=True)
        if (counts > 1).any():
            raise UserError(f"{str(path)!r} lists picture {everything[counts > 1][0]} twice: fetch it again.")
        return {split: [f"image_{number:05d}.jpg" for number in several] for split, several in numbers.items()}

    def describe_splits(self, official: bool) -> str:
        """The rule in one sentence."""
        rule = "The splits in setid.mat, which is not the published file of Oxford 102 Flowers"
        if official:
            rule = "The official splits of Oxford 102 Flowers, 1,020 / 1,020 / 6,149 (setid.mat, its checksum verified)"
        if self.split == "official":
            return f"{rule}."
        return f"{rule}, with training and test swapped, as in many papers: the test is not the official one."
