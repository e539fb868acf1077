"""``run --dry-run``: what there is to do, for people and for other programs."""

import json
import sys
from datetime import datetime, timedelta, timezone

import pytest

from bench.cli import main
from bench.dry_run import describe
from bench.grid import Grid
from bench.records import write_record
from bench.run import plan
from bench.time_left import TimeLeft, estimate

GRID = Grid(architectures=["unet"], losses=["l1", "l2"], datasets=["synthetic-faces"], baselines=["grey"])
SEVERAL = GRID.model_copy(update={"losses": ["l1", "huber"]})
SECONDS = {None: 2.0, "l1": 20.0, "huber": 50.0}
START = datetime(2026, 1, 1, tzinfo=timezone.utc)
UNKNOWN = TimeLeft(None, None, 0)


@pytest.fixture
def make_plan(tmp_path, make_record):
    """A plan of GRID in which cells have ended as told, by the loss of each (None: the baseline's)."""

    def make(statuses, grid=GRID, rerun="none", seconds=None):
        for cell in grid.cells():
            loss = cell.loss.text if cell.loss else None
            if loss in statuses:
                lasted = (seconds or {}).get(loss, 10.0)
                record = make_record(
                    cell.id,
                    status=statuses[loss],
                    architecture=cell.architecture.text,
                    loss=loss,
                    dataset=cell.dataset.text,
                    seed=cell.seed,
                    settings=cell.settings.model_dump(),
                    # Validation is in no phase, but takes its time.
                    seconds={"data": 1.0, "fit": lasted / 2},
                    started_at=START.isoformat(),
                    finished_at=(START + timedelta(seconds=lasted)).isoformat(),
                )
                folder = tmp_path / "results" / "mine" / "cells" / cell.id
                folder.mkdir(parents=True)
                write_record(folder, record)
        return plan(grid, "mine", tmp_path / "results", rerun)

    return make


def test_cells_say_what_they_are_and_how_they_ended(make_plan, tmp_path):
    found = describe(make_plan({None: "completed", "l1": "failed", "l2": "skipped"}), UNKNOWN)
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
    assert describe(make_plan({}, tuned), UNKNOWN)["counts"]["trainings"] == 2 * 3


def _left(plan, workers=1, device="auto", executor="local"):
    return estimate(plan, workers=workers, device=device, executor=executor)


@pytest.mark.parametrize("statuses", [{}, {None: "completed", "l1": "failed"}], ids=["new", "failed"])
def test_nothing_is_promised_before_a_cell_is_finished(make_plan, statuses):
    left = _left(make_plan(statuses))
    assert left == UNKNOWN
    assert "unknown until a cell is finished" in str(left)


def test_baselines_do_not_tell_how_long_training_takes(make_plan):
    assert _left(make_plan({None: "completed"}, seconds={None: 2.0})) == UNKNOWN


def test_pending_cells_take_what_the_most_alike_took(make_plan):
    # Seed 1 of l1 takes what its seed 0 took. Nothing of l2 is finished: it takes the network's mean on that data set.
    plan = make_plan({None: "completed", "l1": "completed", "huber": "completed"}, SEVERAL, seconds=SECONDS)
    more_seeds = _again(plan, seeds=[0, 1], losses=["huber", "l2"])
    left = _left(more_seeds)
    mean = (20 + 50) / 2
    assert left.seconds == pytest.approx(50 + 2 * mean)
    assert left.measured_cells == 2  # and not the baseline
    assert str(left) == "About 2 min left with one cell at a time; measured from 2 finished cells."


def test_another_network_takes_the_mean_of_what_was_trained(make_plan):
    plan = make_plan({None: "completed", "l1": "completed", "huber": "completed"}, SEVERAL, seconds=SECONDS)
    left = _left(_again(plan, architectures=["unet", "unet-resnet18"], losses=["l1"]))
    assert left.seconds == pytest.approx((20 + 50) / 2)


def test_workers_share_the_work_but_none_a_cell(make_plan):
    plan = _again(
        make_plan({"l1": "completed"}, SEVERAL, seconds=SECONDS), seeds=[0, 1, 2, 3, 4], losses=["l1"], baselines=[]
    )
    assert [_left(plan, workers).seconds for workers in (1, 2, 4, 100)] == pytest.approx([80, 40, 20, 20])
    assert _left(plan, 100).workers == 4
    unequal = make_plan({"huber": "completed"}, SEVERAL, seconds=SECONDS)
    unequal = _again(unequal, seeds=[0, 1], losses=["l1", "huber"], baselines=[])
    assert _left(unequal, 1).seconds == pytest.approx(20 + 50)
    assert _left(unequal, 2).seconds == 50


def test_what_is_done_takes_no_time(make_plan):
    done = make_plan({None: "completed", "l1": "completed", "l2": "completed"})
    assert _left(done).seconds == 0


def test_of_a_cluster_the_work_is_told_and_not_the_time(make_plan):
    plan = _again(
        make_plan({"l1": "completed"}, SEVERAL, seconds=SECONDS), seeds=[0, 1, 2], losses=["l1"], baselines=[]
    )
    left = _left(plan, workers=None, executor="ray")
    assert (left.seconds, left.workers) == (40, None)
    assert str(left) == "About 40 s of work left, divided by how many cells run at once; measured from 1 finished cell."


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.4, "0 s"), (99.4, "99 s"), (99.6, "2 min"), (5940, "99 min"), (5999, "1 h 40 min"), (90061, "25 h 1 min")],
)
def test_durations_are_told_in_the_unit_that_fits(seconds, text):
    assert str(TimeLeft(seconds, 2, 5)) == f"About {text} left with 2 cells at once; measured from 5 finished cells."


def _again(before, **changes):
    """The plan of another grid in the same run."""
    return plan(before.grid.model_copy(update=changes), "mine", before.folder.parent)


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
    assert found["time_left"] == {"seconds": None, "workers": None, "measured_cells": 0}
    assert {one["architecture"] for one in found["cells"]} >= {"unet-resnet18", "unet(n_down=4, num_filters=8)"}
    assert list(tmp_path.iterdir()) == []


def test_json_of_a_run_that_is_no_dry_one_is_refused(tmp_path, monkeypatch, capsys):
    status, output, errors = _bench(monkeypatch, capsys, tmp_path, "--json")
    assert (status, output) == (2, "")
    assert "--json goes with --dry-run" in errors
    assert list(tmp_path.iterdir()) == []
