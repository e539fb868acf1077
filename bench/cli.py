"""``python -m bench``: the command line."""

from __future__ import annotations

import contextlib
import io
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from bench import interrupts
from registry.errors import UserError

EXIT_FAILED_CELL, EXIT_TRIPPED_GATE, EXIT_WRONG_CALL, EXIT_INTERRUPTED = 1, 1, 2, 130

Plugins = Annotated[
    list[Path] | None, typer.Option("--plugin", help="A Python file with components of your own; may be repeated.")
]
_SEEDS_HELP = "Instead of the grid's: a number alone says how many (3 means 0,1,2), commas say which (4,7; one as 4,)."

app = typer.Typer(
    help="Compare image colorization networks and losses under equal conditions.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)


def main() -> None:
    """Run the command line; a user's error ends in one line and exit status 2."""
    # A name that the terminal cannot show must not end a run.
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        interrupts.watch()
        app()
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(EXIT_WRONG_CALL)
    except KeyboardInterrupt:
        sys.exit(EXIT_INTERRUPTED)  # while the command was being read: there is nothing to tell yet
    finally:
        interrupts.ignore()


@contextlib.contextmanager
def _interruptible() -> Iterator[None]:
    try:
        yield
    except KeyboardInterrupt:
        interrupts.ignore()
        print("interrupted: what was finished is kept; the same command does the rest.", file=sys.stderr)
        raise typer.Exit(EXIT_INTERRUPTED) from None


@app.command()
def run(
    grid: Annotated[str, typer.Option(help="A grid's name (see `list`) or the path of a YAML file.")],
    architecture: Annotated[str | None, typer.Option(help="Instead of the grid's: specs, comma-separated.")] = None,
    loss: Annotated[str | None, typer.Option(help="Instead of the grid's: l1,'huber(delta=5)','l1 + 0.1*vgg'.")] = None,
    dataset: Annotated[str | None, typer.Option(help="Instead of the grid's: 'folder(path=photos)', ...")] = None,
    seeds: Annotated[str | None, typer.Option(help=_SEEDS_HELP)] = None,
    set_: Annotated[list[str] | None, typer.Option("--set", help="A setting: key=value; may be repeated.")] = None,
    tune: Annotated[
        list[str] | None,
        typer.Option(help="Values to try for every cell, chosen by validation: learning_rate=3e-4,1e-3; repeatable."),
    ] = None,
    name: Annotated[str | None, typer.Option(help="The run's name; the grid's if not given.")] = None,
    results_dir: Annotated[Path, typer.Option(help="Folder of runs.")] = Path("results"),
    reports_dir: Annotated[Path, typer.Option(help="Folder of reports.")] = Path("reports"),
    workers: Annotated[str, typer.Option(help="Cells at once: a number; auto: as cores and memory allow.")] = "auto",
    device: Annotated[Literal["auto", "cpu", "cuda"], typer.Option(help="Of the networks.")] = "auto",
    executor: Annotated[Literal["local", "ray"], typer.Option(help="Where cells run; ray: see docs/ray.md.")] = "local",
    ray_address: Annotated[
        str | None, typer.Option(help="Of a Ray cluster: auto or HOST:PORT; this machine alone if not given.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show the cells and which are done; run none.")] = False,
    rerun: Annotated[
        Literal["none", "failed", "all"], typer.Option(help="Also run these finished cells again.")
    ] = "none",
    plugin: Plugins = None,
) -> None:
    """Train and score every cell of a grid that is not done yet, then write the report."""
    with _interruptible():
        from rich.console import Console

        from bench.call import check_executor, choose_grid, load_plugins, read_workers
        from bench.executors.place import open_place
        from bench.progress import Display
        from bench.run import execute, failures, plan
        from bench.storage import make_writable
        from registry import METRICS

        cells_at_once = read_workers(workers)
        check_executor(executor, ray_address)
        load_plugins(plugin)
        _tell_left_out(METRICS)  # no call names a metric, so nothing else would
        chosen = choose_grid(grid, architecture, loss, dataset, seeds, set_ or [], tune or [])
        todo = plan(chosen, name or Path(grid).stem, results_dir, rerun)
        if dry_run:
            for cell in todo.cells:
                print(f"{todo.done.get(cell.id, 'pending'):<9}  {cell.id}  {cell.title}")
            print(f"{len(todo.cells)} cells, {len(todo.pending)} to run.")
            if tries := len(todo.cells[0].settings.tries):
                trained = sum(cell.loss is not None for cell in todo.pending)
                print(f"Each trained cell has {tries} tries: {tries * trained} trainings to run.")
            return
        make_writable(reports_dir, "--reports-dir")
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
            _report_what_is_there(todo.folder, reports_dir)
            raise
        page = _report_of(todo.folder, reports_dir)
    print(f"{', '.join(f'{number} {status}' for status, number in sorted(counts.items()))}; report: {page}")
    if counts["failed"]:
        for line in failures(todo):
            print(f"failed: {line}", file=sys.stderr)
        print("Their tracebacks are in the report; --rerun failed runs them again.", file=sys.stderr)
        raise typer.Exit(EXIT_FAILED_CELL)


@app.command(name="list")
def list_(plugin: Plugins = None) -> None:
    """Show the architectures, losses, data sets, metrics and grids there are."""
    from bench.call import load_plugins
    from bench.grid import grid_names
    from registry import ARCHITECTURES, DATASETS, LOSSES, METRICS

    load_plugins(plugin)
    for title, registry in (
        ("Architectures", ARCHITECTURES),
        ("Losses", LOSSES),
        ("Data sets", DATASETS),
        ("Metrics", METRICS),
    ):
        _print_table(title, {_signature(registry[name]): registry[name].description for name in registry})
    _print_table("Grids", grid_names())
    for registry in (ARCHITECTURES, LOSSES, DATASETS, METRICS):
        _tell_left_out(registry)


@app.command()
def report(
    run: Annotated[str, typer.Argument(help="A run's name in the results folder, or the path of its folder.")],
    output: Annotated[Path | None, typer.Option(help="Folder to write to; reports/<run> if not given.")] = None,
    results_dir: Annotated[Path, typer.Option(help="Folder of runs.")] = Path("results"),
    reports_dir: Annotated[Path, typer.Option(help="Folder of reports.")] = Path("reports"),
    format_: Annotated[
        str, typer.Option("--format", help="md, html (one page to look at in a browser), or both: md,html.")
    ] = "md",
) -> None:
    """Write the report of a run again, from its stored files alone."""
    from bench.call import find_run

    folder = find_run(run, results_dir)
    with _interruptible():
        from bench.report.render import read_formats

        for page in _write_reports(folder, reports_dir, output, read_formats(format_)):
            print(page)


@app.command()
def compare(
    run_a: Annotated[
        str, typer.Argument(metavar="RUN_A", help="The run before: its name in the results folder, or its path.")
    ],
    run_b: Annotated[str, typer.Argument(metavar="RUN_B", help="The run after, likewise.")],
    metric: Annotated[
        list[str] | None, typer.Option(help="Instead of the headline metrics: ciede2000; may be repeated.")
    ] = None,
    fail_if: Annotated[
        list[str] | None,
        typer.Option(help="End with status 1 if B - A is so: 'lpips > +0.01', 'skill < -5%', 'mean lpips > 0'."),
    ] = None,
    output: Annotated[Path | None, typer.Option(help="File to write to; standard output if not given.")] = None,
    results_dir: Annotated[Path, typer.Option(help="Folder of runs.")] = Path("results"),
) -> None:
    """Show how two runs differ, cell by cell, and what changed between them.

    Example: python -m bench compare full full-2 --fail-if 'lpips > +0.01'
    """
    with _interruptible():
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


@app.command()
def export(
    run: Annotated[str, typer.Argument(help="A run's name in the results folder, or the path of its folder.")],
    form: Annotated[
        Literal["csv", "parquet", "latex", "tensorboard"],
        typer.Option("--format", help="Tidy table (csv, parquet), booktabs tables for a paper, or event files."),
    ],
    output: Annotated[
        Path | None, typer.Option(help="File, of tensorboard folder, to write to; texts are printed if not given.")
    ] = None,
    metric: Annotated[
        list[str] | None, typer.Option(help="Of latex, instead of the headline metrics: ciede2000; may be repeated.")
    ] = None,
    spread: Annotated[
        Literal["interval", "seeds"] | None,
        typer.Option(help="Of latex: 95 % interval, which is the default, or standard deviation over seeds."),
    ] = None,
    results_dir: Annotated[Path, typer.Option(help="Folder of runs.")] = Path("results"),
) -> None:
    """Write a run in a form that other programs read, from its stored files alone.

    Example: python -m bench export full --format latex --output tables.tex
    """
    with _interruptible():
        from bench.call import find_run
        from bench.export.run import export as export_run

        print(export_run(find_run(run, results_dir), form, output, metric or [], spread))


@app.command()
def prepare(
    specs: Annotated[list[str], typer.Argument(metavar="SPEC", help="Data sets: 'folder(path=photos)', ...")],
    image_size: Annotated[int, typer.Option(help="Height and width of the prepared pictures.")] = 64,
    workers: Annotated[
        int | None, typer.Option(min=1, help="Processes that decode; one per core if not given.")
    ] = None,
    plugin: Plugins = None,
) -> None:
    """Decode and resize the pictures of data sets once, before they are needed; runs find them in the cache."""
    with _interruptible():
        from bench.call import load_plugins
        from bench.preparation import prepare_all

        load_plugins(plugin)
        prepare_all(specs, image_size, workers)


@app.command()
def audit(
    datasets: Annotated[list[str], typer.Argument(metavar="SPEC...", help="Data sets: 'folder(path=photos)', ...")],
    image_size: Annotated[int, typer.Option(min=32, max=4096, help="Pixels of a side at which to measure.")] = 64,
    output: Annotated[Path | None, typer.Option(help="Folder to write to; reports/audit-<names> if not given.")] = None,
    workers: Annotated[int | None, typer.Option(min=1, help="Processes that decode; all cores if not given.")] = None,
    reports_dir: Annotated[Path, typer.Option(help="Folder of reports.")] = Path("reports"),
    plugin: Plugins = None,
) -> None:
    """Report what is in data sets: files, duplicates, grey pictures and colours, side by side."""
    with _interruptible():
        from rich.console import Console

        from bench.audit.run import audit as run_audit
        from bench.call import load_plugins
        from bench.progress import Display

        load_plugins(plugin)
        with Display(Console(stderr=True)) as display:
            page = run_audit(datasets, image_size, output, reports_dir, workers, display.task)
    print(page)


@app.command()
def weights() -> None:
    """Fetch the pretrained weights that metrics and losses need, and show where they are."""
    from registry import weights as store

    store.ensure(progress=print)
    for item in store.listing():
        print(f"{item.name}: {item.path}, {item.size / 1e6:.1f} MB, sha256 {item.digest}")


def _report_of(run_folder: Path, reports_dir: Path) -> Path:
    """The report of a run: the one that is there, if nothing has changed since it was written, or a new one."""
    from bench.report.freshness import PAGE, is_current

    target = reports_dir / run_folder.resolve().name
    return target / PAGE if is_current(run_folder, target) else _write_report(run_folder, reports_dir)


def _write_report(run_folder: Path, reports_dir: Path) -> Path:
    return _write_reports(run_folder, reports_dir, None, ["md"])[0]


def _write_reports(run_folder: Path, reports_dir: Path, output: Path | None, formats: list[str]) -> list[Path]:
    from bench.report.render import render_as
    from bench.storage import make_writable, writing_to

    target = output or reports_dir / run_folder.resolve().name
    make_writable(target, "--output" if output else "--reports-dir")
    with writing_to(target):
        return render_as(run_folder, target, formats)


def _report_what_is_there(run_folder: Path, reports_dir: Path) -> None:
    """The report of an interrupted run; another Ctrl-C leaves it out."""
    if not (run_folder / "grid.yaml").exists():
        return
    print("stopped; writing the report of what is there, press Ctrl-C again to leave it out.", file=sys.stderr)
    try:
        print(f"report: {_write_report(run_folder, reports_dir)}", file=sys.stderr)
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)


def _tell_left_out(registry: Any) -> None:
    """Say which components of installed packages are left out, and why."""
    for sentence in registry.broken.values():
        print(f"left out: {sentence}", file=sys.stderr)


def _signature(entry: Any) -> str:
    import inspect

    from registry.spec import write_value

    parameters = [
        name if one.default is inspect.Parameter.empty else f"{name}={write_value(one.default)}"
        for name, one in entry.parameters.items()
    ]
    return f"{entry.name}({', '.join(parameters)})" if parameters else entry.name


def _print_table(title: str, rows: dict[str, str]) -> None:
    from rich.console import Console
    from rich.padding import Padding
    from rich.text import Text

    console = Console(highlight=False)
    console.print(Text(title, style="bold"))
    for name, description in rows.items():
        console.print(Text(f"  {name}", style="cyan"))
        console.print(Padding(Text(description), (0, 0, 0, 6)))
