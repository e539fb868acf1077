"""What tuning chose for each cell, and whether better values may lie beyond those that were tried."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bench.records import Record, Try
from bench.report.markdown import count, escape, join, table
from bench.report.stored import StoredRun

_NONE = "–"


def tuned_values(settings: Mapping[str, Any]) -> dict[str, str]:
    """The values that were tried of each tuned setting, in words."""
    tune = settings.get("tune") or {}
    return {name: f"tuned for each cell: {join(_plain(values), 'or')}" for name, values in tune.items()}


def caveat(run: StoredRun) -> str:
    """How many tries each cell had, and how many choices are at an edge; empty where nothing was tuned."""
    tuned = [record for record in run.records if record.tuning]
    if not tuned:
        return ""
    tune = tuned[0].settings.get("tune") or {}
    values = join([f"{name} {join(_plain(several), 'or')}" for name, several in tune.items()])
    text = (
        f"Every trained cell had the same tries ({values}); each is the try with the lowest validation loss after its "
        "last epoch, and the test pictures took no part in the choice."
    )
    edges = [edge for record in tuned for edge in at_edge(record)]
    if edges:
        told = join([f"{count(edges.count(one), 'cell')} ({one})" for one in dict.fromkeys(edges)])
        text += f" **Better values may lie beyond those tried:** the choice is at their edge for {told}."
    lost = sum(one.validation_loss is None for record in tuned for one in record.tuning.tried)
    return text + (f" {count(lost, 'try', 'tries')} diverged." if lost else "")


def tuning_table(run: StoredRun) -> str:
    """Of each cell the validation loss of every try, the chosen one in bold; empty where nothing was tuned."""
    tuned = [record for record in run.records if record.tuning]
    if not tuned:
        return ""
    tries = list(dict.fromkeys(_name(one) for record in tuned for one in record.tuning.tried))
    head = ["architecture", "loss", "data set", "seed", *(f"loss with {name}" for name in tries), "edge"]
    rows = []
    for record in tuned:
        losses = {_name(one): _loss(one, record) for one in record.tuning.tried}
        cell = [escape(str(one)) for one in (record.architecture, record.loss, record.dataset, record.seed)]
        rows.append([*cell, *(losses.get(name, _NONE) for name in tries), "; ".join(at_edge(record)) or "within"])
    how = "Validation losses after the last epoch; **chosen**. They compare within a row, not between losses."
    return f"{how}\n\n{table(head, rows, numbers_from=4)}"


def at_edge(record: Record) -> list[str]:
    """The tuned settings whose chosen value is the lowest or the highest that was tried."""
    if record.tuning is None or record.tuning.chosen is None:
        return []
    found = []
    for name, value in record.tuning.chosen.items():
        tried = sorted({one.settings[name] for one in record.tuning.tried})
        # Nothing lies below a weight decay of 0.
        if len(tried) > 1 and (value == tried[-1] or (value == tried[0] and value > 0)):
            end = "highest" if value == tried[-1] else "lowest"
            found.append(f"{end} {name}, {value:g}")
    return found


def _loss(one: Try, record: Record) -> str:
    if one.validation_loss is None:
        return "diverged"
    value = f"{one.validation_loss:.4g}"
    return f"**{value}**" if one.settings == record.tuning.chosen else value


def _name(one: Try) -> str:
    return ", ".join(f"{name} {value:g}" for name, value in one.settings.items())


def _plain(values: Sequence[float]) -> list[str]:
    return [f"{value:g}" for value in values]
