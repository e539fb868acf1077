"""LPIPS, the learned perceptual distance of Zhang et al. 2018: AlexNet, v0.1, the authors' linear heads."""

from __future__ import annotations

import functools
import warnings

import torch
from torch import Tensor, nn

from registry import weights
from registry.color import Colors
from registry.errors import UserError
from registry.metrics.base import PairMetric

_MINIMUM = 31  # pixels; below, AlexNet's second pooling has nothing to pool


class Lpips(PairMetric):
    """Mean LPIPS distance of the viewed pictures: 0 for the same picture, about 0.7 for another.

    The convolutions run in float32 whatever autocast is around.
    """

    higher_is_better = False
    best = 0.0

    def measure(self, prediction: Colors, target: Colors) -> Tensor:
        """The distance of each pair, ``(N,)``.

        Raises:
            UserError: The pictures are too small for AlexNet.
            UnavailableError: The weights cannot be had.
        """
        height, width = prediction.L.shape[-2:]
        if min(height, width) < _MINIMUM:
            raise UserError(
                f"LPIPS needs pictures of at least {_MINIMUM} pixels a side, not {height} x {width}: "
                "take larger pictures."
            )
        device = prediction.L.device
        with torch.no_grad(), torch.autocast(device.type, enabled=False):
            layers = zip(_network(device).lins, _features(prediction), target.once(_features), strict=True)
            # Summed as the package sums: the very same numbers.
            return sum(head((one - other) ** 2).mean(dim=(2, 3)) for head, one, other in layers).flatten()


def _features(pictures: Colors) -> list[Tensor]:
    """What each of AlexNet's five layers sees, ``(N, C, h, w)``, of unit length at every place."""
    from lpips import normalize_tensor

    network = _network(pictures.L.device)
    return [normalize_tensor(layer) for layer in network.net(network.scaling_layer(pictures.viewed * 2 - 1))]


@functools.cache
def _network(device: torch.device) -> nn.Module:
    """The network on ``device``; takes two batches of RGB ``(N, 3, H, W)`` in [-1, 1]."""
    # Imported here because it brings SciPy, scikit-image and torchvision's models along.
    from lpips import LPIPS

    pretrained = weights.load("alexnet")
    # It draws initial values that are overwritten here: that must not shift anyone's random numbers.
    with torch.random.fork_rng(devices=[]), warnings.catch_warnings():
        # It calls torchvision with an argument that has been renamed since.
        warnings.filterwarnings("ignore", category=UserWarning, module=r"torchvision\.models\._utils")
        network = LPIPS(net="alex", version="0.1", pnet_rand=True, verbose=False)
    # Its slices keep torchvision's indices: slice2.3.weight is features.3.weight.
    state = {key: pretrained[f"features.{key.partition('.')[2]}"] for key in network.net.state_dict()}
    network.net.load_state_dict(state)
    return network.requires_grad_(False).eval().to(device)
