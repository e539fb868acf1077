"""Data sets of a run: prepared once before its cells, and described in its folder for the report."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from bench.distribution import ColorDistribution
from bench.records import DatasetRecord, dataset_slug
from bench.samples import save_strip
from bench.settings import Settings
from bench.storage import write_atomically, writing_to
from bench.supply import batches
from bench.work import sample_truth, summarize_data
from registry.datasets.prepared import Prepared, prepare
from registry.spec import Component


def prepare_dataset(
    component: Component, settings: Settings, workers: int, progress: Callable[[int, int], None]
) -> Prepared:
    """Decode and resize a data set's pictures once; later calls find them.

    Raises:
        UserError: The data set is missing, empty or unreadable.
    """
    return prepare(component.create(), component.text, settings.image_size, progress=progress, workers=workers)


def describe_dataset(run_folder: Path, name: str, data: Prepared, settings: Settings) -> None:
    """Write ``datasets/<slug>/``: what the data set holds, its sample pictures and its colours."""
    folder = run_folder / "datasets" / dataset_slug(name)
    colors = ColorDistribution()
    for batch in batches(data.pictures("test"), settings.batch_size, "cpu"):
        colors.update(batch)
    with writing_to(folder):
        save_strip(folder / "truth.png", sample_truth(data, settings.sample_pictures, "cpu").rgb8.numpy())
        colors.save(folder / "colors.npz")
    record = DatasetRecord(
        **summarize_data(name, data).model_dump(),
        left_out_pictures=[f"{picture['key']}: {picture['reason']}" for picture in data.left_out],
    )
    write_atomically(folder / "dataset.json", record.model_dump_json(indent=2) + "\n")
