import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.distance import jensenshannon
from scipy.stats import entropy as scipy_entropy
from skimage.color import rgb2lab

from registry.ab_bins import ab_counts, reachable_bins
from registry.color import Colors, rgb_to_lab
from registry.metrics.ab_histogram import AbEffectiveColors, AbGini, AbImbalance, AbJensenShannon


def _colors(*ab):
    values = torch.tensor(ab, dtype=torch.float32).T.reshape(1, 2, 1, -1)
    return Colors(torch.full((1, 1, 1, len(ab)), 50.0), values)


def _value(metric, prediction, target):
    metric.update(prediction, target)
    return metric.compute().item()


@pytest.mark.slow
def test_bins_are_those_that_some_8_bit_color_reaches():
    reached = set()
    levels = np.arange(256) / 255
    for red in levels:
        rgb = np.stack(np.meshgrid([red], levels, levels, indexing="ij"), axis=-1)
        cells = np.unique(np.rint(rgb2lab(rgb)[..., 1:].reshape(-1, 2) / 10), axis=0)
        reached |= {tuple(cell) for cell in cells}
    ours = {tuple(cell) for cell in (reachable_bins() / 10).tolist()}
    # A colour within float32's rounding of a bin's edge may fall on either side of it.
    assert len(ours ^ reached) <= 2


def test_a_sample_of_8_bit_colors_falls_into_the_bins():
    steps = torch.arange(0, 256, 15) / 255
    rgb = torch.cartesian_prod(steps, steps, steps).T[None, :, None]
    cells = {tuple(cell) for cell in (rgb_to_lab(rgb)[0, 1:, 0].T / 10).round().unique(dim=0).tolist()}
    assert cells <= {tuple(cell) for cell in (reachable_bins() / 10).tolist()}


def test_one_color_is_all_imbalance():
    one = _colors((20, 20), (21, 19), (18, 22))
    assert _value(AbImbalance(), one, one) == pytest.approx(1)
    assert _value(AbEffectiveColors(), one, one) == pytest.approx(1)
    q = len(reachable_bins())
    assert _value(AbGini(), one, one) == pytest.approx((q - 1) / q)


def test_all_bins_once_is_even():
    every = _colors(*reachable_bins().tolist())
    q = len(reachable_bins())
    assert _value(AbImbalance(), every, every) == pytest.approx(0, abs=1e-12)
    assert _value(AbEffectiveColors(), every, every) == pytest.approx(q)
    assert _value(AbGini(), every, every) == pytest.approx(0, abs=1e-12)


def test_two_colors_three_to_one_by_hand():
    pictures = _colors((0, 0), (0, 0), (0, 0), (40, 0))
    nats = -(0.75 * math.log(0.75) + 0.25 * math.log(0.25))
    q = len(reachable_bins())
    assert _value(AbImbalance(), pictures, pictures) == pytest.approx(1 - nats / math.log(q))
    assert _value(AbEffectiveColors(), pictures, pictures) == pytest.approx(math.exp(nats))
    # Gini by its definition: mean absolute difference of all pairs over twice the mean.
    p = np.zeros(q)
    p[:2] = 0.75, 0.25
    gini = np.abs(p[:, None] - p[None]).mean() / (2 * p.mean())
    assert _value(AbGini(), pictures, pictures) == pytest.approx(gini)


def test_jensen_shannon_by_hand_and_its_ends():
    grey, red = _colors((0, 0)), _colors((40, 0))
    half = _colors((0, 0), (40, 0))
    assert _value(AbJensenShannon(), grey, grey) == 0
    assert _value(AbJensenShannon(), grey, red) == pytest.approx(1)
    assert _value(AbJensenShannon(), half, grey) == pytest.approx(jensenshannon([0.5, 0.5], [0, 1], base=2) ** 2)


def test_the_truth_is_measured_too():
    metric = AbEffectiveColors()
    metric.update(
        _colors((0, 0)),
        _colors(
            (0, 0),
        ),
    )
    metric.update(_colors((0, 0)), _colors((40, 0)))
    assert metric.compute().item() == pytest.approx(1)
    assert metric.truth().item() == pytest.approx(2)


def test_out_of_gamut_counts_in_the_nearest_bin():
    counts = ab_counts(_colors((500.0, -500.0)))
    assert counts.shape == (1, len(reachable_bins()))
    assert counts.sum() == 1
    nearest = reachable_bins()[counts.argmax()]
    corner = torch.tensor([130.0, -130.0])
    distances = (reachable_bins() - corner).norm(dim=1)
    assert (nearest - corner).norm() == distances.min()


@given(st.lists(st.tuples(st.floats(-60, 60), st.floats(-60, 60)), min_size=1, max_size=40))
def test_bounds_and_agreement_with_scipy(ab):
    pictures = _colors(*ab)
    q = len(reachable_bins())
    p = ab_counts(pictures)[0].numpy() / len(ab)
    imbalance = _value(AbImbalance(), pictures, pictures)
    assert imbalance == pytest.approx(1 - scipy_entropy(p) / math.log(q), abs=1e-9)
    assert -1e-9 <= imbalance <= 1 + 1e-9
    assert 0 <= _value(AbGini(), pictures, pictures) <= 1
