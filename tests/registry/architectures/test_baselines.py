import pytest
import torch

from registry.architectures.baselines import Ceiling, ColorTable, Grey, MeanColor
from registry.color import Colors
from registry.errors import UserError


def _two_tone():
    """Dark pixels are red, bright ones blue."""
    lightness = torch.tensor([20.0, 20.0, 80.0, 80.0]).view(1, 1, 2, 2)
    ab = torch.tensor([[40.0, 42.0, -10.0, -10.0], [20.0, 20.0, -50.0, -54.0]]).view(1, 2, 2, 2)
    return Colors(lightness, ab)


def test_grey_has_no_colour():
    assert not Grey().predict(_two_tone()).any()


def test_mean_color_is_the_mean_of_all_training_pixels():
    baseline = MeanColor()
    baseline.fit([_two_tone(), _two_tone()])
    predicted = baseline.predict(_two_tone())
    assert torch.allclose(predicted, torch.tensor([15.5, -16.0]).view(1, 2, 1, 1).expand(1, 2, 2, 2))


def test_color_table_is_the_mean_at_each_lightness():
    baseline = ColorTable()
    baseline.fit([_two_tone()])
    expected = torch.tensor([[41.0, 41.0, -10.0, -10.0], [20.0, 20.0, -52.0, -52.0]]).view(1, 2, 2, 2)
    assert torch.allclose(baseline.predict(_two_tone()), expected)


def test_a_lightness_never_seen_gets_the_mean():
    baseline = ColorTable()
    baseline.fit([_two_tone()])
    unseen = Colors(torch.full((1, 1, 1, 1), 50.0), torch.zeros(1, 2, 1, 1))
    assert torch.allclose(baseline.predict(unseen).flatten(), torch.tensor([15.5, -16.0]))


def test_the_ceiling_rounds_to_whole_units():
    truth = Colors(torch.full((1, 1, 1, 2), 50.0), torch.tensor([[1.4, -3.6], [0.2, 9.9]]).view(1, 2, 1, 2))
    assert Ceiling().predict(truth).flatten().tolist() == [1, -4, 0, 10]


def test_a_table_needs_a_bin():
    with pytest.raises(UserError, match="at least 1"):
        ColorTable(bins=0)
