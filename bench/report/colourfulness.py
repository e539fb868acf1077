"""Are colourful pictures harder? Scores by fifths of the test pictures, from the dullest truth to the brightest."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from scipy.stats import t

from bench.report.board import Board
from bench.report.figure import Figure
from bench.report.markdown import code, escape, table
from bench.report.statistics import CONFIDENCE
from bench.report.style import FAINT, above, canvas, file_name, label, line_of, loss_lines, small_multiples

FIFTHS = 5
_LEAST = 3
"""Pictures in each fifth: fewer have no interval worth showing."""

Place = tuple[str, str]
Means = dict[str, dict[Place, pd.DataFrame]]
"""Of each score and cell: a row per fifth."""

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
    chroma = first.chroma_truth.groupby(_fifths(first)).mean()
    means = {name: {place: _by_fifth(table, name) for place, table in cells.items()} for name in _SCORES}
    path = folder / file_name("colourfulness", board.dataset)
    _draw(board, means, chroma, path)
    lpips = {" with ".join(place): fifths["mean"] for place, fifths in means["lpips"].items()}
    return [
        Figure(
            path,
            f"Error by colourfulness on {board.dataset}",
            "The test pictures in five equal parts by the chroma of the truth, the most colourful at the right. Lines "
            "are means over pictures (and seeds) with 95 % intervals over pictures; losses are drawn side by side.",
            f"LPIPS, CIEDE2000 and chroma by fifths of the truth's chroma on {board.dataset}. "
            + " ".join(f"{name}: LPIPS {row.iloc[0]:.3f} to {row.iloc[-1]:.3f}." for name, row in lpips.items()),
            "distribution",
            board.dataset,
            lines=(_told(cells, means),),
            details=((f"Scores by fifths of the truth's chroma on {escape(board.dataset)}", _table(means, chroma)),),
        )
    ]


def _draw(board: Board, means: Means, chroma: pd.Series, path: Path) -> None:
    cells = list(means["lpips"])
    columns = list(dict.fromkeys(architecture for architecture, _ in cells))
    losses = [loss for loss in board.losses if any(place[1] == loss for place in cells)]
    apart = min(0.09, 0.6 / len(losses))
    with canvas(path, 1.0 + 1.45 * len(_SCORES)) as figure:
        panels = small_multiples(figure, len(_SCORES), len(columns), sharex=True, sharey="row")
        for line, (name, (title, _)) in zip(panels, _SCORES.items(), strict=True):
            line[0].set_ylabel(title)
            for (architecture, loss), fifths in means[name].items():
                step = apart * (losses.index(loss) - (len(losses) - 1) / 2)
                _line(line[columns.index(architecture)], fifths, step, line_of(loss, board.losses))
        for panel, name in zip(panels[0], columns, strict=True):
            panel.set_title(label(name))
        for panel in panels[-1]:
            panel.axhline(1, color=FAINT, linewidth=1, linestyle="--", zorder=1)
            panel.set_xticks(range(FIFTHS), [f"{one:.0f}" for one in chroma])
        figure.supxlabel("mean chroma of the truth in each fifth, in Lab units", size=9.5)
        above(figure, loss_lines(losses, board.losses))


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


def _line(axes: Axes, fifths: pd.DataFrame, step: float, line: dict[str, str]) -> None:
    style = {"linewidth": 1.6, "elinewidth": 1, "marker": "o", "markersize": 3.5}
    axes.errorbar(np.arange(FIFTHS) + step, fifths["mean"], fifths["half"], **line, **style)


def _by_fifth(pictures: pd.DataFrame, name: str) -> pd.DataFrame:
    """Mean of a score in each fifth, and half of its 95 % interval over pictures."""
    of = _SCORES[name][1](pictures).groupby(_fifths(pictures))
    half = of.sem() * t.ppf((1 + CONFIDENCE) / 2, of.count() - 1)
    return pd.DataFrame({"mean": of.mean(), "half": half})


def _told(cells: dict[Place, pd.DataFrame], means: Means) -> str:
    """From the dullest fifth to the most colourful: the mean of all cells, and whom it helps and hurts most."""
    together = pd.concat(cells.values()).groupby(level=0, sort=False).mean()
    shown = {}
    for name in _SCORES:
        fifths = _by_fifth(together, name)
        shown[name] = " to ".join(_write(fifths.iloc[place], name) for place in (0, -1))
    text = (
        "From the dullest to the most colourful fifth, the mean of all cells goes from "
        f"{shown['lpips']} in LPIPS, from {shown['ciede2000']} in CIEDE2000, and from {shown['chroma']} of the truth's "
        "chroma (95 % intervals over pictures)."
    )
    changes = {place: row["mean"].iloc[-1] - row["mean"].iloc[0] for place, row in means["lpips"].items()}
    if len(changes) < 2:
        return text
    low, high = (f"{changes[one]:+.3f} ({code(one[0])} + {code(one[1])})" for one in _ends(changes))
    return f"{text} In LPIPS cells change by {low} to {high}."


def _write(fifth: pd.Series, name: str) -> str:
    return f"{fifth['mean']:.{_DECIMALS[name]}f}\u00a0±\u00a0{fifth['half']:.{_DECIMALS[name]}f}"


def _ends(changes: dict[Place, float]) -> list[Place]:
    order = sorted(changes, key=changes.__getitem__)
    return [order[0], order[-1]]


def _table(means: Means, chroma: pd.Series) -> str:
    parts = []
    for name, (title, _) in _SCORES.items():
        head = ["architecture", "loss", *(f"{title}, chroma {one:.0f}" for one in chroma)]
        rows = [
            [escape(architecture), escape(loss), *(_write(fifth, name) for _, fifth in fifths.iterrows())]
            for (architecture, loss), fifths in means[name].items()
        ]
        parts.append(table(head, rows, numbers_from=2))
    return "\n\n".join(parts)
