"""All figures of a report, drawn from a run's stored files alone. No PyTorch here."""

from __future__ import annotations

from pathlib import Path

from bench.report.board import boards
from bench.report.collapse import draw_collapse
from bench.report.color_plots import draw_ab_planes, draw_chroma
from bench.report.colourfulness import draw_colourfulness
from bench.report.cost import draw_cost
from bench.report.curves import draw_curves
from bench.report.distributions import draw_distributions
from bench.report.extremes import draw_extremes
from bench.report.figure import Figure
from bench.report.gains import draw_gains
from bench.report.heatmaps import draw_heatmaps
from bench.report.huber import draw_huber
from bench.report.imbalance import draw_imbalance
from bench.report.matrix import draw_matrix
from bench.report.shares import draw_shares
from bench.report.sheets import draw_progress, draw_sheets
from bench.report.stored import StoredRun

_DRAWINGS = (
    draw_sheets,
    draw_heatmaps,
    draw_shares,
    draw_matrix,
    draw_huber,
    draw_extremes,
    draw_progress,
    draw_ab_planes,
    draw_chroma,
    draw_distributions,
    draw_colourfulness,
    draw_gains,
    draw_cost,
    draw_collapse,
    draw_curves,
)


def draw_figures(run: StoredRun, folder: Path) -> list[Figure]:
    """Draw what a run's stored files allow, data set by data set; holes of a half-done run are marked.

    Args:
        folder: Where the pictures go; made when there is something to draw.
    """
    folder = folder.resolve()
    found = boards(run)
    figures = [figure for board in found for draw in _DRAWINGS for figure in draw(board, folder)]
    return [*figures, *draw_imbalance(run, found, folder)]
