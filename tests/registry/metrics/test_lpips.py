import importlib.util
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F

from registry import weights
from registry.color import Colors
from registry.errors import UnavailableError, UserError
from registry.metrics.lpips import Lpips, _network


@pytest.fixture(scope="module")
def alexnet():
    try:
        return weights.load("alexnet")
    except UnavailableError as error:
        pytest.skip(str(error))


def pictures(seed=0, n=3, height=64, width=64):
    generator = torch.Generator().manual_seed(seed)
    return Colors.from_rgb8(torch.randint(0, 256, (n, height, width, 3), dtype=torch.uint8, generator=generator))


def expected_lpips(state, one, other):
    """Zhang et al. 2018, equation 1, with plain functions in float64, from RGB ``(N, 3, H, W)`` in [0, 1]."""
    # Found without importing the package, whose code is what is tested against here.
    package = Path(importlib.util.find_spec("lpips").origin).parent
    heads = torch.load(package / "weights" / "v0.1" / "alex.pth", map_location="cpu", weights_only=True)

    def layers(rgb):
        # ImageNet's mean and deviation as the authors rounded them, for values in [-1, 1].
        shift = torch.tensor([-0.030, -0.088, -0.188], dtype=torch.float64).view(1, 3, 1, 1)
        scale = torch.tensor([0.458, 0.448, 0.450], dtype=torch.float64).view(1, 3, 1, 1)
        x = (rgb.double() * 2 - 1 - shift) / scale
        for index, stride, padding, pooled in (
            (0, 4, 2, 0),
            (3, 1, 2, 1),
            (6, 1, 1, 1),
            (8, 1, 1, 0),
            (10, 1, 1, 0),
        ):
            weight, bias = (state[f"features.{index}.{name}"].double() for name in ("weight", "bias"))
            x = F.max_pool2d(x, 3, 2) if pooled else x
            x = F.conv2d(x, weight, bias, stride=stride, padding=padding).clamp(min=0)
            yield x / (x.pow(2).sum(dim=1, keepdim=True).sqrt() + 1e-10)

    total = torch.zeros(len(one), dtype=torch.float64)
    for number, (a, b) in enumerate(zip(layers(one), layers(other), strict=True)):
        head = heads[f"lin{number}.model.1.weight"].double().view(1, -1, 1, 1)
        total += ((a - b).pow(2) * head).sum(dim=1).mean(dim=(1, 2))
    return total


@pytest.mark.parametrize(("height", "width"), [(64, 64), (32, 32), (31, 47), (96, 64)])
def test_against_the_paper_s_formula(alexnet, height, width):
    target = pictures(0, height=height, width=width)
    prediction = target.with_ab(pictures(1, height=height, width=width).ab)
    expected = expected_lpips(alexnet, prediction.viewed, target.viewed)
    metric = Lpips()
    metric.update(prediction, target)
    assert metric.per_image()[""].tolist() == pytest.approx(expected.tolist(), rel=1e-4)
    assert metric.compute().item() == pytest.approx(expected.mean().item(), rel=1e-4)


@pytest.mark.usefixtures("alexnet")
def test_the_package_itself_gives_the_same_numbers():
    prediction, target = pictures(0), pictures(1)
    package = _network(torch.device("cpu"))
    with torch.no_grad():
        expected = package(prediction.viewed * 2 - 1, target.viewed * 2 - 1).flatten()
    assert torch.equal(Lpips().measure(prediction, target), expected)


@pytest.mark.usefixtures("alexnet")
def test_the_truth_is_looked_at_once(monkeypatch):
    network, looked_at = _network(torch.device("cpu")), []
    forward = network.net.forward
    monkeypatch.setattr(network.net, "forward", lambda rgb: looked_at.append(len(rgb)) or forward(rgb))
    target = pictures(1)
    first = Lpips().measure(pictures(0), target)
    assert torch.equal(Lpips().measure(pictures(0), target), first)
    assert len(looked_at) == 3  # two predictions, one truth


@pytest.mark.usefixtures("alexnet")
def test_nothing_for_the_same_picture_and_the_same_both_ways():
    metric, one, other = Lpips(), pictures(0), pictures(1)
    assert metric.measure(one, one).tolist() == [0, 0, 0]
    assert metric.measure(one, other).tolist() == pytest.approx(metric.measure(other, one).tolist(), rel=1e-6)
    assert (metric.measure(one, other) > 0).all()


@pytest.mark.usefixtures("alexnet")
def test_a_wronger_colour_is_farther():
    ramp = torch.linspace(20, 80, 64).expand(1, 1, 64, 64)
    truth = Colors(ramp, torch.full((1, 2, 64, 64), 20.0))
    near = truth.with_ab(truth.ab - 5)
    far = truth.with_ab(-truth.ab)
    metric = Lpips()
    assert 0 < metric.measure(near, truth) < metric.measure(far, truth)


@pytest.mark.usefixtures("alexnet")
def test_batches_count_as_one():
    whole, parts = Lpips(), Lpips()
    prediction, target = pictures(0), pictures(1)
    whole.update(prediction, target)
    for i in range(3):
        parts.update(*(Colors(c.L[i : i + 1], c.ab[i : i + 1]) for c in (prediction, target)))
    assert parts.compute().item() == pytest.approx(whole.compute().item(), rel=1e-5)


@pytest.mark.usefixtures("alexnet")
def test_autocast_changes_nothing():
    expected = Lpips().measure(pictures(0), pictures(1))
    with torch.autocast("cpu", torch.bfloat16):
        found = Lpips().measure(pictures(0), pictures(1))
    assert torch.equal(found, expected)


@pytest.mark.filterwarnings("error")
@pytest.mark.usefixtures("alexnet")
def test_the_network_is_made_once_in_silence(capfd):
    _network.cache_clear()
    before = torch.get_rng_state()
    Lpips().measure(pictures(0), pictures(1))
    Lpips().measure(pictures(0), pictures(1))
    assert _network.cache_info().misses == 1
    assert torch.equal(before, torch.get_rng_state())
    assert capfd.readouterr() == ("", "")


def test_pictures_that_are_too_small_say_the_minimum():
    with pytest.raises(UserError, match="at least 31 pixels a side, not 30 x 64"):
        Lpips().measure(pictures(0, height=30), pictures(1, height=30))


def test_lower_is_better():
    assert Lpips.higher_is_better is False
    assert Lpips.best == 0.0
