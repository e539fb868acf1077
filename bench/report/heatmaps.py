"""Heat maps of architecture by loss: the answer at a glance."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import matplotlib
import numpy as np
import seaborn
from matplotlib.axes import Axes
from matplotlib.colors import Normalize
from matplotlib.patches import Rectangle

from bench.records import Record
from bench.report.board import MOST_LOSSES, Board, Value, metric
from bench.report.figure import Figure
from bench.report.lab import luminance
from bench.report.style import HOLE, INK, WIDTH, canvas, file_name, label, small_multiples

_LEAST_RATIO = 1.3
"""Of the ends of a scale without an aim, lest small differences look large."""


@dataclass(frozen=True)
class _Map:
    """What one heat map shows.

    Attributes:
        aim: The best value; None where the lowest is.
        span: The colours reach at least so far from the aim, lest small differences look large.
        hint: How to read the colours.
    """

    name: str
    title: str
    value: Value
    digits: int
    colors: str
    hint: str
    aim: float | None = None
    span: float = 0.0


def draw_heatmaps(board: Board, folder: Path) -> list[Figure]:
    """LPIPS, colorfulness ratio and ab imbalance side by side, or below each other where losses are many."""
    if not board.completed:
        return []
    maps, path = _maps(board), folder / file_name("heatmaps", board.dataset)
    below = len(board.losses) > MOST_LOSSES
    lines = 0.5 * len(board.architectures)
    shape = (len(maps), 1) if below else (1, len(maps))
    with canvas(path, len(maps) * (lines + 1.0) + 0.9 if below else lines + 2.1) as figure:
        panels = np.ravel(small_multiples(figure, *shape, sharex=True, sharey=True))
        cell = (WIDTH - 1.7) / shape[1] / len(board.losses)
        for panel, one in zip(panels, maps, strict=True):
            _draw(panel, board, one, cell)
    return [
        Figure(
            path,
            f"Architecture by loss on {board.dataset}",
            "Means over the test pictures (and seeds, where there are several); the outlined cell is the best of its "
            "map. In the two maps on colour, white is the truth and orange the side of duller pictures.",
            f"Heat maps of architecture by loss on {board.dataset}. " + " ".join(_told(board, one) for one in maps),
            "headline",
            board.dataset,
        )
    ]


def _maps(board: Board) -> list[_Map]:
    truths = [one.truth["ab_imbalance"] for one in board.completed if "ab_imbalance" in one.truth]
    maps = [
        _Map("LPIPS", "LPIPS ↓\nlower is better", metric("lpips"), 3, "cividis", "yellow: far from the truth"),
        _Map(
            "Colorfulness over the truth's",
            "Colorfulness / the truth's\n1 is best",
            _colorfulness_ratio,
            2,
            "PuOr",
            "orange: too pale\npurple: too colourful",
            aim=1.0,
            span=0.25,
        ),
    ]
    if truths:
        maps.append(
            _Map(
                "ab imbalance",
                f"ab imbalance\nthe truth's {truths[0]:.3f} is best",
                metric("ab_imbalance"),
                3,
                "PuOr_r",
                "orange: too few colours\npurple: too many",
                aim=truths[0],
                span=0.1,
            )
        )
    return maps


def _colorfulness_ratio(record: Record) -> float | None:
    value, truth = metric("colorfulness")(record), record.truth.get("colorfulness")
    return value / truth if value is not None and truth else None


def _draw(axes: Axes, board: Board, one: _Map, cell: float) -> None:
    """Draw a map whose cells are so many inches wide."""
    table = board.table(one.value)
    norm, colors = _norm(table, one), matplotlib.colormaps[one.colors]
    axes.grid(False)
    axes.set_facecolor(HOLE)
    seaborn.heatmap(table, ax=axes, cmap=colors, norm=norm, cbar=False, linewidths=1.5)
    for (row, column), value in np.ndenumerate(table):
        text = _cell_text(board, one, row, column, value)
        ink = INK if np.isnan(value) else _ink(colors(norm(value)))
        smaller = 0.8 if np.isnan(value) else 1
        axes.text(
            column + 0.5, row + 0.5, text, ha="center", va="center", size=min(9.5, 17 * cell) * smaller, color=ink
        )
    best = _best(table, one)
    if best is not None:
        axes.add_patch(Rectangle(best[::-1], 1, 1, fill=False, edgecolor=INK, linewidth=2.5, clip_on=False))
    axes.set_title(one.title)
    axes.set_xlabel(one.hint, size=8.5)
    fits = int(cell / 0.085)
    slanted = any(len(word) > fits for loss in board.losses for word in loss.split())
    axes.set_xticks(
        np.arange(len(board.losses)) + 0.5,
        [label(loss, 22, 1) if slanted else label(loss, fits) for loss in board.losses],
        rotation=35 if slanted else 0,
        ha="right" if slanted else "center",
        rotation_mode="anchor" if slanted else "default",
    )
    axes.set_yticks(np.arange(len(board.architectures)) + 0.5, [label(one) for one in board.architectures], rotation=0)
    axes.tick_params(length=0)


def _cell_text(board: Board, one: _Map, row: int, column: int, value: float) -> str:
    architecture, loss = board.architectures[row], board.losses[column]
    done, seeds = len(board.at(architecture, loss)), len(board.run.grid.seeds)
    if not done:
        return board.state(architecture, loss).replace(" ", "\n")
    text = "no value" if np.isnan(value) else f"{value:.{one.digits}f}"
    return text if done >= seeds else f"{text}\n{done}/{seeds} seeds"


def _norm(table: np.ndarray, one: _Map) -> Normalize:
    if np.isnan(table).all():
        return Normalize(0, 1)
    if one.aim is None:
        return Normalize(np.nanmin(table), max(np.nanmax(table), _LEAST_RATIO * np.nanmin(table)))
    reach = max(one.span, np.nanmax(np.abs(table - one.aim)))
    return Normalize(one.aim - reach, one.aim + reach)


def _ink(color: tuple[float, ...]) -> str:
    # Where black and white stand out equally.
    return INK if luminance(np.array(color[:3])) > 0.2 else "white"


def _best(table: np.ndarray, one: _Map) -> tuple[int, int] | None:
    """The row and column of the best value."""
    if np.isnan(table).all():
        return None
    row, column = np.unravel_index(np.nanargmin(table if one.aim is None else np.abs(table - one.aim)), table.shape)
    return int(row), int(column)


def _told(board: Board, one: _Map) -> str:
    table = board.table(one.value)
    best = _best(table, one)
    if best is None:
        return f"{one.name}: no value."
    aim = "" if one.aim is None else f", where {one.aim:.{one.digits}f} would be the truth's own"
    return (
        f"{one.name}: best {table[best]:.{one.digits}f} ({board.architectures[best[0]]}, {board.losses[best[1]]}), "
        f"from {np.nanmin(table):.{one.digits}f} to {np.nanmax(table):.{one.digits}f}{aim}."
    )
