"""The one look of all figures, and how they are named and written. No pyplot: nothing global is touched."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas
from matplotlib.lines import Line2D

from bench.records import dataset_slug
from bench.report.helper import hand_over
from bench.setting_axes import abbreviate

WIDTH = 9.0
"""Inches; GitHub shows a page about 900 pixels wide, so a point is 1.4 pixels there."""

DPI = 160
INK = "#222222"
FAINT = "#8a8a8a"
HOLE = "#e4e4e4"

PALETTE = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#7A5C00")
"""Okabe and Ito's colours that keep their contrast on white; their yellow is darkened."""

MARKERS = "osD^vP*XphH<>d"
_DASHES = ("-", "--", ":", "-.")

_RC = {
    "font.family": "DejaVu Sans",
    "font.size": 9.5,
    "axes.titlesize": 10,
    "axes.labelsize": 9.5,
    "xtick.labelsize": 9,
    "ytick.labelsize": 9,
    "legend.fontsize": 9,
    "figure.facecolor": "white",
    "axes.facecolor": "white",
    "axes.edgecolor": FAINT,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.color": "#ececec",
    "axes.axisbelow": True,
    "text.color": INK,
    "axes.labelcolor": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    # Names of components may hold a dollar sign.
    "text.parse_math": False,
}


@contextmanager
def canvas(path: Path, height: float) -> Iterator[Canvas]:
    """A figure to draw on, `WIDTH` inches wide, that is written when the block ends."""
    with _look():
        figure = Canvas(figsize=(WIDTH, height), layout="constrained")
        yield figure
    path.parent.mkdir(parents=True, exist_ok=True)
    hand_over(_write, figure, path)


def _write(figure: Canvas, path: Path) -> None:
    with _look():
        figure.savefig(path, dpi=DPI, metadata={"Software": None})


def _look() -> AbstractContextManager[None]:
    # The defaults first: a user's own matplotlibrc must not reach the report.
    return matplotlib.rc_context({**_defaults(), **_RC})


def small_multiples(figure: Canvas, rows: int, columns: int, **keywords: object) -> np.ndarray:
    """Axes in rows and columns."""
    return figure.subplots(rows, columns, squeeze=False, **keywords)


def color_of(value: str, values: list[str]) -> str:
    """The colour of one of several names."""
    return PALETTE[values.index(value) % len(PALETTE)]


def line_of(value: str, values: list[str]) -> dict[str, str]:
    """Colour and dashes of the line of one of several names: where colours begin again, lines are dashed."""
    return {"color": color_of(value, values), "linestyle": _DASHES[values.index(value) // len(PALETTE) % len(_DASHES)]}


def loss_lines(shown: list[str], losses: list[str]) -> list[Line2D]:
    """A legend's lines of some losses, each in its colour among all."""
    return [Line2D([], [], linewidth=2, label=label(loss, 40, 1), **line_of(loss, losses)) for loss in shown]


def above(figure: Canvas, handles: list[Line2D]) -> None:
    """A legend above the panels, in as many columns as fit."""
    longest = max((len(one.get_label()) for one in handles), default=1)
    columns = max(1, min(5, int(WIDTH / (0.085 * longest + 0.55))))
    figure.legend(handles=handles, loc="outside upper center", ncols=columns, frameon=False)


def marker_of(value: str, values: list[str]) -> str:
    """The marker of one of several names."""
    return MARKERS[values.index(value) % len(MARKERS)]


def label(text: str, width: int = 18, lines: int = 3) -> str:
    """A spec as it fits on an axis: settings abbreviated, in lines, its middle left out where it is very long."""
    text = abbreviate(text)
    for most in range(width * lines, 0, -1):
        shorter = text if len(text) <= most else f"{text[: most // 2]}…{text[len(text) - (most - 1) // 2 :]}"
        wrapped = _wrap(shorter, width)
        if len(wrapped) <= lines:
            return "\n".join(wrapped)
    return "…"


def file_name(kind: str, *names: str) -> str:
    """A slug for a figure's file, of its kind and the specs it is about."""
    return "-".join([kind, *(_short_slug(name) for name in names)]) + ".png"


def empty(axes: Axes, text: str) -> None:
    """Mark a panel without a completed cell as a hole."""
    axes.set_facecolor(HOLE)
    axes.grid(False)
    axes.text(0.5, 0.5, text, transform=axes.transAxes, ha="center", va="center", color="#555555")


def _wrap(text: str, width: int) -> list[str]:
    """Lines that end after a blank, bracket, comma or hyphen where they can."""
    lines = [""]
    for piece in re.findall(r"[^\s(,-]*[\s(,-]|[^\s(,-]+", text):
        if len((lines[-1] + piece).rstrip()) > width and lines[-1]:
            lines.append("")
        lines[-1] += piece
        while len(lines[-1].rstrip()) > width:
            lines[-1:] = [lines[-1][:width], lines[-1][width:]]
    return [line.strip() for line in lines]


def _short_slug(name: str) -> str:
    slug = dataset_slug(name).strip("-.").lower()
    if len(slug) <= 40:
        return slug
    readable = re.sub(r"-[0-9a-f]{8}$", "", slug)[:30].strip("-.")
    return f"{readable}-{hashlib.sha256(name.encode()).hexdigest()[:8]}"


def _defaults() -> dict[str, object]:
    # A backend is what the process draws on; it is not ours to change, not even for a while.
    return {key: value for key, value in matplotlib.rcParamsDefault.items() if not key.startswith("backend")}
