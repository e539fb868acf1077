"""Where Huber becomes L1 or L2: headline metrics against delta, present where a run sweeps it beside both."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from bench.report.board import Board
from bench.report.entries import Entry, Goal, goal
from bench.report.figure import Figure
from bench.report.findings import findings
from bench.report.huber_sweep import Sweep, interval, numbers, sweeps, told
from bench.report.legend import metric
from bench.report.markdown import code, escape
from bench.report.statistics import Uncertainty
from bench.report.style import FAINT, INK, PALETTE, canvas, file_name, small_multiples
from bench.setting_axes import named_settings

_L1, _L2 = PALETTE[0], PALETTE[1]

_HOW = (
    "A difference is between the same architectures, seeds and test pictures; means over architectures. The intervals "
    "are each by itself, not corrected for how many there are: one in twenty leaves out a true 0."
)


def draw_huber(board: Board, folder: Path) -> list[Figure]:
    """A figure for all settings that are alike, with a column per headline metric.

    Its value, how far its mean is from L1's and L2's, and how far pictures are.
    """
    entries = findings(board.run)[board.dataset].entries if board.completed else []
    trained = [entry for entry in entries if entry.loss and entry.completed]
    figures = []
    for settings in dict.fromkeys(named_settings(entry.loss) for entry in trained):
        alike = [entry for entry in trained if named_settings(entry.loss) == settings]
        if found := sweeps(board.run, alike):
            figures.append(_figure(board.dataset, settings, alike, found, folder))
    return figures


def _figure(dataset: str, settings: str, entries: Sequence[Entry], found: Sequence[Sweep], folder: Path) -> Figure:
    where = f"{dataset}, {settings}" if settings else dataset
    path = folder / file_name("huber", *filter(None, (dataset, settings)))
    with canvas(path, 6.4) as figure:
        panels = small_multiples(figure, 3, len(found), sharex=True, gridspec_kw={"height_ratios": [1.25, 1, 1]})
        for (above, middle, below), sweep in zip(panels.T, found, strict=True):
            _draw_values(above, sweep, goal(entries, sweep.metric))
            _draw_gaps(middle, sweep)
            _draw_nearness(below, sweep)
        panels[0, 0].set_ylabel("value")
        panels[1, 0].set_ylabel("difference\nof means")
        panels[2, 0].set_ylabel("distance\nof a picture")
        figure.supxlabel("delta in Lab units", size=9.5)
        handles = [
            Line2D([], [], color=INK, marker="o", markersize=5, label="Huber"),
            Line2D([], [], color=_L1, linewidth=2, label="L1; Huber against L1"),
            Line2D([], [], color=_L2, linewidth=2, label="L2; Huber against L2"),
            Line2D([], [], color=FAINT, linestyle=":", label="the goal, where it is near"),
        ]
        figure.legend(handles=handles, loc="outside upper center", ncols=4, frameon=False)
    covers = found[0].apart.covers or "nothing"
    return Figure(
        path,
        f"Huber's delta on {where}",
        "Huber is a square below delta and a line above it: the smaller delta, the more it is L1, and the larger, "
        "the more it is (half of) L2. Above: bands are L1 and L2. In the middle: where a line's interval holds 0, "
        "the means cannot be told apart. Below: how far the score of a picture is from the one it has with L1 or "
        f"L2 and the same seed; Huber is nearer to the lower line. All intervals are of 95 %, over {covers}.",
        f"Headline metrics against Huber's delta on {where}. {' '.join(map(_alt, found))}",
        "huber",
        dataset,
        verdicts=tuple(f"{code(where)}, {told(sweep)}" for sweep in found),
        details=((f"Huber's delta on {escape(where)} in numbers", f"{_HOW}\n\n{numbers(found)}"),),
    )


def _draw_values(axes: Axes, sweep: Sweep, where: Goal) -> None:
    for reference, color in ((sweep.l1, _L1), (sweep.l2, _L2)):
        axes.axhspan(reference.low, reference.high, color=color, alpha=0.18, linewidth=0)
        axes.axhline(reference.value, color=color, linewidth=1.8)
    _draw_course(axes, sweep, [step.value for step in sweep.steps], INK, 1.0)
    low, high = axes.get_ylim()
    if where.target is not None and low - (high - low) < where.target < high + (high - low):
        axes.axhline(where.target, color=FAINT, linestyle=":", linewidth=1.4)
    axes.set_title(f"{metric(sweep.metric).label} {where.arrow}")
    axes.set_xscale("log")


def _draw_gaps(axes: Axes, sweep: Sweep) -> None:
    axes.axhline(0, color=INK, linewidth=0.8)
    # Beside each other, so that neither interval hides the other.
    _draw_course(axes, sweep, [step.from_l1 for step in sweep.steps], _L1, 0.95)
    _draw_course(axes, sweep, [step.from_l2 for step in sweep.steps], _L2, 1.05)
    deltas = [step.delta for step in sweep.steps]
    axes.set_xticks(deltas, [f"{delta:g}" for delta in deltas])
    axes.minorticks_off()


def _draw_nearness(axes: Axes, sweep: Sweep) -> None:
    """Points alone: what counts is which is lower, and of that the sentence has the interval."""
    for name, color in (("near_l1", _L1), ("near_l2", _L2)):
        known = [(step.delta, getattr(step, name).value) for step in sweep.steps if getattr(step, name)]
        axes.plot([delta for delta, _ in known], [far for _, far in known], "o-", color=color, markersize=5)
    axes.set_ylim(bottom=0)


def _draw_course(axes: Axes, sweep: Sweep, values: Sequence[Uncertainty], color: str, aside: float) -> None:
    axes.errorbar(
        [step.delta * aside for step in sweep.steps],
        [one.value for one in values],
        yerr=[one.half or 0 for one in values],
        color=color,
        marker="o",
        markersize=5,
        linewidth=1.2,
        elinewidth=1.4,
        capsize=2.5,
    )


def _alt(sweep: Sweep) -> str:
    course = ", ".join(f"{step.value.value:.3f} at {step.delta:g}" for step in sweep.steps)
    ends = f"L1 {sweep.l1.value:.3f}, L2 {sweep.l2.value:.3f}, L2 less L1 {interval(sweep.apart)}"
    return f"{metric(sweep.metric).label}: {course}; {ends}."
