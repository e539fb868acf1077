import multiprocessing
import os
import signal
from pathlib import Path

import pytest

from bench.cell import Job
from bench.cell_folder import superseded
from bench.executors.base import Finished, Started
from bench.executors.local import LocalExecutor
from bench.records import read_record, write_record
from bench.settings import Settings
from registry import DATASETS
from registry.datasets.prepared import prepare
from registry.spec import parse_component


@pytest.fixture(scope="module")
def prepared():
    dataset = parse_component(DATASETS, "synthetic-faces(n_train=16, n_validation=8, n_test=8)")
    return prepare(dataset.create(), dataset.text, 32).folder


def _job(prepared: Path, folder: Path, cell_id: str, architecture: str = "grey", epochs: int = 1) -> Job:
    return Job(
        cell_id=cell_id,
        title=cell_id,
        architecture=architecture,
        loss="l1" if architecture.startswith("unet") else None,
        dataset="synthetic-faces",
        seed=0,
        settings=Settings(image_size=32, epochs=epochs, steps_per_epoch=2, batch_size=8),
        prepared=prepared,
        folder=folder / cell_id,
        device="cpu",
    )


def test_every_job_ends_once_with_a_stored_record(prepared, tmp_path):
    jobs = [_job(prepared, tmp_path, name) for name in ("a", "b", "c")]
    events = list(LocalExecutor(2).run(jobs))
    finished = [event.record for event in events if isinstance(event, Finished)]
    assert sorted(record.cell_id for record in finished) == ["a", "b", "c"]
    assert all(read_record(tmp_path / record.cell_id) == record for record in finished)
    assert all(record.status == "completed" for record in finished)


def test_a_killed_worker_fails_its_cell_alone_and_is_replaced(prepared, tmp_path):
    endless = _job(prepared, tmp_path, "endless", "unet(n_down=2, num_filters=4)", epochs=1_000_000)
    jobs = [endless, _job(prepared, tmp_path, "a"), _job(prepared, tmp_path, "b")]
    records = {}
    for event in LocalExecutor(1).run(jobs):
        if event == Started("endless"):
            (worker,) = multiprocessing.active_children()
            os.kill(worker.pid, signal.SIGKILL)
        if isinstance(event, Finished):
            records[event.record.cell_id] = event.record
    assert records["endless"].status == "failed"
    assert "killed by SIGKILL" in records["endless"].error.message
    assert read_record(tmp_path / "endless").status == "failed"
    assert [records[name].status for name in ("a", "b")] == ["completed", "completed"]


def test_results_outlive_a_worker_that_dies_before_it_begins(prepared, tmp_path, make_record):
    job = _job(prepared, tmp_path, "again", "unet(n_down=2, num_filters=4)", epochs=1_000_000)
    write_record(job.folder, make_record("again"))
    for event in LocalExecutor(1).run([job]):
        if event == Started("again"):
            (worker,) = multiprocessing.active_children()
            os.kill(worker.pid, signal.SIGKILL)
    assert read_record(job.folder).status == "failed"
    assert read_record(superseded(job.folder)).status == "completed"


def test_stopping_early_ends_the_workers_and_leaves_no_record(prepared, tmp_path):
    endless = _job(prepared, tmp_path, "endless", "unet(n_down=2, num_filters=4)", epochs=1_000_000)
    events = LocalExecutor(1).run([endless])
    assert next(events) == Started("endless")
    events.close()
    assert not multiprocessing.active_children()
    assert read_record(tmp_path / "endless") is None
