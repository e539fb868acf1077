import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from registry import LOSSES
from registry.ab_bins import ab_counts, reachable_bins
from registry.color import Colors
from registry.errors import UserError
from registry.losses.pixel import L1
from registry.losses.rebalanced import Rebalanced, rarity_weights
from registry.spec import parse_component, parse_sum


def test_weights_by_hand():
    # Three bins, the first two 10 units apart, the third out of reach; eight, two and no pixels in them.
    centres = torch.tensor([[0.0, 0.0], [10.0, 0.0], [100.0, 0.0]])
    weights = rarity_weights(torch.tensor([8.0, 2.0, 0.0]), centres, uniform=0.5, sigma=5.0)
    # The Gaussian at two standard deviations is exp(-2); a bin gives its neighbour that share of its mass.
    share = math.exp(-2) / (1 + math.exp(-2))
    p = [0.8 * (1 - share) + 0.2 * share, 0.2 * (1 - share) + 0.8 * share, 0.0]
    raw = [1 / (0.5 * one + 0.5 / 3) for one in p]
    mean = sum(one * weight for one, weight in zip(p, raw, strict=True))
    assert weights.tolist() == pytest.approx([weight / mean for weight in raw])
    assert weights.tolist() == pytest.approx([0.8298, 1.4567, 2.6432], abs=1e-4)


def test_lambda_is_the_share_of_the_uniform_distribution():
    # Too far apart to smooth into each other: p is 0.8 and 0.2, and mixed with a fifth of 1 / 2 each, 0.74 and 0.26.
    centres = torch.tensor([[0.0, 0.0], [100.0, 0.0]])
    weights = rarity_weights(torch.tensor([8.0, 2.0]), centres, uniform=0.2, sigma=5.0)
    assert (weights[1] / weights[0]).item() == pytest.approx(0.74 / 0.26)


@given(
    counts=st.lists(st.integers(0, 1000), min_size=5, max_size=5).filter(any),
    uniform=st.floats(0.01, 1),
    sigma=st.floats(0.5, 50),
)
def test_weights_have_mean_one_and_favour_the_rare(counts, uniform, sigma):
    centres = torch.tensor([[10.0 * i, 0.0] for i in range(5)])
    tensor = torch.tensor(counts, dtype=torch.float64)
    weights = rarity_weights(tensor, centres, uniform=uniform, sigma=sigma)
    kernel = torch.exp(-(torch.cdist(centres.double(), centres.double()) ** 2) / (2 * sigma**2))
    p = (kernel / kernel.sum(0)) @ (tensor / tensor.sum())
    assert (weights * p).sum().item() == pytest.approx(1)
    assert (weights[p.argmin()] >= weights - 1e-9).all()


def test_an_even_training_set_weighs_all_alike():
    loss = Rebalanced(L1(), "l1", uniform=1.0)
    loss.reference(torch.arange(len(reachable_bins())))
    assert torch.allclose(loss.weights, torch.ones(()))


def test_each_pixel_counts_by_the_rarity_of_its_true_colour():
    lightness = torch.full((1, 1, 1, 4), 50.0)
    truth = Colors(lightness, torch.tensor([[[[0.0, 0, 0, 40]], [[0.0, 0, 0, 40]]]]))
    wrong = Colors(lightness, truth.ab + 11)
    loss = Rebalanced(L1(), "l1")
    loss.reference(ab_counts(truth).sum(0))
    common, rare = (loss.weights[index].item() for index in _bins([(0, 0), (40, 40)]))
    assert rare > 1.3 * common
    # Every error is 0.1 on ab / 110.
    assert loss(wrong, truth).item() == pytest.approx(0.1 * (3 * common + rare) / 4)


def _bins(colors):
    centres = reachable_bins().tolist()
    return [centres.index([float(a), float(b)]) for a, b in colors]


def test_without_the_training_colours_it_says_what_is_missing():
    picture = Colors(torch.zeros(1, 1, 2, 2), torch.zeros(1, 2, 2, 2))
    with pytest.raises(RuntimeError, match=r"reference\(\)"):
        Rebalanced(L1(), "l1")(picture, picture)


def test_the_spec_is_canonical_and_nested():
    for text, canonical in [
        ("rebalanced(l1)", "rebalanced(l1)"),
        ("rebalanced(loss=huber(delta=10))", "rebalanced(huber)"),
        ("rebalanced('huber(delta=5)', sigma=5)", "rebalanced(huber(delta=5))"),
        ("rebalanced(l2, 0.3) + 0.1*vgg", "rebalanced(l2, uniform=0.3) + 0.1*vgg"),
    ]:
        spec = parse_sum(LOSSES, text)
        assert spec.text == canonical
        assert parse_sum(LOSSES, canonical) == spec


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("rebalanced(vgg)", "only a loss of single pixels"),
        ("rebalanced(rebalanced(l1))", "only a loss of single pixels"),
        ("rebalanced(l3)", "Unknown loss 'l3'"),
        ("rebalanced(l1, uniform=0)", "above 0 and at most 1"),
        ("rebalanced(l1, sigma=0)", "above 0 Lab units"),
        ("rebalanced", "needs its parameter 'loss'"),
    ],
)
def test_what_cannot_be_rebalanced_is_refused(text, message):
    with pytest.raises(UserError, match=message):
        parse_component(LOSSES, text).create()
