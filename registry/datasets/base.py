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

DEFAULT_MIN_CHROMA = 2.0


class UnreadablePictureError(Exception):
    """A picture that cannot be decoded; the message says why. It is listed and left out, not fatal."""


class DataSet(ABC):
    """Pictures in three splits.

    Attributes:
        split_rule: One sentence on how pictures come into their splits, for the record and the report.
        resize_rule: One sentence on how a picture becomes a square of the asked size.
        min_chroma: Pictures with less colour than this, in Lab units, are left out as grey; 0 keeps all.
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
