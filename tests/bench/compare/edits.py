"""Changes to the stored files of a run, as another run would have them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd


def each_record(folder: Path, change: Callable[[dict], None]) -> Path:
    """Change all records; ``change`` gets each as a dictionary."""
    for path in folder.glob("cells/*/record.json"):
        record = json.loads(path.read_text())
        change(record)
        path.write_text(json.dumps(record))
    return folder


def set_metric(folder: Path, name: str, value: float | None, *, architecture: str, loss: str | None) -> Path:
    """Give a row's cells a value of a metric; None takes it away."""

    def change(record: dict) -> None:
        if (record["architecture"], record["loss"]) == (architecture, loss):
            record["metrics"][name]["value"] = value

    return each_record(folder, change)


def add_to_pictures(folder: Path, metric: str, size: float, seed: int = 0) -> Path:
    """Move the scores of single pictures by noise, of each cell its own, and the records' means with them."""
    random = np.random.default_rng(seed)
    for path in sorted(folder.glob("cells/*/per_image.csv")):
        table = pd.read_csv(path)
        table[metric] += random.normal(0, size, len(table))
        table.to_csv(path, index=False)
        record = json.loads((path.parent / "record.json").read_text())
        record["metrics"][metric]["value"] = table[metric].mean()
        (path.parent / "record.json").write_text(json.dumps(record))
    return folder


def scores(folder: Path, metric: str, **axes: object) -> np.ndarray:
    """Of one cell, of each picture."""
    for path in folder.glob("cells/*/record.json"):
        record = json.loads(path.read_text())
        if all(record[axis] == value for axis, value in axes.items()):
            return pd.read_csv(path.parent / "per_image.csv")[metric].to_numpy()
    raise AssertionError(f"no cell {axes}")
