"""Names beside the points of a scatter plot, where there is room for them."""

from __future__ import annotations

import itertools

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patheffects import withStroke
from matplotlib.transforms import Bbox

_SIDES = {"right": ((9, 0), "left", "center"), "left": ((-9, 0), "right", "center")}
_SIDES |= {
    f"{down} {across}": ((-6 if across == "left" else 6, 8 if down == "above" else -8), align, vertical)
    for down, vertical in (("above", "bottom"), ("below", "top"))
    for across, align in (("right", "left"), ("left", "right"))
}
_SIDES |= {"above": ((0, 9), "center", "bottom"), "below": ((0, -9), "center", "top")}
_SIDES |= {
    f"far {side}": ((2.4 * right, 2.4 * up), across, vertical)
    for side, ((right, up), across, vertical) in _SIDES.items()
}
_POINT_RADIUS, _LINE_RADIUS = 8, 2
_OUTSIDE, _ON_NAME = 20, 5
"""How much worse it is to leave the axes, or to cover another name, than to cover a point or a line."""

Spot = tuple[float, float]


def name_points(axes: Axes, points: list[Spot], line: list[Spot], names: dict[int, str]) -> None:
    """Write names, by index of their point, on the side where they cover least of points, names and a line.

    To be called last: room is measured on the axes as they are laid out.
    """
    figure = axes.figure
    figure.draw_without_rendering()
    scale = figure.dpi / 72
    taken = [_around(spot, _POINT_RADIUS * scale) for spot in axes.transData.transform(points)]
    corners = axes.transData.transform(line)
    for start, end in itertools.pairwise(corners):
        taken += [_around(start + share * (end - start), _LINE_RADIUS * scale) for share in np.linspace(0, 1, 40)]
    written: list[Bbox] = []
    for index, name in names.items():
        tried = []
        for (right, up), across, vertical in _SIDES.values():
            text = axes.annotate(
                name,
                points[index],
                (right, up),
                textcoords="offset points",
                ha=across,
                va=vertical,
                size=8.5,
                # A thin rim keeps a name legible on a line and hides neither the line nor a point.
                path_effects=[withStroke(linewidth=2, foreground="white")],
                zorder=2.5,
                annotation_clip=False,
            )
            # Names take no part in the layout: the room they were measured in would change.
            text.set_in_layout(False)
            box = text.get_window_extent()
            covered = sum(_overlap(box, other) for other in taken)
            covered += _ON_NAME * sum(_overlap(box, other) for other in written)
            tried.append((covered + _OUTSIDE * _outside(box, axes.bbox), box, text))
        least = min(range(len(tried)), key=lambda place: tried[place][0])
        for place, (_, box, text) in enumerate(tried):
            if place == least:
                written.append(box.padded(2 * scale))
            else:
                text.remove()


def _around(spot: np.ndarray, radius: float) -> Bbox:
    return Bbox.from_bounds(*(spot - radius), 2 * radius, 2 * radius)


def _overlap(one: Bbox, other: Bbox) -> float:
    common = Bbox.intersection(one, other)
    return common.width * common.height if common else 0.0


def _outside(box: Bbox, frame: Bbox) -> float:
    return box.width * box.height - _overlap(box, frame)
