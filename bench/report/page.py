"""What stands on the page, gathered for its template."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bench.report import headlines, inventory, provenance
from bench.report.entries import Entry, collect, goal
from bench.report.figure import Figure
from bench.report.lead import lead
from bench.report.legend import TABLE, metric
from bench.report.markdown import code, count, fence, join, table
from bench.report.stored import StoredRun
from bench.report.tables import dataset_tables

SECTIONS = (
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
    rows = collect(run)
    answers = {dataset: headlines.answers(run, entries) for dataset, entries in rows.items()}
    everything = [entry for entries in rows.values() for entry in entries]
    shown = {section: [one for one in figures if one.section == section] for section, *_ in (("headline",), *SECTIONS)}
    legend = _legend(everything)
    made = provenance.commands(run.folder)
    return {
        "name": run.name,
        "intro": _intro(run, rows),
        "links": _links(shown, legend),
        "lead": _lead(everything, answers),
        "answers": answers,
        "caveats": _caveats(run, everything),
        "shown": shown,
        "sections": SECTIONS,
        "reading": _reading(everything),
        "tables": [dataset_tables(run, data, entries, answers[data]) for data, entries in rows.items()],
        "legend": legend,
        "commands": f"{made['run']}\n{made['report']}",
        "facts": table(["what", "value"], [list(fact) for fact in provenance.facts(run).items()]),
        "datasets": inventory.datasets_table(run),
        "dataset_rules": inventory.dataset_rules(run),
        "conventions": provenance.CONVENTIONS,
        "settings": inventory.settings_table(run),
        "grid": fence(run.grid_text, "yaml"),
        "cells": inventory.cells_table(run),
        "left_out": inventory.left_out(run),
        "failures": inventory.failures(everything),
    }


def _intro(run: StoredRun, rows: dict[str, list[Entry]]) -> str:
    trained = [entry for entries in rows.values() for entry in entries if entry.loss]
    architectures = list(dict.fromkeys(entry.architecture for entry in trained))
    losses = list(dict.fromkeys(entry.loss for entry in trained))
    done = sum(len(entry.completed) for entry in trained)
    asked = sum(len(entry.records) + len(entry.pending) for entry in trained)
    seeds = sorted({record.seed for entry in trained for record in entry.records})
    seed = f"{'seed' if len(seeds) == 1 else 'seeds'} {join(list(map(str, seeds)))}; " if seeds else ""
    pictures = [
        f"{code(data)}" + (f" ({count(run.datasets[data].n_test, 'test picture')})" if data in run.datasets else "")
        for data in rows
    ]
    if not trained:
        return f"Untrained baselines only, on {join(pictures)}: this run trains nothing."
    return (
        "Grey photographs get their colours back from a network: which choice matters more, its architecture or "
        f"its loss? Compared here: {count(len(architectures), 'architecture')} "
        f"({join(list(map(code, architectures)))}) × {count(len(losses), 'loss', 'losses')} "
        f"({join(list(map(code, losses)))}) on {join(pictures)}; {seed}{done} of {count(asked, 'trained cell')} "
        "completed."
    )


def _lead(entries: Sequence[Entry], answers: dict[str, list[headlines.Answer]]) -> str:
    if any(entry.completed for entry in entries if entry.loss):
        return lead(answers)
    statuses = {record.status for entry in entries if entry.loss for record in entry.records}
    if statuses == {"failed"}:
        return "**There is none: every trained cell that ended has failed.** The reasons stand below each table."
    return "**There is none yet: no trained cell was completed.** The reasons stand below each table."


def _links(shown: dict[str, list[Figure]], legend: str) -> str:
    titles = ["Tables", *(title for section, title, _ in SECTIONS if shown[section])]
    titles += [*(["What the metrics mean"] if legend else []), "How it was made"]
    return " · ".join(f"[{title}](#{title.lower().replace(' ', '-')})" for title in titles)


def _caveats(run: StoredRun, entries: Sequence[Entry]) -> list[str]:
    trained = [entry for entry in entries if entry.loss]
    measured = [entry for entry in trained if entry.completed]
    seeds = sorted({record.seed for entry in measured for record in entry.completed})
    lines = []
    if len(seeds) == 1:
        lines.append(
            f"All cells were trained once, from seed {seeds[0]}. The intervals cover the choice of test pictures, "
            "not the luck of a training run: **no claim beyond these pictures and this seed is possible.**"
        )
    elif seeds:
        lines.append(f"Values are means over the seeds {join(list(map(str, seeds)))}.")
    if measured:
        lines.append(
            "First and second were picked after looking at all cells, which makes a lead look a little surer than "
            "it is."
        )
    lazy = [entry for entry in measured if (skill := entry.estimate("skill")) and skill.value <= 0]
    if lazy:
        lines.append(
            f"{len(lazy)} of {count(len(measured), 'trained row')} have a skill of 0 or below: they are no better "
            "than painting everything in the mean colour, however colourful they are."
        )
    lost = [entry for entry in trained if len(entry.completed) < len(entry.records) + len(entry.pending)]
    if lost:
        lines.append(
            f"{count(len(lost), 'row')} of the grid failed, were skipped or have not ended yet: see the tables."
        )
    return [*lines, *filter(None, [provenance.mixed(run)])]


def _reading(entries: Sequence[Entry]) -> str:
    several = any(len(entry.completed) > 1 for entry in entries)
    over = "seeds" if several else "test pictures"
    also = " (over the test pictures where there is one seed)" if several else ""
    return (
        "↓ lower is better, ↑ higher is better, → best is nearest to what follows. ± is the standard error over "
        f"{over}{also}; a value without it describes all pictures together. The **best** trained cell is bold and "
        "the <u>second</u> underlined, by their full numbers; *references in italics* are not trained and take no "
        "part."
    )


def _legend(entries: Sequence[Entry]) -> str:
    """What was measured, in words; empty where nothing was."""
    measured = {name: None for entry in entries for record in entry.completed for name in record.metrics}
    if not measured:
        return ""
    names = [name for name in TABLE if any(entry.estimate(name) for entry in entries)]
    rows = []
    for name in dict.fromkeys([*names, *measured]):
        one = metric(name)
        texts = (one.formula, one.values, one.source, one.misleads)
        rows.append([f"{one.title} {goal(entries, name).arrow}", *(text.replace("|", "&#124;") for text in texts)])
    return table(["metric", "formula", "values", "source", "how it misleads"], rows)
