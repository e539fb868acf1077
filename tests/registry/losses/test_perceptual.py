import pytest
import torch
import torch.nn.functional as F

from registry import weights
from registry.color import Colors, lab_to_rgb
from registry.errors import UnavailableError, UserError
from registry.losses.perceptual import VggLoss

LAYERS = ("relu1_2", "relu2_2", "relu3_3")
# torchvision's VGG16 `features`, written out: what stands at which index.
PLAN = ["c", "r", "c", "r", "p", "c", "r", "c", "r", "p", "c", "r", "c", "r", "c", "r", "p"]
PLAN += ["c", "r", "c", "r", "c", "r", "p", "c", "r", "c", "r", "c", "r"]
INDEX = {"relu1_2": 3, "relu2_2": 8, "relu3_3": 15, "relu5_3": 29}


@pytest.fixture(scope="module")
def vgg16():
    try:
        return weights.load("vgg16")
    except UnavailableError as error:
        pytest.skip(str(error))


def pictures(seed=0, n=2, size=32):
    generator = torch.Generator().manual_seed(seed)
    return Colors.from_rgb8(torch.randint(0, 256, (n, size, size, 3), dtype=torch.uint8, generator=generator))


def plain(L, a, b, size=16):  # noqa: N803 - L is the field's name
    """One picture of one colour."""
    ones = torch.ones(1, 1, size, size)
    return Colors(L * ones, torch.cat((a * ones, b * ones), dim=1))


def features(state, colors):
    """The outputs of torchvision's `features`, by index, with plain functions in float64."""
    x = lab_to_rgb(torch.cat((colors.L, colors.ab), dim=1).double())
    for channel, (mean, std) in enumerate(((0.485, 0.229), (0.456, 0.224), (0.406, 0.225))):
        x[:, channel] = (x[:, channel] - mean) / std
    outputs = []
    for index, kind in enumerate(PLAN):
        if kind == "c":
            weight, bias = (state[f"features.{index}.{name}"].double() for name in ("weight", "bias"))
            x = F.conv2d(x, weight, bias, padding=1)
        else:
            x = x.relu() if kind == "r" else F.max_pool2d(x, 2)
        outputs.append(x)
    return outputs


@pytest.mark.parametrize("layers", [LAYERS, ("relu5_3",), ("relu3_3", "relu1_2")])
@pytest.mark.parametrize("distance", ["l1", "l2"])
def test_against_torchvision_s_layout_written_out(vgg16, layers, distance):
    target, prediction = pictures(0), pictures(0).with_ab(pictures(1).ab)
    seen, wanted = features(vgg16, prediction), features(vgg16, target)
    expected = 0.0
    for layer in layers:
        difference = seen[INDEX[layer]] - wanted[INDEX[layer]]
        expected += (difference.abs() if distance == "l1" else difference**2).mean().item() / len(layers)
    found = VggLoss(layers, distance)(prediction, target)
    assert found.shape == ()
    assert found.item() == pytest.approx(expected, rel=1e-4)


@pytest.mark.usefixtures("vgg16")
def test_nothing_for_the_same_picture_and_the_same_both_ways():
    loss = VggLoss(LAYERS, "l1")
    one, other = pictures(0), pictures(0).with_ab(pictures(1).ab)
    assert loss(one, one) == 0
    assert loss(one, other).item() == pytest.approx(loss(other, one).item(), rel=1e-6) != 0


@pytest.mark.parametrize(
    ("L", "a", "b"),
    [(0, 0, 0), (0, 20, -20), (100, 0, 0), (100, -20, 20), (50, 0, 0), (50, 150, -150), (5, -110, 110)],
    ids=[
        "black",
        "black coloured",
        "white",
        "white coloured",
        "grey",
        "far out of gamut",
        "dark out of gamut",
    ],
)
@pytest.mark.parametrize("autocast", [False, True])
@pytest.mark.usefixtures("vgg16")
def test_gradients_are_usable_everywhere(L, a, b, autocast):  # noqa: N803
    ab = plain(L, a, b).ab.requires_grad_()
    prediction = plain(L, 0, 0).with_ab(ab)
    # The truth is a little lighter, so that no distance is 0: there l1 rightly has no gradient.
    target = plain(L - 5 if L > 50 else L + 5, 10, 10)
    with torch.autocast("cpu", torch.bfloat16, enabled=autocast):
        VggLoss(LAYERS, "l1")(prediction, target).backward()
    assert torch.isfinite(ab.grad).all()
    assert (ab.grad.abs().amax(dim=(2, 3)) > 0).all()
    assert 1e-6 < ab.grad.abs().sum() < 10


@pytest.mark.usefixtures("vgg16")
def test_a_step_against_the_gradient_brings_out_of_gamut_colours_back():
    loss, target = VggLoss(LAYERS, "l1"), plain(50, 0, 0)
    ab = plain(50, 150, -150).ab.requires_grad_()
    before = loss(target.with_ab(ab), target)
    (gradient,) = torch.autograd.grad(before, ab)
    step = 5 * gradient / gradient.abs().max()
    assert loss(target.with_ab(ab - step), target) < before


@pytest.mark.usefixtures("vgg16")
def test_only_the_prediction_is_differentiated():
    target_ab, ab = pictures(0).ab.requires_grad_(), pictures(1).ab.requires_grad_()
    target, prediction = pictures(0).with_ab(target_ab), pictures(0).with_ab(ab)
    loss = VggLoss(LAYERS, "l1")
    loss(prediction, target).backward()
    assert target_ab.grad is None
    assert ab.grad is not None
    assert not any(parameter.requires_grad for parameter in loss.parameters())
    assert not any(module.training for module in loss.network.modules())


@pytest.mark.usefixtures("vgg16")
def test_bfloat16_comes_close_and_gives_float32():
    loss, target, prediction = VggLoss(LAYERS, "l1"), pictures(0), pictures(0).with_ab(pictures(1).ab)
    exact = loss(prediction, target)
    with torch.autocast("cpu", torch.bfloat16):
        coarse = loss(pictures(0).with_ab(pictures(1).ab), pictures(0))
    assert coarse.dtype == torch.float32
    assert coarse.item() == pytest.approx(exact.item(), rel=0.01)


@pytest.mark.usefixtures("vgg16")
def test_the_network_ends_at_the_last_layer_needed():
    assert list(VggLoss(("relu2_1", "relu1_1"), "l1").network._modules)[-1] == "relu2_1"
    assert len(VggLoss(("relu1_1",), "l1").network) == 2
    assert len(VggLoss(("relu5_3",), "l1").network) == len(PLAN)


@pytest.mark.usefixtures("vgg16")
def test_making_it_draws_no_random_numbers():
    before = torch.get_rng_state()
    VggLoss(LAYERS, "l1")
    assert torch.equal(before, torch.get_rng_state())


@pytest.mark.parametrize(("layer", "minimum"), [("relu1_2", 1), ("relu3_3", 4), ("relu5_3", 16)])
@pytest.mark.usefixtures("vgg16")
def test_the_smallest_picture(layer, minimum):
    loss = VggLoss((layer,), "l1")
    assert loss(plain(50, 0, 0, minimum), plain(50, 20, 0, minimum)) > 0
    if minimum > 1:
        with pytest.raises(UserError, match=f"at least {minimum} pixels"):
            loss(plain(50, 0, 0, minimum - 1), plain(50, 20, 0, minimum - 1))


def test_wrong_parameters_say_what_is_allowed():
    with pytest.raises(UserError, match=r"did you mean 'relu3_3'.*relu5_3"):
        VggLoss(("relu3_4",), "l1")
    with pytest.raises(UserError, match="at least one layer"):
        VggLoss((), "l1")
    with pytest.raises(UserError, match="l1, l2"):
        VggLoss(LAYERS, "l3")
