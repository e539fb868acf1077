"""Pictures of soft squares and the same with noise, for metrics that compare two."""

import numpy as np
import torch

from registry.color import Colors


def noisy_pictures():
    """Truth and noisy prediction, each ``(3, 32, 32, 3)`` uint8 sRGB."""
    rng = np.random.default_rng(0)
    smooth = rng.integers(0, 256, (3, 8, 8, 3)).repeat(4, axis=1).repeat(4, axis=2)
    noisy = np.clip(smooth + rng.integers(-20, 21, smooth.shape), 0, 255)
    return smooth.astype(np.uint8), noisy.astype(np.uint8)


def noisy_colors():
    """The same as `Colors`."""
    return [Colors.from_rgb8(torch.from_numpy(picture)) for picture in noisy_pictures()]
