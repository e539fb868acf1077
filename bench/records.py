"""The stored form of a run: one folder per cell with its record beside its tables and pictures.

results/<run>/grid.yaml                     the resolved grid
results/<run>/results.csv                   one row per cell
results/<run>/datasets/<slug>/dataset.json  what the data set held
results/<run>/datasets/<slug>/truth.png     the fixed test pictures, side by side
results/<run>/datasets/<slug>/colors.npz    distribution of the truth's colours
results/<run>/cells/<cell_id>/record.json   what a cell was, how it ended, what was measured
                              history.csv, per_image.csv, colors.npz, model.safetensors
                              transfer/<slug>/per_image.csv, colors.npz of each other data set tested on
                              samples/half.png, last.png, extremes.png, extremes_truth.png
                              checkpoint.pt, of a cell that is not done: where it goes on from
                              tries/, of a tuned cell that is not done: the same of its tries
results/<run>/cells/<cell_id>.superseded/   what a cell had before it was run again, until that is completed
results/<run>/rerun.json                    which records `--rerun all` is still to replace
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterator
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, ConfigDict, field_validator

from bench.storage import write_atomically
from registry.errors import UserError

if TYPE_CHECKING:
    from registry.datasets.prepared import Prepared

SCHEMA_VERSION = 1

Status = Literal["completed", "failed", "skipped"]

_LINE = 400
"""Letters of an error's message that a line shows; the report has all of it."""


class Measurement(BaseModel):
    """A metric's value over the test set.

    Attributes:
        n: Pictures it was measured on.
        stderr: Standard error over those pictures; None where the metric pools them.
        higher_is_better: None where the best value is the truth's own.
    """

    value: float | None
    n: int
    stderr: float | None = None
    higher_is_better: bool | None = None
    unit: str = ""


class DataSummary(BaseModel):
    """Which pictures a cell saw.

    Attributes:
        left_out: Pictures that were not used.
        left_out_grey: Those of them without colour; the others could not be read.
        min_chroma: Pictures with less colour, in Lab units, were left out; 0 kept all.
    """

    name: str
    revision: str
    split_hash: str
    n_train: int
    n_validation: int
    n_test: int
    image_size: int
    split_rule: str
    resize_rule: str
    left_out: int = 0
    left_out_grey: int = 0
    min_chroma: float = 0.0

    @classmethod
    def of(cls, name: str, data: Prepared) -> DataSummary:
        """What is said of a prepared data set of this name."""
        return cls(
            name=name,
            revision=data.revision,
            split_hash=data.split_hash,
            n_train=len(data.keys("train")),
            n_validation=len(data.keys("validation")),
            n_test=len(data.keys("test")),
            image_size=data.image_size,
            split_rule=data.split_rule,
            resize_rule=data.resize_rule,
            left_out=len(data.left_out),
            left_out_grey=len(data.left_out_as("grey")),
            min_chroma=data.min_chroma,
        )


class DatasetRecord(DataSummary):
    """The record of a data set; ``results/<run>/datasets/<slug>/dataset.json``.

    Attributes:
        left_out_pictures: Those that were not used, each with its reason; first the unreadable, then the grey.
    """

    left_out_pictures: list[str] = []


class Transfer(BaseModel):
    """How a trained cell does on the test pictures of a data set that it was not trained on.

    Attributes:
        revision: Of that data set.
        metrics: As in `Record`, but that what is lazy there is that data set's own: the skill is against the mean
            colour of its training pictures, so that it compares with the skill of a network trained there.
        truth: As in `Record`.
    """

    revision: str
    metrics: dict[str, Measurement]
    truth: dict[str, float]


class Failure(BaseModel):
    """What went wrong in a failed cell."""

    type: str
    message: str
    traceback: str

    @property
    def line(self) -> str:
        """The failure in one line, of a length to read."""
        first, _, _ = self.message.strip().partition("\n")
        return f"{self.type}: {first if len(first) <= _LINE else first[:_LINE] + '…'}"


class Try(BaseModel):
    """A training of a tuned cell.

    Attributes:
        settings: Those that it tried.
        validation_loss: After its last epoch; None where it diverged.
        seconds: Spent on training steps alone; of one that diverged, on all till then.
        reason: How it diverged.
    """

    settings: dict[str, float]
    validation_loss: float | None
    seconds: float
    reason: str | None = None


class Tuning(BaseModel):
    """What was tried for a cell, and chosen on the validation pictures.

    Attributes:
        tried: In the order of the tries; fewer than were asked for where the cell failed in one.
        chosen: Settings of the try that is the cell; None where all diverged.
    """

    tried: list[Try]
    chosen: dict[str, float] | None


class Record(BaseModel):
    """The record of a cell; ``results/<run>/cells/<cell_id>/record.json``.

    Attributes:
        architecture: Canonical spec. So are loss (None for a baseline) and dataset.
        seed: None for a baseline, which has nothing random.
        metrics: By name, after the last epoch, on the test set.
        best_metrics: The same after the epoch with the lowest validation loss.
        truth: Value of the true test pictures, for metrics that describe a picture.
        transfer: Scores after the last epoch on other data sets, by spec.
        settings: All that it had; of those that were tuned, ``tuning`` has the chosen values.
        seconds: Of each phase: data, fit, eval; compiling, where the network was; tuning, of all tries but the
            chosen one.
        images_per_second: Pictures trained on per second of fit, validation left out.
        loss_weights: Of the terms of a sum with automatic weights, as they were found.
        tuning: What was tried and chosen; None where nothing was to be tuned.
        plugins: Of the plugins that the cell needed, the content hash by file name; of installed packages, version
            and content hash by name.
        descriptions: What plugins and packages say of their components, by kind and name, ``loss vivid-l1``: a report
            is made without them.
        reason: Why a cell was skipped.
        resumed_from: After which epochs training went on from a checkpoint, once for each interruption.
    """

    model_config = ConfigDict(extra="forbid")

    schema_version: int = SCHEMA_VERSION
    cell_id: str
    status: Status
    architecture: str
    loss: str | None
    dataset: str
    seed: int | None
    settings: dict[str, Any]
    metrics: dict[str, Measurement] = {}
    best_metrics: dict[str, Measurement] = {}
    best_epoch: int | None = None
    truth: dict[str, float] = {}
    transfer: dict[str, Transfer] = {}
    seconds: dict[str, float] = {}
    images_per_second: float | None = None
    peak_memory_bytes: int | None = None
    parameters: int | None = None
    batch_size: int | None = None
    data: DataSummary | None = None
    environment: dict[str, Any] = {}
    loss_weights: dict[str, float] = {}
    tuning: Tuning | None = None
    plugins: dict[str, str] = {}
    descriptions: dict[str, str] = {}
    error: Failure | None = None
    reason: str | None = None
    resumed_from: list[int] = []
    started_at: str
    finished_at: str

    @field_validator("started_at", "finished_at")
    @classmethod
    def _is_a_time(cls, text: str) -> str:
        datetime.fromisoformat(text)
        return text


def now() -> str:
    """This moment as records write it: UTC, ISO 8601, to the second."""
    return datetime.now(timezone.utc).isoformat(timespec="seconds")


def dataset_slug(name: str) -> str:
    """A folder name for a data set's spec: readable, and with a hash where letters had to go."""
    readable = re.sub(r"[^A-Za-z0-9._-]+", "-", name).strip("-.")[:60]
    if readable == name:
        return readable
    return f"{readable}-{hashlib.sha256(name.encode()).hexdigest()[:8]}"


def transfer_folder(cell_folder: Path, dataset: str) -> Path:
    """Where a cell keeps what it scored on another data set, given by its spec."""
    return cell_folder / "transfer" / dataset_slug(dataset)


def write_record(folder: Path, record: Record) -> None:
    """Store a cell's record in its folder; only this makes the cell done."""
    write_atomically(folder / "record.json", record.model_dump_json(indent=2) + "\n")


def read_record(folder: Path) -> Record | None:
    """The record in a cell's folder; None where the cell never ended.

    Raises:
        UserError: The record cannot be read, is damaged, or of another version.
    """
    path = folder / "record.json"
    try:
        return Record.model_validate_json(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise UserError(
            f"The record {path} cannot be read: {error.strerror}; make it readable for this user."
        ) from None
    except ValueError:
        raise UserError(f"The record {path} cannot be read; delete its folder to run that cell again.") from None


def read_records(run_folder: Path) -> Iterator[Record]:
    """All records of a run, in the order of their cell ids; a copy under another name is not one of them.

    Raises:
        UserError: A record cannot be read.
    """
    cells = run_folder / "cells"
    try:
        names = sorted(os.listdir(cells))  # noqa: PTH208 - pathlib's glob takes a folder that it may not list for empty
    except (FileNotFoundError, NotADirectoryError):
        if not cells.exists():
            return
        raise UserError(f"{cells} is a file where a folder of cells should be; move it away.") from None
    except OSError as error:
        raise UserError(
            f"The folder {cells} cannot be listed: {error.strerror}; make it readable for this user."
        ) from None
    for name in names:
        record = read_record(cells / name)
        if record is not None and record.cell_id == name:
            yield record
