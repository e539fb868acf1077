"""What a node of a Ray cluster does for a cell, without a cluster: the desk is a plain object here."""

import shutil
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from bench.environment import package_versions
from bench.executors import ray_node
from bench.executors.base import Started, Stepped
from bench.executors.ray_node import Desk, Parcel, check_versions, receive_prepared, receive_weights
from registry import DATASETS
from registry.datasets.prepared import open_prepared, prepare
from registry.errors import UserError
from registry.spec import parse_component


@pytest.fixture
def prepared(tmp_path):
    dataset = parse_component(DATASETS, "synthetic-faces(n_train=4, n_validation=2, n_test=2)")
    return prepare(dataset.create(), dataset.text, 32, cache=tmp_path / "driver")


@pytest.fixture
def node(tmp_path, monkeypatch):
    """The empty cache of a node."""
    cache = tmp_path / "node"
    monkeypatch.setenv("COLORIZATION_BENCH_CACHE", str(cache))
    return cache


class Courier:
    """Fetches from a folder of the same machine and keeps what it was asked for."""

    def __init__(self):
        self.fetched = []

    def __call__(self, parcel, name, path):
        self.fetched.append(name)
        # Long enough for the others to come upon half a folder if nothing held them back.
        time.sleep(0.2)
        shutil.copyfile(parcel.source / name, path)


def _parcel(prepared):
    return Parcel.of(prepared.folder, ("pictures.npy", "manifest.json", "statistics.json"))


def test_a_parcel_names_the_files_that_are_there(prepared):
    assert _parcel(prepared).files == {
        name: (prepared.folder / name).stat().st_size for name in ("pictures.npy", "manifest.json")
    }


def test_prepared_data_is_fetched_once_and_equals_the_drivers(prepared, node):
    courier = Courier()
    # As many processes of a node do: what is not there yet is asked for by all of them at once.
    with ThreadPoolExecutor(4) as pool:
        folders = list(pool.map(lambda _: receive_prepared(_parcel(prepared), courier), range(4)))
    assert sorted(courier.fetched) == ["manifest.json", "pictures.npy"]
    (folder,) = set(folders)
    assert folder == node / "data" / prepared.folder.name
    assert {path.name for path in folder.parent.iterdir()} == {folder.name, f"{folder.name}.lock"}
    received = open_prepared(folder)
    assert received.split_keys == prepared.split_keys
    np.testing.assert_array_equal(received.pictures("train"), prepared.pictures("train"))


def test_nothing_is_fetched_where_the_driver_prepared(prepared, monkeypatch):
    monkeypatch.setenv("COLORIZATION_BENCH_CACHE", str(prepared.folder.parents[1]))
    courier = Courier()
    assert receive_prepared(_parcel(prepared), courier) == prepared.folder
    assert not courier.fetched


def test_a_transfer_that_broke_off_is_begun_anew(prepared, node):
    def break_off(_parcel, _name, path):
        path.write_bytes(b"half")
        raise RuntimeError("the driver is gone")

    with pytest.raises(RuntimeError, match="gone"):
        receive_prepared(_parcel(prepared), break_off)
    assert not (node / "data" / prepared.folder.name).exists()
    folder = receive_prepared(_parcel(prepared), Courier())
    np.testing.assert_array_equal(open_prepared(folder).pictures("test"), prepared.pictures("test"))


def test_only_weights_that_a_node_lacks_are_fetched(tmp_path, node):
    (tmp_path / "weights").mkdir()
    (node / "weights").mkdir(parents=True)
    for name in ("alexnet.safetensors", "vgg16.safetensors"):
        (tmp_path / "weights" / name).write_bytes(name.encode())
    (node / "weights" / "alexnet.safetensors").write_bytes(b"of the node")
    courier = Courier()
    receive_weights(Parcel.of(tmp_path / "weights", ("alexnet.safetensors", "vgg16.safetensors")), courier)
    assert courier.fetched == ["vgg16.safetensors"]
    assert (node / "weights" / "alexnet.safetensors").read_bytes() == b"of the node"
    assert (node / "weights" / "vgg16.safetensors").read_bytes() == b"vgg16.safetensors"


def test_the_desk_reads_a_file_in_pieces(tmp_path, monkeypatch):
    monkeypatch.setattr(ray_node, "_PIECE", 7)
    content = bytes(range(20))
    (tmp_path / "file").write_bytes(content)
    pieces = [Desk().read(tmp_path / "file", offset).tobytes() for offset in range(0, 20, 7)]
    assert [len(piece) for piece in pieces] == [7, 7, 6]
    assert b"".join(pieces) == content


def test_the_desk_gives_each_event_once_and_in_order():
    desk = Desk()
    events = [Started("a"), Stepped("a", 1, 2), Started("b")]
    for event in events:
        desk.tell(event)
    assert desk.take() == events
    assert desk.take() == []


def test_versions_may_differ_in_their_build_alone():
    versions = package_versions()
    torch = versions["torch"].partition("+")[0]
    check_versions({**versions, "torch": f"{torch}+cu999"})
    with pytest.raises(UserError, match=r"it has torch .* where the driver's machine has 0\.1: install the same"):
        check_versions({**versions, "torch": "0.1"})
    with pytest.raises(UserError, match="it has no-such-package none"):
        check_versions({"no-such-package": "1.0"})
