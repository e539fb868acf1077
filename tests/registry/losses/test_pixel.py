import pytest
import torch

from registry.color import Colors
from registry.errors import UserError
from registry.losses.pixel import L1, L2, Huber


def _pair(*distances):
    """Truth grey, prediction off by these distances in both a and b."""
    offsets = torch.tensor(distances, dtype=torch.float32).view(1, 1, 1, -1)
    lightness = torch.full_like(offsets, 50)
    prediction = Colors(lightness, offsets.expand(1, 2, 1, -1).clone().requires_grad_())
    return prediction, Colors(lightness, torch.zeros(1, 2, 1, len(distances)))


def test_l1_and_l2_by_hand():
    prediction, target = _pair(11.0, -22.0)
    assert L1()(prediction, target).item() == pytest.approx((0.1 + 0.2) / 2)
    assert L2()(prediction, target).item() == pytest.approx((0.01 + 0.04) / 2)


def test_huber_turns_at_delta_lab_units():
    # Half the square below 10 Lab units, delta * (distance - delta / 2) above; all on ab / 110.
    for distance, expected in [(5.0, 0.5 * 5**2), (10.0, 0.5 * 10**2), (30.0, 10 * (30 - 5))]:
        assert Huber(10)(*_pair(distance)).item() == pytest.approx(expected / 110**2)


def test_huber_is_half_of_l2_where_delta_is_out_of_reach():
    pair = _pair(3.0, -40.0, 90.0)
    assert Huber(110)(*pair).item() == pytest.approx(L2()(*pair).item() / 2)


def test_huber_tends_to_l1_where_delta_is_small():
    pair = _pair(3.0, -40.0, 90.0)
    assert Huber(0.01)(*pair).item() / (0.01 / 110) == pytest.approx(L1()(*pair).item(), rel=1e-2)


@pytest.mark.parametrize("delta", [0, -1, float("nan")])
def test_delta_must_be_positive(delta):
    with pytest.raises(UserError, match="above 0"):
        Huber(delta)
