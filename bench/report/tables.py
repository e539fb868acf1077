"""Tables per data set: rows architecture x loss, columns metrics."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from bench.report.entries import Entry, Goal, goal, leaders
from bench.report.glossary import drawn
from bench.report.legend import TABLE, metric
from bench.report.markdown import count, escape, table
from bench.report.sample import Sample
from bench.report.statistics import Uncertainty
from bench.report.stored import StoredRun

_NONE = "–"
_WIDEST = 5
"""Columns of metrics that a page of 900 pixels holds beside the names."""


@dataclass(frozen=True)
class DatasetTables:
    """All tables of a data set.

    Attributes:
        facts: What the data set holds, in a line.
        main: The headline metrics and what guards them.
        rest: The other metrics, a few at a time.
        unfinished: A line per cell that failed, was skipped or has not been run.
    """

    name: str
    facts: str
    main: str
    rest: str
    unfinished: list[str]


@dataclass(frozen=True)
class Column:
    """A metric of all rows of a data set.

    Attributes:
        estimates: Of the rows that have a value.
        first: The best of those that are trained, several where they are exactly equal; see `leaders`.
        second: The next best likewise.
    """

    name: str
    goal: Goal
    estimates: dict[Entry, Uncertainty]
    first: Sequence[Entry] = ()
    second: Sequence[Entry] = ()

    @property
    def head(self) -> str:
        """Label with unit and direction."""
        return f"{metric(self.name).title} {self.goal.arrow}"

    @cached_property
    def decimals(self) -> int:
        """Of the values and their intervals; see `decimals_for`."""
        trained = {entry: one for entry, one in self.estimates.items() if entry.loss}
        shown = list((trained or self.estimates).values())
        return decimals_for([one.half for one in shown], [one.value for one in self.estimates.values()])

    @property
    def best(self) -> float | None:
        """The value of a perfect prediction; None where there is none."""
        return self.goal.target if self.goal.target is not None else metric(self.name).best

    def cell(self, entry: Entry) -> str:
        """A row's value, marked where it is the best or the second."""
        if entry not in self.estimates:
            return _NONE
        text = write(self.estimates[entry], self.decimals)
        if entry.loss is None:
            return f"*{text}*"
        if entry in self.first:
            return f"**{text}**"
        return f"<u>{text}</u>" if entry in self.second else text


def dataset_tables(run: StoredRun, dataset: str, entries: Sequence[Entry]) -> DatasetTables:
    """Make the tables of a data set."""
    measured = dict.fromkeys(name for entry in entries for record in entry.completed for name in record.metrics)
    main = [name for name in TABLE if any(entry.estimate(name) for entry in entries)]
    rest = [name for name in measured if name not in main]
    parts = [rest[start : start + _WIDEST] for start in range(0, len(rest), _WIDEST)]
    return DatasetTables(
        name=dataset,
        facts=_facts(run, dataset),
        main=_table(run, entries, main) if main else "",
        rest="\n\n".join(_table(run, entries, part) for part in parts),
        unfinished=[line for entry in entries for line in _unfinished(entry)],
    )


def decimals_for(spreads: Iterable[float | None], values: Iterable[float]) -> int:
    """For two digits of a middling interval, or one where that says as much; three where there is none."""
    known = sorted(one for one in spreads if one)
    if known:
        middle = known[(len(known) - 1) // 2]
        power = math.floor(math.log10(middle))
        # As the Particle Data Group rounds: 0.0123 and 0.34, but 0.05 for 0.054.
        digits = 2 if middle < 3.55 * 10**power else 1
        return min(6, max(0, digits - 1 - power))
    return 3 if max((abs(value) for value in values if math.isfinite(value)), default=0) < 10 else 1


def write(estimate: Uncertainty, decimals: int) -> str:
    """``0.0281 ± 0.0022``; no-break spaces keep it on one line."""
    if estimate.half is None:
        return f"{estimate.value:.{decimals}f}"
    return f"{estimate.value:.{decimals}f}\u00a0±\u00a0{estimate.half:.{decimals}f}"


def column(run: StoredRun, entries: Sequence[Entry], name: str) -> Column:
    """A metric of a data set's rows."""
    where = goal(entries, name)
    found = {entry: _estimate(run, entry, name, where) for entry in entries}
    estimates = {entry: one for entry, one in found.items() if one is not None}
    return Column(name, where, estimates, *leaders(entries, name))


def _estimate(run: StoredRun, entry: Entry, name: str, where: Goal) -> Uncertainty | None:
    """As the records say it; where they lack what the pictures add, that is worked out from redrawn test sets."""
    estimate = entry.estimate(name)
    if estimate is None or estimate.n_pictures:
        return estimate
    return Sample(run, entry.completed, name, where).mean((entry.architecture, entry.loss))


def _table(run: StoredRun, entries: Sequence[Entry], names: Sequence[str]) -> str:
    columns = [column(run, entries, name) for name in names]
    trained = [[*_labels(entry), *(one.cell(entry) for one in columns)] for entry in entries if entry.loss]
    baselines = [entry for entry in entries if entry.loss is None]
    references = [[*_labels(entry), *(one.cell(entry) for one in columns)] for entry in baselines]
    truth = ["*truth*", _NONE, *(_truth(one) for one in columns)]
    head = ["architecture", "loss", *(one.head for one in columns)]
    return table(head, [*trained, *references, truth], numbers_from=2)


def _labels(entry: Entry) -> list[str]:
    if entry.loss is None:
        return [f"*{escape(entry.architecture)}*", _NONE]
    note = unfinished_note(entry)
    if note and not entry.completed:
        note = f"*{note}*"
    return [escape(entry.architecture), f"{escape(entry.loss)}{f' {note}' if note else ''}"]


def unfinished_note(entry: Entry) -> str:
    """How a row that is not complete ended, in brackets; empty where it is complete."""
    done, asked = len(entry.completed), len(entry.records) + len(entry.pending)
    if done == asked:
        return ""
    if done:
        return f"({done} of {asked} seeds)"
    return f"({entry.records[0].status if entry.records else 'not run yet'})"


def _truth(one: Column) -> str:
    return _NONE if one.best is None else f"*{one.best:.{one.decimals}f}*"


def _facts(run: StoredRun, dataset: str) -> str:
    stored = run.datasets.get(dataset)
    if stored is None:
        return ""
    size = f"{stored.image_size} × {stored.image_size} pixels"
    test = count(stored.n_test, "test picture")
    origin = " drawn by the program" if drawn(dataset) else ""
    return f"{test} of {size}{origin}, none of them among the {count(stored.n_train, 'picture')} trained on."


def _unfinished(entry: Entry) -> list[str]:
    lines = []
    for record in entry.records:
        seed = f", seed {record.seed}" if record.seed is not None else ""
        if record.status == "failed":
            error = record.error
            reason = f"{escape(error.type)}: {escape(error.message)}" if error else "no error was stored"
            lines.append(f"{entry.name}{seed} **failed**: {reason}")
        elif record.status == "skipped":
            lines.append(f"{entry.name}{seed} was **skipped**: {escape(record.reason or 'no reason was stored')}")
    seeds = [str(seed) for seed in entry.pending if seed is not None]
    if entry.pending:
        of = f", seed {', '.join(seeds)}" if seeds else ""
        lines.append(f"{entry.name}{of} has **not been run yet**")
    return lines
