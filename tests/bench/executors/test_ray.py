"""Real Ray clusters on this machine. What needs none is tested in test_ray_node.py and test_ray_cluster.py."""

import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from rich.console import Console

pytest.importorskip("ray", reason="Ray is not installed: pip install -e '.[ray]'")
# Ray brings its own copy, which can be imported once Ray is.
import psutil

from bench.cell import Job
from bench.executors.base import Finished, Started, Stepped
from bench.executors.local import LocalExecutor
from bench.executors.place import Place
from bench.executors.ray import RayExecutor, _store, _supplies
from bench.executors.ray_cluster import open_cluster
from bench.executors.ray_node import check_versions
from bench.grid import Grid
from bench.progress import Display
from bench.records import read_record
from bench.run import execute, plan
from registry.cache import cache_root
from registry.errors import UserError
from registry.packages import Package

pytestmark = pytest.mark.slow

SETTINGS = {
    "image_size": 32,
    "epochs": 2,
    "steps_per_epoch": 2,
    "batch_size": 8,
    "test_on": ["synthetic-flowers(n_train=8, n_validation=2, n_test=4)"],
}
TINY_UNET = "unet(n_down=2, num_filters=4)"
GRID = Grid(
    architectures=[TINY_UNET],
    losses=["l1", "l2"],
    datasets=["synthetic-faces(n_train=32, n_validation=8, n_test=8)"],
    baselines=["mean-color"],
    settings=SETTINGS,
)


@pytest.fixture(autouse=True)
def no_process_stays():
    yield
    left = [process for process in psutil.Process().children(recursive=True) if "ray" in "".join(process.cmdline()[:1])]
    assert not left


class Recording:
    """An executor that keeps what another tells, and does something at each event."""

    def __init__(self, executor, react=lambda _: None):
        self.executor = executor
        self.react = react
        self.events = []

    def run(self, jobs):
        for event in self.executor.run(jobs):
            self.events.append(event)
            self.react(event)
            yield event

    def count(self, kind, cell_id):
        return sum(isinstance(event, kind) and event.cell_id == cell_id for event in self.events)


def _run(grid, name, folder, executor, device="cpu"):
    todo = plan(grid, name, folder)
    with Display(Console(quiet=True)) as display:
        counts = execute(todo, Place(executor, device, decoders=1), display)
    return todo.folder, counts


def _numbers(run_folder):
    table = pd.read_csv(run_folder / "results.csv")
    costs = [name for name in table if name.startswith("seconds_")]
    return table.drop(columns=[*costs, "images_per_second", "peak_memory_bytes"])


def _artefacts(run_folder):
    """All files that cells wrote, but for those that say how long it took."""
    return {
        path.relative_to(run_folder): path.read_bytes()
        for path in (run_folder / "cells").rglob("*.*")
        if path.name not in ("record.json", "history.csv")
    }


def _processes_of(title, processes):
    return [process for process in processes if _title(process) == f"ray::{title}"]


def _title(process):
    try:
        return " ".join(process.cmdline()).strip()
    except psutil.Error:
        return ""


def test_a_local_ray_gives_what_local_workers_give(tmp_path, capfd):
    local, _ = _run(GRID, "local", tmp_path, LocalExecutor(2))
    with open_cluster(None, device="auto", threads=1, workers=2) as cluster:
        executor = Recording(RayExecutor(cluster))
        ray, counts = _run(GRID, "ray", tmp_path, executor, device="cpu")
    assert counts == {"completed": 3}
    pd.testing.assert_frame_equal(_numbers(ray), _numbers(local), check_exact=True)
    assert _artefacts(ray) == _artefacts(local)
    finished = sorted(event.record.cell_id for event in executor.events if isinstance(event, Finished))
    assert finished == sorted(cell.id for cell in GRID.cells())
    for cell in GRID.cells():
        here, there = (read_record(folder / "cells" / cell.id) for folder in (local, ray))
        assert there.environment == here.environment
    output = capfd.readouterr()
    assert "ray" not in (output.out + output.err).replace(str(tmp_path), "")


def test_a_node_with_other_packages_is_refused(monkeypatch):
    monkeypatch.setattr("bench.environment.package_versions", lambda: {"numpy": "0.1"})
    with (
        pytest.raises(UserError, match=rf"The Ray node .* it has numpy {np.__version__} .* machine has 0.1"),
        open_cluster(None, device="cpu", threads=1, workers=1),
    ):
        pass


@pytest.fixture
def two_nodes(tmp_path):
    """A cluster's address and its second node, which shares neither cache, nor code, nor the way to an index."""
    from ray.cluster_utils import Cluster

    old_code = tmp_path / "old" / "bench"
    old_code.mkdir(parents=True)
    (old_code / "__init__.py").write_text("raise RuntimeError('the code that is installed on the node')")
    environment = {
        "COLORIZATION_BENCH_CACHE": str(tmp_path / "cache of the node"),
        "PYTHONPATH": str(old_code.parent),
        "PIP_NO_INDEX": "1",
        "TORCH_HOME": str(tmp_path / "empty"),
    }
    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False})
    try:
        yield cluster, cluster.add_node(num_cpus=1, env_vars=environment)
    finally:
        cluster.shutdown()


def test_two_nodes_of_which_one_is_killed_give_what_local_workers_give(tmp_path, two_nodes):
    cluster, node = two_nodes
    rng = np.random.default_rng(0)
    (tmp_path / "photos").mkdir()
    for index in range(120):
        Image.fromarray(rng.integers(0, 256, (8, 8, 3), dtype=np.uint8)).save(tmp_path / "photos" / f"{index}.png")
    settings = {**SETTINGS, "epochs": 100}
    changes = {"datasets": [f"folder(path={tmp_path / 'photos'})"], "losses": ["l1", "vgg"], "settings": settings}
    grid = GRID.model_copy(update=changes)
    local, _ = _run(grid, "local", tmp_path, LocalExecutor(2))
    titles = {cell.id: cell.title for cell in grid.cells()}
    lost = []

    def kill_the_node(event):
        if isinstance(event, Started):
            # Prepared by then: whoever reads the pictures themselves now fails.
            shutil.rmtree(tmp_path / "photos", ignore_errors=True)
        if isinstance(event, Stepped) and not lost:
            raylet = node.all_processes["raylet"][0].process.pid
            if _processes_of(titles[event.cell_id], psutil.Process(raylet).children(recursive=True)):
                lost.append(event.cell_id)
                cluster.remove_node(node, allow_graceful=False)

    with open_cluster(cluster.address, device="auto", threads=1, workers=None) as joined:
        executor = Recording(RayExecutor(joined), kill_the_node)
        ray, counts = _run(grid, "ray", tmp_path, executor)
    assert lost and executor.count(Started, lost[0]) == 2
    assert counts == {"completed": 3}
    pd.testing.assert_frame_equal(_numbers(ray), _numbers(local), check_exact=True)
    assert _artefacts(ray) == _artefacts(local)
    fetched = list((tmp_path / "cache of the node" / "data").glob("*/pictures.npy"))
    assert len(fetched) == 2
    for path in fetched:
        assert path.read_bytes() == (cache_root() / path.relative_to(path.parents[2])).read_bytes()


def test_a_cell_that_loses_every_worker_fails_alone(tmp_path):
    grid = GRID.model_copy(update={"settings": {**SETTINGS, "epochs": 300}})
    (victim,) = [cell for cell in grid.cells() if cell.loss and cell.loss.text == "l1"]

    def kill_its_worker(event):
        if event == Started(victim.id):
            for process in _processes_of(victim.title, psutil.Process().children(recursive=True)):
                process.kill()

    with open_cluster(None, device="cpu", threads=1, workers=2) as cluster:
        executor = Recording(RayExecutor(cluster), kill_its_worker)
        folder, counts = _run(grid, "ray", tmp_path, executor)
    assert counts == {"completed": 2, "failed": 1}
    assert executor.count(Started, victim.id) == 3
    record = read_record(folder / "cells" / victim.id)
    assert record.error.type == "WorkerDied"
    assert "lost its worker 3 times" in record.error.message


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_ends_with_all_its_processes(tmp_path, how):
    (tmp_path / "endless.yaml").write_text(
        GRID.model_copy(update={"settings": {**SETTINGS, "epochs": 1_000_000}, "baselines": []}).to_yaml()
    )
    command = [sys.executable, "-m", "bench", "run", "--grid", "endless.yaml", "--executor", "ray", "--workers", "2"]
    run = subprocess.Popen(
        command,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    processes = []
    while len([one for one in processes if _title(one).startswith("ray::unet")]) < 2:
        assert run.poll() is None, run.stderr.read()
        processes = psutil.Process(run.pid).children(recursive=True)
        time.sleep(0.2)
    # To the whole group, as a terminal sends it.
    os.killpg(run.pid, how) if how == signal.SIGINT else run.send_signal(how)
    _, error = run.communicate(timeout=300)
    assert run.returncode == 130
    assert error.endswith("interrupted: what was finished is kept; the same command does the rest.\n")
    assert "Traceback" not in error
    assert (tmp_path / "reports" / "endless" / "report.md").exists()
    _, alive = psutil.wait_procs(processes, timeout=120)
    assert not alive
    assert (tmp_path / "results" / "endless" / "grid.yaml").exists()
    assert not list((tmp_path / "results").rglob("record.json"))


def test_a_results_folder_that_cannot_be_written_is_told(tmp_path, make_record):
    (tmp_path / "cells").write_text("a file in the way")
    (cell,) = GRID.cells()[:1]
    job = Job.of(cell, prepared=tmp_path, test_on={}, folder=tmp_path / "cells" / cell.id, device="cpu")
    with pytest.raises(UserError, match=r"Cannot write to .* the same command does the rest"):
        _store(job, make_record(cell.id), {"history.csv": np.zeros(1, np.uint8)})


def test_a_node_must_have_the_packages_that_a_cells_components_come_from(tmp_path):
    (cell,) = GRID.cells()[:1]
    job = Job.of(cell, prepared=tmp_path, test_on={}, folder=tmp_path, device="cpu")
    supplies = _supplies(replace(job, plugins=(Package("my-losses", "1.0", "0123456789abcdef"),)))
    with pytest.raises(UserError, match=r"it has my-losses none where the driver's machine has 1\.0: install the same"):
        check_versions(supplies.versions)
