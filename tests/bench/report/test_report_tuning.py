"""What was tuned, chosen and found before training, as the report says it from the records."""

import json

import pytest

from bench.report.glossary import glossary
from bench.report.inventory import settings_table
from bench.report.stored import StoredRun
from bench.report.tuning import caveat, tuning_table
from bench.report.words import caveats

TRIED = {0.0003: 0.5, 0.001: 0.4, 0.003: 0.45}


@pytest.fixture
def tuned(make_run):
    """A run of four tuned cells; gives its folder after a change to what each of them tried."""

    def make(change=lambda *_: None, name="learning_rate"):
        folder = make_run(baselines=())
        for path in folder.glob("cells/*/record.json"):
            record = json.loads(path.read_text())
            tried = [
                {"settings": {name: value}, "validation_loss": loss, "seconds": 1} for value, loss in TRIED.items()
            ]
            change(tried, record)
            best = min((one for one in tried if one["validation_loss"]), key=lambda one: one["validation_loss"])
            record["settings"]["tune"] = {name: [one["settings"][name] for one in tried]}
            record["tuning"] = {"tried": tried, "chosen": best["settings"]}
            path.write_text(json.dumps(record))
        return StoredRun(folder)

    return make


def test_a_choice_within_what_was_tried_is_told_without_a_warning(tuned):
    run = tuned()
    text = caveat(run)
    assert text.startswith("Every trained cell had the same tries (learning_rate 0.0003, 0.001 or 0.003); ")
    assert "edge" not in text
    assert text in caveats(run, [])
    assert "| unet | l1 | synthetic-faces | 0 | 0.5 | **0.4** | 0.45 | within |" in tuning_table(run)
    assert "| learning_rate | tuned for each cell: 0.0003, 0.001 or 0.003 |" in settings_table(run)


def test_one_number_in_the_records_moves_the_choice_to_the_edge_and_warns(tuned):
    def change(tried, record):
        if record["loss"] == "l2":
            tried[2]["validation_loss"] = 0.1

    run = tuned(change)
    assert "Better values may lie beyond those tried:** the choice is at their edge for 2 cells (highest " in caveat(
        run
    )
    assert "| 0.5 | 0.4 | **0.1** | highest learning_rate, 0.003 |" in tuning_table(run)


def test_a_try_that_diverged_is_counted(tuned):
    run = tuned(lambda tried, _: tried[2].update(validation_loss=None, reason="became nan"))
    assert caveat(run).endswith(" 4 tries diverged.")
    assert "| 0.5 | **0.4** | diverged | within |" in tuning_table(run)


@pytest.mark.parametrize(("value", "edge"), [(0.0, False), (0.001, True)])
def test_nothing_lies_below_no_weight_decay(tuned, value, edge):
    def change(tried, _):
        tried[0]["settings"]["weight_decay"] = value
        tried[0]["validation_loss"] = 0.1

    assert ("edge" in caveat(tuned(change, "weight_decay"))) == edge


def test_a_run_without_tuning_says_nothing_of_it(make_run):
    run = StoredRun(make_run())
    assert caveat(run) == tuning_table(run) == ""


def test_weights_found_by_gradient_norms_stand_where_losses_are_explained(make_run):
    folder = make_run(losses=("l1", "l1 + auto*vgg"), baselines=())
    found = iter([0.02, 0.04])
    for path in sorted(folder.glob("cells/*/record.json")):
        record = json.loads(path.read_text())
        if record["loss"] == "l1 + auto*vgg":
            record["loss_weights"] = {"l1": 1.0, "vgg": next(found)}
            path.write_text(json.dumps(record))
    text = glossary(StoredRun(folder))
    told = "Weight found by gradient norms, before the first step: 0.03 for `vgg` (0.02 to 0.04 over 2 cells)."
    assert text.count("found by gradient norms") == 1
    assert told in next(line for line in text.splitlines() if "auto" in line)
