"""The seed decides every number, wherever and beside whatever a cell runs."""

import random

import numpy as np
import pandas as pd
import pytest
import torch
from torch import nn

from bench.cell import Job
from bench.environment import describe
from bench.executors.base import Finished
from bench.executors.local import LocalExecutor
from bench.settings import Settings
from bench.work import run_cell
from registry import DATASETS, LOSSES
from registry.datasets.prepared import prepare
from registry.spec import parse_component

DATA = "synthetic-flowers(n_train=24, n_validation=8, n_test=8)"


def _prepare(cache=None):
    dataset = parse_component(DATASETS, DATA)
    return prepare(dataset.create(), dataset.text, 32, cache=cache).folder


def _jobs(folder, count=4, loss="l1"):
    return [
        Job(
            cell_id=f"cell{index}",
            title="",
            architecture="unet-resnet18" if index % 2 else "unet(n_down=2, num_filters=4)",
            loss=loss,
            dataset=DATA,
            seed=index // 2,
            settings=Settings(image_size=32, epochs=2, steps_per_epoch=3, batch_size=8, sample_pictures=2),
            prepared=_prepare(),
            folder=folder / f"cell{index}",
            device="cpu",
        )
        for index in range(count)
    ]


def _numbers(folder, record):
    assert record.error is None, record.error.traceback
    history = pd.read_csv(folder / record.cell_id / "history.csv").drop(columns="seconds").to_csv()
    weights = (folder / record.cell_id / "model.safetensors").read_bytes()
    return record.metrics, record.best_metrics, history, weights


def _run(folder, workers):
    events = LocalExecutor(workers).run(_jobs(folder))
    done = [event.record for event in events if isinstance(event, Finished)]
    return {record.cell_id: _numbers(folder, record) for record in done}


@pytest.mark.slow
def test_one_worker_or_two_give_the_same_numbers_bit_for_bit(tmp_path):
    one, two = _run(tmp_path / "one", 1), _run(tmp_path / "two", 2)
    assert one == two
    assert one["cell0"] != one["cell2"], "another seed, other numbers"


def test_drawn_pictures_are_the_same_whenever_they_are_drawn(tmp_path):
    first, second = _prepare(tmp_path / "first"), _prepare(tmp_path / "second")
    assert (first / "pictures.npy").read_bytes() == (second / "pictures.npy").read_bytes()


@pytest.mark.parametrize("draw", [random.random, np.random.rand, lambda: torch.rand(()).item()])
def test_a_component_that_draws_from_a_global_generator_is_seeded(tmp_path, draw):
    class Drawing(nn.Module):
        """Draws when it is built and at each step."""

        def __init__(self):
            super().__init__()
            self.built = draw()

        def forward(self, prediction, target):
            return (prediction.ab - target.ab).abs().mean() * (1 + self.built + draw())

    LOSSES.register("drawing")(_described(Drawing))
    try:
        numbers = []
        for name in ("one", "two"):
            draw()
            (job,) = _jobs(tmp_path / name, count=1, loss="drawing")
            numbers.append(_numbers(tmp_path / name, run_cell(job, lambda *_: None)))
        assert numbers[0] == numbers[1]
    finally:
        del LOSSES._entries["drawing"]


def _described(component):
    def factory():
        """Made for a test."""
        return component()

    return factory


def test_the_record_says_what_repeats(monkeypatch):
    assert describe("cpu", "float32")["deterministic"] is True
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda: "a GPU")
    on_gpu = describe("cuda", "float32")
    assert on_gpu["deterministic"] is False
    assert "cuDNN" in on_gpu["determinism"]
