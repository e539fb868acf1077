"""Shell completion, asked as a shell asks: by environment variables, of the installed script's name."""

import os
import subprocess
import sys

import pytest

from bench.grids import grid_names
from registry import ARCHITECTURES, DATASETS, LOSSES, METRICS

SCRIPT = "import sys; sys.argv[0] = 'bench'; from bench.cli import main; main()"


def _python(folder, *arguments, **environment):
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=True,
    )


def _complete(folder, line):
    """What bash offers for the last word of a line."""
    words = line.split(" ")
    asked = {"_BENCH_COMPLETE": "complete_bash", "COMP_WORDS": line, "COMP_CWORD": str(len(words) - 1)}
    return _python(folder, "-c", SCRIPT, **asked).stdout.split()


@pytest.fixture
def results(tmp_path):
    for run in ("results/mine", "results/yours", "elsewhere/other"):
        (tmp_path / run).mkdir(parents=True)
        (tmp_path / run / "grid.yaml").write_text("{}")
    (tmp_path / "results" / "no-run").mkdir()
    return tmp_path


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("bench run --grid ", list(grid_names())),
        ("bench run --grid fu", ["full"]),
        ("bench run --grid ./own", []),
        ("bench run --architecture ", list(ARCHITECTURES)),
        ("bench run --loss ", list(LOSSES)),
        ("bench run --loss l1,hu", ["l1,huber"]),
        ("bench run --dataset syn", ["synthetic-faces", "synthetic-flowers"]),
        ("bench prepare ", list(DATASETS)),
        ("bench audit folder flo", ["flowers102"]),
        ("bench report ", ["mine", "yours"]),
        ("bench report --results-dir elsewhere ", ["other"]),
        ("bench report --results-dir nowhere ", []),
        ("bench compare mine y", ["yours"]),
        ("bench compare --metric ", list(METRICS)),
        ("bench export ", ["mine", "yours"]),
        ("bench colorize photo.jpg --run ", ["mine", "yours"]),
        ("bench colorize photo.jpg --best lp", ["lpips"]),
        ("bench run --dry", ["--dry-run"]),
        ("bench run --device c", ["cpu", "cuda"]),
    ],
)
def test_names_are_offered(results, line, offered):
    assert _complete(results, line) == offered


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_other_shells_have_a_name_a_line(tmp_path, shell):
    asked = {"_BENCH_COMPLETE": f"complete_{shell}", "_TYPER_COMPLETE_FISH_ACTION": "get-args", "COLUMNS": "40"}
    output = _python(tmp_path, "-c", SCRIPT, _TYPER_COMPLETE_ARGS="bench run --dataset ", **asked).stdout
    words = output.partition("((")[2].rpartition("))")[0] if shell == "zsh" else output
    assert [line.strip('"') for line in words.strip().splitlines()] == list(DATASETS)


@pytest.mark.parametrize("line", ["bench report ", "bench run --grid ", "bench run --loss "])
def test_a_shell_does_not_wait_for_heavy_imports(results, line):
    asked = {"_BENCH_COMPLETE": "complete_bash", "COMP_WORDS": line, "COMP_CWORD": str(line.count(" "))}
    done = _python(results, "-X", "importtime", "-c", SCRIPT, **asked)
    loaded = {line.rpartition("|")[2].strip().partition(".")[0] for line in done.stderr.splitlines()}
    assert "bench" in loaded
    assert not loaded & {"torch", "numpy", "pandas", "scipy", "matplotlib", "PIL", "psutil"}


def test_calls_that_complete_nothing_do_not_load_what_completion_needs(tmp_path):
    done = _python(tmp_path, "-X", "importtime", "-c", SCRIPT, "--help")
    loaded = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    assert "bench.completion" in loaded
    assert not loaded & {"bench.grid", "bench.call", "pydantic", "yaml"}


NAMED_SHELL = {"_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION": "1"}
"""Typer looks which shell called it; a test's may be any or none."""


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_is_for_the_installed_command_also_where_python_was_asked(tmp_path, shell):
    printed = _python(tmp_path, "-m", "bench", "--show-completion", shell, **NAMED_SHELL).stdout
    assert f"_BENCH_COMPLETE=complete_{shell}" in printed
    assert "python" not in printed


def test_installing_writes_into_the_home_folder(tmp_path):
    done = _python(tmp_path, "-m", "bench", "--install-completion", "bash", HOME=str(tmp_path), **NAMED_SHELL)
    assert "bash completion installed" in done.stdout
    assert "complete -o default -F _bench_completion bench" in (tmp_path / ".bash_completions" / "bench.sh").read_text()
    assert "bench.sh" in (tmp_path / ".bashrc").read_text()
