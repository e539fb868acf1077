from types import SimpleNamespace

import pytest

from bench import capacity
from bench.capacity import fitting_workers
from bench.grid import Grid
from bench.records import write_record

GIB = 2**30
CELLS = Grid(architectures=["unet"], losses=["l1", "l2"], datasets=["synthetic-faces"], baselines=["grey"]).cells()


@pytest.fixture
def machine(monkeypatch, tmp_path):
    """A machine of so many cores and so much free memory, in no container."""

    def be(cores: int, gibibytes: float) -> None:
        monkeypatch.setattr("os.sched_getaffinity", lambda _: set(range(cores)), raising=False)
        monkeypatch.setattr("psutil.virtual_memory", lambda: SimpleNamespace(available=int(gibibytes * GIB)))
        monkeypatch.setattr(capacity, "_CGROUP", tmp_path / "cgroup")

    return be


@pytest.mark.parametrize(("cores", "gibibytes", "expected"), [(8, 64, 3), (2, 64, 2), (8, 5, 2), (8, 0.5, 1)])
def test_workers_fit_the_cores_the_memory_and_the_cells(machine, tmp_path, cores, gibibytes, expected):
    machine(cores, gibibytes)
    assert fitting_workers(CELLS, "cpu", tmp_path) == expected


def test_larger_pictures_leave_room_for_fewer(machine, tmp_path):
    machine(8, 8)
    large = Grid(
        architectures=["unet"], losses=["l1", "l2"], datasets=["synthetic-faces"], settings={"image_size": 256}
    )
    # 2 GiB and 16 x 256 x 256 pixels of 4 KiB each: 6 GiB a cell.
    assert fitting_workers(large.cells(), "cpu", tmp_path) == 1


def test_what_a_finished_cell_needed_counts_more_than_the_estimate(machine, tmp_path, make_record):
    machine(8, 9)
    write_record(tmp_path / "cells" / "abc", make_record("abc", peak_memory_bytes=4 * GIB))
    assert fitting_workers(CELLS, "cpu", tmp_path) == 2


def test_the_limit_of_a_container_counts(machine, tmp_path):
    machine(8, 64)
    group = tmp_path / "cgroup"
    group.mkdir()
    (group / "memory.max").write_text(f"{10 * GIB}\n")
    (group / "memory.current").write_text(f"{8 * GIB}\n")
    # Three of the eight are cached files, which are given up when needed: five are free.
    (group / "memory.stat").write_text(f"anon {5 * GIB}\ninactive_file {3 * GIB}\n")
    assert fitting_workers(CELLS, "cpu", tmp_path) == 2
    (group / "memory.max").write_text("max\n")
    assert fitting_workers(CELLS, "cpu", tmp_path) == 3


def test_cells_share_a_gpu_when_they_fit(machine, tmp_path, monkeypatch):
    machine(16, 64)
    cells = CELLS * 4
    for free, expected in ((80, 4), (5, 2), (1, 1)):
        monkeypatch.setattr("torch.cuda.mem_get_info", lambda free=free: (free * GIB, 80 * GIB))
        assert fitting_workers(cells, "cuda", tmp_path) == expected


def test_nothing_to_do_needs_one(tmp_path):
    assert fitting_workers([], "cpu", tmp_path) == 1
