import math

import numpy as np
import pytest
import torch

from registry.color import Colors
from registry.metrics.collapse import Chroma, ChromaRatio, ConstantColorShare, DispersionRatio, Skill


def _colors(ab):
    return Colors(torch.full((len(ab), 1, *ab.shape[2:]), 50.0), ab)


def _random(seed, scale=30.0, shift=(5.0, 12.0)):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(6, 2, 8, 8, generator=generator) * scale + torch.tensor(shift).view(1, 2, 1, 1)


def _value(metric, prediction, target):
    # In two batches: the measures pool all pixels, whatever the batches.
    metric.update(_colors(prediction[:4]), _colors(target[:4]))
    metric.update(_colors(prediction[4:]), _colors(target[4:]))
    return metric.compute().item()


def test_pooled_measures_agree_with_numpy():
    prediction, target = _random(0, 10), _random(1, 30)
    p, t = (ab.permute(1, 0, 2, 3).reshape(2, -1).double().numpy() for ab in (prediction, target))
    chroma = np.hypot(*p).mean() / np.hypot(*t).mean()
    assert _value(ChromaRatio(), prediction, target) == pytest.approx(chroma, rel=1e-6)
    spread = math.sqrt(np.trace(np.cov(p, ddof=0)) / np.trace(np.cov(t, ddof=0)))
    assert _value(DispersionRatio(), prediction, target) == pytest.approx(spread, rel=1e-6)
    share = (p.mean(1) ** 2).sum() / (p**2).sum(0).mean()
    assert _value(ConstantColorShare(), prediction, target) == pytest.approx(share, rel=1e-6)
    assert _value(Chroma(), prediction, target) == pytest.approx(np.hypot(*p).mean(), rel=1e-6)


def test_a_constant_color_is_told_from_the_truth():
    target = _random(1)
    constant = torch.tensor([5.0, 12.0]).view(1, 2, 1, 1).expand_as(target)
    assert _value(DispersionRatio(), constant, target) == pytest.approx(0, abs=1e-4)
    assert _value(ConstantColorShare(), constant, target) == pytest.approx(1)


def test_grey_has_no_constant_color():
    target = _random(1)
    assert math.isnan(_value(ConstantColorShare(), torch.zeros_like(target), target))
    assert _value(ChromaRatio(), torch.zeros_like(target), target) == 0


def _skill(prediction, target, mean=(5.0, 12.0)):
    metric = Skill()
    metric.reference(torch.tensor(mean))
    return _value(metric, prediction, target), metric


def test_skill_is_one_for_the_truth_and_zero_for_the_mean_color():
    target = _random(1)
    mean = torch.tensor([5.0, 12.0]).view(1, 2, 1, 1).expand_as(target)
    assert _skill(target, target)[0] == 1
    assert _skill(mean, target)[0] == pytest.approx(0, abs=1e-6)
    assert _skill(-target, target)[0] < 0


def test_skill_by_hand():
    target = torch.tensor([10.0, 0.0]).view(1, 2, 1, 1).expand(6, 2, 1, 1)
    halfway = target / 2
    value, metric = _skill(halfway, target, mean=(0.0, 0.0))
    assert value == pytest.approx(0.75)
    assert metric.per_image()["_mse"].tolist() == [12.5] * 6
    assert metric.per_image()["_lazy_mse"].tolist() == [50] * 6


def test_skill_without_reference_is_our_own_mistake():
    with pytest.raises(RuntimeError, match="reference"):
        _value(Skill(), _random(0), _random(1))


def test_grey_truth_gives_nothing_to_compare_with():
    rounding = _random(0, scale=0.002, shift=(0.0, 0.0))
    prediction = _random(1)
    for metric in (ChromaRatio(), DispersionRatio()):
        assert math.isnan(_value(metric, prediction, rounding))
    assert math.isnan(_skill(prediction, rounding, mean=(0.0, 0.0))[0])
