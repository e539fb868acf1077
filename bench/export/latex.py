r"""Tables for a paper: one per data set, with booktabs, the best of each column in bold.

Needs ``\usepackage{booktabs}`` and nothing else.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from statistics import stdev
from typing import Literal

from bench.records import dataset_slug
from bench.report.entries import RATIOS, Entry, collect
from bench.report.legend import HEADLINES, metric
from bench.report.markdown import count, join
from bench.report.stored import StoredRun
from bench.report.tables import Column, column, decimals_for, unfinished_note
from registry.errors import UserError
from registry.registry import choices

Spread = Literal["interval", "seeds"]

BEGINNING = "% Made by colorization-bench"

_NONE = "--"
_ARROWS = {"↓": r"$\downarrow$", "↑": r"$\uparrow$", "→": r"$\to$"}
_SPECIAL = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    **{letter: f"\\{letter}" for letter in "{}$&#_%"},
}


def latex_tables(run: StoredRun, metrics: Sequence[str] = (), spread: Spread = "interval") -> str:
    r"""A ``table`` environment for each data set of a run.

    Args:
        metrics: Columns; the headline metrics if none are given.
        spread: After each value: half of its 95 % interval, or in brackets its standard deviation over seeds.

    Raises:
        UserError: No cell has a metric, or no row has two seeds to take a deviation of.
    """
    rows = {dataset: entries for dataset, entries in collect(run).items() if any(one.completed for one in entries)}
    if not rows:
        raise UserError(f"No cell of the run {run.name} is completed: there is nothing for a table.")
    everything = [entry for entries in rows.values() for entry in entries]
    names = _columns(everything, metrics)
    if spread == "seeds" and not any(len(entry.completed) > 1 for entry in everything):
        raise UserError(
            f"--spread seeds: no row of the run {run.name} has two seeds; take --spread interval, which is over test "
            "pictures too, or run more with --seeds."
        )
    tables = [_table(run, dataset, entries, names, spread) for dataset, entries in rows.items()]
    head = f"{BEGINNING} from the run {' '.join(run.name.split())}; needs \\usepackage{{booktabs}}."
    return "\n\n".join([head, *tables]) + "\n"


def escape(text: str) -> str:
    """Any text as LaTeX that prints it."""
    plain = "".join(_SPECIAL.get(letter, letter) for letter in " ".join(text.split()))
    # Two hyphens would become a dash.
    return re.sub("-(?=-)", "-{}", plain)


@dataclass(frozen=True)
class _Numbers:
    """A column's numbers as they are printed."""

    column: Column
    spread: Spread

    @cached_property
    def deviations(self) -> dict[Entry, float]:
        """Over seeds, of the rows that have several."""
        values = {entry: entry.values(self.column.name) for entry in self.column.estimates}
        return {entry: stdev(several) for entry, several in values.items() if len(several) > 1}

    @cached_property
    def decimals(self) -> int:
        """Of the values and what follows them."""
        if self.spread == "interval":
            return self.column.decimals
        return decimals_for(self.deviations.values(), [one.value for one in self.column.estimates.values()])

    @property
    def goal(self) -> str:
        """Where the metric should go."""
        arrow, _, target = self.column.goal.arrow.partition(" ")
        return f"{_ARROWS[arrow]} {escape(target)}".rstrip()

    @property
    def truth(self) -> str:
        """The value of a perfect prediction."""
        return _NONE if self.column.best is None else f"${self.column.best:.{self.decimals}f}$"

    def cell(self, entry: Entry) -> str:
        """A row's value with its spread; the best in bold, the second underlined."""
        estimate = self.column.estimates.get(entry)
        if estimate is None:
            return _NONE
        text = f"{estimate.value:.{self.decimals}f}"
        for mark, marked in ((r"\mathbf", self.column.first), (r"\underline", self.column.second)):
            if entry in marked:
                text = f"{mark}{{{text}}}"
        if self.spread == "seeds":
            deviation = self.deviations.get(entry)
            return f"${text}$" if deviation is None else f"${text}$ (${deviation:.{self.decimals}f}$)"
        return f"${text}$" if estimate.half is None else f"${text} \\pm {estimate.half:.{self.decimals}f}$"


def _columns(entries: Sequence[Entry], metrics: Sequence[str]) -> list[str]:
    measured = dict.fromkeys(name for entry in entries for record in entry.completed for name in record.metrics)
    known = [*measured, *(ratio for ratio, of in RATIOS.items() if of in measured)]
    for name in metrics:
        if name not in known:
            raise UserError(f"--metric {name!r}: no cell has it; {choices(name, sorted(known))}.")
    return list(dict.fromkeys(metrics)) or [name for name in HEADLINES if name in known] or list(measured)


def _table(run: StoredRun, dataset: str, entries: Sequence[Entry], names: Sequence[str], spread: Spread) -> str:
    columns = [_Numbers(column(run, entries, name), spread) for name in names]
    trained = [
        [
            _line(["" if place else escape(architecture), _loss(entry), *(one.cell(entry) for one in columns)])
            for place, entry in enumerate(several)
        ]
        for architecture, several in itertools.groupby(
            (entry for entry in entries if entry.loss), key=lambda entry: entry.architecture
        )
    ]
    references = [
        _line([rf"\textit{{{escape(entry.architecture)}}}", _NONE, *(one.cell(entry) for one in columns)])
        for entry in entries
        if not entry.loss
    ]
    truth = _line([r"\textit{truth}", _NONE, *(one.truth for one in columns)])
    lines = [
        r"\begin{table}[t]",
        r"  \centering",
        r"  \small",
        # Classes that expect captions below leave no room between one above and the table.
        r"  \setlength{\belowcaptionskip}{6pt}",
        rf"  \caption{{{_caption(run, dataset, columns, spread)}}}",
        rf"  \label{{tab:{_label(run.name)}-{_label(dataset)}}}",
        rf"  \begin{{tabular}}{{@{{}}ll{'r' * len(columns)}@{{}}}}",
        r"    \toprule",
        _line(["Architecture", "Loss", *(escape(metric(name).title) for name in names)]),
        _line(["", "", *(one.goal for one in columns)]),
        r"    \midrule",
        *_spaced(trained),
        *([r"    \midrule"] if trained else []),
        *references,
        truth,
        r"    \bottomrule",
        r"  \end{tabular}",
        r"\end{table}",
    ]
    return "\n".join(lines)


def _spaced(blocks: Sequence[Sequence[str]]) -> list[str]:
    """The lines of several architectures, with some space between those that have several lines."""
    gap = [r"    \addlinespace"] if any(len(block) > 1 for block in blocks) else []
    return [line for place, block in enumerate(blocks) for line in [*(gap if place else []), *block]]


def _line(cells: Sequence[str]) -> str:
    return f"    {' & '.join(cells)} \\\\"


def _loss(entry: Entry) -> str:
    note = unfinished_note(entry)
    return escape(f"{entry.loss} {note}")


def _label(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9-]+", "-", dataset_slug(text))


def _caption(run: StoredRun, dataset: str, columns: Sequence[_Numbers], spread: Spread) -> str:
    stored = run.datasets.get(dataset)
    size = (
        ""
        if stored is None
        else rf" ({count(stored.n_test, 'picture')} of ${stored.image_size} \times {stored.image_size}$ pixels)"
    )
    sentences = [
        f"Scores on the test set of {escape(dataset)}{size}.",
        _spread(columns, spread),
        _directions(columns),
        "The best trained value of a column is bold, the second underlined; what is in italics is not trained.",
    ]
    return " ".join(filter(None, sentences))


def _spread(columns: Sequence[_Numbers], spread: Spread) -> str:
    """What follows a value."""
    trained = [(entry, one) for numbers in columns for entry, one in numbers.column.estimates.items() if entry.loss]
    seeds = sorted({record.seed for entry, _ in trained for record in entry.completed})
    means = f"Means over the seeds {join(list(map(str, seeds)))}" if len(seeds) > 1 else ""
    once = f"Trained once, with seed {seeds[0]}. " if len(seeds) == 1 else ""
    if spread == "seeds":
        return f"{means}, with standard deviations over seeds in brackets."
    covers = dict.fromkeys(one.covers.replace("pictures", "test pictures") for _, one in trained if one.covers)
    if not covers:
        return f"{means}." if means else once.strip()
    half = rf"half of the 95\,\% interval over {' or '.join(covers)}"
    return f"{means}, $\\pm$ {half}." if means else f"{once}$\\pm$ is {half}."


def _directions(columns: Sequence[_Numbers]) -> str:
    words = {"↓": "lower is better", "↑": "higher is better", "→": "best is nearest to what follows"}
    used = dict.fromkeys(numbers.column.goal.arrow[0] for numbers in columns)
    return ", ".join(f"{_ARROWS[arrow]} {words[arrow]}" for arrow in used) + "."
