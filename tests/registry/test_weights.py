import os
import subprocess
import sys

import numpy as np
import pytest
import torch

from registry import weights
from registry.cache import CACHE_VARIABLE
from registry.errors import UnavailableError, UserError
from registry.weights_networks import NETWORKS, Network, digest

TINY_WEIGHTS = {
    "features.0.weight": np.arange(54, dtype=np.float32).reshape(2, 3, 3, 3),
    "features.0.bias": np.array([0.5, -0.5], dtype=np.float32),
}


def tiny_network() -> Network:
    shape = Network("tiny", (0,), checkpoint="tiny.pth", flax_name="Tiny_0", digest="")
    return Network("tiny", (0,), "tiny.pth", "Tiny_0", digest(shape, TINY_WEIGHTS))


class Source:
    """Gives what it is told to and counts how often it is asked."""

    def __init__(self, answer):
        self.answer = answer
        self.asked = 0

    def __call__(self, _):
        self.asked += 1
        if isinstance(self.answer, Exception):
            raise self.answer
        return {"tiny": self.answer}


@pytest.fixture
def good(tmp_path, monkeypatch):
    """One network, two numbers large, and one source that has it, in a cache of its own."""
    source = Source(TINY_WEIGHTS)
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path))
    monkeypatch.setitem(NETWORKS, "tiny", tiny_network())
    monkeypatch.setattr(weights, "SOURCES", {"the good source": source})
    return source


def test_fetched_once_then_read_from_the_cache(good):
    for _ in range(2):
        loaded = weights.load("tiny")
        assert set(loaded) == set(TINY_WEIGHTS)
        for key, array in TINY_WEIGHTS.items():
            assert loaded[key].dtype == torch.float32
            assert np.array_equal(loaded[key].numpy(), array)
    assert good.asked == 1
    assert not list(weights.folder().glob("*.partial"))


def test_a_transposed_source_is_stored_in_the_right_order(good):
    # As the Flax weights come: a view with other strides.
    weight = np.ascontiguousarray(TINY_WEIGHTS["features.0.weight"].transpose(2, 3, 1, 0)).transpose(3, 2, 0, 1)
    assert not weight.flags.c_contiguous
    good.answer = {**TINY_WEIGHTS, "features.0.weight": weight}
    weights.ensure(["tiny"])
    assert np.array_equal(weights.load("tiny")["features.0.weight"].numpy(), TINY_WEIGHTS["features.0.weight"])
    assert good.asked == 1


@pytest.mark.parametrize("damage", ["one bit", "cut", "empty"])
def test_a_damaged_cache_file_is_fetched_anew(good, damage):
    weights.ensure(["tiny"])
    path = weights.folder() / "tiny.safetensors"
    content = bytearray(path.read_bytes())
    whole = bytes(content)
    content[-1] ^= 1
    path.write_bytes({"one bit": bytes(content), "cut": whole[:-8], "empty": b""}[damage])
    weights.ensure(["tiny"])
    assert good.asked == 2
    assert path.read_bytes() == whole


def test_a_source_with_other_weights_is_passed_over(good, monkeypatch):
    wrong = Source({**TINY_WEIGHTS, "features.0.bias": np.zeros(2, np.float32)})
    monkeypatch.setattr(weights, "SOURCES", {"the wrong source": wrong, "the good source": good})
    said = []
    weights.ensure(["tiny"], progress=said.append)
    assert wrong.asked == good.asked == 1
    assert any("the wrong source" in line and "not the known weights" in line for line in said)


def test_one_error_names_every_source_that_failed(good, monkeypatch):
    sources = {
        "the first": Source(OSError("the wire is cut")),
        "the second": Source(KeyError("Conv_3")),
        "the third": Source({"features.0.weight": TINY_WEIGHTS["features.0.weight"] + 1, "features.0.bias": [0, 0]}),
    }
    monkeypatch.setattr(weights, "SOURCES", sources)
    with pytest.raises(UnavailableError) as raised:
        weights.load("tiny")
    message = str(raised.value)
    for part in (
        "tiny",
        "the first: the wire is cut",
        "the second: 'Conv_3'",
        "the third: what it has",
        "tiny.pth",
    ):
        assert part in message
    assert str(weights.folder()) in message
    assert good.asked == 0


def test_a_cache_that_cannot_be_made_says_what_to_do(good, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path / "file"))
    with pytest.raises(UnavailableError, match=CACHE_VARIABLE):
        weights.load("tiny")
    assert good.asked == 0


def test_an_unknown_name_says_what_there_is():
    with pytest.raises(UserError, match=r"'vgg'.*alexnet, vgg16"):
        weights.load("vgg")


def test_listing_says_what_is_there(good):
    def tiny():
        return next(entry for entry in weights.listing() if entry.name == "tiny")

    assert tiny().size is None
    assert tiny().path == weights.folder() / "tiny.safetensors"
    weights.ensure(["tiny"])
    assert tiny().size == tiny().path.stat().st_size > 0
    assert tiny().digest == NETWORKS["tiny"].digest
    assert good.asked == 1


def test_listing_imports_no_torch():
    code = "import sys; from registry import weights; weights.listing(); sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


CONCURRENT = """
import sys, time
from pathlib import Path
import numpy as np
from registry import weights
from registry.cache import CACHE_VARIABLE
from registry.weights_networks import NETWORKS, Network, digest

arrays = {"features.0.weight": np.ones((2, 3, 3, 3), np.float32), "features.0.bias": np.ones(2, np.float32)}
shape = Network("tiny", (0,), "tiny.pth", "Tiny_0", "")
NETWORKS["tiny"] = Network("tiny", (0,), "tiny.pth", "Tiny_0", digest(shape, arrays))

def slow(_):
    with Path(sys.argv[1]).open("a") as log:
        log.write("asked\\n")
    time.sleep(1.5)
    return {"tiny": arrays}

weights.SOURCES = {"slow": slow}
weights.ensure(["tiny"])
"""


def test_two_processes_at_once_fetch_once(tmp_path):
    log = tmp_path / "log"
    environment = {**os.environ, CACHE_VARIABLE: str(tmp_path / "cache")}
    command = [sys.executable, "-c", CONCURRENT, str(log)]
    processes = [subprocess.Popen(command, env=environment) for _ in range(2)]
    assert [process.wait(timeout=120) for process in processes] == [0, 0]
    assert log.read_text() == "asked\n"


def test_torchvision_s_own_file_is_used_where_it_lies(good, tmp_path, monkeypatch):
    from registry.weights_sources import from_hub_folder

    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "home"))
    with pytest.raises(FileNotFoundError, match=r"tiny\.pth"):
        from_hub_folder(NETWORKS["tiny"])
    checkpoints = tmp_path / "home" / "hub" / "checkpoints"
    checkpoints.mkdir(parents=True)
    state = {key: torch.from_numpy(array) for key, array in TINY_WEIGHTS.items()}
    torch.save({**state, "classifier.0.weight": torch.zeros(1)}, checkpoints / "tiny.pth")
    monkeypatch.setattr(weights, "SOURCES", {"torch hub's folder": from_hub_folder, "the good source": good})
    weights.ensure(["tiny"])
    assert good.asked == 0
