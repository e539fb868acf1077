"""``python -m bench``: the command line."""

from __future__ import annotations

import errno
import io
import os
import sys
from typing import NoReturn

import typer

from bench import interrupts
from bench.commands import data, grids, runs
from bench.commands.shared import EXIT_INTERRUPTED, EXIT_WRONG_CALL
from registry.errors import UserError

app = typer.Typer(
    help="Compare image colorization networks and losses under equal conditions.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
# In the order in which help shows them.
app.command()(grids.run)
app.command(name="list")(grids.list_)
for command in (runs.report, runs.compare, runs.export, runs.colorize, data.prepare, data.audit, data.weights):
    app.command()(command)


def _leave_for_want_of_room() -> NoReturn:
    """Leave where the disk behind standard output, or a folder of temporary files, is full."""
    # What is still to be written there would fail again when Python ends.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    print("error: There is no room on the disk that output or temporary files go to: make room there.", file=sys.stderr)
    sys.exit(EXIT_WRONG_CALL)


def main() -> None:
    """Run the command line; a user's error ends in one line and exit status 2."""
    # A name that the terminal cannot show must not end a run.
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        interrupts.watch()
        # A shell completes a command by its name: that of the script, also where Python was asked with -m.
        asked_for_completion = any("-completion" in argument for argument in sys.argv[1:2])
        try:
            app(prog_name="bench" if asked_for_completion else None)
        finally:
            sys.stdout.flush()  # what cannot be written shows here, and not after the exit status was chosen
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(EXIT_WRONG_CALL)
    except (KeyboardInterrupt, Exception) as error:
        if isinstance(error, OSError) and error.errno == errno.ENOSPC:
            _leave_for_want_of_room()
        if not interrupts.is_one(error):
            raise
        sys.exit(EXIT_INTERRUPTED)  # while the command was being read: there is nothing to tell yet
    finally:
        interrupts.ignore()
