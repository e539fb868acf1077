"""Gates: what ends a comparison with a status of its own, such as ``lpips > +0.01``."""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bench.compare.differences import Difference, has
from bench.compare.matching import Matching
from bench.report.markdown import code, count, join
from registry.errors import UserError
from registry.registry import NAME, choices

_HOW = 'write METRIC > NUMBER, such as "lpips > +0.01", "skill < -5%" or "mean lpips > 0"'
_FORM = re.compile(
    rf"(?P<mean>mean\s+)?(?P<metric>{NAME.pattern})\s*(?P<sign>>=|<=|>|<)\s*(?P<number>[^\s%]+)\s*(?P<percent>%?)"
)
_SIGNS = {">": operator.gt, ">=": operator.ge, "<": operator.lt, "<=": operator.le}


@dataclass(frozen=True)
class Gate:
    """A condition on B minus A.

    Attributes:
        text: As it was written.
        limit: In units of the metric, or in percent of A's value.
        of_mean: Of the mean over all trained rows rather than of any one row.
    """

    text: str
    metric: str
    sign: str
    limit: float
    percent: bool = False
    of_mean: bool = False

    def trips(self, before: float, after: float) -> bool:
        """Whether a change of the metric, or of its mean, is one to fail for."""
        change = self.change(before, after)
        return math.isnan(change) or bool(_SIGNS[self.sign](change, self.limit))

    def change(self, before: float, after: float) -> float:
        """B minus A in the gate's unit; in percent of nothing any change is without end."""
        gap = after - before
        if not self.percent or gap == 0:
            return gap
        return 100 * gap / abs(before) if before else math.copysign(math.inf, gap)

    def write(self, change: float) -> str:
        """A change in the gate's unit."""
        return f"{change:+.4g}{' %' if self.percent else ''}"


@dataclass(frozen=True)
class Judgement:
    """A gate with what tripped it, a line each; none where it holds."""

    gate: Gate
    reasons: tuple[str, ...]

    @property
    def tripped(self) -> bool:
        """Whether there is something to fail for."""
        return bool(self.reasons)

    @property
    def line(self) -> str:
        """The gate with its first reason, as plain text."""
        more = f", and {len(self.reasons) - 1} more" if len(self.reasons) > 1 else ""
        return f"{self.gate.text}: {self.reasons[0].replace('`', '')}{more}"


def read_gate(text: str, metrics: Sequence[str]) -> Gate:
    """A gate from its text.

    Args:
        metrics: Those that one of the runs has.

    Raises:
        UserError: It is not written as a gate is, or neither run has the metric.
    """
    found = _FORM.fullmatch(text.strip())
    number = _number(found["number"]) if found else math.nan
    if not found or not math.isfinite(number):
        raise UserError(f"--fail-if {text!r} cannot be read: {_HOW}.")
    if found["metric"] not in metrics:
        raise UserError(f"--fail-if {text!r}: no cell has the metric; {choices(found['metric'], sorted(metrics))}.")
    return Gate(text.strip(), found["metric"], found["sign"], number, bool(found["percent"]), bool(found["mean"]))


def judge(gates: Iterable[Gate], matching: Matching, found: Sequence[Difference]) -> list[Judgement]:
    """Which gates trip.

    A gate trips by any matched row, references included, and by a cell that A completed and B was to and has not:
    what was lost cannot have stayed as good. It also trips where nothing can be held against it.
    """
    lost = [f"{one.name} was completed in A and is {code(one.second)} in B" for one in matching.lost]
    return [
        Judgement(gate, (*_reasons(gate, matching, found), *_unmeasured(gate, matching, found), *lost))
        for gate in gates
    ]


def _reasons(gate: Gate, matching: Matching, found: Sequence[Difference]) -> list[str]:
    """What trips a gate by its value, the furthest first."""
    measured = [one for one in found if one.metric == gate.metric and (one.row.trained or not gate.of_mean)]
    # References are the same in any two runs of a data set: where something was trained they say nothing of it.
    trains = any(one.loss for one in (*matching.rows, *matching.ends))
    if not measured or (trains and not any(one.row.trained for one in measured)):
        of = "trained cell" if measured or gate.of_mean else "cell"
        return [f"no {of} that both runs completed has {code(gate.metric)}"]
    if gate.of_mean:
        before, after = (sum(values) / len(measured) for values in zip(*map(_values, measured), strict=True))
        change = gate.write(gate.change(before, after))
        return [f"{change} on average over {count(len(measured), 'row')}"] if gate.trips(before, after) else []
    tripping = [one for one in measured if gate.trips(*_values(one))]
    tripping.sort(key=lambda one: gate.change(*_values(one)), reverse=gate.sign in (">", ">="))
    return [
        f"{gate.write(gate.change(*_values(one)))} for {one.row.name} on {code(one.row.dataset)}{_seeds(one)}"
        for one in tripping
    ]


def _unmeasured(gate: Gate, matching: Matching, found: Sequence[Difference]) -> list[str]:
    """Rows that lost the metric's value though both runs completed them."""
    measured = {id(one.row) for one in found if one.metric == gate.metric}
    gone = [row for row in matching.rows if id(row) not in measured and any(has(one, gate.metric) for one in row.first)]
    return [f"{row.name} on {code(row.dataset)} has no value in B" for row in gone]


def _values(one: Difference) -> tuple[float, float]:
    return one.first.value, one.second.value


def _seeds(one: Difference) -> str:
    return f" (mean over the seeds {join(list(map(str, one.seeds)))})" if len(one.seeds) > 1 else ""


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan
