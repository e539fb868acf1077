"""What a shell offers when Tab is pressed; nothing is imported before that.

Names without descriptions: typer breaks those at the width of the terminal, and shells take each line for a word.
Where nothing fits, shells offer files: a grid may be one, and a run a folder.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import typer


def complete_grid(incomplete: str) -> list[str]:
    """The project's grids."""
    from bench.grids import GRIDS

    return _fitting((path.stem for path in sorted(GRIDS.glob("*.yaml"))), incomplete)


def complete_run(ctx: typer.Context, incomplete: str) -> list[str]:
    """The runs in the results folder, also in one that was named before on the line."""
    from bench.call import run_names

    return _fitting(run_names(Path(ctx.params.get("results_dir") or "results")), incomplete)


def complete_architectures(incomplete: str) -> list[str]:
    """The architectures, of which several may stand with commas between them."""
    from registry import ARCHITECTURES

    return _after_a_comma(ARCHITECTURES, incomplete)


def complete_losses(incomplete: str) -> list[str]:
    """The losses, likewise."""
    from registry import LOSSES

    return _after_a_comma(LOSSES, incomplete)


def complete_datasets(incomplete: str) -> list[str]:
    """The data sets, likewise."""
    from registry import DATASETS

    return _after_a_comma(DATASETS, incomplete)


def complete_metric(incomplete: str) -> list[str]:
    """The metrics."""
    from registry import METRICS

    return _fitting(METRICS, incomplete)


def _after_a_comma(names: Iterable[str], incomplete: str) -> list[str]:
    before, comma, last = incomplete.rpartition(",")
    return [f"{before}{comma}{name}" for name in _fitting(names, last)]


def _fitting(names: Iterable[str], incomplete: str) -> list[str]:
    return [name for name in names if name.startswith(incomplete)]
