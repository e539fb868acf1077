"""What commands have in common: exit statuses, arguments, and how they end when interrupted."""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from bench import interrupts
from bench.completion import complete_datasets, complete_run

EXIT_FAILED_CELL, EXIT_TRIPPED_GATE, EXIT_UNREADABLE = 1, 1, 1
EXIT_WRONG_CALL, EXIT_INTERRUPTED = 2, 130

Plugins = Annotated[
    list[Path] | None,
    typer.Option("--plugin", metavar="FILE", help="A Python file with components of your own; may be repeated."),
]
Run = Annotated[
    str,
    typer.Argument(
        metavar="RUN",
        help="A run's name in the results folder, or the path of its folder.",
        autocompletion=complete_run,
    ),
]
Specs = Annotated[
    list[str],
    typer.Argument(metavar="SPEC", help="Data sets: 'folder(path=photos)', ...", autocompletion=complete_datasets),
]
Device = Annotated[Literal["auto", "cpu", "cuda"], typer.Option(help="Of the networks.")]
ResultsDir = Annotated[Path, typer.Option(metavar="FOLDER", help="Folder of runs.")]
ReportsDir = Annotated[Path, typer.Option(metavar="FOLDER", help="Folder of reports.")]


def load_plugins(paths: Sequence[Path] | None) -> None:
    """Load plugins from their files.

    Raises:
        UserError: One cannot be read or loaded.
    """
    from registry.plugins import load_plugin, read_plugin

    for path in paths or []:
        load_plugin(read_plugin(path))


@contextlib.contextmanager
def interruptible(rest: str = "the same command does the rest") -> Iterator[None]:
    """Leave with a line, and the exit status of interruption, when Ctrl-C is pressed."""
    try:
        yield
    except (KeyboardInterrupt, Exception) as error:
        if not interrupts.is_one(error):
            raise
        interrupts.ignore()
        print(f"interrupted: what was finished is kept; {rest}.", file=sys.stderr)
        raise typer.Exit(EXIT_INTERRUPTED) from None


def print_json(content: Any) -> None:
    """On standard output, and nothing else."""
    # In ASCII, so that it is the same JSON on every terminal.
    print(json.dumps(content, indent=2, allow_nan=False))
