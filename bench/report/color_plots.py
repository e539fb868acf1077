"""Which colours were predicted, against those of the truth: in the ab plane, and by their chroma."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import PercentFormatter

from bench.report.ab_plane import add_scale, bins_in_use, frame, limits, plane
from bench.report.board import Board, LossGroup
from bench.report.figure import Figure
from bench.report.stored import Colors
from bench.report.style import PALETTE, canvas, empty, file_name, label, small_multiples

_CHROMA_BIN = 3


def draw_ab_planes(board: Board, folder: Path) -> list[Figure]:
    """Density of the truth in the ab plane beside each loss, a row per architecture."""
    truth = board.run.true_colors(board.dataset)
    if truth is None or not board.completed:
        return []
    return [_draw_planes(board, group, truth, folder) for group in board.loss_groups()]


def draw_chroma(board: Board, folder: Path) -> list[Figure]:
    """Histograms of chroma, prediction against truth, a panel per cell."""
    truth = board.run.true_colors(board.dataset)
    if truth is None or not board.completed:
        return []
    return [_draw_histograms(board, group, truth, folder) for group in board.loss_groups()]


def _draw_planes(board: Board, group: LossGroup, truth: Colors, folder: Path) -> Figure:
    path, rows = folder / file_name(f"ab-plane{group.kind}", board.dataset), board.shown_architectures()
    areas = []
    cells = [(architecture, loss) for architecture in rows for loss in group.losses]
    pooled = {cell: _pooled(board, *cell) for cell in cells}
    across, up = limits()
    tall = np.ptp(up) / np.ptp(across)
    with canvas(path, 0.9 + len(rows) * (0.15 + tall * (7.0 / (len(group.losses) + 1) - 0.12))) as figure:
        panels = small_multiples(figure, len(rows), len(group.losses) + 1, sharex=True, sharey=True)
        for line, architecture in zip(panels, rows, strict=True):
            image = plane(line[0], truth.ab)
            for panel, loss in zip(line[1:], group.losses, strict=True):
                colors = pooled[architecture, loss]
                if colors is None:
                    frame(panel)
                    empty(panel, board.state(architecture, loss))
                    continue
                plane(panel, colors.ab)
                areas.append(f"{architecture} with {loss} {bins_in_use(colors.ab)}")
            line[0].set_ylabel(f"{label(architecture)}\nb (blue – yellow)")
        for panel, name in zip(panels[0], ["truth", *group.losses], strict=True):
            panel.set_title(label(name, 16))
        for panel in panels[-1]:
            panel.set_xlabel("a (green – red)")
        add_scale(figure, panels, image)
    return Figure(
        path,
        f"Colours in the ab plane on {board.dataset}{group.title}",
        "How often each colour occurs in the test pictures, on one logarithmic scale: right is red, left green, "
        "up yellow, down blue, and the centre grey. The line is the edge of sRGB's colours; a small blot near the "
        "centre is a network that dares few of them.",
        f"Densities in the ab plane on {board.dataset}. Bins in use: truth {bins_in_use(truth.ab)}; "
        f"{'; '.join(areas)}.",
        "colors",
        board.dataset,
    )


def _draw_histograms(board: Board, group: LossGroup, truth: Colors, folder: Path) -> Figure:
    path, rows = folder / file_name(f"chroma{group.kind}", board.dataset), board.shown_architectures()
    cells = [(architecture, loss) for architecture in rows for loss in group.losses]
    pooled = {cell: _pooled(board, *cell) for cell in cells}
    shown = [truth.chroma, *(colors.chroma for colors in pooled.values() if colors is not None)]
    limit, highest = max(map(_reach, shown)), max(_shares(counts).max() for counts in shown)
    told = []
    with canvas(path, 1.1 + 1.45 * len(rows)) as figure:
        panels = small_multiples(figure, len(rows), len(group.losses), sharex=True, sharey=True)
        for panel, cell in zip(np.ravel(panels), cells, strict=True):
            _stairs(panel, truth.chroma, fill=True, color="#c9c9c9", label="truth")
            if pooled[cell] is None:
                empty(panel, board.state(*cell))
                continue
            counts = pooled[cell].chroma
            _stairs(panel, counts, color=PALETTE[0], linewidth=1.8, label="prediction")
            panel.text(0.97, 0.93, f"mean {_mean(counts):.1f}", transform=panel.transAxes, ha="right", va="top")
            told.append(f"{' with '.join(cell)} {_mean(counts):.1f}")
            panel.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
        for line, architecture in zip(panels, rows, strict=True):
            line[0].set_ylabel(label(architecture))
        for panel, loss in zip(panels[0], group.losses, strict=True):
            panel.set_title(label(loss))
        panels[0][0].set(xlim=(0, limit), ylim=(0, 1.05 * highest))
        figure.supxlabel("chroma in Lab units (0 is grey)", size=9.5)
        handles = [
            panels[0][0].fill_between([], [], color="#c9c9c9", label=f"truth, mean {_mean(truth.chroma):.1f}"),
            panels[0][0].plot([], [], color=PALETTE[0], linewidth=2, label="prediction")[0],
        ]
        figure.legend(handles=handles, loc="outside upper center", ncols=2, frameon=False)
    return Figure(
        path,
        f"Chroma on {board.dataset}{group.title}",
        f"Share of the test pictures' pixels by chroma, in bins of {_CHROMA_BIN} Lab units. A prediction left of the "
        "truth is paler; one narrower than the truth plays safe.",
        f"Histograms of chroma on {board.dataset}. Mean chroma: truth {_mean(truth.chroma):.1f}; {'; '.join(told)}.",
        "colors",
        board.dataset,
    )


def _stairs(axes: Axes, counts: np.ndarray, **keywords: object) -> None:
    shares = _shares(counts)
    axes.stairs(shares, np.arange(len(shares) + 1) * _CHROMA_BIN, **keywords)


def _shares(counts: np.ndarray) -> np.ndarray:
    return counts.reshape(-1, _CHROMA_BIN).sum(axis=1) / max(1, counts.sum())


def _pooled(board: Board, architecture: str, loss: str) -> Colors | None:
    """Counts of all seeds of a place together."""
    found = [board.run.colors(record) for record in board.at(architecture, loss)]
    found = [colors for colors in found if colors is not None]
    if not found:
        return None
    return Colors(*(sum(getattr(colors, field.name) for colors in found) for field in fields(Colors)))


def _reach(counts: np.ndarray) -> float:
    """The chroma that all but one pixel in 500 stay below."""
    below = np.searchsorted(np.cumsum(counts), 0.998 * counts.sum())
    return float(np.ceil((below + 1) / 10) * 10)


def _mean(counts: np.ndarray) -> float:
    centers = np.arange(len(counts)) + 0.5
    return float(counts @ centers / max(1, counts.sum()))
