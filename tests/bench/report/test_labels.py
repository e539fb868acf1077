"""Short names: what all components of an axis share is said once."""

import re
import shutil

import pytest

from bench.report.labels import LabelledRun
from bench.report.stored import StoredRun

SIZES = "n_train=20, n_validation=8, n_test=12"
DATASETS = (
    f"synthetic-faces({SIZES})",
    f"synthetic-flowers({SIZES})",
    f"synthetic-flowers({SIZES}, imbalance=0.5)",
)


@pytest.mark.parametrize(
    ("architectures", "labels"),
    [
        (("unet(n_down=5)", "unet(n_down=5, num_filters=8)"), ["unet", "unet(num_filters=8)"]),
        # One has the default, so that the other's number tells them apart.
        (("unet", "unet(n_down=5)"), ["unet", "unet(n_down=5)"]),
        # Others do not have the parameter.
        (("unet(n_down=5)", "unet-resnet18"), ["unet", "unet-resnet18"]),
        # Words say what a component is.
        (("unet(down=maxpool)", "smp(encoder=mobilenet_v2)"), ["unet(down=maxpool)", "smp(encoder=mobilenet_v2)"]),
    ],
)
def test_numbers_that_all_share_are_left_out(make_run, architectures, labels):
    run = LabelledRun(make_run(architectures=architectures, losses=("l1",)))
    assert run.grid.architectures == labels
    assert [run.full(label) for label in labels] == list(architectures)
    assert {record.architecture for record in run.records if record.loss} == set(labels)


def test_every_file_is_found_by_its_short_name(make_run):
    folder = make_run(datasets=DATASETS, losses=("l1",))
    run, stored = LabelledRun(folder), StoredRun(folder)
    short = ["synthetic-faces", "synthetic-flowers", "synthetic-flowers(imbalance=0.5)"]
    assert run.grid.datasets == list(run.datasets) == short
    assert run.shared["data sets"] == {"n_train": "20", "n_validation": "8", "n_test": "12"}
    assert [record.cell_id for record in run.records] == [record.cell_id for record in stored.records]
    for label, spec in zip(short, DATASETS, strict=True):
        assert (run.true_samples(label) == stored.true_samples(spec)).all()
        assert run.datasets[label].name == spec


def test_cells_that_have_not_run_are_found_by_their_short_name(page):
    def status(_architecture, loss, *_):
        return "missing" if loss == "l2" else "completed"

    text = page(datasets=DATASETS, architectures=("unet(n_down=5)",), status=status).read_text()
    assert text.count("has **not been run yet**") == len(DATASETS)


def test_the_page_says_what_names_leave_out(page):
    text = page(datasets=DATASETS, architectures=("unet(n_down=5)",)).read_text()
    assert f"Names leave out what all share: architectures `n_down=5` and data sets `{SIZES}`." in text
    assert re.search(r"\| data set \| `synthetic-faces` \|.*n_train = 20", text)
    assert "On `synthetic-faces`" not in text.partition("## Tables")[0]  # three data sets: each with its table


def test_without_the_components_names_stay_as_they_are(make_run):
    folder = make_run(datasets=DATASETS[:1], losses=("l1",))
    grid = folder / "grid.yaml"
    grid.write_text(grid.read_text().replace("- unet\n", "- of-a-plugin(size=5)\n"))
    shutil.rmtree(folder / "cells")
    assert "of-a-plugin(size=5)" in LabelledRun(folder).grid.architectures
