"""torch.compile: where it is used, what it leaves alone, and what happens where it does not work."""

import json
import sys

import numpy as np
import pytest
import torch

from bench import compilation
from bench.checkpoint import Checkpoint
from bench.cli import main
from bench.compilation import PAYS_FROM, compile_where_it_pays
from bench.network import Predictor
from bench.settings import Settings
from bench.training import fit
from registry.architectures.unet import Unet
from registry.losses.pixel import L1

SETTINGS = Settings(epochs=3, steps_per_epoch=3, batch_size=4, image_size=32, precision="float32", compile="always")
PICTURES = np.random.default_rng(0).integers(0, 256, (16, 32, 32, 3), dtype=np.uint8)
LONG = {"epochs": 10, "steps_per_epoch": PAYS_FROM // 10}


def _predictor(device="cpu", dropout=0.5):
    torch.manual_seed(0)
    predictor = Predictor(Unet(n_down=2, num_filters=4, dropout=dropout), "cpu", "float32")
    predictor.device = device
    return predictor


@pytest.fixture
def compiled_as(monkeypatch):
    """What PyTorch was asked for, without doing it."""
    asked = []
    monkeypatch.setattr(torch, "compile", lambda network, **how: asked.append(how) or network)
    monkeypatch.setattr(compilation, "_try_out", lambda *_: None)
    return asked


@pytest.mark.parametrize(
    ("device", "settings", "told"),
    [
        ("cpu", {}, "no"),
        ("cpu", LONG, "no"),
        ("cpu", {"compile": "always"}, "torch.compile"),
        ("cuda", {}, "no"),
        ("cuda", LONG, "torch.compile with CUDA graphs"),
        ("cuda", {**LONG, "compile": "never"}, "no"),
        ("cuda", {"compile": "always"}, "torch.compile with CUDA graphs"),
        # 160 pictures in batches of 16 are 10 steps.
        ("cuda", {"epochs": PAYS_FROM // 10}, "torch.compile with CUDA graphs"),
        ("cuda", {"epochs": PAYS_FROM // 10 - 1}, "no"),
    ],
)
def test_settings_and_device_alone_decide(compiled_as, device, settings, told):
    predictor = _predictor(device)
    assert compile_where_it_pays(predictor, Settings(**settings), 160, pytest.fail) == told
    assert (predictor.compiled is None) == (told == "no") == (not compiled_as)
    if compiled_as:
        [how] = compiled_as
        assert how["mode"] == ("reduce-overhead" if device == "cuda" else "default")


def _broken(_network, **_):
    def run(_):
        raise RuntimeError("no compiler\nand more")

    return run


def test_where_nobody_asked_for_it_a_cell_goes_on_without(monkeypatch):
    monkeypatch.setattr(torch, "compile", _broken)
    monkeypatch.setattr(compilation, "PAYS_FROM", 1)
    # The rule sees a GPU, the steps a processor.
    predictor, notes = _predictor(), []
    monkeypatch.setattr(compilation, "_on_gpu", lambda _: True)
    told = compile_where_it_pays(predictor, Settings(image_size=32, batch_size=4), 16, notes.append)
    assert told == "no, torch.compile failed: RuntimeError: no compiler"
    assert notes == ["trains without torch.compile, which does not work here: RuntimeError: no compiler"]
    assert predictor.compiled is None


def test_where_it_was_asked_for_the_cell_fails_with_the_reason(monkeypatch):
    monkeypatch.setattr(torch, "compile", _broken)
    with pytest.raises(RuntimeError, match="no compiler"):
        compile_where_it_pays(_predictor(), SETTINGS, 16, pytest.fail)


def test_trying_it_out_leaves_everything_as_it_was(monkeypatch):
    monkeypatch.setattr(torch, "compile", lambda network, **_: network)
    predictor = _predictor()
    before = {name: value.clone() for name, value in predictor.network.state_dict().items()}
    torch.manual_seed(7)
    random = torch.get_rng_state()
    compile_where_it_pays(predictor, SETTINGS, 16, pytest.fail)
    assert predictor.compiled is predictor.network
    after = predictor.network.state_dict()
    assert all(torch.equal(after[name], value) for name, value in before.items())
    assert all(parameter.grad is None for parameter in predictor.network.parameters())
    assert torch.equal(torch.get_rng_state(), random)


def test_it_is_used_in_training_alone():
    predictor, used = _predictor(), []
    predictor.compiled = lambda lightness: used.append(lightness.shape) or predictor.network(lightness)
    _train(predictor)
    assert used == [(4, 1, 32, 32)] * 9, "validation is of other batches"


def _train(predictor, checkpoint=None, state=None):
    return fit(
        predictor,
        L1(),
        PICTURES,
        PICTURES[:6],
        settings=SETTINGS,
        seed=0,
        train_mean_ab=torch.zeros(2),
        on_step=lambda *_: None,
        on_epoch=lambda *_: None,
        checkpoint=checkpoint,
        state=state,
    )


def _compiled(dropout=0.5):
    predictor = _predictor(dropout=dropout)
    assert compile_where_it_pays(predictor, SETTINGS, 16, pytest.fail) == "torch.compile"
    return predictor


@pytest.mark.slow
def test_compiled_training_is_the_same_training():
    plain, compiled = _predictor(dropout=0.0), _compiled(dropout=0.0)
    first, second = (_train(one).history for one in (plain, compiled))
    for name in ("train_loss", "validation_loss"):
        assert [row[name] for row in second] == pytest.approx([row[name] for row in first], rel=1e-3)
    assert set(compiled.network.state_dict()) == set(plain.network.state_dict())


@pytest.mark.slow
def test_compiled_training_is_repeatable_and_goes_on_from_a_checkpoint_bit_for_bit(tmp_path, monkeypatch):
    monkeypatch.setattr("bench.checkpoint._LEAST", 0.0)
    whole, again = _compiled(), _compiled()
    _train(whole)
    states = []
    checkpoint = Checkpoint(tmp_path, {})

    class Kept:
        def offer(self, seconds, state):
            checkpoint.offer(seconds, state)
            states.append(checkpoint.load())

    _train(again, checkpoint=Kept())
    resumed = _compiled()
    _train(resumed, state=states[0])
    for other in (again, resumed):
        weights = other.network.state_dict()
        assert all(torch.equal(value, weights[name]) for name, value in whole.network.state_dict().items())


@pytest.mark.slow
def test_a_record_says_that_a_cell_was_compiled(tmp_path, monkeypatch):
    small = "synthetic-faces(n_train=32, n_validation=8, n_test=8)"
    call = ["bench", "run", "--grid", "smoke", "--architecture", "unet(n_down=3, num_filters=4)", "--loss", "l1"]
    call += ["--dataset", small, "--set", "compile=always", "--set", "epochs=1"]
    call += ["--results-dir", str(tmp_path / "results"), "--reports-dir", str(tmp_path / "reports")]
    monkeypatch.setattr(sys, "argv", call)
    with pytest.raises(SystemExit) as ended:
        main()
    assert not ended.value.code
    records = [json.loads(path.read_text()) for path in (tmp_path / "results").glob("smoke/cells/*/record.json")]
    trained = [record for record in records if record["loss"]]
    assert [record["environment"]["compiled"] for record in trained] == ["torch.compile"]
    assert trained[0]["seconds"]["compiling"] > 0
    assert "torch.compile" in (tmp_path / "reports" / "smoke" / "report.md").read_text()
