"""results.csv: the tidy table of all cells of a run."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from bench.records import Record, read_records
from bench.setting_axes import varied
from bench.storage import write_atomically

_FACTS = (
    "cell_id",
    "status",
    "architecture",
    "loss",
    "dataset",
    "seed",
    "best_epoch",
    "parameters",
    "images_per_second",
    "peak_memory_bytes",
    "batch_size",
)

_WHOLE = ("seed", "best_epoch", "parameters", "peak_memory_bytes", "batch_size")


def write_results(run_folder: Path) -> pd.DataFrame:
    """Write ``results.csv`` from the records of a run and return it."""
    table = results_table(list(read_records(run_folder)))
    write_atomically(run_folder / "results.csv", table.to_csv(index=False))
    return table


def results_table(records: list[Record]) -> pd.DataFrame:
    """A row per cell: what it was, then ``<metric>``, ``<metric>_stderr``, ``<metric>_truth``, ``<metric>_best``.

    ``_stderr`` is over test pictures, ``_truth`` the value of the true pictures, ``_best`` the value after the
    epoch with the lowest validation loss. Settings that differ between cells have columns too. Rows are sorted by
    what the cells are.
    """
    # Of a baseline, which is not trained, they say nothing.
    axes = varied(one.settings for one in records if one.loss)
    rows = [_row(record, axes) for record in records]
    table = pd.DataFrame(rows, columns=None if rows else [*_FACTS, "reason"])
    # With a cell that has none, pandas would make floats of them.
    table = table.astype(dict.fromkeys(_WHOLE, "Int64"))
    order = ["dataset", "architecture", "loss", *axes, "seed"]
    return table.sort_values(order, na_position="first", ignore_index=True)


def _row(record: Record, axes: Sequence[str]) -> dict[str, Any]:
    row = {name: getattr(record, name) for name in _FACTS}
    row |= {name: record.settings.get(name) if record.loss else row.get(name) for name in axes}
    row |= {f"seconds_{phase}": seconds for phase, seconds in record.seconds.items()}
    for name, measurement in record.metrics.items():
        row[name] = measurement.value
        if measurement.stderr is not None:
            row[f"{name}_stderr"] = measurement.stderr
        if name in record.truth:
            row[f"{name}_truth"] = record.truth[name]
        if name in record.best_metrics:
            row[f"{name}_best"] = record.best_metrics[name].value
    row["reason"] = record.reason or (f"{record.error.type}: {record.error.message}" if record.error else None)
    return row
