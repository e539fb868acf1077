"""The command ``prepare``: decode data sets before they are needed, and say what is in them."""

from __future__ import annotations

import time
from collections.abc import Sequence

from rich.console import Console

from bench.left_out import count_left_out, name_few
from bench.progress import Display
from bench.settings import read_settings
from registry import DATASETS
from registry.blame import blaming
from registry.datasets.base import SPLITS
from registry.datasets.prepared import Prepared, prepare
from registry.datasets.preparing import MANIFEST
from registry.processes import count_cores
from registry.spec import Component, parse_component


def prepare_all(specs: Sequence[str], image_size: int, workers: int | None) -> None:
    """Prepare data sets one after another and print where each is and what it holds.

    Args:
        workers: Processes that decode; as many as there are cores if None.

    Raises:
        UserError: A spec or the size is wrong, or a data set cannot be prepared.
    """
    size = read_settings({"image_size": image_size}, "The call").image_size
    components = [parse_component(DATASETS, spec) for spec in specs]
    for component in components:
        print("\n".join(_prepare(component, size, workers or count_cores())), flush=True)


def _prepare(component: Component, image_size: int, workers: int) -> list[str]:
    """Prepare one data set and describe it."""
    decoded = 0
    with Display(Console(stderr=True)) as display:
        bar = display.task(f"preparing {component}")

        def progress(done: int, total: int) -> None:
            nonlocal decoded
            decoded = done
            bar(done, total)

        started = time.perf_counter()
        with blaming(component):
            data = prepare(
                component.create(),
                component.text,
                image_size,
                progress=progress,
                waiting=lambda: display.say(f"another process is preparing {component}: waiting for it"),
                workers=workers,
            )
        seconds = time.perf_counter() - started
    did = f"prepared {decoded:,} pictures in {seconds:.1f} s, {decoded / seconds:,.0f} pictures/s"
    return [f"{component}: {did if decoded else 'was prepared already'}", *_describe(data)]


def _describe(data: Prepared) -> list[str]:
    sizes = ", ".join(f"{len(data.keys(split)):,} {split}" for split in SPLITS)
    grey, unreadable = data.left_out_as("grey"), data.left_out_as("unreadable")
    lines = [
        f"  in {data.folder}",
        f"  {sizes}, of {data.image_size} x {data.image_size} pixels",
        f"  left out: {count_left_out(len(data.left_out), len(grey))}",
    ]
    return lines + [f"    {line}" for line in name_few(unreadable, grey, str(data.folder / MANIFEST))]
