"""Huber's delta swept between L1 and L2: how far is each delta from either, and from where on can it not be told?"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

from bench.report import headlines
from bench.report.entries import Entry
from bench.report.legend import metric
from bench.report.markdown import join, table
from bench.report.sample import Sample
from bench.report.statistics import Uncertainty, uncertain
from bench.report.stored import StoredRun
from registry import LOSSES
from registry.errors import UserError
from registry.spec import parse_sum

LEAST = 3
"""Fewer deltas show no course."""


@dataclass(frozen=True)
class Step:
    """A delta of the sweep; all numbers are means over architectures and seeds.

    Attributes:
        delta: In Lab units.
        value: Of the metric.
        from_l1: The value less that of L1, the same architectures, seeds and pictures for both. So is from_l2.
        near_l1: How far the value of a picture is from the one it has with L1, a mean of absolute differences; None
            where no pictures were stored. So is near_l2.
        nearer: near_l1 less near_l2: below 0 where pictures are more like those of L1.
    """

    delta: float
    value: Uncertainty
    from_l1: Uncertainty
    from_l2: Uncertainty
    near_l1: Uncertainty | None = None
    near_l2: Uncertainty | None = None
    nearer: Uncertainty | None = None


@dataclass(frozen=True)
class Sweep:
    """A metric along the deltas, smallest first.

    Attributes:
        l1: The metric's value with L1. So is l2.
        apart: The value with L2 less that with L1.
    """

    metric: str
    steps: tuple[Step, ...]
    l1: Uncertainty
    l2: Uncertainty
    apart: Uncertainty


def sweeps(run: StoredRun, entries: Sequence[Entry]) -> list[Sweep]:
    """A sweep per headline metric of a data set's rows with the same settings.

    None where there are too few deltas, or no L1 or L2.
    """
    trained = [entry for entry in entries if entry.loss and entry.completed]
    losses = {entry.levels["loss"]: entry.loss for entry in trained}
    deltas = {delta: losses[loss] for loss in losses if (delta := huber_delta(loss)) is not None}
    if len(deltas) < LEAST or not {"l1", "l2"} <= set(losses):
        return []
    ends = losses["l1"], losses["l2"]
    found = (_sweep(sample, name, trained, ends, deltas) for name, sample in headlines.samples(run, trained).items())
    return [one for one in found if one is not None]


def huber_delta(loss: str) -> float | None:
    """The delta of a loss that is Huber's and nothing else."""
    try:
        terms = parse_sum(LOSSES, loss).terms
    except UserError:
        return None  # not known to this installation
    component = terms[0][1]
    if len(terms) > 1 or component.name != "huber":
        return None
    return float(component.parameters["delta"])


def told(sweep: Sweep) -> str:
    """Up to which delta Huber is L1 and from which on L2, as far as the intervals show."""
    title = f"**{metric(sweep.metric).label}**"
    if not sweep.apart.covers:
        return f"{title}: nothing is known of chance, so Huber cannot be compared with either."
    return f"{title}: {_means(sweep)}{_pictures(sweep)}"


def _means(sweep: Sweep) -> str:
    if _same(sweep.apart):
        return (
            f"the means of L1 and L2 themselves cannot be told apart ({interval(sweep.apart)}), so they do not show "
            "where Huber becomes one or the other."
        )
    like_l1 = [step for step in sweep.steps if _same(step.from_l1)]
    like_l2 = [step for step in sweep.steps if _same(step.from_l2)]
    first = _where(sweep, like_l1, "up to", sweep.steps[: len(like_l1)], "L1", [step.from_l1 for step in like_l1])
    ends = sweep.steps[len(sweep.steps) - len(like_l2) :]
    second = _where(sweep, like_l2, "from", ends, "L2", [step.from_l2 for step in like_l2])
    between = [step.delta for step in sweep.steps if step not in like_l1 and step not in like_l2]
    rest = f" With {_deltas(between)} it differs from both." if between else ""
    return f"{first}; {second}.{rest}"


def _pictures(sweep: Sweep) -> str:
    """Whose single pictures Huber's are more like, which can show where the means are alike."""
    known = [step for step in sweep.steps if step.nearer is not None]
    sides = {
        "L1": [step.delta for step in known if step.nearer.high < 0],
        "L2": [step.delta for step in known if step.nearer.low > 0],
    }
    middle = crossing(sweep)
    halfway = f" It is as far from L1 as from L2 at a delta of about {middle:.2g}." if middle else ""
    parts = [f"clearly nearer to {other} with {_deltas(deltas)}" for other, deltas in sides.items() if deltas]
    if not parts:
        return f" Picture by picture it is clearly nearer to neither, at any delta.{halfway}" if known else ""
    return f" Picture by picture it is {join(parts)}.{halfway}"


def crossing(sweep: Sweep) -> float | None:
    """The delta at which pictures are as far from those of L1 as of L2, on a logarithmic axis; None without just one.

    From L1's side to L2's: the other way round it would be chance.
    """
    known = [(math.log(step.delta), step.nearer.value) for step in sweep.steps if step.nearer is not None]
    turns = [(one, other) for one, other in itertools.pairwise(known) if (one[1] < 0) != (other[1] < 0)]
    if len(turns) != 1 or turns[0][0][1] >= 0:
        return None
    [((low, before), (high, after))] = turns
    return math.exp(low - before * (high - low) / (after - before))


def numbers(found: Sequence[Sweep]) -> str:
    """Every difference with its interval."""
    head = ["metric", "delta", "value", "less that of L1", "95 % interval", "less that of L2", "95 % interval"]
    head += ["a picture from L1", "a picture from L2", "95 % interval of the difference"]
    rows = [
        [
            metric(sweep.metric).label,
            f"{step.delta:g}",
            f"{step.value.value:.4f}",
            *(part for gap in (step.from_l1, step.from_l2) for part in (f"{gap.value:+.4f}", interval(gap))),
            *(f"{near.value:.4f}" if near else "–" for near in (step.near_l1, step.near_l2)),
            interval(step.nearer) if step.nearer else "–",
        ]
        for sweep in found
        for step in sweep.steps
    ]
    return table(head, rows, numbers_from=1)


def interval(gap: Uncertainty) -> str:
    """A 95 % interval in figures; a dash where there is none."""
    return f"{gap.low:+.4f} to {gap.high:+.4f}" if gap.covers else "–"


def _sweep(
    sample: Sample, name: str, entries: Sequence[Entry], ends: tuple[str, str], deltas: dict[float, str]
) -> Sweep | None:
    l1, l2 = ends
    losses = [l1, l2, *(deltas[delta] for delta in sorted(deltas))]
    architectures = [
        architecture
        for architecture in dict.fromkeys(entry.architecture for entry in entries)
        if sample.seeds([(architecture, loss) for loss in losses])
    ]
    seeds = sample.seeds([(architecture, loss) for architecture in architectures for loss in losses])
    if not seeds:
        return None
    values, redrawn = {}, {}
    for loss in losses:
        values[loss], redrawn[loss] = sample.rows([(architecture, loss) for architecture in architectures], seeds)

    def value(loss: str) -> Uncertainty:
        return uncertain(values[loss], redrawn[loss], sample.n_pictures)

    def gap(loss: str, other: str) -> Uncertainty:
        drawn = None if redrawn[loss] is None else redrawn[loss] - redrawn[other]
        return uncertain(values[loss] - values[other], drawn, sample.n_pictures)

    def near(loss: str) -> list[Uncertainty | None]:
        ours, first, second = ([(one, other) for one in architectures] for other in (loss, l1, l2))
        to_l1, to_l2 = (sample.apart(ours, theirs, seeds) for theirs in (first, second))
        if to_l1 is None or to_l2 is None:
            return [None, None, None]
        difference = (to_l1[0] - to_l2[0], to_l1[1] - to_l2[1])
        return [uncertain(*one, sample.n_pictures) for one in (to_l1, to_l2, difference)]

    steps = (
        Step(delta, value(loss), gap(loss, l1), gap(loss, l2), *near(loss))
        for delta, loss in sorted(deltas.items(), key=lambda one: one[0])
    )
    return Sweep(name, tuple(steps), value(l1), value(l2), gap(l2, l1))


def _same(gap: Uncertainty) -> bool:
    return gap.low <= 0 <= gap.high


def _where(
    sweep: Sweep, like: Sequence[Step], word: str, run: Sequence[Step], other: str, gaps: Sequence[Uncertainty]
) -> str:
    """At which deltas Huber cannot be told from another loss, and how large a difference could be hidden there."""
    if not like:
        return f"at every delta Huber differs from {other}"
    hidden = max(max(-gap.low, gap.high) for gap in gaps)
    reach = f"(a difference above {hidden:.2g} can be ruled out)"
    if len(like) == len(sweep.steps):
        return f"at no delta can Huber be told from {other} {reach}"
    if tuple(like) == tuple(run):
        delta = like[-1 if word == "up to" else 0].delta
        place = f"{word} a delta of {delta:g}{' on' if word == 'from' else ''}"
    else:
        place = f"with {_deltas([step.delta for step in like])}"
    return f"{place} Huber cannot be told from {other} {reach}"


def _deltas(values: Sequence[float]) -> str:
    return f"a delta of {join([f'{value:g}' for value in values], 'or')}"
