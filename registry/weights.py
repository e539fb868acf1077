"""Pretrained convolution weights without a hub: fetched once into the user's cache, checked at every load."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import safetensors
import safetensors.numpy
from filelock import FileLock

from registry.cache import CACHE_VARIABLE, cache_root
from registry.errors import UnavailableError
from registry.weights_networks import NETWORKS, Network, Weights, digest, network_of
from registry.weights_sources import SOURCES, checkpoints_folder

if TYPE_CHECKING:
    from torch import Tensor

Progress = Callable[[str], object]


@dataclass(frozen=True)
class Listing:
    """What is known of a network's weights without reading them.

    Attributes:
        name: The network.
        path: Where its file is or would be.
        size: Bytes of the file; None where it is not there.
        digest: What its content must hash to.
    """

    name: str
    path: Path
    size: int | None
    digest: str


def folder() -> Path:
    """Where the files are kept; not created here."""
    return cache_root() / "weights"


def lock() -> FileLock:
    """The lock that a process holds while it adds to the folder, which must be there."""
    return FileLock(folder() / ".lock")


def listing() -> list[Listing]:
    """All networks, whether their files are there or not; imports no PyTorch."""
    return [
        Listing(name, path, path.stat().st_size if path.is_file() else None, network.digest)
        for name, network in NETWORKS.items()
        for path in [_path(network)]
    ]


def load(name: str) -> dict[str, Tensor]:
    """Convolution weights of a network pretrained on ImageNet, fetched first if need be.

    Args:
        name: ``vgg16`` or ``alexnet``.

    Returns:
        float32 tensors by torchvision's keys ``features.N.weight`` (OIHW) and ``features.N.bias``.

    Raises:
        UserError: There is no such network.
        UnavailableError: No source has the weights.
    """
    import torch

    return {key: torch.from_numpy(array) for key, array in _weights(network_of(name), None).items()}


def ensure(names: Iterable[str] = tuple(NETWORKS), progress: Progress | None = None) -> None:
    """Fetch the weights that are missing or damaged; several processes at once fetch once.

    Args:
        names: Networks.
        progress: Called with a line of text at each step.

    Raises:
        UserError: There is no such network.
        UnavailableError: No source has the weights.
    """
    for network in [network_of(name) for name in names]:
        _weights(network, progress)


def _weights(network: Network, progress: Progress | None) -> Weights:
    try:
        if weights := _read(network):
            return weights
        folder().mkdir(parents=True, exist_ok=True)
        with lock():
            # Another process may have fetched it while this one waited.
            return _read(network) or _fetch(network, progress or (lambda _: None))
    except OSError as error:
        raise UnavailableError(
            f"The weights of {network.name} cannot be kept in {folder()} ({error}): "
            f"set {CACHE_VARIABLE} to a folder that can be read and written."
        ) from error


def _read(network: Network) -> Weights | None:
    """The cached weights; None if they are missing or damaged."""
    try:
        weights = safetensors.numpy.load_file(_path(network))
        return weights if digest(network, weights) == network.digest else None
    except (FileNotFoundError, safetensors.SafetensorError, KeyError):
        return None


def _fetch(network: Network, progress: Progress) -> Weights:
    """Ask the sources in order; cache everything the first good one gives."""
    reasons = []
    for label, source in SOURCES.items():
        progress(f"{network.name}: asking {label}")
        try:
            found = source(network)
            for name, weights in found.items():
                _check(NETWORKS[name], weights)
        # Whatever a source dies of, the next one is asked; the reason is told if none has the weights.
        except Exception as error:
            reasons.append(f"{label}: {' '.join(str(error).split()) or type(error).__name__}")
            progress(f"{network.name}: {reasons[-1]}")
            continue
        for name, weights in found.items():
            _write(NETWORKS[name], weights)
            progress(f"{name}: stored as {_path(NETWORKS[name])}")
        return found[network.name]
    raise UnavailableError(
        f"The weights of {network.name} cannot be had. {'; '.join(reasons)}. "
        f"Put torchvision's {network.checkpoint} into {checkpoints_folder()}, "
        f"or {_path(network).name} of a machine that has it into {folder()}."
    )


def _check(network: Network, weights: Weights) -> None:
    if (found := digest(network, weights)) != network.digest:
        raise ValueError(f"what it has for {network.name} is not the known weights (SHA-256 {found})")


def _write(network: Network, weights: Weights) -> None:
    """Write under a temporary name and rename, so that no reader ever sees half a file."""
    path = _path(network)
    temporary = path.with_suffix(".partial")
    # safetensors takes the memory as it lies: a transposed view would be stored scrambled. Its own
    # `save_file` makes files that only their owner can read; `write_bytes` leaves that to the user's umask.
    contiguous = {key: array.copy(order="C") for key, array in weights.items()}
    temporary.write_bytes(safetensors.numpy.save(contiguous))
    temporary.replace(path)


def _path(network: Network) -> Path:
    return folder() / f"{network.name}.safetensors"
