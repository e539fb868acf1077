"""How often colours occur, as a density in the ab plane within the outline of sRGB."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure as Canvas
from matplotlib.image import AxesImage
from matplotlib.ticker import FuncFormatter, NullLocator

from bench.report.lab import gamut_outline
from bench.report.style import FAINT

_AB_LIMIT = 120
_LEAST_SHARE = 1e-5
_TICKS = (-50, 0, 50)

Span = tuple[float, float]


def limits() -> tuple[Span, Span]:
    """What is shown of a and b: all that sRGB has, the same for every data set."""
    outline = gamut_outline()
    (low_a, low_b), (high_a, high_b) = outline.min(axis=0) - 6, outline.max(axis=0) + 6
    return (low_a, high_a), (low_b, high_b)


def frame(axes: Axes) -> None:
    """Give a panel, empty or not, the limits and ticks of the plane."""
    across, up = limits()
    axes.set(aspect="equal", xlim=across, ylim=up, xticks=_TICKS, yticks=_TICKS)


def plane(axes: Axes, counts: np.ndarray) -> AxesImage:
    """Draw pixel counts (rows a, columns b; see `bench.distribution`) as shares on one logarithmic scale."""
    share = np.ma.masked_equal(counts / max(1, counts.sum()), 0)
    axes.plot(*gamut_outline().T, color=FAINT, linewidth=1)
    extent = (-_AB_LIMIT, _AB_LIMIT, -_AB_LIMIT, _AB_LIMIT)
    # Rows are a and columns b in what is stored; a picture wants b upwards.
    image = axes.imshow(
        share.T,
        origin="lower",
        extent=extent,
        norm=LogNorm(_LEAST_SHARE, 1e-1, clip=False),
        cmap="viridis_r",
        interpolation="nearest",
        zorder=2,
    )
    frame(axes)
    return image


def add_scale(figure: Canvas, panels: np.ndarray, image: AxesImage) -> None:
    """The colour bar of all panels."""
    bar = figure.colorbar(image, ax=panels, shrink=0.7, aspect=30, extend="both", pad=0.01)
    bar.ax.yaxis.set_minor_locator(NullLocator())
    bar.ax.yaxis.set_major_formatter(FuncFormatter(_percent))
    bar.set_label("pixels in a bin of 2 × 2 Lab units")


def _percent(share: float, _: int) -> str:
    return f"{100 * share:g} %"


def bins_in_use(counts: np.ndarray) -> int:
    """Bins that hold a share worth showing."""
    return int((counts >= _LEAST_SHARE * counts.sum()).sum())
