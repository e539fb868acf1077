"""Each loss, and each term of a sum, changes the gradient."""

import itertools

import pytest
import torch

from registry import LOSSES
from registry.ab_bins import ab_counts
from registry.color import Colors
from registry.errors import UnavailableError
from registry.losses.weighted_sum import WeightedSumLoss
from registry.spec import parse_sum

TEXTS = [
    "l1",
    "l2",
    "huber",
    "huber(delta=30)",
    "vgg",
    "vgg(layers=[relu2_2])",
    "l1 + 0.1*vgg",
    "l1 + l2",
    "2*l1 + l2",
    "rebalanced(l1)",
    "rebalanced(l2)",
    "rebalanced(l1, uniform=0.9)",
]


def _gradient(text):
    try:
        loss = WeightedSumLoss(parse_sum(LOSSES, text))
    except UnavailableError as error:
        pytest.skip(str(error))
    generator = torch.Generator().manual_seed(0)
    lightness = torch.rand(1, 1, 32, 32, generator=generator) * 100
    target = Colors(lightness, torch.randn(1, 2, 32, 32, generator=generator) * 30)
    loss.reference(ab_counts(target).sum(0))
    ab = (torch.randn(1, 2, 32, 32, generator=generator) * 30).requires_grad_()
    loss(Colors(lightness, ab), target).backward()
    assert torch.isfinite(ab.grad).all()
    return ab.grad.flatten()


def test_no_two_losses_pull_the_same_way():
    gradients = {text: _gradient(text) for text in TEXTS}
    for one, other in itertools.combinations(TEXTS, 2):
        assert torch.cosine_similarity(gradients[one], gradients[other], dim=0) < 0.9999, (one, other)


def test_the_gradient_of_a_sum_is_the_weighted_sum_of_gradients():
    total = _gradient("2*l1 + 0.1*vgg")
    expected = 2 * _gradient("l1") + 0.1 * _gradient("vgg")
    assert torch.allclose(total, expected, rtol=1e-3, atol=1e-9)
