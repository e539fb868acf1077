"""The audit of one data set: its files, its pictures and the colours of its splits."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from bench.audit.files import FileFacts, inspect_files
from bench.audit.prior import Prior, measure
from registry.datasets.base import DEFAULT_MIN_CHROMA, SPLITS, DataSet, Split
from registry.datasets.prepared import Prepared, prepare

GREY, NEAR_GREY = DEFAULT_MIN_CHROMA, 2 * DEFAULT_MIN_CHROMA
"""Pictures of which less than `COLORED_SHARE` of the pixels reach these chromas are grey and near-grey.

Grey ones are those that runs leave out by default; among the near-grey are dark and pale pictures, to be looked at.
"""

FLAGS = ("unreadable", "grey", "near-grey", "duplicate", "leak")
"""What a picture can be marked as; a leak is a duplicate in another split."""

DRAWN = "drawn"
"""The format of pictures that are read from no file."""

Task = Callable[[str], Callable[[int, int], None]]
"""Starts a bar of that description; gives what tells it how much is done, of how much."""


@dataclass(frozen=True)
class DatasetAudit:
    """What is in a data set.

    Attributes:
        name: Its spec.
        pictures: A row per picture: split, key, width, height, format, bytes, mean_chroma, peak_chroma,
            colorfulness, flags (of `FLAGS`, separated by spaces), duplicate_group (a number for pictures with the
            same pixels), reason (why it is unreadable), content_hash and pixel_hash; what does not apply is NaN.
        priors: Colours of each split's readable pictures, grey ones too.
        min_chroma: Runs leave out pictures whose peak chroma is below this; the audit leaves out none.
    """

    name: str
    revision: str
    image_size: int
    split_rule: str
    resize_rule: str
    min_chroma: float
    pictures: pd.DataFrame
    priors: Mapping[Split, Prior]

    def flagged(self, flag: str) -> pd.DataFrame:
        """The rows of pictures with a flag."""
        return self.pictures[[flag in flags.split() for flags in self.pictures["flags"]]]


def audit_dataset(dataset: DataSet, name: str, image_size: int, workers: int, task: Task) -> DatasetAudit:
    """Prepare a data set without leaving out any readable picture, and measure what is in it.

    Args:
        dataset: What to audit; its `min_chroma` is set to 0.
        name: Its spec.
        image_size: Height and width in pixels at which colours are measured.
        workers: Processes that decode.
        task: For progress.

    Raises:
        UserError: The data set is missing, or a split has no readable picture.
    """
    min_chroma, dataset.min_chroma = dataset.min_chroma, 0.0
    asked = [(split, key) for split in SPLITS for key in dataset.keys()[split]]
    facts = _facts(dataset, [key for _, key in asked], image_size, task(f"files of {name}"))
    data = prepare(dataset, name, image_size, progress=task(f"preparing {name}"), workers=workers)
    priors, measured = _measure(data, task(f"colours of {name}"))
    pictures = pd.concat([pd.DataFrame(asked, columns=["split", "key"]), facts], axis=1)
    return DatasetAudit(
        name=name,
        revision=data.revision,
        image_size=image_size,
        split_rule=data.split_rule,
        resize_rule=data.resize_rule,
        min_chroma=min_chroma,
        pictures=_flag(_join(pictures, measured, data)),
        priors=priors,
    )


def _facts(
    dataset: DataSet, keys: Sequence[str], image_size: int, progress: Callable[[int, int], None]
) -> pd.DataFrame:
    """A row of `FileFacts` per picture; a picture that is drawn has the size at which it was drawn."""
    paths: list[Path | None] = [dataset.file(key) for key in keys]
    found = iter(inspect_files([path for path in paths if path is not None], progress))
    drawn = FileFacts(image_size, image_size, DRAWN, None, None)
    facts = pd.DataFrame([drawn if path is None else next(found) for path in paths], columns=FileFacts._fields)
    return facts.astype({"width": "Int64", "height": "Int64", "bytes": "Int64"})


def _measure(data: Prepared, progress: Callable[[int, int], None]) -> tuple[dict[Split, Prior], pd.DataFrame]:
    """The colours of each split, and a row of values per prepared picture."""
    priors, rows = {}, []
    done, total = 0, 2 * sum(map(len, data.split_keys.values()))

    def advance(n: int) -> None:
        nonlocal done
        done += n
        progress(done, total)

    for split in SPLITS:
        priors[split], values = measure(data.pictures(split), f"{data.name} {split}", advance)
        rows.append(
            pd.DataFrame(
                {
                    "mean_chroma": values.chroma,
                    "peak_chroma": values.peak_chroma,
                    "colorfulness": values.colorfulness,
                    "pixel_hash": values.pixel_hash,
                }
            )
        )
    return priors, pd.concat(rows, ignore_index=True)


def _join(pictures: pd.DataFrame, measured: pd.DataFrame, data: Prepared) -> pd.DataFrame:
    """Give each picture its values, or the reason why it has none."""
    reasons = {picture["key"]: picture["reason"] for picture in data.left_out}
    pictures["reason"] = pictures["key"].map(reasons).astype(object)
    # Prepared pictures are in the order of the splits' keys, without those left out.
    readable = pictures.index[pictures["reason"].isna()]
    return pictures.join(measured.set_index(readable))


def _flag(pictures: pd.DataFrame) -> pd.DataFrame:
    """Add ``flags`` and ``duplicate_group``: readable pictures with the same pixels, numbered from 1."""
    groups = pictures.groupby("pixel_hash", sort=False)
    copies, splits = groups["key"].transform("size") > 1, groups["split"].transform("nunique") > 1
    chroma = pictures["peak_chroma"]
    marks = pd.DataFrame(
        {
            "unreadable": pictures["reason"].notna(),
            "grey": chroma < GREY,
            "near-grey": (chroma >= GREY) & (chroma < NEAR_GREY),
            "duplicate": copies,
            "leak": splits,
        }
    )
    flags = [" ".join(marks.columns[row]) for row in marks.to_numpy()]
    numbers = pd.Series(pd.factorize(pictures["pixel_hash"].where(copies))[0] + 1, dtype="Int64")
    return pictures.assign(flags=flags, duplicate_group=numbers.where(numbers > 0))
