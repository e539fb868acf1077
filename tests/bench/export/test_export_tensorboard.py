"""Event files, read back by TensorBoard's own reader."""

import io
import json

import numpy as np
import pandas as pd
import pytest
from PIL import Image

import bench.export.tensorboard
from bench.export.run import export
from bench.records import read_records
from registry.errors import UserError

event_accumulator = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
HPARAMS = "hparams"


def _read(folder):
    everything = dict.fromkeys(event_accumulator.DEFAULT_SIZE_GUIDANCE, 0)
    return event_accumulator.EventAccumulator(str(folder), size_guidance=everything).Reload()


@pytest.fixture
def run(make_run):
    return make_run(seeds=(3,), epochs=4)


@pytest.fixture
def exported(run, tmp_path):
    export(run, "tensorboard", tmp_path / "events")
    return tmp_path / "events"


def test_every_completed_cell_has_a_folder(exported):
    found = {str(path.parent.relative_to(exported)) for path in exported.rglob("events.out.*")}
    assert found == {
        *(f"synthetic-faces/{name}" for name in ("grey", "mean-color", "color-table", "ceiling")),
        *(f"synthetic-faces/{a}/{loss}/seed-3" for a in ("unet", "unet-resnet18") for loss in ("l1", "l2")),
    }


def test_scalars_are_those_of_the_history_epoch_by_epoch(run, exported):
    [record] = [one for one in read_records(run) if (one.architecture, one.loss) == ("unet", "l2")]
    history = pd.read_csv(run / "cells" / record.cell_id / "history.csv")
    events = _read(exported / "synthetic-faces" / "unet" / "l2" / "seed-3")
    names = {
        "train_loss": "loss/train",
        "validation_loss": "loss/validation",
        "chroma_ratio": "validation/chroma_ratio",
        "ab_effective_colors": "validation/ab_effective_colors",
        "skill": "validation/skill",
        "seconds": "training/seconds",
    }
    for column, tag in names.items():
        found = events.Scalars(tag)
        assert [one.step for one in found] == history["epoch"].tolist()
        assert [one.value for one in found] == pytest.approx(history[column].tolist())
    times = [one.wall_time for one in events.Scalars("loss/train")]
    assert np.diff(times) == pytest.approx(history["seconds"][1:].tolist())
    assert not set(events.Tags()["scalars"]) - set(names.values()) - {f"test/{name}" for name in record.metrics}


def test_final_metrics_are_those_of_the_record(run, exported):
    for record in read_records(run):
        seed = [] if record.loss is None else [record.loss, f"seed-{record.seed}"]
        events = _read(exported.joinpath(record.dataset, record.architecture, *seed))
        for name, one in record.metrics.items():
            [found] = events.Scalars(f"test/{name}")
            assert found.value == pytest.approx(one.value)
            assert found.step == (4 if record.loss else 0)


def test_settings_are_hyperparameters(exported):
    events = _read(exported / "synthetic-faces" / "unet" / "l1" / "seed-3")
    from tensorboard.plugins.hparams.plugin_data_pb2 import HParamsPluginData

    content = events.PluginTagToContent(HPARAMS)["_hparams_/session_start_info"]
    found = HParamsPluginData.FromString(content).session_start_info.hparams
    assert (found["architecture"].string_value, found["loss"].string_value) == ("unet", "l1")
    assert (found["seed"].number_value, found["learning_rate"].number_value) == (3, 1e-3)


def test_a_reference_has_no_settings_of_training(run):
    [record] = [one for one in read_records(run) if one.architecture == "grey"]
    found = bench.export.tensorboard._hyperparameters(record)
    assert found == {"architecture": "grey", "dataset": "synthetic-faces"}


def test_tuned_settings_are_those_chosen(run):
    for path in run.glob("cells/*/record.json"):
        record = json.loads(path.read_text())
        record["settings"]["tune"] = {"learning_rate": [1e-3, 5e-3]}
        record["tuning"] = {"tried": [], "chosen": {"learning_rate": 5e-3}}
        path.write_text(json.dumps(record))
    [record] = [one for one in read_records(run) if (one.architecture, one.loss) == ("unet", "l2")]
    found = bench.export.tensorboard._hyperparameters(record)
    assert found["learning_rate"] == 5e-3
    assert found["tune"] == '{"learning_rate": [0.001, 0.005]}'


def test_pictures_are_predictions_under_their_truth(run, exported):
    [record] = [one for one in read_records(run) if (one.architecture, one.loss) == ("unet", "l1")]
    samples = run / "cells" / record.cell_id / "samples"
    truth = np.asarray(Image.open(run / "datasets" / "synthetic-faces" / "truth.png"))
    events = _read(exported / "synthetic-faces" / "unet" / "l1" / "seed-3")
    found = events.Images("test/truth over prediction")
    assert [one.step for one in found] == [2, 4]
    for one, when in zip(found, ("half", "last"), strict=True):
        picture = np.asarray(Image.open(io.BytesIO(one.encoded_image_string)))
        expected = np.concatenate([truth, np.asarray(Image.open(samples / f"{when}.png"))])
        np.testing.assert_array_equal(picture, expected)
    assert len(events.Images("test/best, median and worst by LPIPS")) == 1


def test_with_one_epoch_the_last_pictures_are_shown_once(make_run, tmp_path):
    export(make_run(epochs=1), "tensorboard", tmp_path / "events")
    events = _read(tmp_path / "events" / "synthetic-faces" / "unet" / "l1" / "seed-0")
    assert [one.step for one in events.Images("test/truth over prediction")] == [1]


def test_cells_that_did_not_complete_are_left_out_and_counted(make_run, tmp_path):
    run = make_run(status=lambda _, loss, *__: "failed" if loss == "l1" else "completed")
    assert "6 cells; 2 cells not completed and left out" in export(run, "tensorboard", tmp_path / "events")
    assert not list((tmp_path / "events").rglob("l1"))


def test_events_of_two_exports_do_not_mix(run, exported):
    with pytest.raises(UserError, match="not an empty folder"):
        export(run, "tensorboard", exported)


def test_a_run_without_completed_cells_is_refused(make_run, tmp_path):
    with pytest.raises(UserError, match="nothing to show"):
        export(make_run(status=lambda *_: "failed"), "tensorboard", tmp_path / "events")


def test_without_tensorboard_a_sentence_says_what_to_install(run, tmp_path, monkeypatch):
    monkeypatch.setattr(bench.export.tensorboard, "find_spec", lambda _: None)
    with pytest.raises(UserError, match=r"needs the package tensorboard.*pip install -e '\.\[tensorboard\]'"):
        export(run, "tensorboard", tmp_path / "events")
    assert not (tmp_path / "events").exists()
