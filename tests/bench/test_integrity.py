"""Any change of what is stored changes its digest."""

import pytest
import torch
from torch import nn

from bench.integrity import digest_of


def _state():
    generator = torch.Generator().manual_seed(0)
    return {
        "epoch": 3,
        "history": [{"loss": 0.1}, {"loss": 0.05}],
        "weights": torch.rand(3, 8, 5, 5, generator=generator).to(memory_format=torch.channels_last),
        "odd": torch.rand(7, generator=generator).bfloat16(),
        "step": torch.tensor(5.0),
        "empty": torch.empty(0),
    }


def test_equal_content_has_one_digest_wherever_it_lies(tmp_path):
    torch.save(_state(), tmp_path / "state.pt")
    assert digest_of(_state()) == digest_of(torch.load(tmp_path / "state.pt"))


def test_a_network_and_its_optimiser_can_be_digested():
    network = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2))
    optimizer = torch.optim.AdamW(network.parameters())
    before = digest_of([network.state_dict(), optimizer.state_dict()])
    network(torch.ones(2, 1, 4, 4)).sum().backward()
    optimizer.step()
    assert digest_of([network.state_dict(), optimizer.state_dict()]) != before


@pytest.mark.parametrize("name", ["weights", "odd", "step"])
@pytest.mark.parametrize("bit", [0, 7])
def test_every_flipped_bit_of_a_tensor_shows(name, bit):
    state = _state()
    expected = digest_of(state)
    content = torch.empty(0, dtype=torch.uint8).set_(state[name].untyped_storage())
    for place in range(len(content)):
        content[place] ^= 1 << bit
        assert digest_of(state) != expected, place
        content[place] ^= 1 << bit
    assert digest_of(state) == expected


@pytest.mark.parametrize(
    "change",
    [
        lambda state: state.update(epoch=4),
        lambda state: state["history"][1].update(loss=0.05000000000000001),
        lambda state: state["history"].pop(),
        lambda state: state.update(weights=state["weights"].contiguous()),
        lambda state: state.update(step=torch.tensor(5)),
        lambda state: state.pop("empty"),
    ],
)
def test_every_other_change_shows(change):
    state = _state()
    change(state)
    assert digest_of(state) != digest_of(_state())
