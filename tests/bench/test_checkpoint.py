"""Going on from a checkpoint: the same numbers to the last bit, or anew and said so."""

import hashlib
from pathlib import Path

import pandas as pd
import pytest
import torch
from torch import nn

from bench import checkpoint
from bench.cell import Job
from bench.cell_folder import CHECKPOINT
from bench.checkpoint import Checkpoint, UnusableCheckpointError
from bench.settings import Settings
from bench.work import run_cell
from registry import ARCHITECTURES, LOSSES
from registry.architectures.unet import Unet

SETTINGS = Settings(image_size=32, epochs=4, steps_per_epoch=3, batch_size=8, sample_pictures=2, precision="float32")
STATE = {"seconds": 1.0, "weights": torch.arange(1000.0)}


class Killed(BaseException):
    """Ends a cell as a signal would: none of its guards sees it."""


@pytest.fixture(autouse=True)
def after_every_epoch(monkeypatch):
    """Epochs as short as a test's would mostly be left out."""
    monkeypatch.setattr(checkpoint, "_SHARE", 1e9)
    monkeypatch.setattr(checkpoint, "_LEAST", 0.0)


@pytest.fixture
def job(prepared, tmp_path, register):
    def dropout():
        network = Unet(n_down=2, num_filters=4)
        network.head = nn.Sequential(nn.Dropout2d(0.3), network.head)
        return network

    class Counting(nn.Module):
        """A loss that changes as it is used."""

        def __init__(self):
            super().__init__()
            self.register_buffer("calls", torch.zeros(()))

        def forward(self, prediction, target):
            self.calls += 1
            noise = 1 + 0.1 * torch.rand(())
            return (prediction.ab - target.ab).square().mean() * (1 + self.calls / 50) * noise

    class Worsening(nn.Module):
        """The first epoch is the best."""

        def __init__(self):
            super().__init__()
            self.register_buffer("calls", torch.zeros(()))

        def forward(self, prediction, target):
            self.calls += 1
            return torch.exp(-(prediction.ab - target.ab).square().mean() / 1e4) + self.calls / 100

    register(ARCHITECTURES, "dropout", dropout)
    register(LOSSES, "counting", lambda: Counting())
    register(LOSSES, "worsening", lambda: Worsening())

    def make(name, architecture="dropout", loss="counting", **changes):
        facts = {"cell_id": "abc", "title": "", "dataset": "flowers", "seed": 3, "device": "cpu", "prepared": prepared}
        facts |= {"architecture": architecture, "loss": loss, "settings": SETTINGS, "folder": tmp_path / name}
        return Job(**facts | changes)

    return make


def _ignore(*_):
    pass


def _run(job, *, killed_after=()):
    """Run a cell to its end, killed in the first step after each of these epochs; return its record and notes."""
    notes = []
    for epoch in killed_after:

        def kill(step, _, last=epoch * SETTINGS.steps_per_epoch):
            if step == last + 1:
                raise Killed

        with pytest.raises(Killed):
            run_cell(job, kill, notes.append)
        assert not (job.folder / "record.json").exists()
    return run_cell(job, _ignore, notes.append), notes


def _numbers(record, folder: Path):
    """All that a cell leaves, but for what it cost."""
    assert record.error is None, record.error.traceback
    costs = {"seconds", "images_per_second", "peak_memory_bytes", "started_at", "finished_at", "resumed_from"}
    files = {}
    for path in sorted(folder.rglob("*.*")):
        if path.suffix == ".csv":
            files[path.name] = pd.read_csv(path).drop(columns="seconds", errors="ignore").to_csv()
        elif path.name != "record.json":
            files[path.name] = hashlib.sha256(path.read_bytes()).hexdigest()
    return {key: value for key, value in record.model_dump().items() if key not in costs}, files


@pytest.mark.parametrize(
    ("architecture", "loss", "killed_after"),
    [
        ("dropout", "counting", [1]),
        ("dropout", "counting", [1, 2, 3]),
        ("dropout", "worsening", [2]),
        ("dropout", "worsening", [1]),
        ("unet-resnet18", "l1", [3]),
    ],
)
def test_a_killed_cell_ends_with_the_numbers_of_one_that_was_not(job, architecture, loss, killed_after):
    whole, _ = _run(job("whole", architecture, loss))
    resumed, notes = _run(job("killed", architecture, loss), killed_after=killed_after)
    assert resumed.resumed_from == killed_after
    assert whole.resumed_from == []
    assert notes == [f"goes on after epoch {epoch} of 4" for epoch in killed_after]
    expected, files = _numbers(whole, job("whole").folder)
    assert _numbers(resumed, job("killed").folder) == (expected, files)
    assert {"history.csv", "per_image.csv", "model.safetensors", "half.png", "last.png"} <= set(files)
    assert whole.best_epoch == 1 or loss != "worsening"


def test_a_cell_killed_while_it_is_scored_is_not_trained_again(job, monkeypatch):
    whole, _ = _run(job("whole"))
    with monkeypatch.context() as patched:
        patched.setattr("bench.work.evaluate", lambda *_, **__: (_ for _ in ()).throw(Killed))
        with pytest.raises(Killed):
            run_cell(job("killed"), _ignore)
    steps = []
    resumed = run_cell(job("killed"), lambda *step: steps.append(step))
    assert steps == []
    assert resumed.resumed_from == [4]
    assert _numbers(resumed, job("killed").folder) == _numbers(whole, job("whole").folder)


def test_the_times_of_all_tries_are_added(job):
    record, _ = _run(job("killed"), killed_after=[2])
    history = pd.read_csv(job("killed").folder / "history.csv")
    assert history["epoch"].tolist() == [1, 2, 3, 4]
    assert record.seconds["fit"] == pytest.approx(history["seconds"].sum())
    assert record.images_per_second == pytest.approx(4 * 3 * 8 / history["seconds"].sum())


def test_nothing_to_go_on_from_is_left_of_a_cell_that_ended(job):
    _run(job("done"), killed_after=[1])
    names = {path.name for path in job("done").folder.iterdir()}
    assert not {name for name in names if "checkpoint" in name}


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"cell_id": "other"}, "made with other settings"),
        ({"prepared": None}, "made with other pictures"),
        ({"threads": 2}, "made with other threads"),
        ({"code": None}, "made with other code"),
    ],
)
def test_a_checkpoint_of_other_work_is_not_gone_on_from(job, tmp_path, monkeypatch, prepared, change, reason):
    with pytest.raises(Killed):
        run_cell(job("killed"), _kill_at(7))
    if "prepared" in change:
        (tmp_path / "elsewhere").symlink_to(prepared)
        change = {"prepared": tmp_path / "elsewhere"}
    elif "threads" in change:
        change = {"settings": SETTINGS.model_copy(update={"threads": 2})}
    elif "code" in change:
        monkeypatch.setattr("bench.identity._code", lambda: "changed")
        change = {}
    record, notes = _run(job("killed", **change))
    assert notes == [f"begins anew, because its checkpoint was {reason}"]
    assert record.resumed_from == []
    assert pd.read_csv(job("killed").folder / "history.csv")["epoch"].tolist() == [1, 2, 3, 4]


def _kill_at(last):
    def kill(step, _):
        if step == last:
            raise Killed

    return kill


def _truncate(path):
    path.write_bytes(path.read_bytes()[:-2000])


def _flip(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


@pytest.mark.parametrize(
    "harm", [_truncate, _flip, lambda path: path.write_bytes(b""), lambda path: torch.save([1, 2, 3], path)]
)
def test_a_damaged_checkpoint_is_said_and_the_cell_begins_anew(job, harm):
    whole, _ = _run(job("whole"))
    with pytest.raises(Killed):
        run_cell(job("killed"), _kill_at(7))
    harm(job("killed").folder / CHECKPOINT)
    record, notes = _run(job("killed"))
    assert notes == ["begins anew, because its checkpoint is damaged"]
    assert _numbers(record, job("killed").folder) == _numbers(whole, job("whole").folder)


def test_lost_pictures_of_the_half_are_made_again(job):
    with pytest.raises(Killed):
        run_cell(job("killed"), _kill_at(10))
    half = job("killed").folder / "samples" / "half.png"
    half.unlink()
    _, notes = _run(job("killed"))
    assert notes == ["begins anew, because its checkpoint has lost its pictures of the half"]
    assert half.exists()


def test_a_failed_cell_leaves_no_checkpoint_behind(job, register):
    class Breaking(nn.Module):
        def __init__(self):
            super().__init__()
            self.calls = 0

        def forward(self, prediction, _target):
            self.calls += 1
            return prediction.ab.square().mean() * (torch.nan if self.calls > 6 else 1)

    register(LOSSES, "breaking", lambda: Breaking())
    record = run_cell(job("failed", loss="breaking"), _ignore)
    assert record.status == "failed"
    assert not (job("failed").folder / CHECKPOINT).exists()


def _epochs_written(folder, monkeypatch, seconds, writing):
    """After which of these seconds of training a checkpoint is written, where each writing takes that long."""
    now = iter(range(1000))
    monkeypatch.setattr(checkpoint.time, "perf_counter", lambda: next(now) * writing)
    one, written = Checkpoint(folder, {}), []
    for second in seconds:
        one.offer(second, lambda second=second: written.append(second) or STATE)
    return written


@pytest.mark.parametrize(
    ("seconds", "writing", "expected"),
    [
        ([6, 12, 18, 24], 0.25, [6, 12, 18, 24]),
        ([0.5, 1.0, 1.5, 1.9, 2.0, 7.0], 0.01, [1.0, 2.0, 7.0]),
        ([6, 12, 18, 24, 30, 36, 42, 48], 0.5, [6, 18, 30, 42]),
    ],
    ids=["every epoch", "short epochs share one", "a slow disk gets a twentieth of the time"],
)
def test_every_epoch_has_a_checkpoint_unless_it_is_short_or_the_disk_slow(
    tmp_path, monkeypatch, seconds, writing, expected
):
    monkeypatch.undo()  # the rule as it is for users
    assert _epochs_written(tmp_path, monkeypatch, seconds, writing) == expected


def test_a_writer_that_dies_leaves_the_earlier_checkpoint(tmp_path):
    one = Checkpoint(tmp_path, {})
    one.offer(1.0, lambda: STATE)

    def dies():
        raise Killed

    with pytest.raises(Killed):
        one.offer(2.0, dies)
    assert torch.equal(Checkpoint(tmp_path, {}).load()["weights"], STATE["weights"])


def test_a_checkpoint_runs_no_code(tmp_path):
    class Harm:
        def __reduce__(self):
            return (Path.touch, (tmp_path / "harmed",))

    torch.save({"work": {}, "state": Harm()}, tmp_path / CHECKPOINT)
    with pytest.raises(UnusableCheckpointError):
        Checkpoint(tmp_path, {}).load()
    assert not (tmp_path / "harmed").exists()
