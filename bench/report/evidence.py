"""The numbers behind the sentences: which pairs differ, and where the variance comes from."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

from bench.report.findings import Findings
from bench.report.headlines import Answer, short
from bench.report.legend import metric
from bench.report.markdown import code, count, escape, join, table
from bench.report.pairs import Pair, told_axes
from bench.report.sample import RESAMPLES
from bench.report.statistics import Uncertainty, write_p

_NONE = "–"

HOW_SHARED = (
    "An analysis of variance with random effects over the table of cells. Interplay: some losses suit some "
    "architectures. The share of an axis is what the means along it vary beyond what interplay and seed give them, so "
    "the axis with more choices gains nothing. The last column names a choice without which the answer would change."
)


def scope(found: Findings) -> str:
    """What the comparisons of a data set hold for."""
    covers = {pair.gap.covers for pair in found.pairs} - {""}
    if not covers:
        return "Nothing was stored of single pictures, so what is chance is not known."
    if "seeds" in " ".join(covers):
        within = "seeds" if covers == {"seeds"} else "seeds and pictures"
        fewer = "" if "pictures" not in covers else "; of pairs that share one seed alone, about its pictures only"
        return f"These are claims about {within} like those of this run, with these losses and architectures{fewer}."
    return "With one seed these are claims about these trainings on pictures like these: **none beyond the pictures.**"


def told(found: Findings) -> list[str]:
    """Per headline metric, which losses and which architectures differ by more than chance."""
    names = dict.fromkeys(pair.metric for pair in found.pairs)
    axes = told_axes([entry for entry in found.entries if entry.loss])
    return [
        f"**{metric(name).label}**: {_told([pair for pair in found.pairs if pair.metric == name], axes)}"
        for name in names
    ]


def how_compared(found: Findings) -> str:
    """How pairs were compared."""
    settings = any(pair.axis not in ("architecture", "loss") for pair in found.pairs)
    within = ", both within the same settings, two values of a setting within the same of all else" if settings else ""
    return (
        "Two losses are compared within the same architectures, seeds and test pictures, two architectures within the "
        f"same losses{within}; a difference is how much further from the metric's goal one is than the other. The 95 % "
        f"interval comes from {RESAMPLES:,} redrawn test sets and, with several seeds, from Student's t over paired "
        "seeds (both together as Behrens and Fisher had it: a plain hierarchical bootstrap finds too much where seeds "
        "are few). Trainings of one architecture with one seed start from the same weights: where architectures are "
        "compared, their differences are averaged before the spread between seeds is taken. p is corrected by Holm "
        "over all pairs and metrics of the data set, the intervals are not; below 0.05 a difference is called clear. "
        "The effect is in standard deviations of the paired difference of a single picture by a single seed."
    )


def pairs_table(found: Findings) -> str:
    """Every pair with its numbers; empty without any."""
    head = ["metric", "better", "worse", "by", "95 % interval", "p (Holm)", "effect", "better on a picture"]
    return table(head, [_row(pair) for pair in found.pairs], numbers_from=3) if found.pairs else ""


def first_table(answers: Sequence[Answer]) -> str:
    """First against second cell; empty where there are no two."""
    rows = [
        [metric(one.name).label, short(one.order[0]), short(one.order[1]), *_gap(one.gap), write_p(one.p)]
        for one in answers
        if one.gap is not None
    ]
    head = ["metric", "first", "second", "second is further from the best by", "95 % interval", "p (Holm)"]
    return table(head, rows, numbers_from=3) if rows else ""


def shares_table(answers: Sequence[Answer]) -> str:
    """Where the variance of each metric comes from; empty where it cannot be told."""
    compared = [one for one in answers if one.axes]
    if not compared:
        return ""
    names = list(max((one.axes.names for one in compared), key=len))
    rows = []
    for one in compared:
        axes = one.axes
        shares = [_share(share, n, axes.ranges) for n, share in enumerate(axes.effects.shares)]
        turned = {"other": "the other way round", "equal": "equal"}.get(axes.turns)
        pivot = f"{code(axes.pivot)}: {turned}" if axes.pivot else "stays"
        # With fewer seeds than other metrics have, the seed is in the last of them.
        filled = [*shares, *[_NONE] * (len(names) - len(shares))]
        rows.append([metric(one.name).label, *filled, pivot])
    return table(["metric", *map(escape, names), "without one choice"], rows, numbers_from=1)


def _told(pairs: Sequence[Pair], axes: Mapping[str, str]) -> str:
    """Who is better than whom, by kind."""
    parts = []
    for axis, many in axes.items():
        of = [pair for pair in pairs if pair.axis == axis]
        if not of:
            continue
        beaten: dict[str, list[str]] = {}
        for pair in of:
            if pair.clear:
                beaten.setdefault(pair.better, []).append(pair.worse)
        if not beaten:
            parts.append(f"no two {many} differ clearly")
            continue
        wins = sorted(beaten.items(), key=lambda one: -len(one[1]))
        sides = [f"{code(better)} beats {join([code(one) for one in worse])}" for better, worse in wins]
        open_ = len(of) - sum(pair.clear for pair in of)
        rest = f" ({count(open_, 'pair')} of {many} undecided)" if open_ else ""
        parts.append(f"{'; '.join(sides)}{rest}")
    text = "; ".join(parts)
    return f"{text[0].upper()}{text[1:]}." if text else ""


def _row(pair: Pair) -> list[str]:
    turned = pair.better != pair.first
    gap, wins, effect = pair.gap, pair.wins, pair.effect
    sign = -1 if turned else 1
    win = None if wins is None else 1 - wins if turned else wins
    numbers = [*_gap(replace(gap, value=sign * gap.value)), write_p(pair.p)]
    better, worse = code(pair.better), code(pair.worse)
    return [
        metric(pair.metric).label,
        f"**{better}**" if pair.clear else better,
        worse,
        *numbers,
        _NONE if effect is None else f"{sign * effect:.2f}",
        _NONE if win is None else f"{100 * win:.0f} %",
    ]


def _gap(gap: Uncertainty) -> tuple[str, str]:
    """A difference and its interval, to two digits of its width."""
    if gap.half is None:
        return f"{gap.value:.4f}", _NONE
    decimals = decimals_of(gap)
    return f"{gap.value:.{decimals}f}", f"{gap.low:.{decimals}f} to {gap.high:.{decimals}f}"


def decimals_of(gap: Uncertainty) -> int:
    """As many as show two digits of the interval's width."""
    return min(6, max(0, 1 - math.floor(math.log10(2 * gap.half)))) if gap.half > 1e-6 else 6


def _share(share: float, place: int, ranges: tuple[tuple[float, float], ...] | None) -> str:
    if ranges is None:
        return f"{100 * share:.0f} %"
    low, high = ranges[place]
    return f"{100 * share:.0f} % ({100 * low:.0f} to {100 * high:.0f})"
