"""Every pair of losses, of architectures and of settings at a glance: who is nearer to the goal, and is it chance?"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Patch, Rectangle

from bench.report import evidence
from bench.report.board import Board
from bench.report.figure import Figure
from bench.report.findings import Findings, findings
from bench.report.legend import HEADLINES, metric
from bench.report.markdown import escape
from bench.report.pairs import Pair, told_axes
from bench.report.style import HOLE, INK, canvas, file_name, label, small_multiples

_BETTER, _WORSE = "#8fc7b5", "#f0b48a"
_SAME = "#f4f4f4"
_MANY = 8
"""More levels than this leave no room for numbers."""


def draw_matrix(board: Board, folder: Path) -> list[Figure]:
    """A matrix per headline metric of losses, and of architectures and settings where there are two."""
    found = findings(board.run).get(board.dataset)
    if found is None or not found.pairs:
        return []
    trained = [entry for entry in found.entries if entry.loss]
    levels = {axis: _levels(found, axis) for axis in told_axes(trained)}
    levels = {axis: names for axis, names in levels.items() if names}
    shown = [name for name in HEADLINES if any(pair.metric == name for pair in found.pairs)]
    path = folder / file_name("comparison", board.dataset)
    heights = [0.55 + 0.42 * len(names) for names in levels.values()]
    with canvas(path, 0.9 + sum(heights)) as figure:
        panels = small_multiples(figure, len(levels), len(shown), gridspec_kw={"height_ratios": heights}, sharey="row")
        for line, (axis, names) in zip(panels, levels.items(), strict=True):
            for panel, name in zip(line, shown, strict=True):
                _draw(panel, [one for one in found.pairs if (one.axis, one.metric) == (axis, name)], names)
        for panel, name in zip(panels[0], shown, strict=True):
            panel.set_title(metric(name).label)
        keys = [(_BETTER, "row clearly better"), (_WORSE, "row clearly worse"), (_SAME, "could be chance")]
        handles = [Patch(facecolor=color, edgecolor=INK, linewidth=0.5, label=text) for color, text in keys]
        figure.legend(handles=handles, loc="outside upper center", ncols=3, frameon=False)
    return [
        Figure(
            path,
            f"Every pair on {board.dataset}",
            "Each number is how often a picture by the row is nearer to the goal than the same picture by the column, "
            "in percent; colour says whether the mean differs by more than chance (p below 0.05 by Holm over all "
            "pairs and metrics). The two can disagree where few pictures make the difference, or many together: ab "
            "imbalance pools all pictures, but for the numbers each is taken by itself.",
            f"Matrices of pairs on {board.dataset}. {_alt(found.pairs)}",
            "comparison",
            board.dataset,
            lines=(*evidence.told(found), evidence.scope(found)),
            details=(
                (
                    f"Every pair on {escape(board.dataset)} in numbers",
                    f"{evidence.how_compared(found)}\n\n{evidence.pairs_table(found)}",
                ),
                (f"The best cell against the second on {escape(board.dataset)}", _first(found)),
            ),
        )
    ]


def _levels(found: Findings, axis: str) -> list[str]:
    pairs = [pair for pair in found.pairs if pair.axis == axis]
    order = dict.fromkeys(entry.levels[axis] for entry in found.entries if entry.loss)
    return [name for name in order if any(name in (pair.first, pair.second) for pair in pairs)]


def _draw(axes: Axes, pairs: list[Pair], names: list[str]) -> None:
    places = np.arange(len(names)) + 0.5
    axes.grid(False)
    axes.set_facecolor(HOLE)
    axes.set(xlim=(0, len(names)), ylim=(len(names), 0))
    for pair in pairs:
        first, second = names.index(pair.first), names.index(pair.second)
        for row, column, ours, wins in (
            (first, second, pair.first, pair.wins),
            (second, first, pair.second, None if pair.wins is None else 1 - pair.wins),
        ):
            color = _SAME if not pair.clear else _BETTER if pair.better == ours else _WORSE
            axes.add_patch(Rectangle((column, row), 1, 1, facecolor=color, edgecolor="white", linewidth=1.5))
            if wins is not None and len(names) <= _MANY:
                axes.text(column + 0.5, row + 0.5, f"{100 * wins:.0f}", ha="center", va="center", size=9)
    short = len(names) <= 4 and max(map(len, names)) <= 6
    axes.set_xticks(
        places,
        [label(name, 20, 1) for name in names],
        rotation=0 if short else 30,
        ha="center" if short else "right",
        rotation_mode="anchor",
    )
    axes.set_yticks(places, [label(name, 20, 2) for name in names])
    axes.tick_params(length=0)


def _first(found: Findings) -> str:
    body = evidence.first_table(found.answers)
    how = "p is corrected by Holm over all pairs of cells, because first and second were picked after looking."
    return f"{how}\n\n{body}" if body else ""


def _alt(pairs: list[Pair]) -> str:
    clear = [f"{metric(one.metric).label}: {one.better} beats {one.worse}" for one in pairs if one.clear]
    return f"Clear differences: {'; '.join(clear) or 'none'}."
