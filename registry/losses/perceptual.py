"""VGG perceptual loss: distance as an ImageNet network sees it (Johnson et al. 2016)."""

from __future__ import annotations

from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from registry import weights
from registry.color import Colors
from registry.errors import UserError
from registry.registry import choices

_CONVOLUTIONS = (2, 2, 3, 3, 3)  # in each block of VGG16; a block halves the picture at its end
_LAYERS = [f"relu{block}_{i}" for block, n in enumerate(_CONVOLUTIONS, 1) for i in range(1, n + 1)]
_DISTANCES = {"l1": F.l1_loss, "l2": F.mse_loss}
_IMAGENET_MEAN = (0.485, 0.456, 0.406)
_IMAGENET_STD = (0.229, 0.224, 0.225)


class VggLoss(nn.Module):
    """Mean distance between VGG16 features of prediction and truth, a pure number.

    Each layer counts with the mean over its values and all layers alike, so that the loss does not grow with
    the pictures. For photographs of 64 pixels with relu1_2, relu2_2, relu3_3 and ``l1``, colours that are 10
    Lab units off give about 0.3 and grey ones 0.6, where l1 on ab / 110 gives 0.09 and 0.15; its gradients
    are 8 to 12 times those of l1, so that 0.1 of this loss pulls about as hard as l1. With ``l2`` the values
    are 0.9 and 3.5 and the gradients 50 to 110 times those of l1.

    Args:
        layers: ReLU outputs to compare, ``relu1_1`` to ``relu5_3``.
        distance: ``l1``, the mean absolute difference, or ``l2``, the mean squared one.

    Raises:
        UserError: A layer or the distance is unknown, or no layer is given.
        UnavailableError: The weights cannot be had.
    """

    def __init__(self, layers: tuple[str, ...], distance: Literal["l1", "l2"]) -> None:
        super().__init__()
        if not layers:
            raise UserError(f"The VGG loss needs at least one layer among {', '.join(_LAYERS)}.")
        for layer in layers:
            if layer not in _LAYERS:
                raise UserError(f"Unknown VGG16 layer {layer!r}: {choices(layer, _LAYERS)}.")
        if distance not in _DISTANCES:
            raise UserError(f"Unknown distance {distance!r}: {choices(distance, list(_DISTANCES))}.")
        self.layers = tuple(layers)
        self.distance = _DISTANCES[distance]
        self.deepest = max(layers, key=_LAYERS.index)
        self.network = _vgg16(self.deepest)
        self.register_buffer("mean", torch.tensor(_IMAGENET_MEAN).view(1, 3, 1, 1))
        self.register_buffer("std", torch.tensor(_IMAGENET_STD).view(1, 3, 1, 1))

    def forward(self, prediction: Colors, target: Colors) -> Tensor:
        """The loss of a batch, a float32 scalar.

        Raises:
            UserError: The pictures are too small for the deepest layer.
        """
        self._check_size(*prediction.L.shape[-2:])
        seen = self._features(prediction)
        with torch.no_grad():
            wanted = self._features(target)
        distances = [self.distance(seen[layer].float(), wanted[layer].float()) for layer in self.layers]
        return torch.stack(distances).mean()

    def _features(self, colors: Colors) -> dict[str, Tensor]:
        """What each layer makes of the pictures, ``(N, channels, h, w)``, in the autocast's type."""
        # bfloat16 will do for the convolutions, but is too coarse for the curves of the colour conversion.
        with torch.autocast(colors.L.device.type, enabled=False):
            x = (colors.rgb - self.mean) / self.std
        x = x.contiguous(memory_format=torch.channels_last)
        features = {}
        for name, module in self.network.named_children():
            x = features[name] = module(x)
        return features

    def _check_size(self, height: int, width: int) -> None:
        minimum = 2 ** sum(isinstance(module, nn.MaxPool2d) for module in self.network)
        if min(height, width) < minimum:
            raise UserError(
                f"The VGG16 layer {self.deepest} needs pictures of at least {minimum} pixels a side, "
                f"not {height} x {width}: take larger pictures or an earlier layer."
            )


def _vgg16(last: str) -> nn.Sequential:
    """VGG16 up to the layer ``last``, pretrained on ImageNet and frozen; its parts bear the layers' names."""
    pretrained = weights.load("vgg16")
    network = nn.Sequential()
    for layer in _LAYERS[: _LAYERS.index(last) + 1]:
        block_and_number = layer.removeprefix("relu")
        if len(network) and block_and_number.endswith("_1"):
            network.add_module(f"pool{block_and_number}", nn.MaxPool2d(2))
        key = f"features.{len(network)}"
        state = {name: pretrained[f"{key}.{name}"] for name in ("weight", "bias")}
        outputs, inputs = state["weight"].shape[:2]
        # On "meta", because drawing initial values would shift the random numbers of everything made later.
        convolution = nn.Conv2d(inputs, outputs, kernel_size=3, padding=1, device="meta")
        convolution.load_state_dict(state, assign=True)
        network.add_module(f"convolution{block_and_number}", convolution)
        network.add_module(layer, nn.ReLU())
    return network.to(memory_format=torch.channels_last).eval().requires_grad_(False)
