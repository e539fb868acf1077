"""Build every component once before the first cell, so that what is wrong shows at once and not hours later."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch

from bench.cell import Cell
from bench.network import check_sizes
from registry import METRICS
from registry.errors import UnavailableError, UserError


def check_components(cells: Sequence[Cell], progress: Callable[[int, int], None]) -> None:
    """Build the metrics, and each architecture and loss of the cells.

    What is merely unavailable, and what raises anything but a `UserError`, is left to its cells: they are skipped
    with the reason, or fail with the traceback, and the others run.

    Raises:
        UserError: A parameter is out of range, a size does not fit, or a metric cannot be had.
    """
    architectures = {cell.architecture.text: cell.architecture for cell in cells}
    terms = (component for cell in cells if cell.loss for _, component in cell.loss.terms)
    losses = {component.text: component for component in terms}
    total, done = len(METRICS) + len(architectures) + len(losses), 0
    for name in METRICS:
        try:
            METRICS[name].factory()
        except UserError:
            raise
        except Exception as error:
            # Every cell would fail by it.
            raise UserError(f"The metric {name!r} cannot be built: {type(error).__name__}: {error}.") from error
        progress(done := done + 1, total)
    for component in (*architectures.values(), *losses.values()):
        try:
            # Sizes and parameters are checked without allocating or initialising any weight.
            with torch.device("meta" if component.text in architectures else "cpu"):
                built = component.create()
        except UnavailableError:
            built = None
        except UserError:
            raise
        except Exception:
            built = None  # its cells will meet it again, and keep it in their records
        if component.text in architectures and hasattr(built, "size_multiple"):
            check_sizes(component.text, built, cells[0].settings)
        progress(done := done + 1, total)
