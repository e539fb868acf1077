"""Runs with networks that nobody trained, whose colours are strong none the less."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from bench.colorize.cells import weights_path
from bench.grid import Grid
from bench.records import Measurement, Record, write_record
from bench.report.stored import StoredRun

TINY = "unet(n_down=2, num_filters=4)"


@pytest.fixture
def make_run(tmp_path) -> Callable[..., StoredRun]:
    """A run of these losses, data sets and seeds; ``change`` alters a record before it is stored.

    The weights are those of the architecture's own network, or of one that is given, their names after a prefix.
    """

    def make(
        losses=("l1",),
        datasets=("synthetic-faces",),
        seeds=(0,),
        architecture=TINY,
        metrics=None,
        change=lambda record: record,
        folder: Path = tmp_path / "results" / "mine",
        network=None,
        prefix="",
    ) -> StoredRun:
        grid = Grid(
            architectures=[architecture],
            losses=list(losses),
            datasets=list(datasets),
            seeds=list(seeds),
            baselines=["grey"],
            settings={"image_size": 32},
        )
        folder.mkdir(parents=True)
        (folder / "grid.yaml").write_text(grid.resolved().to_yaml())
        for number, cell in enumerate(grid.cells()):
            record = Record(
                cell_id=cell.id,
                status="completed",
                architecture=cell.architecture.text,
                loss=cell.loss.text if cell.loss else None,
                dataset=cell.dataset.text,
                seed=cell.seed,
                settings=cell.settings.model_dump(),
                metrics=(metrics or _lpips)(cell),
                plugins={plugin.name: plugin.digest for plugin in cell.plugins},
                started_at="2026-01-01T00:00:00+00:00",
                finished_at="2026-01-01T00:01:00+00:00",
            )
            write_record(folder / "cells" / cell.id, change(record))
            if cell.loss:
                built = network or _colorful(cell.architecture, number)
                weights = {name: one.contiguous() for name, one in built.state_dict(prefix=prefix).items()}
                save_file(weights, weights_path(folder, record))
        return StoredRun(folder)

    return make


def _lpips(cell):
    return {"lpips": Measurement(value=0.1 if cell.loss else 0.2, n=8, higher_is_better=False)}


def _colorful(architecture, seed):
    torch.manual_seed(seed)
    network = architecture.create()
    with torch.no_grad():
        for name, weights in network.named_parameters():
            if name == "head.weight":
                weights *= 60
    return network
