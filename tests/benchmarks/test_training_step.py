"""A training step of each architecture: as the harness takes it, and the limit."""

import pytest
from compared import ARCHITECTURES, BATCH, SIZE
from limit import bare_step

from bench.environment import resolve_precision
from bench.network import Predictor
from bench.settings import Settings
from bench.training import make_optimizer, training_step, training_supply
from registry import ARCHITECTURES as KNOWN
from registry import LOSSES
from registry.spec import parse_component


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_harness(measure, device, pictures, architecture):
    settings = Settings(image_size=SIZE, batch_size=BATCH)
    network = parse_component(KNOWN, architecture).create().train()
    predictor = Predictor(network, device, resolve_precision("auto", device))
    optimizer = make_optimizer(predictor, settings)
    supply = training_supply(pictures, settings, 0, device)
    loss, steps = LOSSES["l1"].factory(), iter(range(10**6))
    measure(lambda: training_step(predictor, loss, supply.batch(next(steps)), optimizer), BATCH)


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_limit(measure, device, architecture):
    measure(bare_step(architecture, BATCH, SIZE, device), BATCH)
