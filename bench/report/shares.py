"""Where the variance of each headline metric comes from: architecture, loss, settings, interplay, seed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from matplotlib.ticker import PercentFormatter

from bench.report import evidence
from bench.report.axes import PARTS
from bench.report.board import Board
from bench.report.figure import Figure
from bench.report.findings import findings
from bench.report.legend import metric
from bench.report.markdown import escape
from bench.report.style import FAINT, INK, PALETTE, canvas, file_name, label, small_multiples

_REST = dict(zip(PARTS, (FAINT, "#c9c9c9", FAINT), strict=True))


def draw_shares(board: Board, folder: Path) -> list[Figure]:
    """A panel of bars with 95 % intervals per headline metric."""
    found = findings(board.run).get(board.dataset)
    compared = [one for one in found.answers if one.axes] if found else []
    if not compared:
        return []
    path = folder / file_name("shares", board.dataset)
    most = max(len(one.axes.names) for one in compared)
    seeds = any(one.axes.seeds > 1 for one in compared)
    covers = "seeds and test pictures" if seeds else "test pictures alone: with one seed nothing is known of others"
    with canvas(path, 0.9 + 0.32 * most) as figure:
        panels = small_multiples(figure, 1, len(compared), sharex=True)[0]
        for panel, one in zip(panels, compared, strict=True):
            shares, ranges = one.axes.effects.shares, one.axes.ranges
            places = np.arange(len(shares))
            names = one.axes.names
            colors = [_REST.get(name, color) for name, color in zip(names, PALETTE, strict=False)]
            panel.barh(places, shares, 0.68, color=colors)
            if ranges is not None:
                panel.hlines(places, *np.transpose(ranges), color=INK, linewidth=1.6)
            panel.set(title=metric(one.name).label, xlim=(0, 1), ylim=(len(shares) - 0.5, -0.5))
            panel.set_yticks(places, [label(name, 14) for name in names] if panel is panels[0] else [""] * len(shares))
            panel.tick_params(axis="y", length=0)
            panel.grid(False, axis="y")
            panel.xaxis.set_major_formatter(PercentFormatter(1, decimals=0))
        figure.supxlabel("share of the variance between trainings", size=9.5)
    told = [
        f"{metric(one.name).label}: "
        + ", ".join(
            f"{name} {100 * share:.0f} %" for name, share in zip(one.axes.names, one.axes.effects.shares, strict=True)
        )
        for one in compared
    ]
    return [
        Figure(
            path,
            f"What matters more on {board.dataset}",
            f"For these architectures and losses. Each line is a 95 % interval over {covers}.",
            f"Shares of the variance on {board.dataset}. {'; '.join(told)}.",
            "shares",
            board.dataset,
            details=(
                (
                    f"The shares on {escape(board.dataset)} in numbers",
                    f"{evidence.HOW_SHARED}\n\n{evidence.shares_table(found.answers)}",
                ),
            ),
        )
    ]
