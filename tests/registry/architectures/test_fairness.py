"""Every network of a comparison starts from the same rules."""

import pytest
import torch

from registry import ARCHITECTURES
from registry.architectures.head import INITIAL_SCALE
from registry.errors import UserError
from registry.spec import parse_component

NETWORKS = [
    "unet",
    "unet(down=maxpool)",
    "unet-resnet18",
    "unet-resnet34",
    "unet-resnet50",
    "smp(encoder=mobilenet_v2)",
]


@pytest.mark.parametrize("text", NETWORKS)
def test_every_network_starts_equally_near_to_grey(text):
    torch.manual_seed(0)
    network = parse_component(ARCHITECTURES, text).create()
    output = network(torch.rand(8, 1, 64, 64) * 2 - 1).detach()
    assert output.shape == (8, 2, 64, 64)
    scale = output.square().mean().sqrt().item()
    assert INITIAL_SCALE / 2 < scale < INITIAL_SCALE * 2


@pytest.mark.parametrize("text", NETWORKS)
def test_every_parameter_learns(text):
    network = parse_component(ARCHITECTURES, text).create()
    output = network(torch.rand(2, 1, 64, 64) * 2 - 1)
    (output - torch.randn_like(output)).square().mean().backward()
    silent = [name for name, one in network.named_parameters() if one.grad is None or not one.grad.any()]
    assert silent == []


def test_same_seed_same_weights():
    def weights():
        torch.manual_seed(3)
        return parse_component(ARCHITECTURES, "unet-resnet18").create().state_dict()

    assert all(torch.equal(one, other) for one, other in zip(weights().values(), weights().values(), strict=True))


def test_an_unknown_encoder_answers_with_the_nearest():
    with pytest.raises(UserError, match="did you mean 'resnet18'"):
        parse_component(ARCHITECTURES, "smp(encoder=resnet19)").create()
