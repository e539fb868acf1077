"""The command line as a user meets it: a process, its output and its exit status."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from harness import Run, until

from bench.call import read_seeds
from bench.cli import main

TINY = ["--architecture", "unet(n_down=2, num_filters=4)", "--loss", "l1", "--dataset"]
TINY += [
    "synthetic-faces(n_train=16, n_validation=8, n_test=8)",
    "--set",
    "epochs=2",
    "--set",
    "sample_pictures=2",
]


def _bench(*arguments, cwd):
    command = [sys.executable, "-m", "bench", *arguments]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)


MISTAKES = [
    (["--architecture", "unett"], "did you mean 'unet'"),
    (["--architecture", "unet(depth=3)"], "has no parameter 'depth'"),
    (["--architecture", "unet(n_down=deep)"], "valid integer"),
    (["--architecture", "unet(n_down=0)"], "from 1 to 10"),
    (["--architecture", "smp(encoder=resnet19)"], "did you mean 'resnet18'"),
    (["--loss", "l3"], "Allowed: huber"),
    (["--loss", "huber(delta=-1)"], "above 0"),
    (["--loss", "vgg(layers=[relu9_9])"], "relu9_9"),
    (["--dataset", "celebb"], "Unknown data set 'celebb'"),
    (["--dataset", "synthetic-faces(n_train=-1)"], "n_train"),
    (["--dataset", "folder(path={folder}/none)"], "none"),
    (["--dataset", "folder(path={folder}/empty)"], "empty"),
    (["--set", "image_size=48"], "multiple of"),
    (["--set", "epoch=3"], "did you mean 'epochs'"),
    (["--set", "epochs=many"], "valid integer"),
    (["--set", "epochs"], "key=value"),
    (["--set", "epochs=[1"], "epochs=[1"),
    (["--set", "batch_size=100"], "at most 64"),
    (["--seeds", "a,b"], "whole numbers"),
    (["--grid", "fulll"], "did you mean 'full'"),
    (["--grid", "{folder}/own.yaml"], "did you mean 'losses'"),
    (["--results-dir", "/dev/null/results"], "Cannot write to /dev/null/results"),
    (["--reports-dir", "/dev/null/reports"], "choose another folder with --reports-dir"),
    (["--tune", "learning_rate"], "write key=value,value"),
    (["--tune", "learning_rate=1e-3"], "two different values or more"),
    (["--tune", "learning_rate=1e-3,0.001"], "two different values or more"),
    (["--tune", "learning_rate=1e-3,fast"], "setting to tune 'learning_rate.1' is 'fast'"),
    (["--tune", "learning_rate=1e-3,0"], "greater than 0"),
    (["--tune", "weight_decay=0,-1"], "greater than or equal to 0"),
    (["--tune", "learning_rat=1e-3,1e-2"], "did you mean 'learning_rate'"),
    (["--tune", "batch_size=8,16"], "Allowed: learning_rate, weight_decay"),
    (["--tune", "weight_decay=0,1", "--tune", "weight_decay=0,2"], "was given before"),
    (["--set", "tune=fast"], "setting 'tune'"),
    (["--seeds=-1,"], "greater than or equal to 0"),
    (["--seeds", "99999999999,"], "less than 4294967296"),
    (["--seeds", "0"], "says how many seeds, 1 to 100"),
    (["--seeds", "123"], "write it with a comma, such as 7,"),
    (["--workers", "0", "--dry-run"], "a whole number from 1 to 10,000, or auto"),
    (["--ray-address", "auto", "--dry-run"], "goes with --executor ray"),
    (["--set", "image_size=16"], "greater than or equal to 32"),
    (["--set", "learning_rate=.inf"], "finite number"),
    (["--set", "epochs=2024-99-99"], "not YAML"),
    (["--grid", "a" * 300], "Unknown grid"),
    (["--grid", "~nouser/x.yaml"], "Cannot read the grid file"),
    (["--workers", "9" * 5000, "--dry-run"], "a whole number from 1 to 10,000, or auto"),
    (["--name", "a" * 300], "has 1 to 100 letters"),
    (["--name", ""], "has 1 to 100 letters"),
    (["--set", "epochs=1", "--set", "steps_per_epoch=1"], "no schedule of rates"),
    (["--grid", "{folder}/twice.yaml"], "the key 'seeds' is there twice"),
    (["--grid", "{folder}/commas.yaml"], "put a spec that has commas into quotes"),
    (["--dataset", "folder(path=\udcff)"], "is not UTF-8: rename it"),
    (["--dataset", "folder(path='')"], "is empty"),
    (["--dataset", "folder(path=~nouser/x)"], "does not exist"),
    (["--dataset", f"folder(path={'a' * 300})"], "name too long"),
]


@pytest.mark.parametrize(
    ("text", "seeds"), [("3", [0, 1, 2]), ("1", [0]), ("3,", [3]), ("0,", [0]), ("4, 7", [4, 7]), ("2,0,1", [2, 0, 1])]
)
def test_a_number_alone_says_how_many_seeds_and_commas_say_which(text, seeds):
    assert read_seeds(text) == seeds


@pytest.mark.parametrize(
    ("arguments", "message"), MISTAKES, ids=lambda one: one[-1][:40] if isinstance(one, list) else ""
)
def test_wrong_input_ends_in_one_line_and_status_2(tmp_path, monkeypatch, capsys, arguments, message):
    (tmp_path / "empty").mkdir()
    (tmp_path / "own.yaml").write_text("architectures: [unet]\nlosss: [l1]\ndatasets: [synthetic-faces]\n")
    (tmp_path / "twice.yaml").write_text("architectures: [unet]\nseeds: [0]\ndatasets: [synthetic-faces]\nseeds: [1]\n")
    drawn = "[synthetic-faces(n_train=16, n_test=8)]"
    (tmp_path / "commas.yaml").write_text(f"architectures: [unet]\nlosses: [l1]\ndatasets: {drawn}\n")
    arguments = [argument.replace("{folder}", str(tmp_path)) for argument in arguments]
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["bench", "run", "--grid", "smoke", *arguments])
    with pytest.raises(SystemExit) as ended:
        main()
    output, errors = capsys.readouterr()
    assert ended.value.code == 2
    assert output == ""
    assert errors.startswith("error: ")
    assert message in errors
    assert errors.count("\n") == 1
    assert not list(tmp_path.rglob("grid.yaml")), "a wrong call must leave no run behind"


def test_a_wrong_call_shows_no_traceback(tmp_path):
    done = _bench("run", "--grid", "smoke", "--architecture", "unett", cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr.startswith("error: Unknown architecture 'unett'")
    assert done.stderr.count("\n") == 1


def test_list_shows_every_kind_with_descriptions(tmp_path):
    done = _bench("list", cwd=tmp_path)
    assert done.returncode == 0
    for word in ("unet-resnet18", "huber(delta=10)", "synthetic-flowers", "lpips", "full", "Custom U-Net"):
        assert word in done.stdout


@pytest.mark.parametrize(
    ("call", "heavy"),
    [
        (["list"], {"torch", "numpy", "pandas", "matplotlib", "PIL"}),
        (["list", "--json"], {"torch", "numpy", "pandas", "matplotlib", "PIL"}),
        (["run", "--grid", "full", "--dry-run"], {"torch", "pandas", "matplotlib", "PIL", "scipy"}),
        (["run", "--grid", "full", "--dry-run", "--json"], {"torch", "pandas", "matplotlib", "PIL", "scipy"}),
    ],
    ids=["list", "list as JSON", "dry run", "dry run as JSON"],
)
def test_light_commands_load_nothing_heavy(tmp_path, call, heavy):
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "bench", *call],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    loaded = {line.rpartition("|")[2].strip().partition(".")[0] for line in done.stderr.splitlines()}
    assert "registry" in loaded
    assert not loaded & heavy


def test_a_dry_run_shows_the_cells_and_runs_none(tmp_path):
    done = _bench("run", "--grid", "full", "--dry-run", cwd=tmp_path)
    assert done.returncode == 0
    assert "32 cells, 32 to run." in done.stdout
    assert "unet-resnet34, vgg, synthetic-flowers, seed 0" in done.stdout
    assert list(tmp_path.iterdir()) == []


def test_a_dry_run_says_how_many_tries_there_are(tmp_path):
    tuned = ["--tune", "learning_rate=3e-4,1e-3,3e-3", "--tune", "weight_decay=0,1e-2"]
    done = _bench("run", "--grid", "full", "--dry-run", *tuned, cwd=tmp_path)
    assert done.returncode == 0
    assert "32 cells, 32 to run." in done.stdout
    assert "Each trained cell has 6 tries: 144 trainings to run." in done.stdout


def test_a_run_from_grid_to_report_and_again(tmp_path):
    done = _bench("run", "--grid", "smoke", *TINY, "--name", "mine", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "5 completed; report: reports/mine/report.md" in done.stdout
    assert "[5/5] completed" in done.stderr
    folder = tmp_path / "results" / "mine"
    table = pd.read_csv(folder / "results.csv")
    assert table["status"].tolist() == ["completed"] * 5
    records = [json.loads(path.read_text()) for path in folder.glob("cells/*/record.json")]
    assert {record["loss"] for record in records} == {None, "l1"}
    assert (tmp_path / "reports" / "mine" / "report.md").stat().st_size > 1000

    page = tmp_path / "reports" / "mine" / "report.md"
    written = {path: path.stat().st_mtime_ns for path in [page, *folder.glob("cells/*/*")]}
    again = _bench("run", "--grid", "smoke", *TINY, "--name", "mine", cwd=tmp_path)
    assert again.returncode == 0
    assert "5 completed" in again.stdout
    assert {path: path.stat().st_mtime_ns for path in [page, *folder.glob("cells/*/*")]} == written


def test_a_failed_cell_gives_status_1_and_keeps_the_others(tmp_path):
    # A rate so high that weights overflow: a failure that only training finds out.
    done = _bench("run", "--grid", "smoke", *TINY, "--set", "learning_rate=1e38", "--set", "epochs=8", cwd=tmp_path)
    assert done.returncode == 1, done.stderr
    assert "4 completed, 1 failed" in done.stdout
    assert "NonFiniteLossError" in done.stderr
    assert "NonFiniteLossError" in (tmp_path / "reports" / "smoke" / "report.md").read_text()


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_keeps_what_is_finished(tmp_path, how):
    run = Run(tmp_path, *TINY, "--set", "epochs=100000", "--workers", "1")
    records = tmp_path / "results" / "smoke" / "cells"
    until(lambda: len(list(records.glob("*/record.json"))) == 4)
    run.process.send_signal(how)
    status, _, errors = run.end()
    assert status == 130, errors
    assert "Traceback" not in errors
    assert "interrupted" in errors
    assert len(pd.read_csv(tmp_path / "results" / "smoke" / "results.csv")) == 4
    assert (tmp_path / "reports" / "smoke" / "report.md").exists()


def test_a_report_that_cannot_be_written_says_so(tmp_path):
    (tmp_path / "results" / "mine").mkdir(parents=True)
    (tmp_path / "results" / "mine" / "grid.yaml").write_text("{}")
    done = _bench("report", "mine", "--output", "/dev/null/page", cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr.startswith("error: Cannot write to /dev/null/page")
    assert done.stderr.count("\n") == 1


def test_a_report_of_no_run_names_those_there_are(tmp_path):
    (tmp_path / "results" / "mine").mkdir(parents=True)
    (tmp_path / "results" / "mine" / "grid.yaml").write_text("{}")
    done = _bench("report", "yours", cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr == "error: No run 'yours' in results: there are mine.\n"


def test_no_room_for_what_is_printed_is_told(tmp_path):
    with Path("/dev/full").open("w") as full:
        command = [sys.executable, "-m", "bench", "list"]
        done = subprocess.run(command, cwd=tmp_path, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr.startswith("error: There is no room on the disk")
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("foreign", [b"a page of mine", b"\xff\xfe", None])
def test_a_page_that_is_no_report_is_told_before_anything_is_run(tmp_path, monkeypatch, capsys, foreign):
    page = tmp_path / "reports" / "mine" / "report.md"
    page.parent.mkdir(parents=True)
    page.mkdir() if foreign is None else page.write_bytes(foreign)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["bench", "run", "--grid", "smoke", *TINY, "--name", "mine"])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2
    assert capsys.readouterr().err == (
        "error: reports/mine/report.md is not a report of this program; choose another folder with --reports-dir.\n"
    )
    assert not (tmp_path / "results").exists()
