"""A disk that is full, a folder that is gone: one sentence, and what was finished stays."""

import contextlib
import os
import resource
import subprocess
import time

import pytest
import torch
from harness import Run, records, until, written

from bench import checkpoint
from bench.cell import Job
from bench.checkpoint import Checkpoint
from bench.datasets import describe_dataset
from bench.records import read_record
from bench.results import write_results
from bench.settings import Settings
from bench.storage import StorageError, write_atomically
from bench.work import run_cell
from registry import DATASETS
from registry.datasets.prepared import open_prepared, prepare
from registry.spec import parse_component

SMALL = ["--architecture", "unet(n_down=3, num_filters=48)", "--loss", "l1", "--set", "epochs=2", "--workers", "1"]
SMALL += ["--dataset", "synthetic-faces(n_train=16, n_validation=8, n_test=8)", "--set", "sample_pictures=2"]


@contextlib.contextmanager
def largest_file(size):
    """No file of this process may outgrow ``size`` bytes: what a full disk does, for a while."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.fixture(scope="module")
def prepared():
    dataset = parse_component(DATASETS, "synthetic-flowers(n_train=24, n_validation=8, n_test=8)")
    data = prepare(dataset.create(), dataset.text, 32)
    assert data.train_mean_ab
    return data.folder


@pytest.fixture
def job(prepared, tmp_path):
    def make(architecture="unet(n_down=2, num_filters=4)", **settings):
        return Job(
            cell_id="abc",
            title="",
            architecture=architecture,
            loss="l1" if architecture.startswith("unet") else None,
            dataset="flowers",
            seed=0,
            settings=Settings(image_size=32, epochs=2, batch_size=8, steps_per_epoch=2, **settings),
            prepared=prepared,
            folder=tmp_path / "cells" / "abc",
            device="cpu",
        )

    return make


def _ignore(*_):
    pass


@pytest.mark.parametrize("size", [0, 60, 400, 2_000, 5_000, 12_000, 30_000])
def test_a_cell_on_a_full_disk_is_neither_failed_nor_done(job, size, monkeypatch):
    # Also of epochs that are too short to have one: the largest file is the checkpoint.
    monkeypatch.setattr(checkpoint, "_LEAST", 0.0)
    with largest_file(size), pytest.raises(StorageError, match=r"Cannot write to .*abc: .*the same command does"):
        run_cell(job(), _ignore)
    assert read_record(job().folder) is None
    assert run_cell(job(), _ignore).status == "completed"


@pytest.mark.parametrize("name", ["per_image.csv", "extremes.png", "colors.npz", "model.safetensors", "record.json"])
def test_every_file_of_a_cell_ends_so_where_it_cannot_be_written(job, name):
    """Each in its turn is a folder, and so cannot be written."""
    architecture = "unet(n_down=2, num_filters=4)" if name == "model.safetensors" else "grey"
    path = job().folder / ("samples" if name.endswith("png") else "") / name

    def block(*_):
        path.mkdir(parents=True, exist_ok=True)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("bench.work._Work._open_data", _before(block))
        with pytest.raises(StorageError, match="Cannot write to"):
            run_cell(job(architecture), _ignore)


def _before(block):
    from bench.work import _Work

    original = _Work._open_data

    def opened(self):
        block()
        return original(self)

    return opened


def test_a_checkpoint_that_does_not_fit_leaves_the_earlier_one(tmp_path):
    one = Checkpoint(tmp_path, {})
    one.offer(1.0, lambda: {"epoch": 1})
    with largest_file(20_000), pytest.raises(StorageError, match="File too large; make room"):
        one.offer(1e9, lambda: {"weights": torch.zeros(10_000)})
    assert Checkpoint(tmp_path, {}).load() == {"epoch": 1}
    assert [path.name for path in tmp_path.iterdir()] == ["checkpoint.pt"]


def test_a_text_that_does_not_fit_leaves_the_earlier_one(tmp_path):
    path = tmp_path / "results.csv"
    write_atomically(path, "before")
    with largest_file(100), pytest.raises(StorageError, match=rf"Cannot write to {tmp_path}: File too large"):
        write_atomically(path, "x" * 1000)
    assert path.read_text() == "before"
    assert list(tmp_path.iterdir()) == [path]


def test_tables_and_data_sets_of_a_run_end_so_too(tmp_path, prepared):
    with largest_file(10), pytest.raises(StorageError):
        write_results(tmp_path)
    with largest_file(100), pytest.raises(StorageError):
        describe_dataset(tmp_path, "flowers", open_prepared(prepared), Settings(image_size=32))


@pytest.fixture
def small_disk(tmp_path):
    """A disk of its own, of three megabytes; `size` makes it another."""
    folder = tmp_path / "disk"
    folder.mkdir()
    if os.geteuid() != 0:
        pytest.skip("only root may mount a small disk")
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=3m", "none", folder], capture_output=True, check=False)
    if done.returncode != 0:
        pytest.skip("mounting is not allowed here")

    def size(text):
        subprocess.run(["mount", "-o", f"remount,size={text}", folder], check=True)

    size.folder = folder
    yield size
    subprocess.run(["umount", "--lazy", folder], check=True)


def _refused(run, folder):
    status, _, errors = run.end()
    assert status == 2, errors
    last = errors.splitlines()[-1]
    assert last.startswith(f"error: Cannot write to {folder}"), errors
    assert sum(line.startswith("error:") for line in errors.splitlines()) == 1
    assert "Traceback" not in errors
    # Python's own helper process ends a moment after its parent.
    until(lambda: not run.members())


@pytest.mark.slow
def test_a_run_whose_disk_fills_up_goes_on_when_there_is_room(tmp_path, small_disk):
    results = small_disk.folder / "results"
    _refused(Run(tmp_path, *SMALL, "--results-dir", str(results)), results)
    finished = written(results / "smoke")
    assert len(finished) == 4
    small_disk("100m")
    again = Run(tmp_path, *SMALL, "--results-dir", str(results))
    assert again.end()[0] == 0
    now = written(results / "smoke")
    assert now | finished == now
    assert len(now) == 5


@pytest.mark.slow
def test_a_report_that_does_not_fit_loses_no_result(tmp_path, small_disk):
    small_disk("200k")
    reports = small_disk.folder / "reports"
    run = [*SMALL, "--set", "epochs=1", "--reports-dir", str(reports)]
    _refused(Run(tmp_path, *run), reports)
    finished = written(tmp_path / "results" / "smoke")
    assert len(finished) == 5
    small_disk("100m")
    assert Run(tmp_path, *run).end()[0] == 0
    assert written(tmp_path / "results" / "smoke") == finished


@pytest.mark.slow
def test_a_folder_that_is_gone_in_the_middle_ends_the_run(tmp_path):
    run = Run(tmp_path, *SMALL, "--set", "epochs=100000")
    folder = tmp_path / "results" / "smoke"
    until(lambda: len(records(folder)) == 4)
    time.sleep(1)
    folder.rename(tmp_path / "elsewhere")
    folder.write_text("in the way")
    _refused(run, "results/smoke")
    assert len(written(tmp_path / "elsewhere")) == 4
