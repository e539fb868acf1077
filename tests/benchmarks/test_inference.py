"""Predicting colours with each architecture."""

import pytest
import torch
from compared import ARCHITECTURES, BATCH

from bench.environment import resolve_precision
from bench.network import Predictor
from registry import ARCHITECTURES as KNOWN
from registry.spec import parse_component


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_inference(measure, device, batch, architecture):
    network = parse_component(KNOWN, architecture).create().eval()
    predictor = Predictor(network, device, resolve_precision("auto", device))
    with torch.no_grad():
        measure(lambda: predictor(batch), BATCH)
