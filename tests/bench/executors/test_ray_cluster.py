"""What a call may ask of a cluster, and what a cell is given of one."""

import socket
import sys

import pytest

from bench.executors import ray_cluster
from bench.executors.ray_cluster import open_cluster
from registry.errors import UserError


def _open(address=None, *, device="auto", threads=1, workers=None):
    with open_cluster(address, device=device, threads=threads, workers=workers) as cluster:
        return cluster


class MadeUpRay:
    """As much of Ray as describes a cluster; its nodes as (CPUs, GPUs)."""

    def __init__(self, *nodes):
        self._nodes = [
            {"Alive": True, "NodeID": str(place), "Resources": {"CPU": float(cpus), "GPU": float(gpus)}}
            for place, (cpus, gpus) in enumerate(nodes)
        ]
        dead = {"Alive": False, "NodeID": "dead", "Resources": {"CPU": 64.0, "GPU": 8.0}}
        self._nodes.append(dead)

    def nodes(self):
        return self._nodes

    def get_runtime_context(self):
        return self

    def get_node_id(self):
        return "0"


@pytest.fixture
def greeted(monkeypatch):
    nodes = []
    monkeypatch.setattr(ray_cluster, "_greet", lambda _, able: nodes.extend(node["NodeID"] for node in able))
    return nodes


def _describe(ray, device="auto", threads=1, workers=None):
    return ray_cluster._describe(ray, "here", device, threads, workers)


@pytest.mark.parametrize(
    ("workers", "share"),
    [(None, 1), (1, 1), (4, 1), (5, 1 / 2), (8, 1 / 2), (9, 1 / 3)],
)
def test_cells_share_the_gpus_where_they_are_more(greeted, workers, share):
    cluster = _describe(MadeUpRay((16, 2), (16, 2), (16, 0)), workers=workers)
    assert (cluster.device, cluster.gpus, cluster.limit) == ("cuda", share, workers)
    # The node without a GPU is given no cell: all cells of a run use the same kind of device.
    assert greeted == ["0", "1"]


@pytest.mark.parametrize(("device", "nodes"), [("auto", [(4, 0)]), ("cpu", [(4, 2)])])
def test_no_gpu_is_taken_that_is_not_used(greeted, device, nodes):
    cluster = _describe(MadeUpRay(*nodes), device=device, threads=3)
    assert (cluster.device, cluster.gpus, cluster.cpus) == ("cpu", 0, 3)
    assert greeted == ["0"]


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        ({"device": "cuda"}, "Ray cluster here has no GPU; use --device cpu or auto"),
        ({"threads": 9}, r"needs 9 processor threads, and no node .* \(the most is 8\): lower the setting threads"),
    ],
)
def test_what_no_node_has_is_refused(greeted, asked, sentence):
    with pytest.raises(UserError, match=sentence):
        _describe(MadeUpRay((4, 0), (8, 0)), **asked)
    assert not greeted


def test_a_missing_ray_says_how_to_install_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(UserError, match=r"needs Ray, which is not installed: run `pip install -e '\.\[ray\]'`"):
        _open()


@pytest.mark.parametrize("address", ["nonsense", "10.0.0.1", "ray://head:10001", ":6379", "head:port"])
def test_an_address_is_auto_or_host_and_port(address):
    pytest.importorskip("ray", reason="Ray is not installed: pip install -e '.[ray]'")
    with pytest.raises(UserError, match=r"write auto, or HOST:PORT of the cluster's head"):
        _open(address)


def test_an_address_that_answers_nobody_is_told_at_once(monkeypatch):
    pytest.importorskip("ray", reason="Ray is not installed: pip install -e '.[ray]'")
    monkeypatch.setattr(ray_cluster, "_try_to_join", lambda _: pytest.fail("it was not tried whether anybody answers"))
    with socket.socket() as taken:
        # Bound and not listening: nobody else can take the port meanwhile.
        taken.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(UserError, match=f"{address}: nobody answers there .* leave --ray-address out"):
            _open(address)


def test_what_listens_but_is_no_ray_is_told_in_the_end(monkeypatch):
    pytest.importorskip("ray", reason="Ray is not installed: pip install -e '.[ray]'")
    monkeypatch.setattr(ray_cluster, "_JOIN", 5.0)
    with socket.create_server(("127.0.0.1", 0)) as other:
        address = f"127.0.0.1:{other.getsockname()[1]}"
        with pytest.raises(UserError, match=r"cannot join the cluster .*may be no Ray cluster"):
            _open(address)
