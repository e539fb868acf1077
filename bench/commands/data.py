"""Commands about what runs need: pictures and weights."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bench.commands.shared import Plugins, ReportsDir, Specs, interruptible, load_plugins


def prepare(
    specs: Specs,
    image_size: Annotated[int, typer.Option(metavar="PIXELS", help="Height and width of the prepared pictures.")] = 64,
    workers: Annotated[
        int | None, typer.Option(metavar="N", min=1, help="Processes that decode; one per core if not given.")
    ] = None,
    plugin: Plugins = None,
) -> None:
    """Decode and resize the pictures of data sets once, before they are needed; runs find them in the cache.

    Examples:
    python -m bench prepare celeba flowers102 --image-size 128
    python -m bench prepare 'folder(path=photos)' --workers 8
    """
    with interruptible():
        from bench.preparation import prepare_all

        load_plugins(plugin)
        prepare_all(specs, image_size, workers)


def audit(
    datasets: Specs,
    image_size: Annotated[
        int, typer.Option(metavar="PIXELS", min=32, max=4096, help="Pixels of a side at which to measure.")
    ] = 64,
    output: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Folder to write to; reports/audit-<names> if not given.")
    ] = None,
    workers: Annotated[
        int | None, typer.Option(metavar="N", min=1, help="Processes that decode; all cores if not given.")
    ] = None,
    reports_dir: ReportsDir = Path("reports"),
    plugin: Plugins = None,
) -> None:
    """Report what is in data sets: files, duplicates, grey pictures and colours, side by side.

    Examples:
    python -m bench audit synthetic-faces synthetic-flowers
    python -m bench audit 'folder(path=photos)' --output my-photos
    """
    with interruptible():
        from rich.console import Console

        from bench.audit.run import audit as run_audit
        from bench.progress import Display

        load_plugins(plugin)
        with Display(Console(stderr=True)) as display:
            page = run_audit(datasets, image_size, output, reports_dir, workers, display.task)
    print(page)


def weights() -> None:
    """Fetch the pretrained weights that metrics and losses need, and show where they are.

    Example, with a cache folder of your own:
    COLORIZATION_BENCH_CACHE=/data/cache python -m bench weights
    """
    from registry import weights as store

    store.ensure(progress=print)
    for item in store.listing():
        print(f"{item.name}: {item.path}, {item.size / 1e6:.1f} MB, sha256 {item.digest}")
