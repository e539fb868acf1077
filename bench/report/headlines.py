"""The answer in sentences, each worked out from the stored numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bench.report import statistics
from bench.report.axes import Comparison, compare
from bench.report.entries import Entry, Goal, goal, ranked
from bench.report.legend import HEADLINES, metric
from bench.report.markdown import code, count
from bench.report.statistics import Interval, Redrawn
from bench.report.stored import StoredRun


@dataclass(frozen=True)
class Answer:
    """What a data set says about one headline metric.

    Attributes:
        text: The sentences.
        order: Trained rows that have a value, best first.
        gap: How much further from the goal the second is, over the test pictures; None where not known.
        seeds: The same over seeds; None with fewer than two.
        axes: Architecture against loss; None where they cannot be compared.
        decimals: That the sentences show values with.
    """

    name: str
    text: str
    order: tuple[Entry, ...]
    gap: Interval | None = None
    seeds: Interval | None = None
    axes: Comparison | None = None
    decimals: int = 3

    @property
    def clear(self) -> bool:
        """Whether the first leads by more than the pictures, and the seeds where there are several, alone vary."""
        return _clear(self.gap, self.seeds)


def answers(run: StoredRun, entries: Sequence[Entry]) -> list[Answer]:
    """An answer per headline metric that some trained cell of a data set has."""
    orders = {name: ranked(entries, name) for name in HEADLINES}
    return [_answer(run, entries, order, name) for name, order in orders.items() if order]


def short(entry: Entry) -> str:
    """A row in as few letters as do."""
    return f"{code(entry.architecture)} + {code(entry.loss)}" if entry.loss else code(entry.architecture)


def _answer(run: StoredRun, entries: Sequence[Entry], order: list[Entry], name: str) -> Answer:
    where = goal(entries, name)
    decimals = 4 if name == "lpips" else 3
    title = f"**{metric(name).label}** ({_direction(where, decimals)})"
    if len(order) == 1:
        value = f"{order[0].estimate(name).value:.{decimals}f}"
        text = f"{title}: {short(order[0])} has {value}. It is the only trained cell to speak of."
        return Answer(name, text, tuple(order), decimals=decimals)
    redrawn = statistics.redraw(run, order, name, where)
    pairs = [_pair(where, name, order, redrawn, place) for place in range(1, len(order))]
    axes = compare(order, name, redrawn)
    decimals = _decimals(where, name, order, decimals, clear=_clear(*pairs[0]))
    sentences = [
        f"{title}: {_lead(where, name, order, pairs, decimals)}",
        _axes(axes, decimals, len(order)),
        _baseline(entries, order[0], name, where, decimals),
    ]
    return Answer(name, " ".join(filter(None, sentences)), tuple(order), *pairs[0], axes, decimals)


def _pair(
    where: Goal, name: str, order: list[Entry], redrawn: Redrawn | None, place: int
) -> tuple[Interval | None, Interval | None]:
    """How much further from the goal a row is than the first: over pictures and over seeds."""
    best, other = order[0], order[place]
    difference = where.distance(other.estimate(name).value) - where.distance(best.estimate(name).value)
    gap = None if redrawn is None else statistics.over_pictures(redrawn, 0, place, difference)
    return gap, statistics.over_seeds(where, name, best, other)


def _clear(gap: Interval | None, seeds: Interval | None) -> bool:
    return gap is not None and gap.clear and (seeds is None or seeds.clear)


def _lead(
    where: Goal, name: str, order: list[Entry], pairs: list[tuple[Interval | None, Interval | None]], decimals: int
) -> str:
    """Who leads, by how much, and whether that is more than chance."""
    values = [f"{entry.estimate(name).value:.{decimals}f}" for entry in order]
    gap, seeds = pairs[0]
    chance = "the pictures alone vary" if seeds is None else "pictures and seeds alone vary"
    first, second = f"{short(order[0])} ({values[0]})", f"{short(order[1])} ({values[1]})"
    if gap is None:
        return f"{first} is ahead of {second}; whether by chance is not known, for not every cell kept its pictures."
    if _clear(gap, seeds):
        behind = where.distance(order[1].estimate(name).value) - where.distance(order[0].estimate(name).value)
        return f"{first} beats {second} by {behind:.{decimals}f}, more than {chance}."
    tied = sum(not _clear(*pair) for pair in pairs)
    between = f"{first}, {second} and {count(tied - 1, 'other')}" if tied > 1 else f"{first} and {second}"
    return f"a tie between {between}, no further apart than {chance}."


def _axes(axes: Comparison | None, decimals: int, rows: int) -> str:
    """Whether changing the architecture or changing the loss moves the metric more."""
    if axes is None:
        return ""
    moves = {axis: f"{getattr(axes.effects, axis):.{decimals}f}" for axis in ("architecture", "loss")}
    among = f"Among the {axes.cells} cells that form a full table, " if axes.cells < rows else ""
    if axes.verdict == "open":
        both = f"architecture ({moves['architecture']}) or the loss ({moves['loss']})"
        text = f"{among}whether changing the {both} moves it more cannot be told."
    else:
        more = axes.effects.leader
        less = "loss" if more == "architecture" else "architecture"
        if axes.verdict == "clear":
            by = f"changing it moves the value by {moves[more]}, the {less} by {moves[less]}"
            text = f"{among}the {more} matters more: {by}."
        else:
            by = f"moving the value by {moves[more]}, the {less} by {moves[less]}"
            text = f"{among}the {more} matters more only because of {code(axes.pivot)} ({by})."
    return text[0].upper() + text[1:]


def _baseline(entries: Sequence[Entry], best: Entry, name: str, where: Goal, decimals: int) -> str:
    """A warning where painting without any training does as well as the winner."""
    values = {
        entry: entry.estimate(name).value
        for entry in entries
        if entry.loss is None and not entry.architecture.startswith("ceiling") and entry.estimate(name)
    }
    limit = where.distance(best.estimate(name).value)
    better = [entry for entry, value in values.items() if where.distance(value) <= limit]
    if not better:
        return ""
    top = min(better, key=lambda entry: where.distance(values[entry]))
    return f"**Untrained {code(top.architecture)} does no worse** ({values[top]:.{decimals}f})."


def _direction(where: Goal, decimals: int) -> str:
    if where.higher_is_better is not None:
        return "higher is better" if where.higher_is_better else "lower is better"
    if where.target is None:
        return "no direction is known"
    return (
        f"best is the truth's {where.target:.{decimals}f}"
        if where.target_name == "truth"
        else f"best is {where.target_name}"
    )


def _decimals(where: Goal, name: str, order: list[Entry], least: int, *, clear: bool) -> int:
    """As few as show a lead that is there."""
    best, second = (where.distance(entry.estimate(name).value) for entry in order[:2])
    for decimals in range(least, 7):
        if not clear or round(second - best, decimals) > 0:
            return decimals
    return 6
