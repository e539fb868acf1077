import math

import numpy as np
import pytest
import torch
from torch import nn

from bench import training
from bench.network import Predictor, check_sizes
from bench.settings import Settings
from bench.training import NonFiniteLossError, fit
from registry.architectures.unet import Unet
from registry.errors import UserError
from registry.losses.pixel import L1, L2

SETTINGS = Settings(epochs=3, steps_per_epoch=4, batch_size=4, precision="float32")


def _pictures(n, seed=0):
    """Two-tone pictures: the left half is dark and red, the right half bright and blue."""
    rng = np.random.default_rng(seed)
    pictures = np.zeros((n, 16, 16, 3), dtype=np.uint8)
    pictures[:, :, :8] = [120, 30, 30]
    pictures[:, :, 8:] = [120, 140, 250]
    return (pictures + rng.integers(0, 5, pictures.shape)).astype(np.uint8)


def _fit(settings=SETTINGS, loss=None, seed=0, network=None):
    torch.manual_seed(seed)
    predictor = Predictor(network or Unet(n_down=2, num_filters=4), "cpu", settings.precision)
    seen = []
    result = fit(
        predictor,
        loss or L2(),
        _pictures(16),
        _pictures(8, seed=1),
        settings=settings,
        seed=seed,
        train_mean_ab=torch.tensor([20.0, -10.0]),
        on_step=lambda *step: seen.append(step),
        on_epoch=lambda _, history: seen.append(len(history)),
    )
    return predictor.network.state_dict(), result, seen


def test_training_learns_and_tells_its_history():
    _, result, seen = _fit(SETTINGS.model_copy(update={"epochs": 12, "learning_rate": 1e-2}))
    losses = [row["validation_loss"] for row in result.history]
    assert losses[-1] < losses[0] / 2
    assert result.history[-1]["skill"] > 0.5
    assert result.pictures == 12 * 4 * 4
    assert [one for one in seen if isinstance(one, int)] == list(range(1, 13))
    assert seen[-2] == (48, 48)
    assert result.best_epoch == 1 + int(np.argmin(losses))


def test_the_same_seed_gives_the_same_weights_bit_for_bit():
    (one, first, _), (other, second, _) = _fit(), _fit()
    assert all(torch.equal(one[name], other[name]) for name in one)
    drop = {"seconds"}
    assert [{k: v for k, v in row.items() if k not in drop} for row in first.history] == [
        {k: v for k, v in row.items() if k not in drop} for row in second.history
    ]
    different, _, _ = _fit(seed=1)
    assert any(not torch.equal(one[name], different[name]) for name in one)


def test_the_loss_decides_what_is_learnt():
    one, other = _fit(loss=L1())[0], _fit(loss=L2())[0]
    assert any(not torch.equal(one[name], other[name]) for name in one)


def test_the_rate_rises_to_its_peak_and_falls():
    rates = [row["learning_rate"] for row in _fit(SETTINGS.model_copy(update={"epochs": 10}))[1].history]
    assert rates[0] < max(rates) > rates[-1]
    assert max(rates) <= SETTINGS.learning_rate


def test_weights_of_the_best_epoch_are_kept_where_it_is_not_the_last():
    class Worsening(nn.Module):
        """A loss whose gradient leads away from the truth."""

        def forward(self, prediction, target):
            return torch.exp(-(prediction.ab - target.ab).square().mean() / 1e4) + self.age()

        def age(self):
            self.calls = getattr(self, "calls", 0) + 1
            return self.calls / 100

    weights, result, _ = _fit(loss=Worsening())
    assert result.best_epoch == 1
    assert any(not torch.equal(weights[name], result.best_weights[name]) for name in weights)


class Breaking(nn.Module):
    """L2 until its ``last`` call; an epoch asks 4 times in training and twice in validation."""

    def __init__(self, last, value):
        super().__init__()
        self.last, self.value, self.calls = last, value, 0

    def forward(self, prediction, target):
        self.calls += 1
        return (prediction.ab - target.ab).square().mean() * (self.value if self.calls == self.last else 1)


@pytest.mark.parametrize("every", [2, 3, 100])
def test_losses_looked_at_less_often_say_the_same(monkeypatch, every):
    _, expected, _ = _fit()
    monkeypatch.setitem(training._READ_EVERY, "cpu", every)
    _, found, _ = _fit()
    timeless = [[{**row, "seconds": 0} for row in result.history] for result in (expected, found)]
    assert timeless[0] == timeless[1]


@pytest.mark.parametrize("every", [1, 3, 100])
@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_a_loss_that_is_no_number_names_the_step(monkeypatch, value, every):
    monkeypatch.setitem(training._READ_EVERY, "cpu", every)
    with pytest.raises(NonFiniteLossError, match=rf"became {value} at step 5 of 12, in epoch 2 of 3"):
        _fit(loss=Breaking(7, value))


def test_a_validation_loss_that_is_no_number_names_the_epoch():
    with pytest.raises(NonFiniteLossError, match="validation loss became nan after step 8 of 12, in epoch 2 of 3"):
        _fit(loss=Breaking(12, math.nan))


@pytest.mark.parametrize(
    ("sizes", "problem"),
    [
        ({"image_size": 80}, r"image_size to be a multiple of 32, not 80: set it to 64 or 96"),
        ({"image_size": 96, "crop_size": 40}, r"crop_size to be a multiple of 32, not 40: set it to 32 or 64"),
    ],
)
def test_a_size_that_the_network_cannot_halve_is_refused(sizes, problem):
    network = Unet(n_down=5, num_filters=4)
    check_sizes("unet", network, Settings(image_size=96))
    check_sizes("unet", network, Settings(image_size=96, crop_size=64))
    with pytest.raises(UserError, match=problem):
        check_sizes("unet", network, Settings(**sizes))
    with pytest.raises(UserError, match=r"multiple of 64, not 32: set it to 64\."):
        check_sizes("unet", Unet(n_down=6, num_filters=4), Settings(image_size=32))


def test_crops_are_trained_on_and_whole_pictures_validated():
    sides = {"train": set(), "validation": set()}

    class Seeing(Unet):
        def forward(self, lightness):
            sides["train" if self.training else "validation"].add(tuple(lightness.shape[-2:]))
            return super().forward(lightness)

    settings = SETTINGS.model_copy(update={"crop_size": 8})
    _fit(settings, network=Seeing(n_down=2, num_filters=4))
    assert sides == {"train": {(8, 8)}, "validation": {(16, 16)}}


def test_a_single_step_is_refused():
    with pytest.raises(UserError, match="single optimiser step"):
        _fit(SETTINGS.model_copy(update={"epochs": 1, "steps_per_epoch": 1}))
