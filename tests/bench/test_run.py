import os

import pytest
from rich.console import Console

from bench.executors.local import LocalExecutor
from bench.executors.place import Place, resolve_device
from bench.grid import Grid
from bench.progress import Display
from bench.records import Record, write_record
from bench.run import execute, plan
from bench.run_lock import holding
from registry.errors import UserError

GRID = Grid(architectures=["unet"], losses=["l1", "l2"], datasets=["synthetic-faces"], baselines=["grey"])


def _end(folder, cell, status, **changes):
    record = Record(
        cell_id=cell.id,
        status=status,
        architecture=cell.architecture.text,
        loss=cell.loss.text if cell.loss else None,
        dataset=cell.dataset.text,
        seed=cell.seed,
        settings=cell.settings.model_dump(),
        started_at="2026-01-01T00:00:00+00:00",
        finished_at="2026-01-01T00:00:00+00:00",
        **changes,
    )
    write_record(folder / "cells" / cell.id, record)


@pytest.mark.parametrize(
    ("rerun", "expected"),
    [
        ("none", {"skipped", "new"}),
        ("failed", {"skipped", "new", "failed"}),
        ("all", {"skipped", "new", "failed", "completed"}),
    ],
)
def test_only_what_is_not_done_is_run(tmp_path, rerun, expected):
    grid = GRID.model_copy(update={"losses": ["l1", "l2", "huber"]})
    cells = dict(zip(("completed", "failed", "skipped", "new"), grid.cells(), strict=True))
    for status in ("completed", "failed", "skipped"):
        _end(tmp_path / "mine", cells[status], status)
    names = {cell.id: name for name, cell in cells.items()}
    assert {names[cell.id] for cell in plan(grid, "mine", tmp_path, rerun).pending} == expected


def test_planning_writes_nothing(tmp_path):
    plan(GRID, "mine", tmp_path / "results")
    assert not (tmp_path / "results").exists()


def test_other_settings_need_another_name(tmp_path):
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "grid.yaml").write_text(GRID.resolved().to_yaml())
    plan(GRID, "mine", tmp_path)
    changed = GRID.model_copy(update={"settings": {"epochs": 2}})
    with pytest.raises(UserError, match=r"was made with epochs=30; .* --name"):
        plan(changed, "mine", tmp_path)
    extended = GRID.model_copy(update={"losses": ["huber"]})
    assert plan(extended, "mine", tmp_path).pending


@pytest.mark.parametrize("name", ["", "..", "a/b", "-x"])
def test_a_name_must_be_that_of_a_folder(tmp_path, name):
    with pytest.raises(UserError, match="A run cannot be called"):
        plan(GRID, name, tmp_path)


def test_a_damaged_record_is_named(tmp_path):
    cell = GRID.cells()[0]
    path = tmp_path / "mine" / "cells" / cell.id / "record.json"
    path.parent.mkdir(parents=True)
    path.write_text('{"cell_id": ')
    with pytest.raises(UserError, match=r"record.json cannot be read"):
        plan(GRID, "mine", tmp_path)


def test_a_gpu_that_is_not_there_is_refused(monkeypatch):
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    assert resolve_device("auto") == "cpu"
    with pytest.raises(UserError, match="no CUDA GPU"):
        resolve_device("cuda")


def test_a_run_at_work_is_left_alone(tmp_path):
    (tmp_path / "mine").mkdir()
    with holding(tmp_path / "mine"), pytest.raises(UserError, match=f"process {os.getpid()} on "):
        execute(plan(GRID, "mine", tmp_path), Place(LocalExecutor(1), "cpu", decoders=1), Display(Console()))
