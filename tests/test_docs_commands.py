"""Every ``python -m bench ...`` that users are told to type does what it should.

All of them are parsed. Then each is run as it stands, in a folder with runs, photographs and data sets of the names
that the pages use, but for two kinds: `run`, which would train for minutes, is run with ``--dry-run``, which reads the
grid and every spec, seed and setting; `colorize`, which needs trained networks, is parsed only. The pages on components
of one's own have tests of their own, with the files that they show.
"""

import subprocess
import sys
from pathlib import Path

import pytest
import typer
from documentation import PAGES, ROOT, bench_commands, inline_code, name_of, shell_commands
from layouts import make_celeba, make_flowers102, write_picture
from made_up_runs import write_made_up_run

from bench.cli import app
from bench.grid import load_grid
from bench.grids import grid_names

CLI = typer.main.get_command(app)
COMMANDS = {" ".join(words): words for page in PAGES for words in bench_commands(page)}
NOT_RUN = ("colorize",)
SLOW = ("audit", "report")
RUN_ELSEWHERE = ("own-components.md", "tutorial.md")  # by test_docs_components
TO_RUN = {
    " ".join(words): words
    for page in PAGES
    for words in bench_commands(page)
    if page.name not in RUN_ELSEWHERE and words[0] not in NOT_RUN
}
RUN = [
    pytest.param(words, id=text, marks=[pytest.mark.slow] if words[0] in SLOW else []) for text, words in TO_RUN.items()
]
PLUGIN = '''
from registry import LOSSES

@LOSSES.register("my-loss")
def my_loss():
    """A loss of one's own."""
    return lambda prediction, target: (prediction.ab - target.ab).abs().mean()
'''


def _parse(words):
    """The parameters of a command as the command line reads them."""
    name, *arguments = words
    assert name in CLI.commands, f"there is no command {name!r}"
    return CLI.commands[name].make_context(name, arguments).params


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """Where a user who types the commands could be; runs have the seeds of their grid, those named otherwise three."""
    here = tmp_path_factory.mktemp("user")
    for words in TO_RUN.values():
        if words[0] != "run" and "--help" not in words:
            given = _parse(words)
            for run in {given.get(key) for key in ("run", "run_a", "run_b")} - {None}:
                if not (here / "results" / run).exists():
                    seeds = load_grid(run).seeds if run in grid_names() else range(3)
                    write_made_up_run(here / "results" / run, seeds=seeds)
    for kind in ("faces", "flowers"):
        (here / "photos" / kind).mkdir(parents=True)
        for seed in range(60):
            write_picture(here / "photos" / kind / f"{seed}.jpg", seed + len(kind))
    make_celeba(here / "data", {"train": range(1, 31), "validation": range(31, 36), "test": range(36, 41)})
    make_flowers102(here / "data", range(1, 31), range(31, 36), range(36, 41))
    (here / "my_loss.py").write_text(PLUGIN, encoding="utf-8")
    return here


def test_commands_are_found():
    assert {words[0] for words in COMMANDS.values()} == set(CLI.commands), "a command without an example on any page"


@pytest.mark.parametrize("words", [pytest.param(words, id=text) for text, words in COMMANDS.items()])
def test_every_command_parses(words):
    if "--help" in words:
        assert words[0] in CLI.commands
    else:
        _parse(words)


@pytest.mark.parametrize("words", RUN)
def test_every_command_runs(words, folder):
    dry = ["--dry-run", "--results-dir", "none-yet"] if words[0] == "run" else []
    done = subprocess.run(
        [sys.executable, "-m", "bench", *words, *dry], cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_options_named_in_sentences_exist(page):
    known = {option for command in CLI.commands.values() for one in command.params for option in one.opts}
    named = {code.split()[0].partition("=")[0] for code in inline_code(page) if code.startswith("--")}
    assert named <= known | {"--help"}


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_extras_named_in_commands_exist(page):
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    named = {
        extra
        for words in shell_commands(page)
        for word in words
        if word.startswith(".[")
        for extra in word[2:-1].split(",")
    }
    for extra in named:
        assert f"\n{extra} = [\n" in project, extra
