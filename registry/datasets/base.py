"""What a data set promises: named splits by a fixed rule, a revision, and pictures by key."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import numpy as np

Split = Literal["train", "validation", "test"]
SPLITS: tuple[Split, ...] = ("train", "validation", "test")

DEFAULT_MIN_CHROMA = 6.0
"""The least chroma of a photograph that counts as coloured, in Lab units; see `DataSet.min_chroma`.

Measured at 64 pixels on 4,006 photographs as the chroma that the most colourful hundredth of the pixels exceed:

- black and white through JPEG: 0.01; with noise in each channel (standard deviation 4 of 255): at most 3.2;
  with a warm cast of 4 on red and -4 on blue: at most 4.9
- faces (CelebA): 2 of 2,000 below 6, one black and white, one a tint too dim to see; the third at 11.4, a dark
  portrait
- flowers (Oxford 102): the least at 9.9, a white flower before black leaves
- black and white but for a red object on 1% of the picture: 17 and more

Sepia prints are at 13.5 to 31 and stay in: their colour is one, not none, and no bound on chroma tells it from skin.
"""


class UnreadablePictureError(Exception):
    """A picture that cannot be decoded; the message says why. It is listed and left out, not fatal."""


class DataSet(ABC):
    """Pictures in three splits.

    Attributes:
        split_rule: One sentence on how pictures come into their splits, for the record and the report.
        resize_rule: One sentence on how a picture becomes a square of the asked size.
        min_chroma: Pictures of which less than 1% of the pixels have this chroma, in Lab units, are left out as
            grey; 0 keeps all. Of the pixels and not of their mean, which one small coloured object hardly moves.
    """

    split_rule: str
    resize_rule: str
    min_chroma: float = 0.0

    @property
    @abstractmethod
    def revision(self) -> str:
        """A short text that changes whenever any prepared picture or split would; part of the cache's key."""

    @abstractmethod
    def keys(self) -> Mapping[Split, Sequence[str]]:
        """The keys of each split's pictures, in a fixed order; a key says which picture it is to a person."""

    def file(self, key: str) -> Path | None:  # noqa: ARG002
        """The file that a picture is read from; None where it is not read from one."""
        return None

    @abstractmethod
    def read(self, key: str, image_size: int) -> np.ndarray:
        """The picture as sRGB, uint8, ``(image_size, image_size, 3)``.

        Raises:
            UnreadablePictureError: The picture cannot be decoded.
        """
