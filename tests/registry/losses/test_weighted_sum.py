import pytest
import torch

from registry import LOSSES
from registry.color import Colors
from registry.errors import UserError
from registry.losses.weighted_sum import WeightedSumLoss
from registry.spec import parse_sum


def _pair(seed=0, scale=30.0):
    generator = torch.Generator().manual_seed(seed)
    lightness = torch.rand(2, 1, 8, 8, generator=generator) * 100
    truth = Colors(lightness, torch.randn(2, 2, 8, 8, generator=generator) * scale)
    return Colors(lightness, torch.randn(2, 2, 8, 8, generator=generator) * scale), truth


def _norm(loss, prediction, truth):
    ab = prediction.ab.clone().requires_grad_()
    loss(Colors(prediction.L, ab), truth).backward()
    return ab.grad.norm().item()


def test_an_automatic_term_pulls_as_hard_as_the_others_together():
    loss = WeightedSumLoss(parse_sum(LOSSES, "l1 + 2*huber + auto*l2"))
    pair = _pair()
    loss.balance([pair])
    fixed = WeightedSumLoss(parse_sum(LOSSES, "l1 + 2*huber"))
    l2 = WeightedSumLoss(parse_sum(LOSSES, "l2"))
    assert loss.weights[:2] == [1.0, 2.0]
    assert loss.weights[2] * _norm(l2, *pair) == pytest.approx(_norm(fixed, *pair), rel=1e-5)


def test_the_weight_of_a_scaled_copy_is_the_scale():
    # L1 pulls each value by 1 / 110 / n whatever its error, half of L2 in the unit of ab / 110 by error / 110 / n.
    lightness = torch.full((1, 1, 2, 2), 50.0)
    truth, off = (Colors(lightness, torch.full((1, 2, 2, 2), value)) for value in (0.0, 22.0))
    loss = WeightedSumLoss(parse_sum(LOSSES, "l1 + auto*l2"))
    loss.balance([(off, truth)])
    # The gradient of the square is 2 x 0.2 where that of the absolute value is 1.
    assert loss.weights == pytest.approx([1, 1 / 0.4])


def test_the_mean_over_batches_counts():
    loss = WeightedSumLoss(parse_sum(LOSSES, "l1 + auto*l2"))
    pairs = [_pair(seed, scale) for seed, scale in ((0, 10.0), (1, 40.0))]
    loss.balance(pairs)
    l1, l2 = (WeightedSumLoss(parse_sum(LOSSES, name)) for name in ("l1", "l2"))
    expected = sum(_norm(l1, *pair) for pair in pairs) / sum(_norm(l2, *pair) for pair in pairs)
    assert loss.weights[1] == pytest.approx(expected, rel=1e-5)


def test_what_has_no_gradient_cannot_be_balanced():
    loss = WeightedSumLoss(parse_sum(LOSSES, "l1 + auto*l2"))
    _, truth = _pair()
    with pytest.raises(ValueError, match=r"auto\*l2 cannot be balanced"):
        loss.balance([(truth, truth)])


def test_the_spec_of_an_automatic_weight():
    assert parse_sum(LOSSES, "l1+auto * vgg").text == "l1 + auto*vgg"
    assert parse_sum(LOSSES, "l1 + auto*vgg").identity[1]["weight"] == "auto"
    for text in ("auto*vgg", "auto*l1 + auto*vgg"):
        with pytest.raises(UserError, match="only automatic weights"):
            parse_sum(LOSSES, text)
