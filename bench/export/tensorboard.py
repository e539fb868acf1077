"""Event files for TensorBoard, from what a run has stored: training itself writes none."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from bench.records import Record, dataset_slug
from bench.report.markdown import count
from bench.report.stored import StoredRun
from bench.samples import half_epoch
from bench.storage import make_writable, writing_to
from registry.errors import UserError

_LOSSES = {"train_loss": "loss/train", "validation_loss": "loss/validation"}
_TRAINING = ("learning_rate", "seconds")
_PLACES = ("epoch", "step")


def write_events(run: StoredRun, output: Path) -> str:
    """Write a folder of event files: one below it per completed cell, ``<data set>/<architecture>/<loss>/seed-<n>``.

    Each has a scalar per epoch of its history, the sample pictures under their truth, the final metrics on the test
    set, and its settings as hyperparameters.

    Returns:
        What was written, for the user.

    Raises:
        UserError: The package tensorboard is missing, or ``output`` holds something: events of two exports would mix.
    """
    if find_spec("tensorboard") is None:
        raise UserError(
            "--format tensorboard needs the package tensorboard, which is not installed: run `pip install -e "
            "'.[tensorboard]'` in the checkout."
        )
    if output.exists() and not (output.is_dir() and not any(output.iterdir())):
        raise UserError(f"{output} is there and is not an empty folder; choose another one with --output.")
    completed = [record for record in run.records if record.status == "completed"]
    if not completed:
        raise UserError(f"No cell of the run {run.name} is completed: there is nothing to show.")
    make_writable(output, "--output")
    with writing_to(output):
        for record in completed:
            _write_cell(run, record, output / _place(record))
    others = len(run.records) - len(completed)
    left_out = f"; {count(others, 'cell')} not completed and left out" if others else ""
    return f"{output}: {count(len(completed), 'cell')}{left_out}; look with: tensorboard --logdir {output}"


def _write_cell(run: StoredRun, record: Record, folder: Path) -> None:
    from torch.utils.tensorboard import SummaryWriter

    history = run.history(record)
    epochs = 0 if history is None else int(history["epoch"].iloc[-1])
    started, finished = (datetime.fromisoformat(time).timestamp() for time in (record.started_at, record.finished_at))
    with SummaryWriter(str(folder)) as writer:
        if history is not None:
            ends = started + history["seconds"].cumsum()
            for name in history.columns.drop(list(_PLACES)):
                for value, epoch, end in zip(history[name], history["epoch"], ends, strict=True):
                    writer.add_scalar(_tag(name), value, epoch, walltime=end)
        for epoch, name, pictures in _pictures(run, record, epochs):
            writer.add_image(name, pictures, epoch, walltime=finished, dataformats="HWC")
        metrics = {f"test/{name}": one.value for name, one in record.metrics.items() if one.value is not None}
        # In the folder itself: by default it would be one named after this hour, and not the cell's.
        writer.add_hparams(_hyperparameters(record), metrics, run_name=".", global_step=epochs)


def _tag(column: str) -> str:
    """What a column of the history is called: TensorBoard puts what is before the slash in one group."""
    if column in _LOSSES:
        return _LOSSES[column]
    return f"training/{column}" if column in _TRAINING else f"validation/{column}"


def _pictures(run: StoredRun, record: Record, epochs: int) -> Iterator[tuple[int, str, np.ndarray]]:
    """Epoch, name and picture: predictions side by side under their truth, the extremes likewise."""
    truth = run.true_samples(record.dataset)
    # With one epoch the half is the last.
    for epoch, when in {half_epoch(epochs): "half", epochs: "last"}.items():
        yield from _under(truth, run.samples(record, when), epoch, "test/truth over prediction")
    extremes = run.samples(record, "extremes_truth")
    yield from _under(extremes, run.samples(record, "extremes"), epochs, "test/best, median and worst by LPIPS")


def _under(
    truth: np.ndarray | None, predicted: np.ndarray | None, epoch: int, name: str
) -> Iterator[tuple[int, str, np.ndarray]]:
    if truth is not None and predicted is not None and truth.shape == predicted.shape:
        rows = [np.concatenate(list(pictures), axis=1) for pictures in (truth, predicted)]
        yield epoch, name, np.concatenate(rows)


def _hyperparameters(record: Record) -> dict[str, Any]:
    """What a cell was, tuned settings as they were chosen; lists as text, because TensorBoard has none."""
    # How others were trained says nothing of a reference.
    trained = record.settings if record.loss else {}
    settings = {**trained, **((record.tuning.chosen or {}) if record.tuning else {})}
    what = {"architecture": record.architecture, "loss": record.loss, "dataset": record.dataset, "seed": record.seed}
    plain = (bool, int, float, str)
    return {
        name: value if isinstance(value, plain) else json.dumps(value)
        for name, value in {**what, **settings}.items()
        if value is not None
    }


def _place(record: Record) -> Path:
    parts = [record.dataset, record.architecture, record.loss]
    seed = [] if record.seed is None else [f"seed-{record.seed}"]
    return Path(*(dataset_slug(part) for part in parts if part), *seed)
