"""Heat maps of architecture by loss: the answer at a glance."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import matplotlib
import numpy as np
import seaborn
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from bench.records import Record
from bench.report.board import MOST_LOSSES, Board, Value, metric
from bench.report.figure import Figure
from bench.report.lab import luminance
from bench.report.style import HOLE, INK, WIDTH, canvas, file_name, label, small_multiples

_LEAST_SPAN = 0.3
"""A scale is at least as wide as this share of the lowest distance, lest small differences look large."""

_LIGHTEST = 0.15
_MOST_DIGITS = 4


@dataclass(frozen=True)
class _Map:
    """What one heat map shows. Its colours tell the distance from the aim: the lighter, the better.

    Attributes:
        digits: Decimals at least.
        colors: A colour map from light to dark, or one with white in the middle where values lie on both sides of
            the aim: orange for the duller side, purple for the other.
        hints: What is said of values above the aim, and of those below.
        aim: The best value.
        least: The colours span at least this distance.
        dull_above: Values above the aim are the duller ones.
    """

    name: str
    title: str
    value: Value
    digits: int
    colors: str
    hints: tuple[str, str]
    aim: float
    least: float
    dull_above: bool = False


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
            "Means over the test pictures (and seeds, where there are several), whose intervals stand in the tables; "
            "the outlined cell is the best of its map. Lighter is better, on a scale per map. In the maps on colour, "
            "orange cells are duller than the truth and purple ones more colourful; the truth itself would be white.",
            f"Heat maps of architecture by loss on {board.dataset}. " + " ".join(_told(board, one) for one in maps),
            "headline",
            board.dataset,
        )
    ]


def _maps(board: Board) -> list[_Map]:
    truths = [one.truth["ab_imbalance"] for one in board.completed if "ab_imbalance" in one.truth]
    hints = ("dark: far from the truth", "")
    maps = [_Map("LPIPS", "LPIPS ↓\nlower is better", metric("lpips"), 3, "cividis_r", hints, aim=0.0, least=0.004)]
    title, hints = "Colorfulness / the truth's\n1 is best", ("purple: too colourful", "orange: too pale")
    name = "Colorfulness over the truth's"
    maps.append(_Map(name, title, _colorfulness_ratio, 2, "PuOr", hints, aim=1.0, least=0.06))
    if truths:
        title = f"ab imbalance\nthe truth's {truths[0]:.3f} is best"
        hints = ("orange: too few colours", "purple: too many colours")
        value = metric("ab_imbalance")
        maps.append(_Map("ab imbalance", title, value, 3, "PuOr", hints, truths[0], 0.02, dull_above=True))
    return maps


def _colorfulness_ratio(record: Record) -> float | None:
    value, truth = metric("colorfulness")(record), record.truth.get("colorfulness")
    return value / truth if value is not None and truth else None


def _draw(axes: Axes, board: Board, one: _Map, cell: float) -> None:
    """Draw a map whose cells are so many inches wide."""
    table = board.table(one.value)
    shades, colors, digits = _shades(table, one), matplotlib.colormaps[one.colors], _digits(table, one)
    lowest = -1 if one.colors == "PuOr" else 0
    axes.grid(False)
    axes.set_facecolor(HOLE)
    seaborn.heatmap(shades, ax=axes, cmap=colors, vmin=lowest, vmax=1, cbar=False, linewidths=1.5)
    for (row, column), value in np.ndenumerate(table):
        text = _cell_text(board, digits, row, column, value)
        ink = INK if np.isnan(value) else _ink(colors((shades[row, column] - lowest) / (1 - lowest)))
        smaller = 0.8 if "\n" in text or np.isnan(value) else 1
        axes.text(
            column + 0.5, row + 0.5, text, ha="center", va="center", size=min(9.5, 17 * cell) * smaller, color=ink
        )
    best = _best(table, one)
    if best is not None:
        axes.add_patch(Rectangle(best[::-1], 1, 1, fill=False, edgecolor=INK, linewidth=2.5, clip_on=False))
    axes.set_title(one.title)
    axes.set_xlabel(_hint(table, one), size=8.5)
    fits = int(cell / 0.085)
    slanted = any(len(word) > fits for loss in board.losses for word in loss.split())
    axes.set_xticks(
        np.arange(len(board.losses)) + 0.5,
        [label(loss, 22, 2) if slanted else label(loss, fits) for loss in board.losses],
        rotation=35 if slanted else 0,
        ha="right" if slanted else "center",
        rotation_mode="anchor" if slanted else "default",
    )
    axes.set_yticks(np.arange(len(board.architectures)) + 0.5, [label(one) for one in board.architectures], rotation=0)
    axes.tick_params(length=0)


def _cell_text(board: Board, digits: int, row: int, column: int, value: float) -> str:
    architecture, loss = board.architectures[row], board.losses[column]
    done, seeds = len(board.at(architecture, loss)), len(board.run.grid.seeds)
    if not done:
        return board.state(architecture, loss).replace(" ", "\n")
    text = "no value" if np.isnan(value) else f"{value:.{digits}f}"
    return text if done >= seeds else f"{text}\n{done}/{seeds} seeds"


def _shades(table: np.ndarray, one: _Map) -> np.ndarray:
    """How far each value is from the aim, from 0 for light to 1 for dark; below 0 on the duller side."""
    gaps = table - one.aim
    if np.isnan(gaps).all():
        return gaps
    sizes, sided = np.abs(gaps), one.colors == "PuOr"
    if np.nanmin(gaps) < 0 < np.nanmax(gaps):
        shades = sizes / max(np.nanmax(sizes), one.least)
    else:
        # All on one side: the scale starts at the best of them, which is not white, for white is the truth.
        low = np.nanmin(sizes)
        shades = (sizes - low) / max(np.nanmax(sizes) - low, _LEAST_SPAN * low, one.least)
        shades = _LIGHTEST + (1 - _LIGHTEST) * shades if sided else shades
    return shades * np.where((gaps > 0) == one.dull_above, -1, 1) if sided else shades


def _hint(table: np.ndarray, one: _Map) -> str:
    """How to read the colours that occur, and how far the best cell is from the truth where all are on one side."""
    gaps = table[~np.isnan(table)] - one.aim
    sides = [hint for hint, beyond in zip(one.hints, (gaps > 0, gaps < 0), strict=True) if beyond.any()]
    if len(sides) == 1 and one.colors == "PuOr" and gaps.all():
        sides.append(f"(even the best is {np.abs(gaps).min():.{one.digits}f} off)")
    return "\n".join(sides)


def _digits(table: np.ndarray, one: _Map) -> int:
    """Decimals that tell apart cells whose colours differ visibly."""
    span = np.ptp(table[~np.isnan(table)]) if not np.isnan(table).all() else 0
    needed = int(np.ceil(-np.log10(span / 50))) if span else 0
    return int(np.clip(needed, one.digits, _MOST_DIGITS))


def _ink(color: tuple[float, ...]) -> str:
    # Where black and white stand out equally.
    return INK if luminance(np.array(color[:3])) > 0.2 else "white"


def _best(table: np.ndarray, one: _Map) -> tuple[int, int] | None:
    """The row and column of the best value."""
    if np.isnan(table).all():
        return None
    row, column = np.unravel_index(np.nanargmin(np.abs(table - one.aim)), table.shape)
    return int(row), int(column)


def _told(board: Board, one: _Map) -> str:
    table = board.table(one.value)
    best, digits = _best(table, one), _digits(table, one)
    if best is None:
        return f"{one.name}: no value."
    aim = f", where {one.aim:.{one.digits}f} would be the truth's own" if one.aim else ""
    return (
        f"{one.name}: best {table[best]:.{digits}f} ({board.architectures[best[0]]}, {board.losses[best[1]]}), "
        f"from {np.nanmin(table):.{digits}f} to {np.nanmax(table):.{digits}f}{aim}."
    )
