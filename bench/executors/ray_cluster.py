"""Joining a Ray cluster, or starting one on this machine, and what of it a cell is given."""

from __future__ import annotations

import logging
import math
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import bench
import registry
from registry.errors import UserError

_REACH, _JOIN, _GREET = 3.0, 30.0, 120.0
"""Seconds for a port to accept, for a cluster to admit a driver, and for a node to start its first worker."""

_OBJECT_STORE = 512 * 2**20
"""Bytes of shared memory of a cluster started here; what does not fit goes to Ray's folder on disk."""

_QUIET = {
    "RAY_USAGE_STATS_ENABLED": "0",
    # Otherwise Ray warns, at each start, of a default that is to change.
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
    # Of a node's death Ray prints pages, even where nothing is to be logged: skip each of its lines.
    "RAY_DEDUP_LOGS_SKIP_REGEX": ".",
}


@dataclass(frozen=True)
class Cluster:
    """A Ray cluster that this process has joined.

    Attributes:
        node: Id of the node of this process.
        device: "cpu" or "cuda": what all cells of the run use.
        cpus: Processor cores of a cell.
        gpus: GPUs of a cell, a fraction where several share one.
        limit: Cells at once; None: as many as the cluster has room for.
    """

    node: str
    device: str
    cpus: int
    gpus: float
    limit: int | None


@contextmanager
def open_cluster(address: str | None, *, device: str, threads: int, workers: int | None) -> Iterator[Cluster]:
    """Join the cluster at an address, or start one here; leave it, or end it, afterwards.

    Args:
        address: "auto" (the cluster of this machine), "HOST:PORT" of its head, or None to start one.
        device: "auto", "cpu" or "cuda"; auto means a GPU for every cell if the cluster has any.
        threads: Processor threads of a cell.
        workers: Cells at once; several share a GPU where there are more of them than GPUs.

    Raises:
        UserError: Ray is missing, nobody answers, or no node can take a cell.
    """
    ray = _import_ray()
    if address:
        _check_address(address)
        _try_to_join(address)
        options: dict[str, Any] = {"address": address}
    else:
        options = {
            "address": "local",
            "num_cpus": workers * threads if workers else None,
            "object_store_memory": _OBJECT_STORE,
            "include_dashboard": False,
        }
    with tempfile.TemporaryDirectory(prefix="colorization-bench-") as code:
        _copy_code(Path(code))
        on_term = signal.getsignal(signal.SIGTERM)
        try:
            ray.init(
                **options,
                # The nodes run the code of this process, whatever they have installed themselves.
                runtime_env={"working_dir": code},
                log_to_driver=False,
                logging_level=logging.ERROR,
            )
            # Ray makes SIGTERM an exit with a status of its own; the command line has a meaning for it.
            signal.signal(signal.SIGTERM, on_term)
            yield _describe(ray, address or "on this machine", device, threads, workers)
        finally:
            ray.shutdown()


def _import_ray() -> ModuleType:
    for name, value in _QUIET.items():
        os.environ.setdefault(name, value)
    try:
        import ray
    except ImportError:
        raise UserError(
            "--executor ray needs Ray, which is not installed: run `pip install -e '.[ray]'` in the checkout, "
            "or use --executor local."
        ) from None
    return ray


def _check_address(address: str) -> None:
    """Ray itself waits for minutes where nobody answers."""
    if address == "auto":
        return
    host, _, port = address.rpartition(":")
    if not host or "/" in host or not port.isdecimal():
        raise UserError(
            f"--ray-address {address!r}: write auto, or HOST:PORT of the cluster's head, such as 10.0.0.1:6379; "
            "the run itself must be started on a machine of the cluster."
        )
    try:
        with socket.create_connection((host.strip("[]"), int(port)), timeout=_REACH):
            pass
    except (OSError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or error
        raise UserError(
            f"--ray-address {address}: nobody answers there ({reason}); start a cluster with `ray start --head`, "
            "or leave --ray-address out to use this machine alone."
        ) from None


def _try_to_join(address: str) -> None:
    """Join in another process first: one that waits for what is no Ray cluster cannot be stopped from within.

    Raises:
        UserError: It cannot be joined.
    """
    program = f"import logging, ray; ray.init(address={address!r}, log_to_driver=False, logging_level=logging.ERROR)"
    try:
        result = subprocess.run(
            [sys.executable, "-c", program], capture_output=True, text=True, timeout=_JOIN, check=False
        )
        problem = result.stderr.strip().rpartition("\n")[2] if result.returncode else None
    except subprocess.TimeoutExpired:
        problem = f"no answer within {_JOIN:.0f} seconds; what listens there may be no Ray cluster"
    if problem:
        raise UserError(
            f"--ray-address {address}: cannot join the cluster ({problem.rstrip('.')}); start one with `ray start "
            "--head`, have the same Ray, and its token, on all machines (docs/ray.md), or leave --ray-address out."
        )


def _copy_code(folder: Path) -> None:
    for package in (bench, registry):
        source = Path(package.__file__).parent
        shutil.copytree(source, folder / source.name, ignore=shutil.ignore_patterns("__pycache__"))


def _describe(ray: ModuleType, where: str, device: str, threads: int, workers: int | None) -> Cluster:
    nodes = [node for node in ray.nodes() if node["Alive"]]
    gpus = sum(node["Resources"].get("GPU", 0) for node in nodes)
    if device == "auto":
        device = "cuda" if gpus else "cpu"
    if device == "cuda" and not gpus:
        raise UserError(f"--device cuda: the Ray cluster {where} has no GPU; use --device cpu or auto.")
    share = 1 / math.ceil((workers or 1) / gpus) if device == "cuda" else 0
    able = [
        node
        for node in nodes
        if node["Resources"].get("CPU", 0) >= threads and node["Resources"].get("GPU", 0) >= share
    ]
    if not able:
        most = max(node["Resources"].get("CPU", 0) for node in nodes)
        raise UserError(
            f"A cell needs {threads} processor threads{' and a GPU' if share else ''}, and no node of the Ray cluster "
            f"{where} offers that (the most is {most:.0f}): lower the setting threads, or add a node."
        )
    _greet(ray, able)
    return Cluster(ray.get_runtime_context().get_node_id(), device, threads, share, workers)


def _greet(ray: ModuleType, nodes: list[Mapping[str, Any]]) -> None:
    """Have each node start a worker and look at its packages: what is wrong there shows before the first cell.

    Raises:
        UserError: A node cannot run cells as this machine would.
    """
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    from bench.environment import package_versions
    from bench.executors.ray_node import check_versions

    check = ray.remote(num_cpus=0, max_retries=0)(check_versions)
    answers = {
        check.options(scheduling_strategy=NodeAffinitySchedulingStrategy(node["NodeID"], soft=False)).remote(
            package_versions()
        ): node["NodeManagerAddress"]
        for node in nodes
    }
    for answer, host in answers.items():
        try:
            ray.get(answer, timeout=_GREET)
        except ray.exceptions.RayError as error:
            cause = getattr(error, "cause", None) or error
            raise UserError(f"The Ray node {host} cannot run cells: {cause}") from None
