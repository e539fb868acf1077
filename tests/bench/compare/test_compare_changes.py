"""What is said to have changed between two runs."""

import pytest
from edits import each_record

from bench.compare.changes import Change, cell_changes, changes
from bench.compare.matching import match
from bench.report.stored import StoredRun

TORCH = {"packages": {"torch": "2.11.0", "timm": "1.0.1"}, "torch": "2.11.0+cpu"}


def _changes(first, second):
    return changes(StoredRun(first), StoredRun(second))


def test_nothing_changes_between_a_run_and_itself(make_run):
    run = make_run()
    assert _changes(run, run) == []


def test_settings_that_differ_are_named(make_run):
    assert _changes(make_run("a", epochs=4), make_run("b", epochs=6)) == [Change("setting epochs", "4", "6")]


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        (
            {"git_sha": "0123456789abcdef", "dirty": True},
            ("code's commit", "–", "0123456789ab with uncommitted changes"),
        ),
        ({"python": "3.12.1"}, ("python", "3.11", "3.12.1")),
        ({"device": "NVIDIA H100"}, ("device", "cpu", "NVIDIA H100")),
        ({"precision": "bfloat16"}, ("precision", "–", "bfloat16")),
        ({"memory_bytes": 2**34}, ("memory", "–", "16 GiB")),
        ({"packages": {"timm": "1.0.31", "torch": "2"}}, ("package timm", "–", "1.0.31")),
    ],
)
def test_versions_and_machine_that_differ_are_named(make_run, environment, expected):
    first, second = make_run("a"), make_run("b")
    each_record(second, lambda record: record["environment"].update(environment))
    assert _changes(first, second) == [Change(*expected)]


def test_the_build_of_pytorch_is_said_once(make_run):
    first, second = make_run("a"), make_run("b")
    each_record(first, lambda record: record["environment"].update(TORCH))
    other = {"torch": "2.11.0+cu130", "packages": {**TORCH["packages"], "torch": "2.12.0"}}
    each_record(second, lambda record: record["environment"].update(other))
    assert _changes(first, second) == [Change("torch", "2.11.0+cpu", "2.11.0+cu130")]


def test_data_that_differ_are_named_for_data_sets_of_both(make_run):
    first = make_run("a", datasets=("synthetic-faces", "one"))
    second = make_run("b", datasets=("synthetic-faces", "other"))
    each_record(second, lambda record: record["data"].update(revision="made-up2", split_hash="f" * 16))
    assert _changes(first, second) == [
        Change("data synthetic-faces: revision", "made-up1", "made-up2"),
        Change("data synthetic-faces: split hash", "0123456789ab", "f" * 12),
    ]


def test_plugins_that_differ_are_named_by_their_digests(make_run):
    first, second = make_run("a"), make_run("b")
    before = {"mine.py": "a" * 64, "old.py": "c" * 64, "my-package": f"1.0 {'e' * 64}"}
    after = {"mine.py": "b" * 64, "my-package": f"2.0 {'e' * 64}"}
    each_record(first, lambda record: record.update(plugins=before))
    each_record(second, lambda record: record.update(plugins=after))
    assert _changes(first, second) == [
        Change("plugin mine.py", "a" * 12, "b" * 12),
        Change("plugin old.py", "c" * 12, "–"),
        Change("plugin my-package", f"1.0 {'e' * 12}", f"2.0 {'e' * 12}"),
    ]


def test_several_values_within_a_run_are_counted(make_run):
    first, second = make_run("a"), make_run("b")

    def change(record):
        record["environment"]["python"] = "3.12" if record["loss"] == "l1" else "3.11"

    each_record(second, change)
    assert _changes(first, second) == [Change("python", "3.11", "3.11 (6 cells); 3.12 (2 cells)")]


def test_what_differs_in_single_cells_is_told_of_each(make_run):
    first, second = make_run("a"), make_run("b")

    def tuned(rate):
        def change(record):
            if (record["architecture"], record["loss"]) == ("unet", "l2"):
                record.update(tuning={"tried": [], "chosen": {"learning_rate": rate}}, loss_weights={"vgg": rate})

        return change

    each_record(first, tuned(1e-3))
    each_record(second, tuned(3e-3))
    rows = match(StoredRun(first), StoredRun(second)).rows
    cell = "unet, l2, synthetic-faces, seed 0"
    assert cell_changes(rows) == [
        (cell, Change("tuned learning_rate", "0.001", "0.003")),
        (cell, Change("weight of vgg", "0.001", "0.003")),
    ]
