"""Help texts: each command shows by example how it is called, and the examples are right."""

import os
import re
import shlex
import subprocess
import sys

import pytest
import typer

from bench.cli import app

GROUP = typer.main.get_command(app)
NAMES = ["run", "list", "report", "compare", "export", "colorize", "prepare", "audit", "weights"]


def _help(*command, columns=80):
    return subprocess.run(
        [sys.executable, "-m", "bench", *command, "--help"],
        env={**os.environ, "COLUMNS": str(columns), "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        check=True,
    ).stdout


def test_no_command_is_missing_here():
    assert list(GROUP.commands) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_examples_stand_in_one_line_each_and_are_calls_that_can_be_made(name, tmp_path, monkeypatch):
    shown = _help(name)
    assert max(map(len, shown.splitlines())) <= 80
    written = re.findall(r"python -m bench .*", GROUP.commands[name].help)
    assert written
    monkeypatch.chdir(tmp_path)
    for example in written:
        assert example in shown, "it is broken over two lines"
        words = shlex.split(example)
        _, _, _, command, *arguments = words[: words.index(">")] if ">" in words else words
        assert command == name
        # Ends with an error where an option or its value is none of the command's.
        GROUP.commands[name].make_context(name, arguments)


@pytest.mark.parametrize("name", NAMES)
def test_every_option_and_argument_is_explained(name):
    assert all(one.help for one in GROUP.commands[name].params)


def test_the_help_of_all_fits_too():
    shown = _help()
    assert max(map(len, shown.splitlines())) <= 80
    assert all(f" {name} " in shown for name in NAMES)
