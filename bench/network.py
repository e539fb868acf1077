"""A network as predictor of ab: memory layout and precision, the same for training and scoring."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

from bench.settings import Settings
from registry.color import AB_SCALE, Colors
from registry.errors import UserError


class Predictor:
    """Wraps a network of the registry: from pictures with a lightness to predicted ab in Lab units.

    Args:
        network: From L in [-1, 1] ``(N, 1, H, W)`` to ab / 110 ``(N, 2, H, W)``.
        precision: "bfloat16" runs the network under autocast; its output is float32 either way.

    Attributes:
        compiled: The network as it is run in training, where it was compiled; see `bench.compilation`.
    """

    def __init__(self, network: nn.Module, device: str, precision: str) -> None:
        self.network = network.to(device=device, memory_format=torch.channels_last)
        self.device = device
        self.low_precision = precision == "bfloat16"
        self.compiled: Callable[[Tensor], Tensor] | None = None

    def autocast(self) -> torch.autocast:
        """The context that networks and perceptual losses run in."""
        return torch.autocast(self.device, dtype=torch.bfloat16, enabled=self.low_precision)

    def __call__(self, pictures: Colors) -> Tensor:
        """The predicted ab ``(N, 2, H, W)``, float32, in Lab units."""
        return self.predict(pictures.network_input)

    def predict(self, lightness: Tensor) -> Tensor:
        """The same from L in [-1, 1], ``(N, 1, H, W)``."""
        network = self.network
        if self.compiled is not None and network.training:
            network = self.compiled
            # What the last step left in the memory of CUDA graphs is not looked at any more.
            torch.compiler.cudagraph_mark_step_begin()
        with self.autocast():
            output = network(lightness.contiguous(memory_format=torch.channels_last))
        _check_output(output, lightness)
        # A new tensor, which no later step writes over.
        return output.float() * AB_SCALE

    @property
    def parameters(self) -> int:
        """Number of trained parameters."""
        return sum(parameter.numel() for parameter in self.network.parameters())


def check_sizes(architecture: str, network: nn.Module, settings: Settings) -> None:
    """Refuse a size of pictures or crops that the network cannot halve as often as it needs.

    Raises:
        UserError: With the sizes that fit; or the network does not say which do.
    """
    multiple = size_multiple(architecture, network)
    for name in ("image_size", "crop_size"):
        size = getattr(settings, name)
        if size is not None and size % multiple:
            below, above = size // multiple * multiple, (size // multiple + 1) * multiple
            near = f"{below} or {above}" if below else f"{above}"
            raise UserError(
                f"The architecture {architecture!r} needs {name} to be a multiple of {multiple}, "
                f"not {size}: set it to {near}."
            )


def size_multiple(architecture: str, network: nn.Module) -> int:
    """Which multiple of pixels height and width must be.

    Raises:
        UserError: The network does not say it.
    """
    multiple = getattr(network, "size_multiple", None)
    if type(multiple) is not int or multiple < 1:
        has = f"has size_multiple = {multiple!r}" if hasattr(network, "size_multiple") else "has no size_multiple"
        raise UserError(
            f"The architecture {architecture!r} {has}: give the network that attribute, a whole number of pixels "
            "which height and width must be a multiple of, 1 if any will do."
        )
    return multiple


def _check_output(output: object, lightness: Tensor) -> None:
    count, _, height, width = lightness.shape
    asked = (count, 2, height, width)
    given = tuple(output.shape) if isinstance(output, Tensor) else type(output).__name__
    if given != asked:
        raise ValueError(
            f"The network gave {given} for L of {tuple(lightness.shape)}: ab / 110 of {asked} is asked for."
        )
