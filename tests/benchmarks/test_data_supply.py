"""Training batches: shuffled, mirrored and converted."""

import pytest
from compared import BATCH, SIZE

from bench.settings import Settings
from bench.training import training_supply


@pytest.mark.parametrize("crop_size", [None, SIZE // 2])
def test_supply(measure, device, pictures, crop_size):
    supply = training_supply(pictures, Settings(image_size=SIZE, batch_size=BATCH, crop_size=crop_size), 0, device)
    steps = iter(range(10**6))
    measure(lambda: supply.batch(next(steps)), BATCH)
