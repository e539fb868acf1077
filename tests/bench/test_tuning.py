"""Tuning: as many tries for every cell, the validation pictures choose, and no interruption changes a number."""

import hashlib

import pandas as pd
import pytest
import torch
from torch import nn

from bench import checkpoint
from bench.cell import Job
from bench.grid import Grid
from bench.records import read_record
from bench.settings import Settings
from bench.work import run_cell
from registry import DATASETS, LOSSES
from registry.datasets.prepared import Prepared, prepare
from registry.spec import parse_component

RATES = [1e-5, 1e-3, 3e-2]
STEPS = 6
SETTINGS = Settings(
    image_size=32, epochs=2, steps_per_epoch=STEPS // 2, batch_size=8, sample_pictures=2, precision="float32"
)


class Killed(BaseException):
    """Ends a cell as a signal would: none of its guards sees it."""


class Backwards(nn.Module):
    """Trains towards the truth and validates away from it: the lowest validation loss is the worst on any picture."""

    def forward(self, prediction, target):
        value = (prediction.ab - target.ab).abs().mean() / 110
        return value if torch.is_grad_enabled() else -value


class Exploding(nn.Module):
    """No number once a prediction has gone far: the largest learning rates diverge."""

    def forward(self, prediction, target):
        value = (prediction.ab - target.ab).abs().mean() / 110
        return value if prediction.ab.detach().abs().max() < 60 else value * torch.nan


@pytest.fixture(scope="module")
def prepared():
    dataset = parse_component(DATASETS, "synthetic-flowers(n_train=24, n_validation=8, n_test=8)")
    return prepare(dataset.create(), dataset.text, 32).folder


@pytest.fixture(autouse=True)
def losses(monkeypatch):
    @LOSSES.register("backwards")
    def backwards():
        """Made for a test."""
        return Backwards()

    @LOSSES.register("exploding")
    def exploding():
        """Made for a test."""
        return Exploding()

    # Epochs as short as a test's would mostly be left out.
    monkeypatch.setattr(checkpoint, "_SHARE", 1e9)
    monkeypatch.setattr(checkpoint, "_LEAST", 0.0)
    yield
    for name in ("backwards", "exploding"):
        del LOSSES._entries[name]


@pytest.fixture
def job(prepared, tmp_path):
    def make(name, loss="l1", rates=RATES, **changes):
        tune = {"learning_rate": rates} if len(rates) > 1 else None
        changes |= {"learning_rate": rates[0]} if len(rates) == 1 else {}
        return Job(
            cell_id="abc",
            title="",
            architecture="unet(n_down=2, num_filters=4)",
            loss=loss,
            dataset="flowers",
            seed=3,
            settings=Settings.model_validate(SETTINGS.model_dump() | changes | {"tune": tune}),
            prepared=prepared,
            folder=tmp_path / name,
            device="cpu",
        )

    return make


def _ignore(*_):
    pass


def _files(folder):
    """All that a cell leaves, but for what it cost."""
    files = {}
    for path in sorted(folder.rglob("*.*")):
        if path.suffix == ".csv":
            files[path.name] = pd.read_csv(path).drop(columns="seconds", errors="ignore").to_csv()
        elif path.name != "record.json":
            files[path.name] = hashlib.sha256(path.read_bytes()).hexdigest()
    return files


def _tried(record):
    return [(one.settings["learning_rate"], one.validation_loss) for one in record.tuning.tried]


@pytest.mark.parametrize("loss", ["l1", "backwards"])
def test_the_cell_is_the_untuned_one_with_the_lowest_validation_loss_whatever_its_test_scores(job, loss):
    singles = {rate: run_cell(job(f"single-{rate}", loss, [rate]), _ignore) for rate in RATES}
    validation = {
        rate: pd.read_csv(job(f"single-{rate}").folder / "history.csv")["validation_loss"].iloc[-1] for rate in RATES
    }
    errors = {rate: record.metrics["ab_mae"].value for rate, record in singles.items()}
    tuned = run_cell(job("tuned", loss), _ignore)
    assert tuned.error is None
    best = min(RATES, key=validation.__getitem__)
    assert tuned.tuning.chosen == {"learning_rate": best}
    assert dict(_tried(tuned)) == pytest.approx(validation)
    assert tuned.metrics == singles[best].metrics
    assert tuned.best_metrics == singles[best].best_metrics
    assert _files(job("tuned").folder) == _files(job(f"single-{best}").folder)
    if loss == "backwards":
        assert errors[best] == max(errors.values())


def test_the_test_pictures_are_not_scored_before_the_choice(job, monkeypatch):
    moments = []
    evaluate, choose = __import__("bench.work", fromlist=["evaluate"]).evaluate, Prepared.pictures
    monkeypatch.setattr("bench.work.evaluate", lambda *a, **k: moments.append("test") or evaluate(*a, **k))
    monkeypatch.setattr(Prepared, "pictures", lambda self, split: moments.append(split) or choose(self, split))
    run_cell(job("tuned"), _ignore)
    trained = [place for place, moment in enumerate(moments) if moment in ("train", "validation")]
    # Before, the fixed pictures of the half are coloured to be looked at, once in each try.
    assert moments[: max(trained) + 1].count("test") == len(RATES) - 1
    assert moments[max(trained) :].count("test") >= 2


def test_every_try_has_the_same_steps_and_the_record_keeps_the_grids_settings(job, tmp_path):
    steps = []
    record = run_cell(job("tuned"), lambda *step: steps.append(step))
    assert steps == [(step, 3 * STEPS) for step in range(1, 3 * STEPS + 1)]
    assert record.settings["learning_rate"] == SETTINGS.learning_rate
    assert record.settings["tune"] == {"learning_rate": RATES}
    assert record.resumed_from == []
    assert record.seconds["tuning"] > 0
    assert read_record(tmp_path / "tuned") == record
    assert not (tmp_path / "tuned" / "tries").exists()


@pytest.mark.parametrize("killed_at", [[1], [STEPS // 2 + 1], [STEPS + 1], [2 * STEPS + 4], [2, STEPS + 4, 2 * STEPS]])
def test_a_cell_killed_in_or_between_tries_ends_as_one_that_was_not(job, killed_at):
    whole = run_cell(job("whole"), _ignore)
    for last in killed_at:

        def kill(step, _, last=last):
            if step == last:
                raise Killed

        with pytest.raises(Killed):
            run_cell(job("killed"), kill)
        assert not (job("killed").folder / "record.json").exists()
    steps = []
    resumed = run_cell(job("killed"), lambda step, _: steps.append(step))
    assert resumed.error is None
    # No epoch that was finished is trained again.
    assert steps[0] == (killed_at[-1] - 1) // 3 * 3 + 1
    assert resumed.metrics == whole.metrics
    assert _tried(resumed) == _tried(whole)
    assert resumed.tuning.chosen == whole.tuning.chosen
    assert _files(job("killed").folder) == _files(job("whole").folder)


def test_a_cell_killed_while_it_is_scored_tries_nothing_again(job, monkeypatch):
    whole = run_cell(job("whole", "l1 + auto*l2"), _ignore)
    with monkeypatch.context() as patched:
        patched.setattr("bench.work.evaluate", lambda *_, **__: (_ for _ in ()).throw(Killed))
        with pytest.raises(Killed):
            run_cell(job("killed", "l1 + auto*l2"), _ignore)
    steps = []
    resumed = run_cell(job("killed", "l1 + auto*l2"), lambda *step: steps.append(step))
    assert steps == []
    assert resumed.metrics == whole.metrics
    assert resumed.loss_weights == whole.loss_weights != {}
    assert _files(job("killed").folder) == _files(job("whole").folder)


@pytest.mark.parametrize("harm", ["store", "half"])
def test_tries_that_lost_a_file_begin_anew_and_say_so(job, harm):
    def kill(step, _):
        if step == STEPS + 1:
            raise Killed

    with pytest.raises(Killed):
        run_cell(job("killed"), kill)
    tries = job("killed").folder / "tries"
    if harm == "store":
        (tries / "checkpoint.pt").write_bytes(b"")
    else:
        (tries / "0" / "samples" / "half.png").unlink()
    steps, notes = [], []
    record = run_cell(job("killed"), lambda step, _: steps.append(step), notes.append)
    assert record.error is None
    assert steps[0] == 1
    assert notes[0].startswith("begins its tries anew, because what was stored of them ")


def test_a_try_that_diverges_loses_and_is_noted(job):
    record = run_cell(job("tuned", "exploding", [1e-3, 1e3]), _ignore)
    assert record.status == "completed"
    good, bad = record.tuning.tried
    assert record.tuning.chosen == good.settings == {"learning_rate": 1e-3}
    assert bad.validation_loss is None
    assert "became nan" in bad.reason


def test_a_cell_whose_tries_all_diverge_has_failed_and_says_what_was_tried(job):
    record = run_cell(job("tuned", "exploding", [1e3, 1e4]), _ignore)
    assert record.status == "failed"
    assert record.error.message.startswith("All 2 tries diverged; the last said: The loss became nan")
    assert [one.validation_loss for one in record.tuning.tried] == [None, None]
    assert record.tuning.chosen is None


def _ids(**settings):
    grid = Grid(architectures=["unet"], losses=["l1"], datasets=["synthetic-faces"], settings=settings)
    return {cell.id for cell in grid.cells()}


def test_ids_tell_what_is_tuned_but_not_how_it_was_written():
    rates, decays = {"learning_rate": [1e-3, 3e-3]}, {"weight_decay": [0, 1e-2]}
    assert _ids() == _ids(tune=None)
    assert not _ids() & _ids(tune=rates)
    assert not _ids(tune=rates) & _ids(tune=rates | decays)
    assert _ids(tune=rates | decays) == _ids(tune={**decays, "learning_rate": ["3e-3", 1e-3, 0.001]})


def test_every_combination_is_a_try():
    settings = Settings(tune={"weight_decay": [0.1, 0], "learning_rate": [1e-3, 1e-4]})
    assert settings.tries == [
        {"learning_rate": rate, "weight_decay": decay} for rate in (1e-4, 1e-3) for decay in (0.0, 0.1)
    ]
    assert Settings().tries == []
    assert Settings.model_validate(settings.model_dump()) == settings
