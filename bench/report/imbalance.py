"""The figures of the section on imbalance: they need all data sets of a run at once, and only some runs have them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from bench.report.board import Board
from bench.report.cross_testing import draw_cross_testing
from bench.report.dose_response import draw_dose_response
from bench.report.doses import series
from bench.report.figure import Figure
from bench.report.remedy import draw_remedy
from bench.report.stored import StoredRun


def draw_imbalance(run: StoredRun, boards: Sequence[Board], folder: Path) -> list[Figure]:
    """Dose and response, the remedy, and cross-testing, as far as the run has them."""
    found = series(boards)
    return [
        *(figure for one in found for figure in draw_dose_response(run, one, folder)),
        *draw_remedy(run, boards, found, folder),
        *draw_cross_testing(run, boards, found, folder),
    ]
