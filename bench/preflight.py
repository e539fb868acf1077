"""Build every component once before the first cell, so that what is wrong shows at once and not hours later."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch

from bench.cell import Cell
from bench.metric_trial import try_metric
from bench.network import check_sizes
from registry import METRICS
from registry.errors import UnavailableError, UserError


def check_components(cells: Sequence[Cell], progress: Callable[[int, int], None]) -> None:
    """Try the metrics, and build each architecture and loss of the cells.

    What is merely unavailable, and what raises anything but a `UserError`, is left to its cells: they are skipped
    with the reason, or fail with the traceback, and the others run.

    Raises:
        UserError: A parameter is out of range, a size does not fit, or a metric, by which every cell would fail, does
            not work.
    """
    architectures = {cell.architecture.text: cell.architecture for cell in cells}
    terms = (component for cell in cells if cell.loss for _, component in cell.loss.terms)
    losses = {component.text: component for component in terms}
    total, done = len(METRICS) + len(architectures) + len(losses), 0
    for name in METRICS:
        try_metric(METRICS[name], cells[0].settings.image_size)
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
        if built is not None and component.text in architectures and component.entry.trained:
            check_sizes(component.text, built, cells[0].settings)
        progress(done := done + 1, total)
