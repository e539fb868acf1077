"""Commands about runs that are there: report, compare, export, colorize."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Literal

import typer

from bench.commands.shared import (
    EXIT_TRIPPED_GATE,
    EXIT_UNREADABLE,
    Device,
    Plugins,
    ReportsDir,
    ResultsDir,
    Run,
    interruptible,
    load_plugins,
)
from bench.commands.writing import write_reports
from bench.completion import complete_metric, complete_run
from registry.errors import UserError


def report(
    run: Run,
    output: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Folder to write to; reports/<run> if not given.")
    ] = None,
    results_dir: ResultsDir = Path("results"),
    reports_dir: ReportsDir = Path("reports"),
    format_: Annotated[
        str,
        typer.Option(
            "--format", metavar="FORMATS", help="md, html (one page to look at in a browser), or both: md,html."
        ),
    ] = "md",
) -> None:
    """Write the report of a run again, from its stored files alone.

    Examples:
    python -m bench report full
    python -m bench report full --format md,html
    python -m bench report ../elsewhere/results/full --output shown
    """
    from bench.call import find_run

    folder = find_run(run, results_dir)
    with interruptible():
        from bench.report.render import read_formats

        for page in write_reports(folder, reports_dir, output, read_formats(format_)):
            print(page)


def compare(
    run_a: Annotated[
        str,
        typer.Argument(
            metavar="RUN_A",
            help="The run before: its name in the results folder, or its path.",
            autocompletion=complete_run,
        ),
    ],
    run_b: Annotated[
        str, typer.Argument(metavar="RUN_B", help="The run after, likewise.", autocompletion=complete_run)
    ],
    metric: Annotated[
        list[str] | None,
        typer.Option(
            metavar="METRIC",
            help="Instead of the headline metrics: ciede2000; may be repeated.",
            autocompletion=complete_metric,
        ),
    ] = None,
    fail_if: Annotated[
        list[str] | None,
        typer.Option(
            metavar="GATE", help="End with status 1 if B - A is so: 'lpips > +0.01', 'skill < -5%', 'mean lpips > 0'."
        ),
    ] = None,
    output: Annotated[
        Path | None, typer.Option(metavar="FILE", help="File to write to; standard output if not given.")
    ] = None,
    results_dir: ResultsDir = Path("results"),
) -> None:
    """Show how two runs differ, cell by cell, and what changed between them.

    Example: python -m bench compare full full-2 --fail-if 'lpips > +0.01'
    """
    with interruptible():
        from bench.call import find_run
        from bench.compare.run import compare as compare_runs
        from bench.compare.run import write_to

        found = compare_runs(find_run(run_a, results_dir), find_run(run_b, results_dir), metric or [], fail_if or [])
        if output is None:
            print(found.page, end="")
        else:
            write_to(output, found.page)
            print(output)
    for gate in found.tripped:
        print(f"tripped: {gate.line}", file=sys.stderr)
    if found.tripped:
        raise typer.Exit(EXIT_TRIPPED_GATE)


def export(
    run: Run,
    form: Annotated[
        Literal["csv", "parquet", "latex", "tensorboard"],
        typer.Option("--format", help="Tidy table (csv, parquet), booktabs tables for a paper, or event files."),
    ],
    output: Annotated[
        Path | None,
        typer.Option(metavar="PATH", help="File, of tensorboard folder, to write to; texts are printed if not given."),
    ] = None,
    metric: Annotated[
        list[str] | None,
        typer.Option(
            metavar="METRIC",
            help="Of latex, instead of the headline metrics: ciede2000; may be repeated.",
            autocompletion=complete_metric,
        ),
    ] = None,
    spread: Annotated[
        Literal["interval", "seeds"] | None,
        typer.Option(help="Of latex: 95 % interval, which is the default, or standard deviation over seeds."),
    ] = None,
    results_dir: ResultsDir = Path("results"),
) -> None:
    """Write a run in a form that other programs read, from its stored files alone.

    Example: python -m bench export full --format latex --output tables.tex
    """
    with interruptible():
        from bench.call import find_run
        from bench.export.run import export as export_run

        print(export_run(find_run(run, results_dir), form, output, metric or [], spread))


def colorize(
    photos: Annotated[list[str], typer.Argument(metavar="PHOTO", help="Photographs, and folders of them.")],
    run: Annotated[
        str,
        typer.Option(
            metavar="RUN",
            help="A run's name in the results folder, or the path of its folder.",
            autocompletion=complete_run,
        ),
    ],
    cell: Annotated[
        list[str] | None,
        typer.Option(metavar="ID", help="A cell's id or its beginning; may be repeated. All if not given."),
    ] = None,
    best: Annotated[
        str | None,
        typer.Option(
            metavar="METRIC",
            help="Instead: the best cell by a metric (lpips), per data set.",
            autocompletion=complete_metric,
        ),
    ] = None,
    output: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Folder to write to; colorized/<run> if not given.")
    ] = None,
    size: Annotated[
        int | None,
        typer.Option(
            metavar="PIXELS", min=16, max=4096, help="Pixels of the shorter side that networks see, if not as trained."
        ),
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace files that exist.")] = False,
    device: Device = "auto",
    results_dir: ResultsDir = Path("results"),
    plugin: Plugins = None,
) -> None:
    """Colour photographs, files and folders of them, by the networks of a run, and put the results side by side.

    Example: python -m bench colorize old.jpg album --run full --best lpips
    """
    with interruptible("the same command with --overwrite does all"):
        from rich.console import Console

        from bench.call import find_run
        from bench.colorize.run import colorize as colorize_all
        from bench.progress import Display

        # Of nothing, as of a variable of the shell that is not set, pathlib makes the current folder.
        if "" in photos:
            raise UserError("One of the photographs is an empty text: give paths of photographs and folders.")
        load_plugins(plugin)
        with Display(Console(stderr=True)) as display:
            done = colorize_all(
                [Path(photo) for photo in photos],
                find_run(run, results_dir),
                cells=cell or [],
                best=best,
                output=output,
                size=size,
                device=device,
                overwrite=overwrite,
                display=display,
            )
    print(done.line)
    if done.unreadable:
        raise typer.Exit(EXIT_UNREADABLE)
