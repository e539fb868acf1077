"""The numbers behind the sentences of the answer: gaps and shifts with their intervals."""

from __future__ import annotations

import math
from collections.abc import Sequence

from bench.report.entries import goal
from bench.report.headlines import Answer, short
from bench.report.legend import metric
from bench.report.markdown import code, table
from bench.report.statistics import CONFIDENCE, RESAMPLES, Interval

_NONE = "–"
_LEVEL = f"{100 * CONFIDENCE:.0f} %"


def evidence(found: Sequence[Answer]) -> str:
    """Tables and how to read them; empty where there is nothing to compare."""
    return "\n\n".join(filter(None, [_gaps(found), _shifts(found)]))


def _gaps(found: Sequence[Answer]) -> str:
    rows = []
    several = any(one.seeds for one in found)
    for one in found:
        if len(one.order) < 2:
            continue
        where = goal(one.order, one.name)
        best, second = (where.distance(entry.estimate(one.name).value) for entry in one.order[:2])
        decimals = max(one.decimals, *(_decimals(interval) for interval in (one.gap, one.seeds)))
        row = [
            f"{metric(one.name).label} {where.arrow}",
            short(one.order[0]),
            short(one.order[1]),
            f"{second - best:.{decimals}f}",
            _interval(one.gap, decimals),
        ]
        rows.append([*row, _interval(one.seeds, decimals)] if several else row)
    if not rows:
        return ""
    head = ["metric", "first", "second", "second is further from the best by", f"{_LEVEL} over pictures"]
    return "\n\n".join(
        [
            f"First against second. An interval over pictures comes from {RESAMPLES:,} redrawn test sets, the same for "
            "all cells (paired bootstrap)"
            + ("; one over seeds from Student's t over paired differences" if several else "")
            + f". A lead is clear where {'both leave' if several else 'it leaves'} out 0.",
            table([*head, *([f"{_LEVEL} over seeds"] if several else [])], rows, numbers_from=3),
        ]
    )


def _shifts(found: Sequence[Answer]) -> str:
    compared = [one for one in found if one.axes]
    if not compared:
        return ""
    several = any(one.axes.seeds for one in compared)
    rows = []
    for one in compared:
        effects, pictures, seeds = one.axes.effects, one.axes.pictures, one.axes.seeds
        decimals = max(one.decimals, *(_decimals(interval) for interval in (pictures, seeds)))
        architecture, loss, interplay = (f"{100 * share:.0f} %" for share in effects.shares)
        turned = {"other": "the other way round", "equal": "equal"}.get(one.axes.turns)
        row = [
            metric(one.name).label,
            f"{effects.architecture:.{decimals}f}",
            f"{effects.loss:.{decimals}f}",
            _interval(pictures, decimals),
            *([_interval(seeds, decimals)] if several else []),
            f"{architecture} / {loss} / {interplay}",
        ]
        rows.append([*row, f"{code(one.axes.pivot)}: {turned}" if one.axes.pivot else "stays"])
    head = [
        "metric",
        "architecture moves it by",
        "loss moves it by",
        f"loss less architecture, {_LEVEL} over pictures",
    ]
    head += [f"{_LEVEL} over seeds"] if several else []
    return "\n\n".join(
        [
            "Architecture against loss. How far one moves the value is the standard deviation of the architectures' "
            "(or the losses') means, less what the interplay would give by itself: so the axis with more choices gains "
            "nothing. "
            "Interplay is what is left: some losses suit some architectures, and a training run has luck. The last "
            "column names a choice without which the answer would change.",
            table([*head, "variance: architecture / loss / interplay", "without one choice"], rows, numbers_from=1),
        ]
    )


def _interval(interval: Interval | None, decimals: int) -> str:
    return f"{interval.low:.{decimals}f} to {interval.high:.{decimals}f}" if interval else _NONE


def _decimals(interval: Interval | None) -> int:
    """Decimals that show two digits of an interval's width."""
    width = interval.high - interval.low if interval else 0
    return min(6, 1 - math.floor(math.log10(width))) if width > 1e-6 else 0
