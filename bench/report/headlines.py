"""The answer in sentences, each worked out from the stored numbers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bench.report import statistics
from bench.report.entries import Entry, Estimate, Goal, goal, ranked
from bench.report.legend import HEADLINES, metric
from bench.report.markdown import code, count, join
from bench.report.stored import StoredRun


@dataclass(frozen=True)
class Answer:
    """What a data set says about one headline metric.

    Attributes:
        text: The sentences.
        effects: How far each axis moves the metric; None where they cannot be compared.
        axes: How much further the loss moves it than the architecture, over pictures; None where not known.
    """

    name: str
    text: str
    effects: statistics.Effects | None = None
    axes: statistics.Interval | None = None


def answers(run: StoredRun, entries: Sequence[Entry]) -> list[Answer]:
    """An answer per headline metric that some trained cell of a data set has."""
    found = []
    for name in HEADLINES:
        order = ranked(entries, name)
        if order:
            found.append(_answer(run, entries, order, name))
    return found


def _answer(run: StoredRun, entries: Sequence[Entry], order: list[Entry], name: str) -> Answer:
    where = goal(entries, name)
    digits = 3 if name != "lpips" else 4
    best = order[0]
    title = f"**{metric(name).label} {where.arrow}**"
    target = f"; the truth has {where.target:.{digits}f}" if where.target_name == "truth" and where.target else ""
    value = f"{_value(best.estimate(name), digits)}{target}"
    if len(order) == 1:
        return Answer(name, f"{title}: {best.name} has {value}. It is the only trained cell to speak of.")
    redrawn = statistics.redraw(run, order, name)
    found = statistics.balanced(order)
    effects = statistics.effects(found, [entry.estimate(name).value for entry in found])
    axes = None
    if effects and redrawn is not None:
        columns = [order.index(entry) for entry in found]
        axes = statistics.axes_over_pictures(found, redrawn[:, columns], effects)
    sentences = [
        f"{title}: {best.name} is first with {value}.",
        _second(name, where, order, redrawn, digits),
        _axes(effects, axes, name, order, found, digits),
        _baseline(entries, best, name, where, digits),
    ]
    return Answer(name, " ".join(filter(None, sentences)), effects, axes)


def _second(name: str, where: Goal, order: list[Entry], redrawn: np.ndarray | None, digits: int) -> str:
    """By how much the first leads, and whether that is more than the pictures, or the seeds, alone vary."""
    best, second = order[:2]
    gaps = [where.distance(entry.estimate(name).value) - where.distance(best.estimate(name).value) for entry in order]
    further = "behind" if where.higher_is_better is not None else f"further from {_target(where)}"
    pairs = []
    if redrawn is not None:
        pairs = [statistics.over_pictures(where, redrawn, 0, i, gap) for i, gap in enumerate(gaps)][1:]
        digits_of_gap = max(digits, _digits(pairs[0]))
    else:
        digits_of_gap = digits
    gap = f"{gaps[1]:.{digits_of_gap}f}"
    text = f"The second, {second.name} ({_value(second.estimate(name), digits)}), is {gap} {further}"
    if pairs:
        verdict = "**more** than" if pairs[0].clear else "**not more** than"
        text += f": {verdict} the pictures alone vary ({_interval(pairs[0], digits_of_gap)})."
        tied = [entry.name for entry, pair in zip(order[2:], pairs[1:], strict=True) if not pair.clear]
        if tied and not pairs[0].clear:
            shown = tied if len(tied) <= 2 else [count(len(tied), "other cell")]
            text += f" The same holds for {join(shown)}."
    else:
        why = "it has one value for all of them" if metric(name).pooled else "not every cell kept their values"
        text += f"; how much the pictures alone vary is not known ({why})."
    over_seeds = statistics.over_seeds(where, name, best, second)
    if over_seeds:
        verdict = "more" if over_seeds.clear else "not more"
        text += (
            f" It is {verdict} than the seeds alone vary ({_interval(over_seeds, max(digits, _digits(over_seeds)))})."
        )
    return text


def _axes(
    effects: statistics.Effects | None,
    axes: statistics.Interval | None,
    name: str,
    order: list[Entry],
    found: list[Entry],
    digits: int,
) -> str:
    if effects is None:
        return ""
    more, less = ("loss", "architecture") if effects.loss > effects.architecture else ("architecture", "loss")
    ranges = f"{getattr(effects, more):.{digits}f} against {getattr(effects, less):.{digits}f}"
    text = f"The {more} moves it more than the {less} (range of means {ranges}"
    if axes is not None and not axes.clear:
        text += ", a lead not larger than the pictures alone vary"
    decisive = _decisive(found, name, more)
    text += f"); without {code(decisive)} it would be the other way round." if decisive else ")."
    interplay = effects.shares[2]
    if interplay > 0.5:
        text += f" Yet {100 * interplay:.0f} % of the variance goes with the pairing, or with chance, not with either."
    if len(found) < len(order):
        text += f" Only the {len(found)} cells that form a full table count for that."
    return text


def _decisive(found: list[Entry], name: str, more: str) -> str | None:
    """The one architecture or loss without which the other axis would move the metric more."""
    for level in dict.fromkeys(getattr(entry, more) for entry in found):
        rest = [entry for entry in found if getattr(entry, more) != level]
        without = statistics.effects(rest, [entry.estimate(name).value for entry in rest])
        if without and (without.loss > without.architecture) != (more == "loss"):
            return level
    return None


def _baseline(entries: Sequence[Entry], best: Entry, name: str, where: Goal, digits: int) -> str:
    """A warning where painting without any training does as well as the winner."""
    values = {
        entry: entry.estimate(name)
        for entry in entries
        if entry.loss is None and not entry.architecture.startswith("ceiling")
    }
    measured = {entry: estimate for entry, estimate in values.items() if estimate}
    limit = where.distance(best.estimate(name).value)
    better = [entry for entry in measured if where.distance(measured[entry].value) <= limit]
    if not better:
        return ""
    top = min(better, key=lambda entry: where.distance(measured[entry].value))
    return f"**The untrained baseline {top.name} does better** ({_value(measured[top], digits)})."


def _target(where: Goal) -> str:
    return "the truth" if where.target_name == "truth" else where.target_name


def _value(estimate: Estimate, digits: int) -> str:
    stderr = f" ± {estimate.stderr:.{digits}f}" if estimate.stderr is not None else ""
    return f"{estimate.value:.{digits}f}{stderr}"


def _digits(interval: statistics.Interval) -> int:
    """Decimals that show two digits of an interval's width."""
    width = interval.high - interval.low
    return min(6, 1 - math.floor(math.log10(width))) if width > 1e-6 else 0


def _interval(interval: statistics.Interval, digits: int) -> str:
    return f"95 % interval {interval.low:.{digits}f} to {interval.high:.{digits}f}"
