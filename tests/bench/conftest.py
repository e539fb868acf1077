"""What the tests of the harness share."""

import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from harness import Run
from made_up_runs import write_made_up_run

from bench.records import Record
from registry.registry import Registry


@pytest.fixture(autouse=True)
def signals() -> Iterator[None]:
    """Signals as in a terminal, and left so: a job in the background has Ctrl-C ignored, and so has an ended `main`."""
    before = {one: signal.getsignal(one) for one in (signal.SIGINT, signal.SIGTERM)}
    signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    for one, handler in before.items():
        signal.signal(one, handler)


@pytest.fixture
def make_record() -> Callable[..., Record]:
    """Records of a completed cell, but for what is given."""

    def make(cell_id: str = "abc", **changes: object) -> Record:
        facts = {
            "cell_id": cell_id,
            "status": "completed",
            "architecture": "unet",
            "loss": "l1",
            "dataset": "synthetic-faces",
            "seed": 0,
            "settings": {"epochs": 2},
            "started_at": "2026-01-01T00:00:00+00:00",
            "finished_at": "2026-01-01T00:01:00+00:00",
        }
        return Record(**facts | changes)

    return make


@pytest.fixture
def make_run(tmp_path: Path) -> Callable[..., Path]:
    """Write made-up runs; see `made_up_runs` for what it takes."""

    def make(name: str = "made-up", **keywords: object) -> Path:
        return write_made_up_run(tmp_path / "results" / name, **keywords)

    return make


@pytest.fixture(autouse=True)
def no_run_stays():
    """A test that fails in the middle must not leave an endless run behind."""
    yield
    Run.kill_all()


@pytest.fixture(scope="session")
def prepared() -> Path:
    """The folder of a small prepared data set."""
    from registry import DATASETS
    from registry.datasets.prepared import prepare
    from registry.spec import parse_component

    dataset = parse_component(DATASETS, "synthetic-flowers(n_train=24, n_validation=8, n_test=8)")
    return prepare(dataset.create(), dataset.text, 32).folder


@pytest.fixture
def register() -> Iterator[Callable[..., None]]:
    """Register components for one test."""
    added = []

    def add(registry: Registry, name: str, factory: Callable[..., Any]) -> None:
        factory.__doc__ = factory.__doc__ or "Made for a test."
        registry.register(name)(factory)
        added.append((registry, name))

    yield add
    for registry, name in added:
        del registry._entries[name]
