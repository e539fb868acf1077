"""Data sets of a run: prepared once before its cells, and described in its folder for the report."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from bench.distribution import ColorDistribution
from bench.records import DatasetRecord, dataset_slug, write_atomically
from bench.samples import save_strip
from bench.settings import Settings
from bench.supply import batches
from bench.work import sample_truth, summarize_data
from registry.datasets.prepared import Prepared, prepare
from registry.spec import Component


def prepare_dataset(
    component: Component,
    settings: Settings,
    workers: int,
    progress: Callable[[int, int], None],
    waiting: Callable[[], None],
) -> Prepared:
    """Decode and resize a data set's pictures once; later calls find them.

    Raises:
        UserError: The data set is missing, empty or unreadable.
    """
    return prepare(
        component.create(),
        component.text,
        settings.image_size,
        progress=progress,
        waiting=waiting,
        workers=workers,
    )


def describe_dataset(run_folder: Path, name: str, data: Prepared, settings: Settings) -> Path:
    """Write ``datasets/<slug>/``: what the data set holds, its sample pictures and its colours.

    Returns:
        The file of its record.
    """
    folder = run_folder / "datasets" / dataset_slug(name)
    save_strip(folder / "truth.png", sample_truth(data, settings.sample_pictures, "cpu").rgb8.numpy())
    colors = ColorDistribution()
    for batch in batches(data.pictures("test"), settings.batch_size, "cpu"):
        colors.update(batch)
    colors.save(folder / "colors.npz")
    record = DatasetRecord(
        **summarize_data(name, data).model_dump(),
        left_out_pictures=data.left_out_as("unreadable") + data.left_out_as("grey"),
    )
    path = folder / "dataset.json"
    write_atomically(path, record.model_dump_json(indent=2) + "\n")
    return path
