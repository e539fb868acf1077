"""Everything a report is made from: the stored files of a run, read when first asked for. No PyTorch here."""

from __future__ import annotations

import contextlib
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from PIL import Image

from bench.grid import Grid, load_grid
from bench.records import DatasetRecord, Record, dataset_slug, read_records, transfer_folder
from bench.setting_axes import SETTING_AXES, expand, name_loss, varied
from registry.errors import UserError


@dataclass(frozen=True, eq=False)
class Colors:
    """How often colours occur in a set of pictures; see `bench.distribution`. Equal only to itself.

    Attributes:
        ab: Pixel counts, rows a and columns b, in bins of 2 Lab units from -120 to 120.
        chroma: Pixel counts in bins of one Lab unit from 0 to 150.
        bins: Pixel counts of each picture in the Q bins of the ab histogram metrics, ``(pictures, Q)``, in the
            order of ``per_image``.
    """

    ab: np.ndarray
    chroma: np.ndarray
    bins: np.ndarray


class StoredRun:
    """A run's folder.

    Attributes:
        folder: ``results/<run>``.
        name: The run's name.
        shared: What short names leave out, by axis: values by parameter, as specs have them.
        named_with: Settings that losses are named with, besides those that differ within the run.
    """

    def __init__(self, folder: Path, named_with: Sequence[str] = ()) -> None:
        self.folder = folder
        self.named_with = named_with
        self.name = folder.resolve().name
        self._read: dict[Path, Any] = {}
        self.shared: dict[str, dict[str, str]] = {}

    def full(self, name: str) -> str:
        """The spec that is stored for the name of an architecture or a data set."""
        return name

    @cached_property
    def varied(self) -> tuple[str, ...]:
        """Settings that differ between the trained cells: what a loss did is told apart by them too."""
        trained = (record.settings for record in self._stored_records if record.loss)
        return varied([*expand(self._stored_grid.settings), *trained])

    @cached_property
    def grid(self) -> Grid:
        """The resolved grid, with the names that records have."""
        stored = self._stored_grid
        names = {axis: list(map(self._name, getattr(stored, axis))) for axis in ("architectures", "datasets")}
        losses = [self._name_loss(loss, one) for loss in stored.losses for one in expand(stored.settings)]
        return stored.model_copy(update={**names, "losses": list(dict.fromkeys(losses))})

    @cached_property
    def asked(self) -> list[tuple[str, str, str | None, int | None]]:
        """Data set, architecture, loss and seed of every cell of the grid, by the names that records have.

        Raises:
            UserError: This installation does not have what the grid names.
        """
        return [
            (
                self._name(cell.dataset.text),
                self._name(cell.architecture.text),
                self._name_loss(cell.loss.text, cell.settings.model_dump()) if cell.loss else None,
                cell.seed,
            )
            for cell in self._stored_grid.cells()
        ]

    @cached_property
    def grid_text(self) -> str:
        """The resolved grid as it is stored."""
        return (self.folder / "grid.yaml").read_text(encoding="utf-8")

    @cached_property
    def records(self) -> list[Record]:
        """All records, in the order of the grid's axes; what the grid no longer names comes last.

        Where settings differ between cells, the loss of each is named with its own.
        """
        named = {}
        for record in sorted(self._stored_records, key=lambda one: one.finished_at):
            one = record.model_copy(
                update={
                    "architecture": self._name(record.architecture),
                    "loss": self._name_loss(record.loss, record.settings) if record.loss else None,
                    "dataset": self._name(record.dataset),
                    "transfer": {self._name(name): scores for name, scores in record.transfer.items()},
                }
            )
            # Baselines of several settings are one and the same.
            named[one.architecture, one.loss, one.dataset, one.seed] = one
        return sorted(named.values(), key=self._place)

    @cached_property
    def descriptions(self) -> dict[str, str]:
        """What plugins and packages say of their components, by kind and name."""
        return {name: text for record in self._stored_records for name, text in record.descriptions.items()}

    @cached_property
    def datasets(self) -> dict[str, DatasetRecord]:
        """Records of the data sets by name; each still has its spec."""
        found = sorted((self.folder / "datasets").glob("*/dataset.json"))
        records = {}
        for path in found:
            with _whole(path):
                record = DatasetRecord.model_validate_json(path.read_text(encoding="utf-8"))
                records[self._name(record.name)] = record
        return records

    def history(self, record: Record) -> pd.DataFrame | None:
        """A row per epoch; None for baselines and cells that did not end."""
        rows = record.settings["epochs"] if record.status == "completed" else None
        return self._table(self.cell_folder(record) / "history.csv", "epoch", rows)

    def per_image(self, record: Record, on: str | None = None) -> pd.DataFrame | None:
        """A row per test picture after the last epoch, with the column ``picture`` and one per metric.

        Args:
            on: Another data set that the cell was tested on. So in `colors`.
        """
        own = on in (None, record.dataset)
        scores = record.metrics if own else record.transfer[on].metrics
        rows = max((one.n for one in scores.values()), default=None)
        return self._table(self._scored(record, on) / "per_image.csv", "picture", rows)

    def colors(self, record: Record, on: str | None = None) -> Colors | None:
        """Colours predicted for the test set after the last epoch."""
        return self._once(_colors, self._scored(record, on) / "colors.npz")

    def true_colors(self, dataset: str) -> Colors | None:
        """Colours of a data set's true test pictures."""
        return self._once(_colors, self._dataset_folder(dataset) / "colors.npz")

    def samples(self, record: Record, when: str = "last") -> np.ndarray | None:
        """Predicted pictures ``(n, S, S, 3)`` uint8: the fixed ones at "half" or at the "last" epoch, or "extremes".

        The extremes are the best, the median and the worst test picture by LPIPS; "extremes_truth" is their truth.
        """
        return _strip(self.cell_folder(record) / "samples" / f"{when}.png")

    def true_samples(self, dataset: str) -> np.ndarray | None:
        """The true sample pictures ``(n, S, S, 3)`` uint8, in the order of `samples`."""
        return _strip(self._dataset_folder(dataset) / "truth.png")

    def cell_folder(self, record: Record) -> Path:
        """Where a cell's files are."""
        return self.folder / "cells" / record.cell_id

    def _scored(self, record: Record, on: str | None) -> Path:
        folder = self.cell_folder(record)
        return folder if on in (None, record.dataset) else transfer_folder(folder, self.full(on))

    def _dataset_folder(self, dataset: str) -> Path:
        return self.folder / "datasets" / dataset_slug(self.full(dataset))

    @cached_property
    def _stored_grid(self) -> Grid:
        return load_grid(str(self.folder / "grid.yaml"))

    @cached_property
    def _stored_records(self) -> list[Record]:
        return list(read_records(self.folder))

    def _name(self, spec: str) -> str:
        """What an architecture or a data set goes by."""
        return spec

    def _name_loss(self, loss: str, settings: Mapping[str, Any]) -> str:
        return name_loss(loss, settings, [name for name in SETTING_AXES if name in (*self.varied, *self.named_with)])

    def _table(self, path: Path, key: str, rows: int | None) -> pd.DataFrame | None:
        return self._once(partial(_csv, key=key, rows=rows), path)

    def _once(self, read: Callable[[Path], Any], path: Path) -> Any:
        """What a file holds: many parts of a report ask for the same one."""
        if path not in self._read:
            self._read[path] = read(path)
        return self._read[path]

    def _place(self, record: Record) -> tuple[int, int, int, int]:
        grid = self.grid
        return (
            _index(grid.datasets, record.dataset),
            _index([*grid.baselines, *grid.architectures], record.architecture),
            _index(grid.losses, record.loss or ""),
            record.seed or 0,
        )


def _index(values: list[str], value: str) -> int:
    return values.index(value) if value in values else len(values)


def _csv(path: Path, key: str, rows: int | None) -> pd.DataFrame | None:
    """A table with a column of keys, and so many rows, if that is known: half a table would be half a truth."""
    if not path.exists():
        return None
    with _whole(path):
        table = pd.read_csv(path)
        if len(table[key]) != (rows or len(table)):
            raise ValueError("it is not whole")
        return table


def _colors(path: Path) -> Colors | None:
    if not path.exists():
        return None
    with _whole(path), np.load(path) as stored:
        return Colors(stored["ab"], stored["chroma"], stored["bins"])


def _strip(path: Path) -> np.ndarray | None:
    if not path.exists():
        return None
    with _whole(path), Image.open(path) as image:
        strip = np.asarray(image.convert("RGB"))
        return np.stack(np.split(strip, strip.shape[1] // len(strip), axis=1))


@contextlib.contextmanager
def _whole(path: Path) -> Iterator[None]:
    """Name the file that cannot be read."""
    try:
        yield
    except PermissionError as error:
        raise UserError(f"The file {path} cannot be read: {error.strerror}; make it readable for this user.") from None
    except (OSError, EOFError, ValueError, KeyError, zipfile.BadZipFile):
        raise UserError(
            f"The file {path} is damaged or of another version; make it again with `run --rerun all`, or delete it."
        ) from None
