"""Commands about grids: run one, and list what one can name."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Literal

import typer

from bench import interrupts
from bench.commands.shared import (
    EXIT_FAILED_CELL,
    Plugins,
    ReportsDir,
    ResultsDir,
    interruptible,
    load_plugins,
    print_json,
)
from bench.commands.writing import check_place, report_of, report_what_is_there
from bench.completion import complete_architectures, complete_datasets, complete_grid, complete_losses
from registry.errors import UserError

_CELLS, _WHERE = "What is trained, and how", "Where it runs"
_SEEDS_HELP = "Instead of the grid's: how many (3 means 0,1,2), or which (4,7; one as 4,)."
_TUNE_HELP = "Values to try for every cell, chosen by validation: learning_rate=3e-4,1e-3; may be repeated."


def run(
    grid: Annotated[
        str,
        typer.Option(
            metavar="GRID", help="Its name (see `list`) or the path of a YAML file.", autocompletion=complete_grid
        ),
    ],
    architecture: Annotated[
        str | None,
        typer.Option(
            metavar="SPECS",
            help="Instead of the grid's, comma-separated: unet,unet-resnet18.",
            rich_help_panel=_CELLS,
            autocompletion=complete_architectures,
        ),
    ] = None,
    loss: Annotated[
        str | None,
        typer.Option(
            metavar="SPECS",
            help="Instead of the grid's: l1,'huber(delta=5)','l1 + 0.1*vgg'.",
            rich_help_panel=_CELLS,
            autocompletion=complete_losses,
        ),
    ] = None,
    dataset: Annotated[
        str | None,
        typer.Option(
            metavar="SPECS",
            help="Instead of the grid's: 'folder(path=photos)', ...",
            rich_help_panel=_CELLS,
            autocompletion=complete_datasets,
        ),
    ] = None,
    seeds: Annotated[str | None, typer.Option(metavar="SEEDS", help=_SEEDS_HELP, rich_help_panel=_CELLS)] = None,
    set_: Annotated[
        list[str] | None,
        typer.Option(
            "--set", metavar="KEY=VALUE", help="A setting: epochs=12; may be repeated.", rich_help_panel=_CELLS
        ),
    ] = None,
    tune: Annotated[
        list[str] | None, typer.Option(metavar="KEY=VALUES", help=_TUNE_HELP, rich_help_panel=_CELLS)
    ] = None,
    plugin: Plugins = None,
    rerun: Annotated[
        Literal["none", "failed", "all"], typer.Option(help="Also run these finished cells again.")
    ] = "none",
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show the cells, which are done, and the time left; run none.")
    ] = False,
    json_: Annotated[
        bool,
        typer.Option("--json", help="With --dry-run: as JSON, with the keys run, folder, cells, counts and time_left."),
    ] = False,
    name: Annotated[str | None, typer.Option(metavar="RUN", help="The run's name; the grid's if not given.")] = None,
    results_dir: ResultsDir = Path("results"),
    reports_dir: ReportsDir = Path("reports"),
    workers: Annotated[
        str,
        typer.Option(
            metavar="N", help="Cells at once: a number; auto: as cores and memory allow.", rich_help_panel=_WHERE
        ),
    ] = "auto",
    device: Annotated[
        Literal["auto", "cpu", "cuda"], typer.Option(help="Of the networks.", rich_help_panel=_WHERE)
    ] = "auto",
    executor: Annotated[
        Literal["local", "ray"], typer.Option(help="Where cells run; ray: see docs/ray.md.", rich_help_panel=_WHERE)
    ] = "local",
    ray_address: Annotated[
        str | None,
        typer.Option(
            metavar="ADDRESS",
            help="Of a Ray cluster: auto or HOST:PORT; this machine alone if not given.",
            rich_help_panel=_WHERE,
        ),
    ] = None,
) -> None:
    """Train and score every cell of a grid that is not done yet, then write the report.

    Examples:
    python -m bench run --grid full
    python -m bench run --grid full --dry-run
    python -m bench run --grid full --dataset 'folder(path=photos)' --name mine
    python -m bench run --grid own.yaml --loss l1,vgg --set epochs=12 --seeds 3
    """
    with interruptible():
        from rich.console import Console

        from bench.call import check_executor, choose_grid, read_workers
        from bench.dry_run import describe, print_plan
        from bench.executors.place import open_place
        from bench.listing import tell_left_out
        from bench.progress import Display
        from bench.run import execute, failures, plan
        from bench.time_left import estimate
        from registry import METRICS

        cells_at_once = read_workers(workers)
        check_executor(executor, ray_address)
        if json_ and not dry_run:
            raise UserError("--json goes with --dry-run; what a run measured is in its results.csv.")
        load_plugins(plugin)
        tell_left_out(METRICS)  # no call names a metric, so nothing else would
        chosen = choose_grid(grid, architecture, loss, dataset, seeds, set_ or [], tune or [])
        todo = plan(chosen, Path(grid).stem if name is None else name, results_dir, rerun)
        for note in chosen.notes():
            print(f"note: {note}.", file=sys.stderr)
        if dry_run:
            time_left = estimate(todo, workers=cells_at_once, device=device, executor=executor)
            if json_:
                print_json(describe(todo, time_left))
            else:
                print_plan(todo, time_left)
            return
        check_place(todo.folder, reports_dir)
        try:
            with (
                open_place(
                    todo.pending,
                    todo.folder,
                    executor=executor,
                    ray_address=ray_address,
                    device=device,
                    workers=cells_at_once,
                ) as place,
                Display(Console(stderr=True)) as display,
            ):
                counts = execute(todo, place, display)
        except KeyboardInterrupt:
            # What goes wrong from here on is no interrupted import.
            interrupts.answer()
            report_what_is_there(todo.folder, reports_dir)
            raise
        page = report_of(todo.folder, reports_dir)
    print(f"{', '.join(f'{number} {status}' for status, number in sorted(counts.items()))}; report: {page}")
    if counts["failed"]:
        for line in failures(todo):
            print(f"failed: {line}", file=sys.stderr)
        print("Their tracebacks are in the report; --rerun failed runs them again.", file=sys.stderr)
        raise typer.Exit(EXIT_FAILED_CELL)


def list_(
    json_: Annotated[
        bool, typer.Option("--json", help="As JSON: architectures, losses, datasets, metrics and grids, each a list.")
    ] = False,
    schema: Annotated[bool, typer.Option("--schema", help="The JSON schema of grid files, for editors.")] = False,
    plugin: Plugins = None,
) -> None:
    """Show the architectures, losses, data sets, metrics and grids there are.

    Examples:
    python -m bench list --plugin my_loss.py
    python -m bench list --json > components.json
    python -m bench list --schema > schema.json

    With that schema editors complete, explain and check the grid files beside it
    that begin with the line "# yaml-language-server: $schema=schema.json".

    In the JSON a component has the keys name, description, parameters and plugin,
    a parameter name, type, default and required, a grid name and description.
    """
    from bench.listing import listing, print_listing

    if json_ and schema:
        raise UserError("--json and --schema are two different files: give one of them.")
    load_plugins(plugin)
    if schema:
        from bench.grid_schema import grid_schema

        print_json(grid_schema())
    elif json_:
        print_json(listing())
    else:
        print_listing()
