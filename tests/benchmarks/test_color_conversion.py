"""From 8-bit pictures to Lab and back, a batch at a time, against scikit-image's way picture by picture."""

import numpy as np
import pytest
import torch
from compared import BATCH
from skimage.color import rgb2lab

from registry.color import Colors


def test_rgb8_to_lab(measure, device, pictures):
    rgb8 = torch.from_numpy(pictures[:BATCH]).to(device)
    measure(lambda: Colors.from_rgb8(rgb8), BATCH)


def test_lab_to_rgb8(measure, batch):
    with torch.no_grad():
        measure(lambda: batch.with_ab(batch.ab).rgb8, BATCH)


@pytest.mark.parametrize("device", ["cpu"], indirect=True)
def test_scikit_image(measure, pictures):
    measure(lambda: np.stack([rgb2lab(picture) for picture in pictures[:BATCH]]), BATCH)
