"""The answer in sentences, each worked out from the stored numbers."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bench.report.axes import PARTS, Comparison, compare
from bench.report.entries import Entry, Goal, goal, ranked
from bench.report.legend import HEADLINES, metric
from bench.report.markdown import code, count
from bench.report.sample import Sample
from bench.report.statistics import CONFIDENCE, Uncertainty, holm, write_p
from bench.report.stored import StoredRun


@dataclass(frozen=True)
class Answer:
    """What a data set says about one headline metric.

    Attributes:
        text: The sentences.
        order: Trained rows that have a value, best first.
        gap: How much further from the goal the second is; None where there is none or they share no seed.
        p: Of the gap, by Holm over all pairs of rows, for the first and second were picked after looking.
        axes: Architecture against loss; None where they cannot be compared.
        decimals: That the sentences show values with.
    """

    name: str
    text: str
    order: tuple[Entry, ...]
    gap: Uncertainty | None = None
    p: float | None = None
    axes: Comparison | None = None
    decimals: int = 3


def samples(run: StoredRun, entries: Sequence[Entry]) -> dict[str, Sample]:
    """The headline metrics of a data set's trained rows, of those that some row has."""
    records = [record for entry in entries if entry.loss for record in entry.completed]
    found = {name: Sample(run, records, name, goal(entries, name)) for name in HEADLINES}
    return {name: sample for name, sample in found.items() if sample.records}


def answers(found: Mapping[str, Sample], entries: Sequence[Entry]) -> list[Answer]:
    """An answer per headline metric that some trained cell of a data set has."""
    orders = {name: ranked(entries, name) for name in found}
    return [_answer(found[name], entries, order, name) for name, order in orders.items() if order]


def short(entry: Entry) -> str:
    """A row in as few letters as do."""
    return f"{code(entry.architecture)} + {code(entry.loss)}" if entry.loss else code(entry.architecture)


def _answer(sample: Sample, entries: Sequence[Entry], order: list[Entry], name: str) -> Answer:
    where = sample.where
    decimals = 4 if name == "lpips" else 3
    title = f"**{metric(name).label}** ({_direction(where, decimals)})"
    if len(order) == 1:
        value = f"{order[0].estimate(name).value:.{decimals}f}"
        text = f"{title}: {short(order[0])} has {value}. It is the only trained cell to speak of."
        return Answer(name, text, tuple(order), decimals=decimals)
    gaps, p_values = _against_first(sample, order)
    axes = compare(order, sample)
    decimals = _decimals(where, name, order, decimals, clear=_clear(p_values[0]))
    sentences = [
        f"{title}: {_lead(name, order, gaps, p_values, decimals)}",
        _axes(axes, len(order)),
        _baseline(entries, order[0], name, where, decimals),
    ]
    return Answer(name, " ".join(filter(None, sentences)), tuple(order), gaps[0], p_values[0], axes, decimals)


def _against_first(sample: Sample, order: Sequence[Entry]) -> tuple[list[Uncertainty | None], list[float | None]]:
    """How much further from the goal each other row is than the first, with p-values by Holm over all pairs of rows."""
    places = [(entry.architecture, entry.loss) for entry in order]
    pairs = itertools.combinations(range(len(order)), 2)
    gaps = {pair: sample.difference(*([places[row]] for row in pair)) for pair in pairs}
    tested = {pair: gap for pair, gap in gaps.items() if gap is not None and gap.covers}
    corrected = dict(zip(tested, holm([gap.p() for gap in tested.values()]), strict=True))
    others = [(0, row) for row in range(1, len(order))]
    # Behind the first by the seeds they share, not only by all that each has.
    return [gaps[pair] for pair in others], [
        corrected[pair] if pair in tested and gaps[pair].value > 0 else None for pair in others
    ]


def _clear(p: float | None) -> bool:
    return p is not None and p < 1 - CONFIDENCE


def _lead(
    name: str,
    order: list[Entry],
    gaps: list[Uncertainty | None],
    p_values: list[float | None],
    decimals: int,
) -> str:
    """Who leads, by how much, and whether that is more than chance."""
    values = [f"{entry.estimate(name).value:.{decimals}f}" for entry in order]
    first, second = f"{short(order[0])} ({values[0]})", f"{short(order[1])} ({values[1]})"
    gap = gaps[0]
    if gap is None or not gap.covers:
        return f"{first} is ahead of {second}; whether by chance is not known, for not every cell kept its pictures."
    interval = f"95 % interval {gap.low:.{decimals}f} to {gap.high:.{decimals}f}"
    if _clear(p_values[0]):
        chance = f"{gap.covers} alone vary" if gap.covers != "pictures" else "the pictures alone vary"
        return f"{first} beats {second} by {gap.value:.{decimals}f} ({interval}), more than {chance}."
    tied = sum(not _clear(p) for p in p_values)
    more = f", nor from {count(tied - 1, 'other row')}" if tied > 1 else ""
    # Alone the interval may leave out 0, among all pairs that is no proof.
    p = f", p {write_p(p_values[0])} among all pairs" if p_values[0] is not None else ""
    return (
        f"{first} **cannot be told** from {second}{more}; the difference is {gap.value:.{decimals}f} ({interval}{p})."
    )


def _axes(axes: Comparison | None, rows: int) -> str:
    """Whether changing the architecture or changing the loss moves the metric more."""
    if axes is None:
        return ""
    told = {axis: _percent(share) for axis, share in zip(axes.names, axes.effects.shares, strict=True)}
    settings = [f"{code(name)} {told[name]}" for name in axes.names[2:] if name not in PARTS]
    among = f"Among the {axes.cells} cells that form a full table, " if axes.cells < rows else ""
    if axes.verdict == "open":
        both = f"architecture ({told['architecture']} of the variance) or the loss ({told['loss']})"
        text = "; ".join([f"{among}whether the {both} matters more cannot be told", *settings])
    else:
        more = axes.effects.leader
        less = "loss" if more == "architecture" else "architecture"
        only = f" only because of {code(axes.pivot)}" if axes.verdict == "depends" else ""
        # Than a setting it may matter less.
        than = f" than the {less}" if settings else ""
        leads = f"{among}the {more} matters more{than}{only}: {told[more]} of the variance"
        text = ", ".join([leads, f"the {less} {told[less]}", *settings])
    return f"{text[0].upper()}{text[1:]}."


def _percent(share: float) -> str:
    return "under 1 %" if 0 < share < 0.005 else f"{100 * share:.0f} %"


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
