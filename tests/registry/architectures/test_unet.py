import pytest
import torch
from torch import nn

from registry.architectures.unet import Unet, UnetBlock
from registry.errors import UserError


@pytest.mark.parametrize("down", ["stride", "maxpool"])
@pytest.mark.parametrize(("n_down", "size"), [(1, 2), (3, 8), (5, 32), (5, 96), (6, 64)])
def test_output_has_the_size_of_the_input_down_to_a_single_pixel(down, n_down, size):
    network = Unet(n_down=n_down, num_filters=4, down=down)
    assert network(torch.randn(2, 1, size, size)).shape == (2, 2, size, size)
    assert network.size_multiple == 2**n_down


def test_widths_double_and_are_then_capped():
    convolutions = [one for one in Unet(n_down=6, num_filters=4).modules() if type(one) is nn.Conv2d]
    assert [one.out_channels for one in convolutions] == [4, 8, 16, 32, 32, 32]


def test_parameter_count_is_that_worked_out_by_hand():
    # Down: 1->4 (4x4, normalised: no bias), 4->8 (4x4, innermost: bias). Up: 8->4, then 4+4->4. Head: 4->2 (3x3).
    down = 1 * 4 * 16 + 2 * 4 + 4 * 8 * 16 + 8
    up = 8 * 4 * 16 + 2 * 4 + 8 * 4 * 16 + 2 * 4
    head = 4 * 2 * 9 + 2
    assert sum(one.numel() for one in Unet(n_down=2, num_filters=4).parameters()) == down + up + head


def test_down_is_convolution_normalisation_and_leaky_relu():
    block = Unet(n_down=2, num_filters=4).block
    kinds = [type(layer) for layer in block.down]
    assert kinds == [nn.Conv2d, nn.BatchNorm2d, nn.LeakyReLU]
    assert block.down[2].negative_slope == 0.2
    pooled = Unet(n_down=2, num_filters=4, down="maxpool").block
    assert nn.MaxPool2d in [type(layer) for layer in pooled.down]


def test_dropout_acts_in_the_inner_blocks_only():
    network = Unet(n_down=6, num_filters=4, dropout=0.3)
    rates, block = [], network.block
    while isinstance(block, UnetBlock):
        rates.append(getattr(block.up[3], "p", 0.0))
        block = block.inside
    assert rates == [0, 0, 0, 0.3, 0.3, 0.3]


def test_skips_carry_detail_past_the_bottleneck():
    # With the innermost way cut, the output can still follow the input through the skips.
    network = Unet(n_down=2, num_filters=4).eval()
    nn.init.normal_(network.head.weight)
    nn.init.zeros_(network.block.inside.up[0].weight)
    one, other = torch.zeros(1, 1, 8, 8), torch.ones(1, 1, 8, 8)
    assert not torch.allclose(network(one), network(other))


@pytest.mark.parametrize("wrong", [{"n_down": 0}, {"num_filters": 0}, {"dropout": 1.0}])
def test_parameters_out_of_range_are_refused(wrong):
    with pytest.raises(UserError, match=next(iter(wrong))):
        Unet(**wrong)
