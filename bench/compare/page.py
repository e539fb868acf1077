"""The page of a comparison: what changed, which cells differ by how much, and what tripped."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean

from bench.compare import words
from bench.compare.changes import NONE, cell_changes, changes
from bench.compare.differences import Difference, mean
from bench.compare.gates import Judgement
from bench.compare.matching import End, Matching
from bench.report.legend import metric
from bench.report.markdown import count, escape, table
from bench.report.statistics import Uncertainty, write_p
from bench.report.stored import StoredRun
from bench.report.template import fill

TITLE = "# Comparison of runs: "
"""How every page begins: nothing else is overwritten."""

_MOST_REASONS = 10
_HEAD = ("architecture", "loss", "seeds", "A", "B", "B − A", "95 % interval", "p (Holm)", "B is")


@dataclass(frozen=True)
class OfDataset:
    """What is said of a data set: a sentence and a table per metric."""

    name: str
    answers: list[str]
    tables: list[tuple[str, str]]


def write_page(
    first: StoredRun,
    second: StoredRun,
    matching: Matching,
    found: Sequence[Difference],
    judgements: Sequence[Judgement],
) -> str:
    """The comparison as Markdown."""
    content = {
        "title": TITLE,
        "names": [first.name, second.name],
        "intro": words.intro(first, second, matching),
        "warnings": words.other_pictures(matching.rows),
        "gates": [_gate(one) for one in judgements],
        "changes": _changes(first, second),
        "cell_changes": _cell_changes(matching),
        "datasets": _datasets(found),
        "ends": _ends(matching),
        "reading": words.reading(found) if found else [],
    }
    return fill("bench.compare", "compare.md.j2", content)


def _datasets(found: Sequence[Difference]) -> list[OfDataset]:
    several = []
    for dataset in dict.fromkeys(one.row.dataset for one in found):
        by_metric: dict[str, list[Difference]] = {}
        for one in found:
            if one.row.dataset == dataset:
                by_metric.setdefault(one.metric, []).append(one)
        tables = [(_title(those), _table(those)) for those in by_metric.values()]
        several.append(OfDataset(dataset, [words.answer(those) for those in by_metric.values()], tables))
    return several


def _title(several: Sequence[Difference]) -> str:
    return f"{metric(several[0].metric).title} {several[0].first.where.arrow}"


def _table(several: Sequence[Difference]) -> str:
    """Trained rows, their mean, then references in italics."""
    trained = [one for one in several if one.row.trained]
    rows = [_row(one) for one in trained]
    if len(trained) > 1:
        name = f"*mean of {count(len(trained), 'row')}*"
        rows.append([name, NONE, NONE, *_numbers(trained, mean(trained)), NONE, NONE])
    return table(_HEAD, [*rows, *(_row(one) for one in several if not one.row.trained)], numbers_from=3)


def _row(one: Difference) -> list[str]:
    row = one.row
    architecture = escape(row.architecture) if row.trained else f"*{escape(row.architecture)}*"
    seeds = ", ".join(str(seed) for seed in one.seeds if seed is not None) or NONE
    verdict = f"**{one.verdict}**" if one.clear else one.verdict
    loss = escape(row.loss) if row.loss else NONE
    return [architecture, loss, seeds, *_numbers([one], one.gap), write_p(one.p), verdict]


def _numbers(several: Sequence[Difference], gap: Uncertainty) -> list[str]:
    """Means in A and in B, their difference and its interval."""
    values = [
        fmean(side.value for side in sides) for sides in zip(*((one.first, one.second) for one in several), strict=True)
    ]
    digits = words.decimals(gap, *values)
    return [
        *(f"{value:.{digits}f}" for value in values),
        words.signed(gap.value, digits),
        words.interval(gap, digits) or NONE,
    ]


def _gate(judgement: Judgement) -> tuple[str, list[str]]:
    """A line, and what tripped it."""
    if not judgement.tripped:
        return f"`{judgement.gate.text}` holds", []
    more = len(judgement.reasons) - _MOST_REASONS
    reasons = [*judgement.reasons[:_MOST_REASONS], *([f"and {more} more"] if more > 0 else [])]
    return f"`{judgement.gate.text}` **tripped**", reasons


def _changes(first: StoredRun, second: StoredRun) -> str:
    rows = [[escape(text) for text in (one.what, one.first, one.second)] for one in changes(first, second)]
    return table(["what", "A", "B"], rows) if rows else ""


def _cell_changes(matching: Matching) -> str:
    rows = [
        [escape(text) for text in (cell, one.what, one.first, one.second)] for cell, one in cell_changes(matching.rows)
    ]
    return table(["cell", "what", "A", "B"], rows) if rows else ""


def _ends(matching: Matching) -> str:
    """Cells that not both completed, those that only differ in their seed together."""
    together: dict[tuple[str, str, str | None, str | None, str | None], list[End]] = {}
    for one in matching.ends:
        together.setdefault((one.dataset, one.architecture, one.loss, one.first, one.second), []).append(one)
    rows = [
        [
            escape(architecture),
            escape(loss) if loss else NONE,
            escape(dataset),
            ", ".join(str(one.seed) for one in ends if one.seed is not None) or NONE,
            before or NONE,
            f"**{after}**" if ends[0].lost else after or NONE,
        ]
        for (dataset, architecture, loss, before, after), ends in together.items()
    ]
    return table(["architecture", "loss", "data set", "seed", "in A", "in B"], rows) if rows else ""
