"""``run --dry-run``: what there is to do, for people and for other programs."""

import json
import sys

import pytest

from bench.cli import main
from bench.dry_run import describe
from bench.grid import Grid
from bench.records import write_record
from bench.run import plan

GRID = Grid(architectures=["unet"], losses=["l1", "l2"], datasets=["synthetic-faces"], baselines=["grey"])


@pytest.fixture
def make_plan(tmp_path, make_record):
    """A plan of GRID in which cells have ended as told, by the loss of each (None: the baseline's)."""

    def make(statuses, grid=GRID, rerun="none", seconds=None):
        for cell in grid.cells():
            loss = cell.loss.text if cell.loss else None
            if loss in statuses:
                record = make_record(
                    cell.id,
                    status=statuses[loss],
                    architecture=cell.architecture.text,
                    loss=loss,
                    dataset=cell.dataset.text,
                    seed=cell.seed,
                    settings=cell.settings.model_dump(),
                    seconds={"data": 1.0, "fit": (seconds or {}).get(loss, 10.0) - 1},
                )
                folder = tmp_path / "results" / "mine" / "cells" / cell.id
                folder.mkdir(parents=True)
                write_record(folder, record)
        return plan(grid, "mine", tmp_path / "results", rerun)

    return make


def test_cells_say_what_they_are_and_how_they_ended(make_plan, tmp_path):
    found = describe(make_plan({None: "completed", "l1": "failed", "l2": "skipped"}))
    assert [(one["loss"], one["seed"], one["status"]) for one in found["cells"]] == [
        (None, None, "completed"),
        ("l1", 0, "failed"),
        ("l2", 0, "pending"),
    ]
    assert found["counts"] == {"cells": 3, "completed": 1, "failed": 1, "pending": 1, "trainings": 1}
    assert found["run"] == "mine"
    for cell, one in zip(GRID.cells(), found["cells"], strict=True):
        assert one["id"] == cell.id
        assert one["folder"] == str(tmp_path / "results" / "mine" / "cells" / cell.id)


def test_tries_count_as_trainings(make_plan):
    tuned = GRID.model_copy(update={"settings": {"tune": {"learning_rate": [1e-3, 3e-3, 1e-2]}}})
    assert describe(make_plan({}, tuned))["counts"]["trainings"] == 2 * 3


def _bench(monkeypatch, capsys, folder, *arguments):
    monkeypatch.chdir(folder)
    monkeypatch.setattr(sys, "argv", ["bench", "run", "--grid", "smoke", *arguments])
    with pytest.raises(SystemExit) as ended:
        main()
    return ended.value.code or 0, *capsys.readouterr()


def test_standard_output_is_json_and_no_run_is_begun(tmp_path, monkeypatch, capsys):
    status, output, _ = _bench(monkeypatch, capsys, tmp_path, "--dry-run", "--json", "--name", "mine")
    assert status == 0
    found = json.loads(output)
    assert found["counts"]["cells"] == found["counts"]["pending"] == len(found["cells"]) == 16
    assert {one["architecture"] for one in found["cells"]} >= {"unet-resnet18", "unet(n_down=4, num_filters=8)"}
    assert list(tmp_path.iterdir()) == []


def test_json_of_a_run_that_is_no_dry_one_is_refused(tmp_path, monkeypatch, capsys):
    status, output, errors = _bench(monkeypatch, capsys, tmp_path, "--json")
    assert (status, output) == (2, "")
    assert "--json goes with --dry-run" in errors
    assert list(tmp_path.iterdir()) == []
