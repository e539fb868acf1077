"""``python -m bench``: the command line."""

from __future__ import annotations

import contextlib
import io
import signal
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, NoReturn

import typer

from registry.errors import UserError

if TYPE_CHECKING:
    from bench.cell import Cell
    from bench.executors.base import Executor

EXIT_FAILED_CELL, EXIT_WRONG_CALL, EXIT_INTERRUPTED = 1, 2, 130

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
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        app()
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(EXIT_WRONG_CALL)


def _interrupt(*_: object) -> NoReturn:
    """Let SIGTERM end a run as tidily as Ctrl-C does."""
    raise KeyboardInterrupt


@contextlib.contextmanager
def _interruptible() -> Iterator[None]:
    try:
        yield
    except KeyboardInterrupt:
        print("interrupted: what was finished is kept; the same command does the rest.", file=sys.stderr)
        raise typer.Exit(EXIT_INTERRUPTED) from None


@app.command()
def run(
    grid: Annotated[str, typer.Option(help="A grid's name (see `list`) or the path of a YAML file.")],
    architecture: Annotated[str | None, typer.Option(help="Instead of the grid's: specs, comma-separated.")] = None,
    loss: Annotated[str | None, typer.Option(help="Instead of the grid's: l1,'huber(delta=5)','l1 + 0.1*vgg'.")] = None,
    dataset: Annotated[str | None, typer.Option(help="Instead of the grid's: 'folder(path=photos)', ...")] = None,
    seeds: Annotated[str | None, typer.Option(help="Instead of the grid's: 0,1,2.")] = None,
    set_: Annotated[list[str] | None, typer.Option("--set", help="A setting: key=value; may be repeated.")] = None,
    name: Annotated[str | None, typer.Option(help="The run's name; the grid's if not given.")] = None,
    results_dir: Annotated[Path, typer.Option(help="Folder of runs.")] = Path("results"),
    reports_dir: Annotated[Path, typer.Option(help="Folder of reports.")] = Path("reports"),
    workers: Annotated[int | None, typer.Option(min=1, help="Cells at once; as many as fit if not given.")] = None,
    device: Annotated[Literal["auto", "cpu", "cuda"], typer.Option(help="Of the networks.")] = "auto",
    executor: Annotated[Literal["local", "ray"], typer.Option(help="Where cells run; ray: see docs/ray.md.")] = "local",
    ray_address: Annotated[
        str | None, typer.Option(help="Of a Ray cluster: auto or HOST:PORT; this machine alone if not given.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show the cells and which are done; run none.")] = False,
    rerun: Annotated[
        Literal["none", "failed", "all"], typer.Option(help="Also run these finished cells again.")
    ] = "none",
) -> None:
    """Train and score every cell of a grid that is not done yet, then write the report."""
    with _interruptible():
        from rich.console import Console

        from bench.progress import Display
        from bench.records import make_writable
        from bench.run import execute, plan

        if ray_address is not None and executor != "ray":
            raise UserError("--ray-address goes with --executor ray.")
        chosen = _choose(grid, architecture, loss, dataset, seeds, set_ or [])
        todo = plan(chosen, name or Path(grid).stem, results_dir, rerun)
        if dry_run:
            for cell in todo.cells:
                print(f"{todo.done.get(cell.id, 'pending'):<9}  {cell.id}  {cell.title}")
            print(f"{len(todo.cells)} cells, {len(todo.pending)} to run.")
            return
        make_writable(reports_dir, "--reports-dir")
        try:
            with (
                _place(todo.pending, executor, ray_address, device, workers) as (runner, where, count),
                Display(Console(stderr=True)) as display,
            ):
                counts = execute(todo, runner, device=where, workers=count, display=display)
        except KeyboardInterrupt:
            if (todo.folder / "grid.yaml").exists():
                _write_report(todo.folder, reports_dir)
            raise
        page = _write_report(todo.folder, reports_dir)
    print(f"{', '.join(f'{number} {status}' for status, number in sorted(counts.items()))}; report: {page}")
    if counts["failed"]:
        raise typer.Exit(EXIT_FAILED_CELL)


@app.command(name="list")
def list_() -> None:
    """Show the architectures, losses, data sets, metrics and grids there are."""
    from bench.grid import grid_names
    from registry import ARCHITECTURES, DATASETS, LOSSES, METRICS

    for title, registry in (
        ("Architectures", ARCHITECTURES),
        ("Losses", LOSSES),
        ("Data sets", DATASETS),
        ("Metrics", METRICS),
    ):
        _print_table(title, {_signature(registry[name]): registry[name].description for name in registry})
    _print_table("Grids", grid_names())


@app.command()
def report(
    run: Annotated[str, typer.Argument(help="A run's name in the results folder, or the path of its folder.")],
    output: Annotated[Path | None, typer.Option(help="Folder to write to; reports/<run> if not given.")] = None,
    results_dir: Annotated[Path, typer.Option(help="Folder of runs.")] = Path("results"),
    reports_dir: Annotated[Path, typer.Option(help="Folder of reports.")] = Path("reports"),
) -> None:
    """Write the report of a run again, from its stored files alone."""
    known = sorted(path.parent.name for path in results_dir.glob("*/grid.yaml"))
    if run in known:
        folder = results_dir / run
    elif Path(run).name != run and (Path(run) / "grid.yaml").is_file():
        folder = Path(run)
    else:
        raise UserError(f"No run {run!r} in {results_dir}: there are {', '.join(known) or 'none'}.")
    with _interruptible():
        print(_write_report(folder, reports_dir, output))


@app.command()
def weights() -> None:
    """Fetch the pretrained weights that metrics and losses need, and show where they are."""
    from registry import weights as store

    store.ensure(progress=print)
    for item in store.listing():
        print(f"{item.name}: {item.path}, {item.size / 1e6:.1f} MB, sha256 {item.digest}")


def _choose(
    grid: str,
    architecture: str | None,
    loss: str | None,
    dataset: str | None,
    seeds: str | None,
    settings: list[str],
) -> Any:
    """The grid with what the call says instead."""
    import yaml

    from bench.grid import load_grid, read_grid
    from registry.spec import split

    chosen = load_grid(grid)
    axes = {"architectures": architecture, "losses": loss, "datasets": dataset}
    update: dict[str, Any] = {axis: split(text, ",") for axis, text in axes.items() if text is not None}
    if seeds is not None:
        update["seeds"] = _read_seeds(seeds)
    changes = {}
    for setting in settings:
        key, equals, value = setting.partition("=")
        if not equals:
            raise UserError(f"--set {setting!r}: write key=value, such as --set epochs=10.")
        try:
            changes[key.strip()] = yaml.safe_load(value)
        except (yaml.YAMLError, ValueError, RecursionError):
            raise UserError(f"--set {setting!r}: the value is not YAML; write one like --set epochs=10.") from None
    update["settings"] = {**chosen.settings, **changes}
    return read_grid({**chosen.model_dump(), **update}, "The call")


def _read_seeds(text: str) -> list[int]:
    try:
        return [int(seed) for seed in text.split(",")]
    except ValueError:
        raise UserError(f"--seeds {text!r}: write whole numbers, such as 0,1,2.") from None


@contextlib.contextmanager
def _place(
    pending: Sequence[Cell], executor: str, ray_address: str | None, device: str, workers: int | None
) -> Iterator[tuple[Executor, str, int]]:
    """Where cells run: the executor, the device of its cells, and how many processes prepare data here."""
    from bench.run import default_workers, resolve_device

    if executor == "ray" and pending:
        from bench.executors.ray_cluster import open_cluster

        threads = pending[0].settings.threads
        with open_cluster(ray_address, device=device, threads=threads, workers=workers) as cluster:
            # Imported only now: it needs Ray, and its absence is told by `open_cluster`.
            from bench.executors.ray import RayExecutor

            yield RayExecutor(cluster), cluster.device, workers or default_workers(pending, "cpu")
    else:
        from bench.executors.local import LocalExecutor

        device = resolve_device(device) if pending else device
        count = workers or default_workers(pending, device)
        yield LocalExecutor(count), device, count


def _write_report(run_folder: Path, reports_dir: Path, output: Path | None = None) -> Path:
    from bench.records import make_writable
    from bench.report.render import render

    target = output or reports_dir / run_folder.resolve().name
    make_writable(target, "--output" if output else "--reports-dir")
    return render(run_folder, target)


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
