from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file
from torch import nn

from bench.cell import Job
from bench.records import dataset_slug, read_record
from bench.settings import Settings
from bench.work import run_cell
from registry import ARCHITECTURES, LOSSES
from registry.color import Colors
from registry.datasets.prepared import prepare
from registry.errors import UnavailableError
from registry.spec import parse_component

SETTINGS = Settings(image_size=32, epochs=3, steps_per_epoch=2, batch_size=8, sample_pictures=3)


@pytest.fixture
def job(prepared, tmp_path):
    def make(architecture="unet(n_down=3, num_filters=4)", loss="l1", seed=0, **changes):
        return Job(
            cell_id="abc",
            title="a cell",
            architecture=architecture,
            loss=loss,
            dataset="synthetic-flowers",
            seed=seed,
            settings=SETTINGS.model_copy(update=changes),
            prepared=prepared,
            folder=tmp_path / "abc",
            device="cpu",
        )

    return make


def _ignore(*_):
    pass


def test_a_cell_computes_in_the_whole_of_float32(job, monkeypatch):
    monkeypatch.setattr(torch.backends.cudnn, "allow_tf32", True)
    assert run_cell(job(), _ignore).status == "completed"
    assert not torch.backends.cudnn.allow_tf32
    assert not torch.backends.cuda.matmul.allow_tf32


def test_a_trained_cell_leaves_everything_it_promises(job, tmp_path):
    steps = []
    record = run_cell(job(), lambda *step: steps.append(step))
    folder = tmp_path / "abc"
    assert record.error is None
    assert record.status == "completed"
    assert read_record(folder) == record
    assert steps[-1] == (6, 6)
    assert set(record.seconds) == {"data", "fit", "eval"}
    assert record.images_per_second > 0
    assert record.peak_memory_bytes > 1e6
    weights = load_file(folder / "model.safetensors")
    statistics = ("running_mean", "running_var", "num_batches_tracked")
    assert record.parameters == sum(one.numel() for name, one in weights.items() if not name.endswith(statistics))
    assert (record.data.n_train, record.data.n_validation, record.data.n_test) == (24, 8, 8)
    assert record.environment["precision"] in ("float32", "bfloat16")
    assert record.environment["packages"]["torch"]

    history = pd.read_csv(folder / "history.csv")
    assert history["epoch"].tolist() == [1, 2, 3]
    assert {
        "train_loss",
        "validation_loss",
        "learning_rate",
        "chroma_ratio",
        "ab_effective_colors",
        "seconds",
    } <= set(history)
    assert record.best_epoch == history["epoch"][history["validation_loss"].idxmin()]
    assert len(pd.read_csv(folder / "per_image.csv")) == 8
    for kept in ("half", "last", "extremes", "extremes_truth"):
        assert Image.open(folder / "samples" / f"{kept}.png").size == (3 * 32, 32)


def test_a_cell_is_tested_on_other_data_sets_as_a_network_trained_there_is(job, tmp_path):
    from registry import DATASETS

    faces = parse_component(DATASETS, "synthetic-faces(n_train=8, n_validation=2, n_test=4)")
    prepared = prepare(faces.create(), faces.text, 32)
    without = run_cell(job(), _ignore)
    record = run_cell(replace(job(), test_on={faces.text: prepared.folder}), _ignore)
    assert record.error is None
    assert record.metrics == without.metrics
    assert without.transfer == {}
    assert read_record(tmp_path / "abc").transfer == record.transfer

    [transfer] = record.transfer.values()
    assert transfer.revision == prepared.revision
    assert set(transfer.metrics) == set(record.metrics)
    folder = tmp_path / "abc" / "transfer" / dataset_slug(faces.text)
    each = pd.read_csv(folder / "per_image.csv")
    assert each["picture"].tolist() == prepared.keys("test")
    # Lazy on faces is the mean colour of training faces, not that of the flowers it was trained on.
    truth = Colors.from_rgb8(torch.from_numpy(np.array(prepared.pictures("test"))))
    lazy = ((truth.ab - torch.tensor(prepared.train_mean_ab).view(1, 2, 1, 1)) ** 2).mean(dim=(1, 2, 3))
    assert each["skill_lazy_mse"].tolist() == pytest.approx(lazy.tolist(), rel=1e-4)
    assert transfer.metrics["skill"].value == pytest.approx(1 - each["skill_mse"].mean() / lazy.mean().item(), rel=1e-4)
    assert transfer.truth["chroma"] == pytest.approx(truth.chroma.mean().item(), rel=1e-4)
    with np.load(folder / "colors.npz") as colors:
        assert len(colors["bins"]) == 4


def test_the_same_cell_gives_the_same_numbers(job):
    one, other = run_cell(job(), _ignore), run_cell(job(), _ignore)
    assert one.metrics == other.metrics
    assert run_cell(job(seed=1), _ignore).metrics != one.metrics


def test_automatic_weights_are_recorded_and_change_nothing_else(job):
    # Twice the same loss: balanced, each pulls like the other, so that the weight found is 1.
    record = run_cell(job(loss="l1 + auto*l1"), _ignore)
    assert record.loss_weights == pytest.approx({"l1": 1.0})
    fixed = run_cell(job(loss="l1 + 1*l1"), _ignore)
    assert fixed.loss_weights == {}
    # Finding it has left weights, BatchNorm and dropout as they were.
    assert record.metrics["skill"].value == pytest.approx(fixed.metrics["skill"].value, abs=1e-4)


def test_rebalancing_is_told_the_training_colours(job):
    record = run_cell(job(loss="rebalanced(l1)"), _ignore)
    assert record.status == "completed"
    assert record.metrics["skill"].value != run_cell(job(loss="l1"), _ignore).metrics["skill"].value


@pytest.mark.parametrize("name", ["grey", "mean-color", "color-table", "ceiling"])
def test_a_baseline_needs_neither_loss_nor_seed(job, tmp_path, name):
    record = run_cell(job(architecture=name, loss=None, seed=None), _ignore)
    assert record.status == "completed"
    assert record.parameters == 0
    assert not (tmp_path / "abc" / "history.csv").exists()
    assert (tmp_path / "abc" / "samples" / "last.png").exists()


def test_the_sample_of_the_ceiling_is_the_truth_within_rounding(job, tmp_path, prepared):
    run_cell(job(architecture="ceiling", loss=None, seed=None), _ignore)
    from bench.samples import sample_indices
    from registry.datasets.prepared import open_prepared

    truth = open_prepared(prepared).pictures("test")[sample_indices(8, 3)]
    strip = np.asarray(Image.open(tmp_path / "abc" / "samples" / "last.png"))
    difference = np.abs(strip.astype(int) - np.concatenate(truth, axis=1))
    # Half a Lab unit is a few 8-bit steps in dark saturated colours, and less than one elsewhere.
    assert difference.mean() < 1
    assert difference.max() < 20


def test_an_error_while_building_fails_the_cell_with_its_traceback(job, register):
    def broken():
        raise ZeroDivisionError("of all things")

    register(ARCHITECTURES, "broken", broken)
    record = run_cell(job(architecture="broken"), _ignore)
    assert record.status == "failed"
    assert (record.error.type, record.error.message) == ("ZeroDivisionError", "of all things")
    assert "in broken" in record.error.traceback


def test_a_loss_that_is_no_number_fails_the_cell_with_the_step(job, register):
    class NotANumber(nn.Module):
        def forward(self, prediction, _target):
            return prediction.ab.mean() * torch.nan

    register(LOSSES, "not-a-number", lambda: NotANumber())
    record = run_cell(job(loss="not-a-number"), _ignore)
    assert record.status == "failed"
    assert "became nan at step 1 of 6" in record.error.message


def test_a_cell_that_fails_later_keeps_its_history(job, register, tmp_path):
    class Breaking(nn.Module):
        calls = 0

        def forward(self, prediction, target):
            self.calls += 1
            return (prediction.ab - target.ab).square().mean() * (torch.nan if self.calls > 3 else 1)

    register(LOSSES, "breaking", lambda: Breaking())
    assert run_cell(job(loss="breaking"), _ignore).status == "failed"
    assert pd.read_csv(tmp_path / "abc" / "history.csv")["epoch"].tolist() == [1]


def test_nothing_of_an_earlier_try_is_left(job, tmp_path):
    stale = tmp_path / "abc" / "model_best.safetensors"
    stale.parent.mkdir()
    stale.touch()
    run_cell(job(architecture="grey", loss=None, seed=None), _ignore)
    assert not stale.exists()


def test_what_cannot_be_had_skips_the_cell_with_the_reason(job, register):
    def absent():
        raise UnavailableError("No such weights here.")

    register(ARCHITECTURES, "absent", absent)
    record = run_cell(job(architecture="absent"), _ignore)
    assert (record.status, record.reason) == ("skipped", "No such weights here.")


@pytest.mark.slow
@pytest.mark.parametrize(("image_size", "crop_size"), [(64, None), (128, 64), (256, 128), (256, None)])
def test_pictures_of_all_usual_sizes_are_trained_on_and_scored_whole(job, tmp_path, image_size, crop_size):
    from registry import DATASETS

    dataset = parse_component(DATASETS, "synthetic-flowers(n_train=8, n_validation=2, n_test=4)").create()
    data = prepare(dataset, f"flowers of {image_size}", image_size)
    sizes = {"image_size": image_size, "crop_size": crop_size, "epochs": 1, "batch_size": 4}
    record = run_cell(replace(job("unet", **sizes), prepared=data.folder), _ignore)
    assert record.status == "completed", record.error
    assert record.settings["crop_size"] == crop_size
    assert record.data.image_size == image_size
    with Image.open(tmp_path / "abc/samples/last.png") as strip:
        assert strip.size == (3 * image_size, image_size)
