"""Data sets of a run: prepared once before its cells, and described in its folder for the report."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from bench.artefacts import sample_truth
from bench.cell import Cell
from bench.comparable import check_same_pictures
from bench.distribution import ColorDistribution
from bench.left_out import name_few
from bench.progress import Display
from bench.records import DatasetRecord, DataSummary, dataset_slug
from bench.samples import save_strip
from bench.settings import Settings
from bench.storage import write_atomically, writing_to
from bench.supply import batches, check_batch
from registry.datasets.prepared import Prepared, prepare
from registry.errors import UnavailableError, UserError, guarding_exit
from registry.spec import Component


def prepare_datasets(
    run_folder: Path, pending: Sequence[Cell], workers: int, display: Display
) -> dict[str, Prepared | Exception]:
    """Decode and resize the pictures of each data set of these cells once; later calls find them.

    Those that cells are only tested on are prepared whole too: their training pictures say what is lazy there.

    Returns:
        By canonical spec, the data set or, where only its own cells must do without it, why it cannot be had.

    Raises:
        UserError: What is asked for is wrong, or no data set at all is available.
    """
    found: dict[str, Prepared | Exception] = {}
    own = [cell.dataset for cell in pending]
    others = [component for cell in pending for component in cell.tested_on]
    # Those to train on last: only they say whether to download.
    for component in {one.text: one for one in (*others, *own)}.values():
        try:
            with guarding_exit():
                found[component.text] = _prepare_one(run_folder, component, pending, workers, display)
        except UnavailableError as error:
            found[component.text] = error
        except UserError:
            raise
        except Exception as error:
            found[component.text] = error
    if all(isinstance(one, UnavailableError) for one in found.values()):
        raise next(iter(found.values()))
    return found


def _prepare_one(
    run_folder: Path, component: Component, pending: Sequence[Cell], workers: int, display: Display
) -> Prepared:
    settings = pending[0].settings
    dataset = component.create()
    check_same_pictures(run_folder, component.text, dataset.revision, {cell.id for cell in pending})
    data = prepare(
        dataset,
        component.text,
        settings.image_size,
        progress=display.task(f"preparing {component}"),
        waiting=partial(display.say, f"another process is preparing {component}: waiting for it"),
        workers=workers,
    )
    batch_sizes = [cell.settings.batch_size for cell in pending if cell.loss and cell.dataset.text == component.text]
    if batch_sizes:
        check_batch(len(data.keys("train")), max(batch_sizes))
    described = describe_dataset(run_folder, component.text, data, settings)
    for line in name_few(data.left_out_as("unreadable"), data.left_out_as("grey"), str(described)):
        display.say(f"warning: {component}: left out as {line}")
    return data


def describe_dataset(run_folder: Path, name: str, data: Prepared, settings: Settings) -> Path:
    """Write ``datasets/<slug>/``: what the data set holds, its sample pictures and its colours.

    Returns:
        The file of its record.
    """
    folder = run_folder / "datasets" / dataset_slug(name)
    colors = ColorDistribution()
    for batch in batches(data.pictures("test"), settings.batch_size, "cpu"):
        colors.update(batch)
    with writing_to(folder):
        save_strip(folder / "truth.png", sample_truth(data, settings.sample_pictures, "cpu").rgb8.numpy())
        colors.save(folder / "colors.npz")
    record = DatasetRecord(
        **DataSummary.of(name, data).model_dump(),
        left_out_pictures=data.left_out_as("unreadable") + data.left_out_as("grey"),
    )
    path = folder / "dataset.json"
    write_atomically(path, record.model_dump_json(indent=2) + "\n")
    return path
