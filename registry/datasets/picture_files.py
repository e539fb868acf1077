"""What data sets have in common whose pictures lie in files."""

from __future__ import annotations

import math
import os
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from registry.datasets.base import DEFAULT_MIN_CHROMA, SPLITS, DataSet, Split
from registry.datasets.decoding import RESIZE_RULES, Resize, decode
from registry.errors import UserError


class PictureFiles(DataSet):
    """Pictures read from files; what tells their splits is left to the data set itself.

    Args:
        limit: Use this many pictures at most, of every split its share; at least 3.
        resize: How a picture becomes a square, a key of `RESIZE_RULES`.
        min_chroma: As for `DataSet`; in Lab units, 0 keeps all.

    Raises:
        UserError: A parameter is out of its range.
    """

    def __init__(
        self, limit: int | None = None, resize: Resize = "crop", min_chroma: float = DEFAULT_MIN_CHROMA
    ) -> None:
        if limit is not None and limit < len(SPLITS):
            raise UserError(
                f"limit={limit} is too small for three splits: use {len(SPLITS)} pictures or more, or none."
            )
        if not (math.isfinite(min_chroma) and min_chroma >= 0):
            raise UserError(f"min_chroma={min_chroma} is no chroma in Lab units: use 0, which keeps all, or more.")
        self.limit = limit
        self.resize = resize
        self.resize_rule = RESIZE_RULES[resize]
        self.min_chroma = float(min_chroma)

    @property
    def parameters(self) -> str:
        """The parameters in one text, for the revision."""
        return f"limit={self.limit} resize={self.resize} min_chroma={self.min_chroma}"

    @abstractmethod
    def file(self, key: str) -> Path:
        """The picture's file."""

    def read(self, key: str, image_size: int) -> np.ndarray:
        """The picture, as the base class says."""
        return decode(self.file(key), image_size, self.resize)


def folder_path(text: str) -> Path:
    """The absolute path of a folder that a user gave, relative to the current one or from the home folder (``~``).

    Raises:
        UserError: Its name cannot be written down in records.
    """
    try:
        text.encode()
    except UnicodeEncodeError:
        shown = text.encode(errors="backslashreplace").decode()
        raise UserError(f"The name of the folder '{shown}' is not UTF-8: rename it, or give a link to it.") from None
    # os.path leaves the home folder of a user who does not exist as it stands; pathlib raises.
    return Path(os.path.expanduser(text)).absolute()  # noqa: PTH111


def limited(splits: Mapping[Split, Sequence[str]], limit: int) -> dict[Split, list[str]]:
    """The first pictures of each split, ``limit`` in all, every split with its share and with one at least.

    Shares are those of Adams' divisor method: a larger limit only adds pictures.
    """
    # The first of every split come first of all, then each split's next when its turn has come.
    turns = [np.arange(len(keys)) / max(len(keys), 1) for keys in splits.values()]
    owners = np.repeat(np.arange(len(splits)), [len(keys) for keys in splits.values()])
    chosen = owners[np.argsort(np.concatenate(turns), kind="stable")[:limit]]
    shares = np.bincount(chosen, minlength=len(splits))
    return {split: list(keys[:share]) for (split, keys), share in zip(splits.items(), shares, strict=True)}
