"""`--rerun all`, interrupted and gone on with; and cells that are found again wherever a grid names them."""

import json

import pytest
from rich.console import Console

from bench import cell_folder
from bench.executors.base import Finished, Started
from bench.executors.place import Place
from bench.grid import Grid
from bench.progress import Display
from bench.records import Record, read_record, write_record
from bench.rerun import begin_rerun
from bench.run import execute, plan
from registry.errors import UnavailableError, UserError

GRID = Grid(
    architectures=["unet(n_down=2, num_filters=4)"],
    losses=["l1", "l2"],
    datasets=["synthetic-faces(n_train=16, n_validation=8, n_test=8)"],
    baselines=["grey", "ceiling"],
    settings={"image_size": 32, "batch_size": 8},
)


class Recording:
    """An executor that stores a record for each cell, interrupted after ``last`` of them."""

    def __init__(self, last=100):
        self.last, self.ran = last, []

    def run(self, jobs):
        for job in jobs:
            if len(self.ran) == self.last:
                raise KeyboardInterrupt
            yield Started(job.cell_id)
            cell_folder.clear(job.folder)
            self.ran.append(job.cell_id)
            facts = {"architecture": job.architecture, "loss": job.loss, "dataset": job.dataset, "seed": job.seed}
            # The same second for all: it is not the clock that tells old from new.
            times = {"started_at": "2026-01-01T00:00:00+00:00", "finished_at": "2026-01-01T00:00:00+00:00"}
            settings, seconds = job.settings.model_dump(), {"fit": Recording.clock}
            Recording.clock += 1.0
            record = Record(
                cell_id=job.cell_id, status="completed", settings=settings, seconds=seconds, **facts, **times
            )
            write_record(job.folder, record)
            cell_folder.settle(job.folder, "completed")
            yield Finished(record)

    clock = 0.0


def _run(tmp_path, grid=GRID, rerun="none", last=100):
    executor = Recording(last)
    try:
        todo = plan(grid, "mine", tmp_path, rerun)
        execute(todo, Place(executor, "cpu", decoders=1), Display(Console(quiet=True)))
    except KeyboardInterrupt:
        assert len(executor.ran) == last
    return executor.ran


def test_an_interrupted_rerun_goes_on_with_what_it_had_not_replaced(tmp_path):
    every = [cell.id for cell in GRID.cells()]
    assert _run(tmp_path) == every
    assert _run(tmp_path, rerun="all", last=2) == every[:2]
    assert _run(tmp_path, rerun="all", last=1) == every[2:3]
    assert _run(tmp_path, rerun="all") == every[3:]
    assert _run(tmp_path, rerun="all") == every, "a rerun that has ended is over"


def test_what_a_rerun_has_not_replaced_is_still_there(tmp_path):
    _run(tmp_path)
    _run(tmp_path, rerun="all", last=1)
    assert len((tmp_path / "mine" / "results.csv").read_text().splitlines()) == 5
    assert _run(tmp_path) == [], "every cell has a result"
    assert _run(tmp_path, rerun="all") == [cell.id for cell in GRID.cells()], "accepted as it is, the rerun was over"


def test_a_damaged_note_of_a_rerun_is_named(tmp_path):
    _run(tmp_path)
    begin_rerun(tmp_path / "mine", [])
    (tmp_path / "mine" / "rerun.json").write_text("[")
    with pytest.raises(UserError, match=r"rerun.json cannot be read; delete it"):
        plan(GRID, "mine", tmp_path, "all")


def test_results_are_kept_until_new_ones_stand_in_their_place(tmp_path, make_record):
    folder = tmp_path / "abc"
    write_record(folder, make_record())
    (folder / "model.safetensors").write_text("weights")
    cell_folder.clear(folder)
    assert list(folder.iterdir()) == []
    aside = cell_folder.superseded(folder)
    assert (aside / "model.safetensors").read_text() == "weights"
    # Interrupted, and tried again; then failed, and tried again.
    cell_folder.clear(folder)
    write_record(folder, make_record(status="failed"))
    cell_folder.settle(folder, "failed")
    cell_folder.clear(folder)
    assert read_record(aside).status == "completed"
    cell_folder.settle(folder, "completed")
    assert not aside.exists()


def test_results_outlive_a_rerun_whose_data_set_is_gone(tmp_path, monkeypatch):
    first = _run(tmp_path)
    cells = tmp_path / "mine" / "cells"
    gone = {GRID.cells()[0].dataset.text: UnavailableError("Gone.")}
    monkeypatch.setattr("bench.datasets.prepare_datasets", lambda *_: gone)
    assert _run(tmp_path, rerun="all") == []
    for cell_id in first:
        assert read_record(cells / cell_id).status == "skipped"
        assert read_record(cell_folder.superseded(cells / cell_id)).status == "completed"


def test_cells_are_found_again_in_a_grid_that_is_reordered_renamed_or_extended(tmp_path):
    first = _run(tmp_path)
    reordered = Grid(**{**GRID.model_dump(), "losses": ["l2", "l1"], "baselines": ["ceiling", "grey"]})
    renamed = reordered.model_copy(update={"description": "Another name for it."})
    assert [cell.id for cell in renamed.cells()] != first
    records = {path: path.read_bytes() for path in (tmp_path / "mine").glob("cells/*/record.json")}
    table = (tmp_path / "mine" / "results.csv").read_text()
    assert _run(tmp_path, renamed) == []
    assert (tmp_path / "mine" / "results.csv").read_text() == table
    extended = renamed.model_copy(update={"losses": ["huber", "l2", "l1"], "seeds": [1, 0]})
    new = _run(tmp_path, extended)
    assert len(new) == 6 - 2
    assert not set(new) & set(first)
    assert {path: path.read_bytes() for path in records} == records


def test_a_cell_that_another_run_finished_meanwhile_is_not_run_again(tmp_path):
    early = plan(GRID, "mine", tmp_path)
    _run(tmp_path)
    executor = Recording()
    counts = execute(early, Place(executor, "cpu", decoders=1), Display(Console(quiet=True)))
    assert executor.ran == []
    assert counts == {"completed": 4}


def test_what_a_killed_process_left_is_removed(tmp_path):
    first = _run(tmp_path)[0]
    folder = tmp_path / "mine"
    (folder / ".results.csv.12.tmp").touch()
    (folder / "cells" / first / "checkpoint.pt").touch()
    _run(tmp_path)
    assert not list(folder.rglob("*.tmp")) + list(folder.rglob("checkpoint.pt"))
    assert json.loads((folder / "cells" / first / "record.json").read_text())["status"] == "completed"
