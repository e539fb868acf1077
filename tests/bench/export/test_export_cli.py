"""``python -m bench export`` as it is called."""

import subprocess
import sys
from pathlib import Path

import pytest

from bench.cli import main

ROOT = Path(__file__).parents[3]


@pytest.fixture
def export(monkeypatch, capsys, make_run, tmp_path):
    """Call it where there is a run "full"; gives exit status, output and errors."""
    make_run("full")
    monkeypatch.chdir(tmp_path)

    def call(*arguments):
        monkeypatch.setattr(sys, "argv", ["bench", "export", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        return ended.value.code, *capsys.readouterr()

    return call


def test_texts_go_to_standard_output_or_to_a_file(export, tmp_path):
    for form, begins in (("csv", "cell_id,status,"), ("latex", "% Made by colorization-bench from the run full;")):
        ended, text, errors = export("full", "--format", form)
        assert (ended, errors) == (0, "")
        assert text.startswith(begins)
        for _ in range(2):
            assert export("results/full", "--format", form, "--output", f"to/{form}") == (0, f"to/{form}\n", "")
        assert (tmp_path / "to" / form).read_text() == text


def test_parquet_goes_to_a_file(export, tmp_path):
    for _ in range(2):
        assert export("full", "--format", "parquet", "--output", "a.parquet") == (0, "a.parquet\n", "")
    assert (tmp_path / "a.parquet").read_bytes()[:4] == b"PAR1"


def test_tensorboard_says_how_to_look(export):
    ended, output, _ = export("full", "--format", "tensorboard", "--output", "events")
    assert (ended, output) == (0, "events: 8 cells; look with: tensorboard --logdir events\n")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["none", "--format", "csv"], "No run 'none' in results: there are full."),
        (["full", "--format", "parquet"], "say where to with --output FILE.parquet"),
        (["full", "--format", "tensorboard"], "say where to with --output FOLDER"),
        (["full", "--format", "csv", "--metric", "lpips"], "--format csv has all metrics"),
        (["full", "--format", "parquet", "--spread", "seeds"], "--format parquet has all metrics"),
        (["full", "--format", "latex", "--metric", "lpisp"], "did you mean 'lpips'"),
        (["full", "--format", "latex", "--output", "own.txt"], "own.txt is there and is no earlier export as latex"),
        (["full", "--format", "csv", "--output", "results"], "results is there and is no earlier export as csv"),
        (["full", "--format", "csv", "--output", "/dev/null/x.csv"], "Cannot write to /dev/null"),
        (["full", "--format", "tensorboard", "--output", "own.txt"], "own.txt is there and is not an empty folder"),
    ],
)
def test_a_wrong_call_ends_in_one_line_and_status_2(export, tmp_path, arguments, message):
    (tmp_path / "own.txt").write_text("mine")
    ended, output, errors = export(*arguments)
    assert (ended, output) == (2, "")
    assert message in errors
    assert errors.startswith("error: ")
    assert errors.count("\n") == 1
    assert (tmp_path / "own.txt").read_text() == "mine"


@pytest.mark.parametrize("form", ["csv", "latex", "parquet"])
def test_tables_load_no_pytorch(form, tmp_path):
    code = (
        "import sys; from bench.cli import app\n"
        "try: app(sys.argv[1:])\n"
        "except SystemExit as end: assert not end.code, end.code\n"
        "assert not {'torch', 'matplotlib'} & set(sys.modules)"
    )
    call = [sys.executable, "-c", code, "export", "sample", "--format", form, "--output", str(tmp_path / form)]
    done = subprocess.run(call, capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / form).stat().st_size > 1000
