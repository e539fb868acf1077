"""Are colourful pictures harder? Scores by fifths of the test pictures, from the dullest truth to the brightest."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from scipy.stats import t

from bench.report.board import Board
from bench.report.figure import Figure
from bench.report.markdown import code, escape, table
from bench.report.statistics import CONFIDENCE
from bench.report.style import FAINT, canvas, color_of, file_name, label, small_multiples

FIFTHS = 5
_LEAST = 3
"""Pictures in each fifth: fewer have no interval worth showing."""

Score = Callable[[pd.DataFrame], pd.Series]
_SCORES: dict[str, tuple[str, Score]] = {
    "lpips": ("LPIPS", lambda one: one.lpips),
    "ciede2000": ("CIEDE2000", lambda one: one.ciede2000),
    "chroma": ("chroma / the truth's", lambda one: one.chroma / one.chroma_truth),
}

_DECIMALS = {"lpips": 3, "ciede2000": 1, "chroma": 2}


def draw_colourfulness(board: Board, folder: Path) -> list[Figure]:
    """A row per score, a column per architecture, a line per loss, over fifths of the truth's chroma."""
    cells = {place: table for place in _places(board) if (table := _pictures(board, *place)) is not None}
    if not cells or min(len(table) for table in cells.values()) < _LEAST * FIFTHS:
        return []
    first = next(iter(cells.values()))
    fifths = {place: _fifths(table) for place, table in cells.items()}
    chroma = first.chroma_truth.groupby(fifths[next(iter(cells))]).mean()
    path = folder / file_name("colourfulness", board.dataset)
    columns = list(dict.fromkeys(architecture for architecture, _ in cells))
    with canvas(path, 1.0 + 1.45 * len(_SCORES)) as figure:
        panels = small_multiples(figure, len(_SCORES), len(columns), sharex=True, sharey="row")
        for (architecture, loss), pictures in cells.items():
            step = 0.09 * (board.losses.index(loss) - (len(board.losses) - 1) / 2)
            for panel, (_, score) in zip(panels[:, columns.index(architecture)], _SCORES.values(), strict=True):
                _line(panel, score(pictures), fifths[architecture, loss], step, color_of(loss, board.losses))
        for line, (name, _) in zip(panels, _SCORES.values(), strict=True):
            line[0].set_ylabel(name)
        for panel, name in zip(panels[0], columns, strict=True):
            panel.set_title(label(name))
        for panel in panels[-1]:
            panel.axhline(1, color=FAINT, linewidth=1, linestyle="--", zorder=1)
            panel.set_xticks(range(FIFTHS), [f"{one:.0f}" for one in chroma])
        figure.supxlabel("mean chroma of the truth in each fifth, in Lab units", size=9.5)
        used = [loss for loss in board.losses if any(place[1] == loss for place in cells)]
        handles = [
            Line2D([], [], color=color_of(loss, board.losses), linewidth=2, label=label(loss, 24, 1)) for loss in used
        ]
        figure.legend(handles=handles, loc="outside upper center", ncols=min(5, len(used)), frameon=False)
    means = _means(cells, fifths)
    return [
        Figure(
            path,
            f"Error by colourfulness on {board.dataset}",
            "The test pictures in five equal parts by the chroma of the truth, the most colourful at the right. Lines "
            "are means over pictures (and seeds) with 95 % intervals over pictures; losses are drawn side by side.",
            f"LPIPS, CIEDE2000 and chroma by fifths of the truth's chroma on {board.dataset}. "
            + " ".join(
                f"{a} with {loss}: LPIPS {row[0]:.3f} to {row[FIFTHS - 1]:.3f}."
                for (a, loss), row in means["lpips"].items()
            ),
            "distribution",
            board.dataset,
            lines=(_told(means),),
            details=((f"Scores by fifths of the truth's chroma on {escape(board.dataset)}", _table(means, chroma)),),
        )
    ]


def _places(board: Board) -> list[tuple[str, str]]:
    return [(architecture, loss) for architecture in board.architectures for loss in board.losses]


def _pictures(board: Board, architecture: str, loss: str) -> pd.DataFrame | None:
    """Scores per picture, means over seeds."""
    tables = [board.run.per_image(record) for record in board.at(architecture, loss)]
    needed = {"lpips", "ciede2000", "chroma", "chroma_truth"}
    tables = [table.set_index("picture") for table in tables if table is not None and needed <= set(table)]
    return pd.concat(tables).groupby(level=0, sort=False).mean() if tables else None


def _fifths(pictures: pd.DataFrame) -> pd.Series:
    """From 0 for the dullest; ties by their order."""
    return (pictures.chroma_truth.rank(method="first") - 1) * FIFTHS // len(pictures)


def _line(axes: Axes, scores: pd.Series, fifths: pd.Series, step: float, color: str) -> None:
    of = scores.groupby(fifths)
    half = of.sem() * t.ppf((1 + CONFIDENCE) / 2, of.count() - 1)
    axes.errorbar(
        np.arange(FIFTHS) + step, of.mean(), half, color=color, linewidth=1.6, elinewidth=1, marker="o", markersize=3.5
    )


def _means(cells: dict, fifths: dict) -> dict[str, dict[tuple[str, str], pd.Series]]:
    """Of each score and cell, by fifth."""
    return {
        name: {place: score(pictures).groupby(fifths[place]).mean() for place, pictures in cells.items()}
        for name, (_, score) in _SCORES.items()
    }


def _told(means: dict[str, dict[tuple[str, str], pd.Series]]) -> str:
    """From the dullest fifth to the most colourful: the mean of all cells, and whom it helps and hurts most."""
    ends = {name: pd.DataFrame(rows).mean(axis=1).iloc[[0, -1]] for name, rows in means.items()}
    shown = {name: " to ".join(f"{one:.{_DECIMALS[name]}f}" for one in pair) for name, pair in ends.items()}
    text = (
        "From the dullest to the most colourful fifth, the mean of all cells goes from "
        f"{shown['lpips']} in LPIPS, from {shown['ciede2000']} in CIEDE2000, and from {shown['chroma']} of the truth's "
        "chroma."
    )
    changes = {place: row.iloc[-1] - row.iloc[0] for place, row in means["lpips"].items()}
    if len(changes) < 2:
        return text
    low, high = (f"{changes[one]:+.3f} ({code(one[0])} + {code(one[1])})" for one in _ends(changes))
    return f"{text} In LPIPS cells change by {low} to {high}."


def _ends(changes: dict[tuple[str, str], float]) -> list[tuple[str, str]]:
    order = sorted(changes, key=changes.__getitem__)
    return [order[0], order[-1]]


def _table(means: dict[str, dict[tuple[str, str], pd.Series]], chroma: pd.Series) -> str:
    parts = []
    for name, (title, _) in _SCORES.items():
        head = ["architecture", "loss", *(f"{title}, chroma {one:.0f}" for one in chroma)]
        rows = [
            [escape(architecture), escape(loss), *(f"{one:.{_DECIMALS[name]}f}" for one in row)]
            for (architecture, loss), row in means[name].items()
        ]
        parts.append(table(head, rows, numbers_from=2))
    return "\n\n".join(parts)
