"""``python -m bench``: the command line."""

from __future__ import annotations

import io
import sys

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
        app(prog_name="bench" if asked_for_completion else None)
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(EXIT_WRONG_CALL)
    except (KeyboardInterrupt, Exception) as error:
        if not interrupts.answered() and not isinstance(error, KeyboardInterrupt):
            raise
        sys.exit(EXIT_INTERRUPTED)  # while the command was being read: there is nothing to tell yet
    finally:
        interrupts.ignore()
