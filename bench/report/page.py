"""What stands on the page, gathered for its template."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bench.report import headlines, inventory, provenance, tuning, words
from bench.report.entries import Entry, goal
from bench.report.figure import Figure
from bench.report.findings import findings
from bench.report.glossary import glossary
from bench.report.lead import lead
from bench.report.learning import learning
from bench.report.legend import COLORS_RATIO, TABLE, metric
from bench.report.markdown import fence, table
from bench.report.stored import StoredRun
from bench.report.tables import dataset_tables
from registry import METRICS

_LEADING = 2
"""Data sets of which the page says all before its tables."""

SECTIONS = (
    ("shares", "What matters more", "How much of what varies comes from the architecture, and how much from the loss?"),
    ("comparison", "Which differences hold", "Which losses, and which architectures, differ by more than chance?"),
    (
        "huber",
        "The delta of Huber",
        "Huber lies between L1 and L2: from which delta on is it one, and from which the other?",
    ),
    (
        "imbalance",
        "Imbalance",
        "Does a data set that is mostly one colour make networks lazy, do they cope with other pictures, and does it "
        "help to weigh rare colours up?",
    ),
    ("pictures", "Pictures", "What do the numbers look like? All cells colour the same test pictures."),
    (
        "curves",
        "Learning",
        "Had the networks finished learning, and did they learn the training pictures by heart?",
    ),
    ("colors", "Colours", "Which colours do the networks use, and which do they avoid?"),
    (
        "distribution",
        "Picture by picture",
        "Is a cell good on all pictures, or good on most and bad on a few?",
    ),
    ("cost", "Cost", "What does a better picture cost?"),
)


def content(run: StoredRun, figures: Sequence[Figure]) -> dict[str, Any]:
    """Everything the template names."""
    found = findings(run)
    rows = {dataset: one.entries for dataset, one in found.items()}
    answers = {dataset: one.answers for dataset, one in found.items()}
    everything = [entry for entries in rows.values() for entry in entries]
    shown = {section: [one for one in figures if one.section == section] for section, *_ in (("headline",), *SECTIONS)}
    # What is said of each of many data sets would hide the answer.
    leading = answers if len(answers) <= _LEADING else {}
    if not leading:
        shown["pictures"] = shown.pop("headline") + shown["pictures"]
        shown["headline"] = []
    legend = _legend(run, everything, [COLORS_RATIO] if shown["imbalance"] else [])
    made = provenance.commands(run)
    learned = learning(run, everything)
    return {
        "name": run.name,
        "intro": words.intro(run, rows),
        "links": _links(shown, legend),
        "lead": _lead(rows, answers),
        "verdicts": [
            (title, question, lines)
            for section, title, question in SECTIONS
            if (lines := [line for figure in shown[section] for line in figure.verdicts])
        ],
        "answers": answers,
        "leading": leading,
        "limits": " ".join(filter(None, [words.one_seed(everything), learned.caveat])),
        "caveats": words.caveats(run, everything),
        "shown": shown,
        "learned": learned.answer,
        "sections": SECTIONS,
        "reading": words.reading(everything),
        "tables": [dataset_tables(run, data, entries) for data, entries in rows.items()],
        "glossary": glossary(run),
        "legend": legend,
        "commands": f"{made['run']}\n{made['report']}",
        "facts": table(["what", "value"], [list(fact) for fact in provenance.facts(run).items()]),
        "datasets": inventory.datasets_table(run),
        "split_hash": inventory.split_hash_note(run),
        "dataset_rules": inventory.dataset_rules(run),
        "conventions": provenance.CONVENTIONS,
        "settings": inventory.settings_table(run),
        "grid": fence(run.grid_text, "yaml"),
        "cells": inventory.cells_table(run),
        "tuning": tuning.tuning_table(run),
        "left_out": inventory.left_out(run),
        "failures": inventory.failures(everything),
    }


def _lead(rows: Mapping[str, Sequence[Entry]], answers: Mapping[str, Sequence[headlines.Answer]]) -> str:
    entries = [entry for several in rows.values() for entry in several if entry.loss]
    if any(entry.completed for entry in entries):
        return lead(rows, answers)
    if not entries:
        return "**There is none: this run trains nothing.** The tables have its references."
    statuses = {record.status for entry in entries for record in entry.records}
    if statuses == {"failed"}:
        return "**There is none: every trained cell that ended has failed.** The reasons stand below each table."
    return "**There is none yet: no trained cell was completed.** The reasons stand below each table."


def _links(shown: dict[str, list[Figure]], legend: str) -> str:
    titles = ["Tables", *(title for section, title, _ in SECTIONS if shown[section])]
    titles += ["What was compared", *(["What the metrics mean"] if legend else []), "How it was made"]
    return " · ".join(f"[{title}](#{title.lower().replace(' ', '-')})" for title in titles)


def _legend(run: StoredRun, entries: Sequence[Entry], derived: Sequence[str]) -> str:
    """What was measured, in words; empty where nothing was."""
    measured = {name: None for entry in entries for record in entry.completed for name in record.metrics}
    if not measured:
        return ""
    names = [name for name in TABLE if any(entry.estimate(name) for entry in entries)]
    rows = []
    for name in dict.fromkeys([*names, *measured, *derived]):
        one = metric(name, run.descriptions.get(f"{METRICS.kind} {name}"))
        texts = (one.formula, one.values, one.source, one.misleads)
        rows.append([f"{one.title} {goal(entries, name).arrow}", *(text.replace("|", "&#124;") for text in texts)])
    return table(["metric", "formula", "values", "source", "how it misleads"], rows)
