"""Cost against quality: what a better LPIPS takes in parameters and in training speed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.patches import Patch
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from bench.report.board import Board, metric
from bench.report.figure import Figure
from bench.report.point_names import name_points
from bench.report.style import FAINT, INK, PALETTE, canvas, color_of, file_name, label, marker_of, small_multiples

SPEED_NOISE = 1.05
"""Speeds that differ by no more than this factor count as equal: a second run would swap them."""

_STEP, _MOST_STEPS = 0.04, 0.2
"""How far apart the marks of two losses are drawn, and at most those of all, as a share of the axis."""


@dataclass(frozen=True)
class _Point:
    architecture: str
    loss: str
    lpips: float
    parameters: float
    speed: float


def draw_cost(board: Board, folder: Path) -> list[Figure]:
    """LPIPS over parameters and over pictures per second, with the Pareto front of each."""
    points = [_point(board, *place) for place in board.ranked()]
    points = [point for point in points if point.parameters > 0 and point.speed > 0]
    # A single cell has nothing to be compared with.
    if len(points) < 2:
        return []
    path = folder / file_name("cost", board.dataset)
    small = pareto_front([(point.parameters, point.lpips) for point in points])
    fast = pareto_front([(1 / point.speed, point.lpips) for point in points], SPEED_NOISE)
    sizes, speeds = _beside_each_other(board, points), [point.speed for point in points]
    entries = len(board.architectures) + len(board.losses)
    with canvas(path, max(4.0, 1.0 + 0.3 * entries)) as figure:
        [[left, right]] = small_multiples(figure, 1, 2, sharey=True)
        _panel(left, board, points, sizes, small)
        _panel(right, board, points, speeds, fast)
        left.set(xlabel="parameters  (← fewer is cheaper)", ylabel="LPIPS  (↓ lower is better)")
        right.set(xlabel="training pictures per second  (more is cheaper →)")
        figure.legend(handles=_legend(left, board), loc="outside right upper", frameon=False)
        for panel, costs, front in ((left, sizes, small), (right, speeds, fast)):
            spots = list(zip(costs, (point.lpips for point in points), strict=True))
            front_spots = [spots[i] for i in front]
            name_points(
                panel,
                spots,
                front_spots,
                {i: f"{label(points[i].architecture)}\n{label(points[i].loss)}" for i in front},
            )
    told = [
        f"Pareto front over {what}: " + ", ".join(_words(points[index]) for index in front) + "."
        for what, front in (("parameters", small), ("speed", fast))
    ]
    return [
        Figure(
            path,
            f"Cost against quality on {board.dataset}",
            "Each point is a cell (the mean over its seeds). The line joins the named cells of the Pareto front: no "
            "other cell is at least as good and at least as cheap. Losses of one architecture have the same number of "
            "parameters and are drawn side by side. Speed is that of training, loss included, on this run's machine, "
            "where cells that ran side by side slowed each other; speeds within "
            f"{SPEED_NOISE - 1:.0%} of each other count as equal.",
            f"Scatter plots of LPIPS over parameters and over pictures per second on {board.dataset}. {' '.join(told)}",
            "cost",
            board.dataset,
        )
    ]


def pareto_front(points: list[tuple[float, float]], noise: float = 1.0) -> list[int]:
    """Which points no other one beats in (cost, error), cheapest first; costs within a factor ``noise`` are equal."""
    front: list[int] = []
    for index in sorted(range(len(points)), key=points.__getitem__):
        cost, error = points[index]
        if front and error >= points[front[-1]][1]:
            continue
        better = [other for other, (dearer, lower) in enumerate(points) if lower < error and dearer <= cost * noise]
        if not better:
            front.append(index)
    return front


def _beside_each_other(board: Board, points: list[_Point]) -> list[float]:
    """Parameters, moved a little by loss, lest the marks of one architecture hide each other."""
    sizes = np.log([point.parameters for point in points])
    step = max(np.ptp(sizes), np.log(2)) * min(_STEP, _MOST_STEPS / len(board.losses))
    middle = (len(board.losses) - 1) / 2
    places = np.array([board.losses.index(point.loss) for point in points])
    return np.exp(sizes + step * (places - middle)).tolist()


def _point(board: Board, architecture: str, loss: str) -> _Point:
    return _Point(
        architecture,
        loss,
        board.mean(architecture, loss, metric("lpips")),
        board.mean(architecture, loss, lambda record: record.parameters),
        board.mean(architecture, loss, lambda record: record.images_per_second),
    )


def _panel(axes: Axes, board: Board, points: list[_Point], costs: list[float], front: list[int]) -> None:
    axes.set_xscale("log")
    for index, (point, cost) in enumerate(zip(points, costs, strict=True)):
        color = color_of(point.loss, board.losses)
        # Losses beyond the palette take its colours again, hollow.
        face = color if board.losses.index(point.loss) < len(PALETTE) else "white"
        axes.scatter(
            cost,
            point.lpips,
            s=65,
            color=face,
            marker=marker_of(point.architecture, board.architectures),
            edgecolor=INK if index in front else color,
            linewidth=1.5,
            zorder=4 if index in front else 3,
        )
    axes.plot([costs[i] for i in front], [points[i].lpips for i in front], color=FAINT, linewidth=1.2, zorder=2)
    # Room for the names.
    axes.margins(0.18, 0.22)
    decades = np.log10(max(costs) / min(costs))
    axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5) if decades < 1.5 else (1,)))
    axes.xaxis.set_major_formatter(FuncFormatter(_count))
    axes.xaxis.set_minor_formatter(NullFormatter())


def _legend(axes: Axes, board: Board) -> list[Artist]:
    handles: list[Artist] = [
        axes.plot([], [], marker_of(name, board.architectures), color=INK, label=label(name, 22, 2))[0]
        for name in board.architectures
    ]
    for name in board.losses:
        color = color_of(name, board.losses)
        face = color if board.losses.index(name) < len(PALETTE) else "white"
        handles.append(Patch(edgecolor=color, facecolor=face, linewidth=1.5, label=label(name, 22, 2)))
    return handles


def _words(point: _Point) -> str:
    return (
        f"{point.architecture} with {point.loss} (LPIPS {point.lpips:.3f}, {_count(point.parameters)} parameters, "
        f"{point.speed:.0f} pictures/s)"
    )


def _count(value: float, _: int = 0) -> str:
    for size, unit in ((1e6, "M"), (1e3, "k")):
        if value >= size:
            return f"{value / size:.3g}{unit}"
    return f"{value:.3g}"
