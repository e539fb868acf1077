"""How LPIPS varies from picture to picture: a mean hides what one bad picture looks like."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from bench.records import Record
from bench.report.board import Board
from bench.report.figure import Figure
from bench.report.style import FAINT, INK, PALETTE, canvas, color_of, file_name, label

MOST_ROWS = 30
_CEILING = "ceiling"


@dataclass(frozen=True)
class _Row:
    """A cell's scores, one per test picture, averaged over seeds."""

    name: str
    scores: np.ndarray
    color: str


def draw_distributions(board: Board, folder: Path) -> list[Figure]:
    """Box plots of per-picture LPIPS with every picture as a dot, the best cell at the top."""
    trained = [_row(board, *place) for place in board.ranked()]
    rows = [row for row in trained if row is not None]
    if not rows:
        return []
    left_out = len(rows[MOST_ROWS:])
    rows = sorted([*rows[:MOST_ROWS], *_references(board)], key=lambda row: row.scores.mean())
    path = folder / file_name("distribution", board.dataset)
    names = [row.name if len(row.name) <= 32 else _in_two_lines(row.name) for row in rows]
    with canvas(path, 1.0 + sum(0.15 + 0.16 * (name.count("\n") + 1) for name in names)) as figure:
        axes = figure.subplots()
        limit = _limit(rows)
        # A generator of its own: the same report has the same bytes, and nobody's random numbers are used up.
        random = np.random.default_rng(0)
        for place, row in enumerate(rows):
            heights = place + random.uniform(-0.22, 0.22, len(row.scores))
            axes.scatter(row.scores, heights, s=5, color=row.color, alpha=0.55, linewidth=0, zorder=1.5)
            if row.scores.mean() > limit:
                _point_beyond(axes, place, row.scores.mean())
            else:
                _box(axes, place, row)
        axes.set_xlim(0, limit)
        axes.set_yticks(range(len(names)), names)
        axes.set_ylim(len(rows) - 0.4, -0.6)
        axes.set(xlabel="LPIPS of a test picture  (← lower is better)", ylabel="")
        axes.grid(axis="x", color="#e4e4e4")
        axes.grid(False, axis="y")
        handles = [
            Line2D([], [], marker="D", linestyle="", color=INK, markerfacecolor="white", label="mean"),
            *_legend(board, rows),
        ]
        figure.legend(handles=handles, loc="outside upper center", ncols=min(6, len(handles)), frameon=False)
    best = min((row for row in rows if row.color != FAINT), key=lambda row: row.scores.mean())
    beyond = f" {left_out} cells with a higher mean are left out." if left_out else ""
    return [
        Figure(
            path,
            f"LPIPS of each test picture on {board.dataset}",
            "A dot is a test picture (the mean over seeds), a box the middle half of them, its line the median; the "
            f"lowest mean is at the top and grey rows are untrained references. The axis ends near the trained cells' "
            f"worst picture; a reference whose mean lies beyond it has an arrow and no box.{beyond}",
            f"Box plots of LPIPS per test picture on {board.dataset}, from the lowest mean to the highest: "
            + "; ".join(f"{row.name} {row.scores.mean():.3f}" for row in rows)
            + f". The best trained cell, {best.name}, ranges from {best.scores.min():.3f} to {best.scores.max():.3f}.",
            "distribution",
            board.dataset,
        )
    ]


def _row(board: Board, architecture: str, loss: str) -> _Row | None:
    scores = [found for record in board.at(architecture, loss) if (found := _scores(board, record)) is not None]
    if not scores:
        return None
    name = f"{architecture} · {loss}"
    return _Row(name, np.mean(scores, axis=0), color_of(loss, board.losses))


def _limit(rows: list[_Row]) -> float:
    """Where the axis ends: references may lie so far beyond all trained cells that these would not be told apart."""
    return 1.04 * max(row.scores.max() for row in rows if row.color != FAINT)


def _box(axes: Axes, place: int, row: _Row) -> None:
    """The middle half, the median, the mean, and whiskers to the farthest score within 1.5 times the box."""
    low, median, high = np.quantile(row.scores, [0.25, 0.5, 0.75])
    reach = 1.5 * (high - low)
    near = row.scores[(row.scores >= low - reach) & (row.scores <= high + reach)]
    line = {"color": INK, "linewidth": 1.1, "zorder": 3}
    axes.barh(place, high - low, 0.62, low, color=row.color, alpha=0.45, zorder=2)
    axes.barh(place, high - low, 0.62, low, facecolor="none", edgecolor=INK, linewidth=1.1, zorder=3)
    axes.hlines([place, place], [near.min(), high], [low, near.max()], **line)
    axes.vlines([near.min(), near.max()], place - 0.15, place + 0.15, **line)
    axes.vlines(median, place - 0.31, place + 0.31, **line)
    axes.plot(row.scores.mean(), place, "D", markerfacecolor="white", markeredgecolor=INK, markersize=5, zorder=4)


def _point_beyond(axes: Axes, place: int, mean: float) -> None:
    """Name a mean beyond the axis, at its end."""
    ground = {"boxstyle": "square,pad=0.15", "facecolor": "white", "edgecolor": "none", "alpha": 0.85}
    axes.annotate(
        f"mean {mean:.3f} →",
        (1, place),
        (-4, 0),
        xycoords=("axes fraction", "data"),
        textcoords="offset points",
        ha="right",
        va="center",
        bbox=ground,
        zorder=5,
    )


def _in_two_lines(name: str) -> str:
    """Architecture above loss, each shortened where it is very long."""
    return "\n".join(label(part, 34, 1) for part in name.split(" · ", 1))


def _references(board: Board) -> list[_Row]:
    """Baselines but for the ceiling, whose LPIPS is next to nothing for every picture."""
    scores = {record.architecture: _scores(board, record) for record in board.baselines}
    return [_Row(name, found, FAINT) for name, found in scores.items() if found is not None and name != _CEILING]


def _scores(board: Board, record: Record) -> np.ndarray | None:
    table = board.run.per_image(record)
    return None if table is None or "lpips" not in table else table["lpips"].to_numpy()


def _legend(board: Board, rows: list[_Row]) -> list[Line2D]:
    """Colours of the losses, as long as each has its own."""
    if len(board.losses) > len(PALETTE):
        return []
    used = {row.color for row in rows}
    return [
        Line2D([], [], marker="s", linestyle="", color=color_of(loss, board.losses), label=label(loss, 24, 1))
        for loss in board.losses
        if color_of(loss, board.losses) in used
    ]
