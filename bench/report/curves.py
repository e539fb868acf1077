"""Training and validation curves: did it learn, was it done, did it over-fit?"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from bench.report.board import Board, LossGroup
from bench.report.figure import Figure
from bench.report.style import PALETTE, canvas, empty, file_name, label, small_multiples

OVERFIT_MARGIN = 0.05
"""Over-fitting: at the end the validation loss is this share above its lowest, and the training loss fell since."""

_TRAIN, _VALIDATION = _COLORS = PALETTE[5], PALETTE[1]


def draw_curves(board: Board, folder: Path) -> list[Figure]:
    """A panel per cell, a scale per loss."""
    if not board.completed:
        return []
    return [_draw(board, group, folder) for group in board.loss_groups()]


def _draw(board: Board, group: LossGroup, folder: Path) -> Figure:
    path, losses = folder / file_name(f"curves{group.kind}", board.dataset), group.losses
    rows = board.shown_architectures()
    told = []
    with canvas(path, 1.0 + 1.55 * len(rows)) as figure:
        panels = small_multiples(figure, len(rows), len(losses), sharex=True, sharey="col")
        for line, architecture in zip(panels, rows, strict=True):
            for panel, loss in zip(line, losses, strict=True):
                words = _panel(panel, board, architecture, loss)
                told += [f"{architecture} with {loss}: {words}."] if words else []
                panel.tick_params(axis="y", labelleft=True)
            line[0].set_ylabel(label(architecture))
        marked = [_limit(column) for column in panels.T]
        for panel, loss in zip(panels[0], losses, strict=True):
            # A value above the first panel stands between it and its title.
            panel.set_title(label(loss), pad=22 if any(marked) else None)
        handles = [
            panels[0][0].plot([], [], color=_TRAIN, linewidth=2, label="training loss")[0],
            panels[0][0].plot([], [], color=_VALIDATION, linewidth=2, label="validation loss")[0],
            panels[0][0].plot([], [], "o", color=_VALIDATION, markeredgecolor="white", label="best epoch")[0],
        ]
        figure.supxlabel("epoch", size=9.5)
        figure.legend(handles=handles, loc="outside upper center", ncols=3, frameon=False)
    return Figure(
        path,
        f"Training and validation loss on {board.dataset}{group.title}",
        "A column is one loss, with a scale of its own: compare curves up and down, not left and right. The dot is "
        f"the epoch with the lowest validation loss; over-fitting is named where the validation loss ended more than "
        f"{OVERFIT_MARGIN:.0%} above it while the training loss went on falling. A triangle names the highest value "
        "beyond the scale.",
        f"Curves of training and validation loss per epoch on {board.dataset}. {' '.join(told)}",
        "curves",
        board.dataset,
    )


def _panel(axes: Axes, board: Board, architecture: str, loss: str) -> str | None:
    """Draw a cell's curves, one pair per seed, and say what they show."""
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=5, min_n_ticks=1))
    axes.yaxis.set_major_locator(MaxNLocator(nbins=4))
    histories = [(record, board.run.history(record)) for record in board.at(architecture, loss)]
    histories = [(record, table) for record, table in histories if table is not None]
    if not histories:
        empty(axes, board.state(architecture, loss))
        return None
    lows, rises = [], []
    for record, table in histories:
        marker = "." if len(table) == 1 else None
        axes.plot(table.epoch, table.train_loss, color=_TRAIN, linewidth=1.8, marker=marker)
        axes.plot(table.epoch, table.validation_loss, color=_VALIDATION, linewidth=1.8, marker=marker)
        best = table.epoch == record.best_epoch
        axes.plot(
            table.epoch[best],
            table.validation_loss[best],
            "o",
            color=_VALIDATION,
            markersize=7,
            markeredgecolor="white",
            zorder=5,
        )
        lows.append(str(record.best_epoch))
        rises.append(overfit(table))
    found = [rise for rise in rises if rise is not None]
    if found:
        seeds = f"\n{len(found)} of {len(rises)} seeds" if len(rises) > 1 else ""
        text = f"over-fits: +{max(found):.0%}{seeds}"
        axes.text(0.97, 0.95, text, transform=axes.transAxes, ha="right", va="top", size=8.5, weight="bold")
    told = f"best epoch {', '.join(lows)} of {len(histories[0][1])}"
    return f"{told}, over-fits by {max(found):.0%}" if found else told


def _limit(column: np.ndarray) -> bool:
    """Keep single high validation losses from flattening all else in panels of one scale, and mark them.

    Whether the first panel has such a mark.
    """
    lines = [line for panel in column for line in panel.get_lines() if len(line.get_ydata()) > 0]
    values = {color: [line.get_ydata() for line in lines if line.get_color() == color] for color in _COLORS}
    ends = [*(y.max() for y in values[_TRAIN]), *(y[-1] for y in values[_VALIDATION])]
    if not ends:
        return False
    low = min(y.min() for y in values[_TRAIN] + values[_VALIDATION])
    top = max(ends) + 0.35 * (max(ends) - low)
    if all(y.max() - low <= 2 * (top - low) for y in values[_VALIDATION]):
        return False
    column[0].set_ylim(low - 0.08 * (top - low), top)
    marked = []
    for panel in column:
        beyond = [(y, x) for line in panel.get_lines() for x, y in line.get_xydata() if y > top]
        marked.append(bool(beyond))
        if beyond:
            highest, epoch = max(beyond)
            panel.plot(epoch, top, "^", color=_VALIDATION, markersize=7, clip_on=False, zorder=5)
            # Above the frame, where no curve runs.
            text = f"{highest:.3g}"
            panel.annotate(text, (epoch, top), (0, 6), textcoords="offset points", size=8, ha="center", va="bottom")
    return marked[0]


def overfit(history: pd.DataFrame) -> float | None:
    """By what share the validation loss rose from its lowest; None where that is no over-fitting."""
    lowest = history.validation_loss.idxmin()
    rise = (history.validation_loss.iloc[-1] - history.validation_loss[lowest]) / abs(history.validation_loss[lowest])
    fell = history.train_loss.iloc[-1] < history.train_loss[lowest]
    return float(rise) if fell and rise > OVERFIT_MARGIN else None
