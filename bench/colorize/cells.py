"""Which cells of a run colour: all that are trained, those that a call names, or the best by a metric."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from pathlib import Path

from bench.records import Record
from bench.report.entries import RATIOS, Entry, goal, measure
from bench.report.stored import StoredRun
from bench.setting_axes import abbreviate
from registry import ARCHITECTURES
from registry.errors import UserError
from registry.registry import choices
from registry.spec import parse_component

_WEIGHTS = "model.safetensors"

ID_LETTERS = 8
"""Of a cell's id, where it stands for the cell."""


SHEETS = "sheets"
"""The folder of the sheets, beside those of the cells."""

_FOLDER = re.compile(rf"{SHEETS}|.+-seed\w+-[0-9a-f]{{{ID_LETTERS}}}")


def title(record: Record) -> str:
    """A cell in a few words: ``unet, l1, synthetic-faces, seed 0``."""
    parts = [record.architecture, record.loss, record.dataset]
    parts.append(f"seed {record.seed}" if record.seed is not None else None)
    return ", ".join(part for part in parts if part)


def folder_name(record: Record) -> str:
    """A name for the folder of a cell's pictures, readable and of this cell alone."""
    parts = f"{record.architecture} {abbreviate(record.loss)} {record.dataset}"
    readable = re.sub(r"[^A-Za-z0-9.]+", "-", parts).strip("-.")
    return f"{readable[:60].rstrip('-.')}-seed{record.seed}-{record.cell_id[:ID_LETTERS]}"


def is_folder_name(name: str) -> bool:
    """Whether a folder is one that coloured photographs or sheets are written to."""
    return _FOLDER.fullmatch(name) is not None


def choose_cells(run: StoredRun, ids: Sequence[str], best: str | None) -> list[Record]:
    """Trained cells in the order of the grid, whose weights are there.

    Args:
        run: Where they are.
        ids: Ids or unambiguous beginnings of ids; of none, all completed cells.
        best: A metric: instead, the best completed cell of each data set, since values on different ones do not
            compare.

    Raises:
        UserError: There is no such cell or metric, or a cell has no weights.
    """
    if ids and best is not None:
        raise UserError("Give --cell or --best, not both.")
    trained = [record for record in run.records if record.loss is not None]
    if ids:
        named = [_named(run.records, one) for one in ids]
        chosen = [record for record in trained if record in named]
    else:
        chosen = [record for record in trained if record.status == "completed"]
        if not chosen:
            raise UserError(f"The run {run.name!r} has no completed cell with a network: finish it first.")
        chosen = _best_of_each_dataset(chosen, best) if best is not None else chosen
    _check_weights(run, chosen)
    return chosen


def best_line(record: Record, metric: str) -> str:
    """What a person should know of a cell that a metric chose."""
    return f"best {metric}, {_value(record, metric):.4g}: {title(record)} ({record.cell_id[:ID_LETTERS]})"


def plugin_notes(records: Sequence[Record]) -> list[str]:
    """Where a plugin that an architecture comes from is not as it was when a cell was trained.

    Raises:
        UserError: An architecture comes from a plugin that was not given.
    """
    notes = []
    for record in records:
        name = record.architecture.partition("(")[0]
        if name not in ARCHITECTURES and record.plugins:
            raise UserError(
                f"The architecture {name!r} of {title(record)!r} comes from a plugin: "
                f"give --plugin again, with the path of {' or '.join(record.plugins)}."
            )
        plugin = parse_component(ARCHITECTURES, record.architecture).entry.plugin
        trained_with = record.plugins.get(plugin.name) if plugin else None
        if plugin and trained_with != plugin.digest:
            notes.append(
                f"note: {plugin.path} is not as it was when {name!r} was trained (content hash {plugin.digest}, then "
                f"{trained_with or 'of another file'}): the pictures may differ from those of the run."
            )
    return list(dict.fromkeys(notes))


def _named(records: Sequence[Record], text: str) -> Record:
    """The completed, trained cell whose id begins with a text."""
    found = [record for record in records if text and record.cell_id.startswith(text)]
    if not found:
        raise UserError(f"--cell {text!r}: no cell's id begins so; results.csv in the run's folder has all.")
    if len(found) > 1:
        ids = "; ".join(f"{record.cell_id} ({title(record)})" for record in found)
        raise UserError(f"--cell {text!r} may mean any of {len(found)} cells, write more letters: {ids}.")
    [record] = found
    if record.loss is None:
        raise UserError(
            f"--cell {text!r} is the baseline {record.architecture!r}, which has no network to colour with."
        )
    if record.status != "completed":
        raise UserError(f"--cell {text!r} ({title(record)}) is not completed but {record.status}: run its grid again.")
    return record


def _best_of_each_dataset(records: Sequence[Record], metric: str) -> list[Record]:
    known = sorted({*RATIOS, *(name for record in records for name in record.metrics)})
    if metric not in known:
        raise UserError(f"Unknown metric {metric!r}: {choices(metric, known)}.")
    measured = [record for record in records if _value(record, metric) is not None]
    if not measured:
        raise UserError(f"No completed cell has a value of {metric}: choose by another metric.")
    if any(math.isnan(_distance(record, metric)) for record in measured):
        raise UserError(f"Of {metric} no value is known to be the best: it has no direction. Choose by another metric.")
    best: dict[str, Record] = {}
    for record in measured:
        if record.dataset not in best or _distance(record, metric) < _distance(best[record.dataset], metric):
            best[record.dataset] = record
    return list(best.values())


def _value(record: Record, metric: str) -> float | None:
    measurement = measure(record, metric)
    return measurement.value if measurement else None


def _distance(record: Record, metric: str) -> float:
    """How far a cell is from the best value of a metric."""
    entry = Entry(record.architecture, record.loss, record.dataset, (record,))
    return goal([entry], metric).distance(_value(record, metric))


def _check_weights(run: StoredRun, records: Sequence[Record]) -> None:
    missing = [record for record in records if not weights_path(run.folder, record).is_file()]
    if missing:
        which = "its cells" if len(missing) == len(records) else f"{title(missing[0])!r} ({missing[0].cell_id})"
        grid = run.folder / "grid.yaml"
        raise UserError(
            f"The run {run.name!r} has records but not the weights of {which}, as git keeps none: make them with "
            f"`python -m bench run --grid {grid} --name {run.name}-again`, then colour with --run {run.name}-again."
        )


def weights_path(run_folder: Path, record: Record) -> Path:
    """Where the weights of a cell's network after its last epoch are."""
    return run_folder / "cells" / record.cell_id / _WEIGHTS
