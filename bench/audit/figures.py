"""The figures of an audit: colours of the training pictures side by side, and how much colour pictures have."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch
from matplotlib.patches import Circle
from matplotlib.ticker import PercentFormatter

from bench.audit.dataset import GREY, NEAR_GREY, DatasetAudit
from bench.audit.prior import NEAR, Prior
from bench.audit.words import percent
from bench.report.ab_plane import add_scale, bins_in_use, limits, plane
from bench.report.figure import Figure
from bench.report.markdown import join
from bench.report.style import HOLE, INK, canvas, color_of, label, small_multiples
from registry.color import lab_to_rgb

_PANELS_IN_A_ROW = 3
_LARGEST_BINS = 24
_CHROMA_STEP = 3
_CHROMA_EDGES = np.arange(0, 121, _CHROMA_STEP)


def draw_figures(audits: Sequence[DatasetAudit], folder: Path) -> list[Figure]:
    """Draw all figures into a folder."""
    draws: tuple[Callable[[Sequence[DatasetAudit], Path], Figure], ...]
    draws = (_draw_palettes, _draw_planes, _draw_coverage, _draw_chroma)
    return [draw(audits, folder) for draw in draws]


def _draw_planes(audits: Sequence[DatasetAudit], folder: Path) -> Figure:
    path = folder / "audit-ab-planes.png"
    columns = min(_PANELS_IN_A_ROW, len(audits))
    rows = math.ceil(len(audits) / columns)
    across, up = limits()
    # A single panel is as large as one of two.
    width = 7.4 / max(2, columns)
    with canvas(path, 0.7 + rows * (0.45 + width * np.ptp(up) / np.ptp(across))) as figure:
        panels = small_multiples(figure, rows, columns, sharex=True, sharey=True)
        for panel in panels.flat[len(audits) :]:
            panel.remove()
        for panel, audit in zip(panels.flat, audits, strict=False):
            prior = audit.priors["train"]
            image = plane(panel, prior.ab)
            panel.add_patch(Circle(prior.dominant, NEAR, fill=False, color="#D55E00", linewidth=1.6, zorder=3))
            panel.set_title(
                f"{label(audit.name, 36 if columns < 3 else 24)}\n{percent(prior.near_dominant.value)} in the circle"
            )
            panel.set_xlabel("a (green – red)")
        for line in panels:
            line[0].set_ylabel("b (blue – yellow)")
        add_scale(figure, panels, image)
    told = [f"{one.name} {bins_in_use(one.priors['train'].ab)}" for one in audits]
    return Figure(
        path,
        "Where the colours lie",
        "How often each colour occurs in the training pictures, on one logarithmic scale: right is red, left green, "
        "up yellow, down blue, and the centre grey. The grey line is the edge of sRGB's colours. The circle holds all "
        f"pixels within {NEAR:g} Lab units of the dominant colour.",
        f"Densities in the ab plane. Bins of 2 Lab units in use: {join(told)}.",
        "colors",
        None,
    )


def _draw_palettes(audits: Sequence[DatasetAudit], folder: Path) -> Figure:
    path = folder / "audit-palettes.png"
    told = []
    with canvas(path, 0.6 + 0.75 * len(audits)) as figure:
        (axes,) = small_multiples(figure, 1, 1).flat
        for place, audit in enumerate(audits):
            shares, colors = _palette(audit.priors["train"])
            starts = np.concatenate([[0], np.cumsum(shares)])
            for start, share, color in zip(starts, shares, colors, strict=False):
                axes.barh(place, share, left=start, height=0.6, color=color, edgecolor="white", linewidth=0.4)
            rest = 1 - starts[-1]
            axes.barh(
                place, rest, left=starts[-1], height=0.6, color="white", edgecolor=HOLE, hatch="////", linewidth=0
            )
            told.append(
                f"{audit.name}: the most frequent has {percent(shares[0])}, the first five {percent(sum(shares[:5]))}"
            )
            axes.text(0, place - 0.32, label(audit.name, 110, 1), va="bottom")
        axes.set(xlim=(0, 1), ylim=(len(audits) - 0.6, -0.7), yticks=[], xlabel="share of all training pixels")
        axes.xaxis.set_major_formatter(PercentFormatter(1, decimals=0))
        axes.grid(False)
        axes.spines["left"].set_visible(False)
    return Figure(
        path,
        "The most frequent colours",
        f"The {_LARGEST_BINS} bins of 10 × 10 Lab units in ab that hold most training pixels, each as wide as its "
        "share and in the mean colour of its pixels. All lightnesses of a hue fall into one bin: near-black, grey "
        "and white are one. Hatched are all other bins together.",
        f"The most frequent colours as bars: {'; '.join(told)}.",
        "colors",
        None,
    )


def _palette(prior: Prior) -> tuple[np.ndarray, np.ndarray]:
    """Shares of the largest bins, ``(n,)``, and the mean sRGB colour of their pixels, ``(n, 3)`` in [0, 1]."""
    order = np.argsort(-prior.bins, kind="stable")[:_LARGEST_BINS]
    order = order[prior.bins[order] > 0]
    rgb = lab_to_rgb(torch.from_numpy(prior.lab[order].T)[None, :, None])[0, :, 0].T
    return prior.bins[order] / prior.bins.sum(), rgb.clamp(0, 1).numpy()


def _draw_coverage(audits: Sequence[DatasetAudit], folder: Path) -> Figure:
    path, names = folder / "audit-coverage.png", [audit.name for audit in audits]
    told = []
    with canvas(path, 3.1 + 0.22 * len(audits)) as figure:
        (axes,) = small_multiples(figure, 1, 1).flat
        for audit in audits:
            bins = np.sort(audit.priors["train"].bins)[::-1]
            covered = np.cumsum(bins) / bins.sum()
            half = int(np.searchsorted(covered, 0.5)) + 1
            axes.plot(
                np.arange(1, len(bins) + 1), covered, color=color_of(audit.name, names), label=label(audit.name, 80)
            )
            axes.plot(half, covered[half - 1], "o", color=color_of(audit.name, names), markersize=5)
            told.append(f"{audit.name} {half}")
        even = np.arange(1, len(bins) + 1)
        axes.plot(even, even / len(bins), color=INK, linewidth=1, linestyle=":", label="all colours equally often")
        axes.set(xscale="log", xlim=(1, len(bins)), ylim=(0, 1.02), xlabel="ab bins, the most frequent first")
        axes.set_ylabel("share of pixels they hold")
        ticks = [1, 2, 5, 10, 20, 50, 100, len(bins)]
        axes.set_xticks(ticks, [str(tick) for tick in ticks])
        axes.minorticks_off()
        axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
        figure.legend(loc="outside upper center", frameon=False)
    return Figure(
        path,
        "How few colours make up how many pixels",
        "Share of the training pixels in the most frequent 1, 2, 3, … of the ab bins: the higher the curve, the more "
        "one-sided the data set. The dot is where half of all pixels are reached.",
        f"Curves of the share of pixels by the number of bins. Bins that hold half of all pixels: {join(told)}.",
        "colors",
        None,
    )


def _draw_chroma(audits: Sequence[DatasetAudit], folder: Path) -> Figure:
    path, names = folder / "audit-chroma.png", [audit.name for audit in audits]
    with canvas(path, 3.1 + 0.22 * len(audits)) as figure:
        mean, peak = small_multiples(figure, 1, 2, sharey=True).flat
        zone = f"grey (below {GREY:g}) or near-grey (below {NEAR_GREY:g})"
        peak.axvspan(0, NEAR_GREY, color=HOLE, linewidth=0, label=zone)
        for audit in audits:
            for axes, column in ((mean, "mean_chroma"), (peak, "peak_chroma")):
                chroma = audit.pictures[column].dropna()
                counts, edges = np.histogram(chroma.clip(upper=_CHROMA_EDGES[-1]), _CHROMA_EDGES)
                color = color_of(audit.name, names)
                axes.stairs(counts / len(chroma), edges, color=color, linewidth=1.6, label=label(audit.name, 80))
        mean.set(xlabel="mean chroma of a picture in Lab units", ylabel="share of pictures", xlim=(0, _reach(audits)))
        peak.set(xlabel="peak chroma: what 1 % of its pixels reach", xlim=(0, _CHROMA_EDGES[-1]))
        mean.set_ylim(bottom=0)
        mean.yaxis.set_major_formatter(PercentFormatter(1))
        figure.legend(*peak.get_legend_handles_labels(), loc="outside upper center", frameon=False)
    return Figure(
        path,
        "How much colour a picture has",
        f"Pictures of all splits by their chroma, in steps of {_CHROMA_STEP} Lab units. Pictures at the left end of "
        "the right panel have no colour to learn from; a dark picture with one coloured object has a small mean alone.",
        "Histograms of pictures by chroma. 5th, 50th and 95th percentile of the mean: "
        f"{'; '.join(f'{one.name} {_percentiles(one)}' for one in audits)}.",
        "colors",
        None,
    )


def _percentiles(audit: DatasetAudit) -> str:
    return join([f"{value:.1f}" for value in audit.pictures["mean_chroma"].quantile([0.05, 0.5, 0.95])])


def _reach(audits: Sequence[DatasetAudit]) -> float:
    most = max(audit.pictures["mean_chroma"].quantile(0.999) for audit in audits)
    return float(np.clip(10 * math.ceil(most / 10), 10, _CHROMA_EDGES[-1]))
