"""What two runs say of how they were made, where that differs: settings, code, versions, machine, data, plugins."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bench.compare.matching import Row
from bench.records import Record
from bench.report.markdown import count
from bench.report.stored import StoredRun
from bench.setting_axes import SETTING_AXES

_PROSE = ("determinism",)
"""What records explain rather than state."""
_LONGEST_HASH = 12
NONE = "–"


@dataclass(frozen=True)
class Change:
    """Something that differs.

    Attributes:
        what: Its name, such as "setting epochs".
        first: Its values in A, with numbers of cells where they are several. So is second of B.
    """

    what: str
    first: str
    second: str


def changes(first: StoredRun, second: StoredRun) -> list[Change]:
    """What differs between all cells of two runs."""
    # Of a data set that only one run has there is nothing to compare.
    datasets = set.intersection(*({record.dataset for record in run.records} for run in (first, second)))
    ours, theirs = (_facts(run.records, datasets) for run in (first, second))
    return [
        Change(what, *values)
        for what in dict.fromkeys([*ours, *theirs])
        if len(set(values := [_write(side.get(what)) for side in (ours, theirs)])) > 1
    ]


def cell_changes(rows: Sequence[Row]) -> list[tuple[str, Change]]:
    """What differs between single cells: tuned settings, weights of losses, parameters; with the cell's name."""
    found = []
    for row in rows:
        for ours, theirs in zip(row.first, row.second, strict=True):
            values = [dict(_of_cell(record)) for record in (ours, theirs)]
            seed = "" if ours.seed is None else f", seed {ours.seed}"
            for what in dict.fromkeys(name for side in values for name in side):
                texts = [side.get(what, NONE) for side in values]
                if len(set(texts)) > 1:
                    found.append((f"{row.architecture}, {row.loss or NONE}, {row.dataset}{seed}", Change(what, *texts)))
    return found


def _facts(records: Sequence[Record], datasets: Collection[str]) -> dict[str, Counter[str]]:
    """How many cells have which value of what."""
    found: dict[str, Counter[str]] = {}
    for record in records:
        facts = [*_of_run(record), *(_data(record) if record.dataset in datasets else ())]
        for what, value in facts:
            found.setdefault(what, Counter())[value] += 1
    return found


def _of_run(record: Record) -> Iterator[tuple[str, str]]:
    for name, value in record.settings.items():
        if name in SETTING_AXES and not record.loss:
            continue  # nothing of a baseline is trained
        yield f"setting {name}", _text(value)
    yield from _environment(record.environment)
    for name, fingerprint in record.plugins.items():
        *version, digest = fingerprint.split(" ")
        yield f"plugin {name}", " ".join([*version, digest[:_LONGEST_HASH]])


def _data(record: Record) -> Iterator[tuple[str, str]]:
    if record.data is not None:
        for name, value in record.data.model_dump(exclude={"name"}).items():
            short = value[:_LONGEST_HASH] if name == "split_hash" else value
            yield f"data {record.dataset}: {name.replace('_', ' ')}", _text(short)


def _environment(environment: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name, value in environment.items():
        if name == "packages":
            # PyTorch's own version, a fact by itself, also names its build.
            yield from ((f"package {package}", version) for package, version in value.items() if package != "torch")
        elif name == "git_sha":
            states = {True: " with uncommitted changes", False: ""}
            commit = NONE if value is None else f"{value[:_LONGEST_HASH]}{states.get(environment.get('dirty'), '')}"
            yield "code's commit", commit
        elif name == "memory_bytes":
            yield "memory", NONE if value is None else f"{value / 2**30:.0f} GiB"
        elif name not in (*_PROSE, "dirty"):
            yield name, _text(value)


def _of_cell(record: Record) -> Iterator[tuple[str, str]]:
    if record.tuning is not None and record.tuning.chosen is not None:
        yield from ((f"tuned {name}", f"{value:g}") for name, value in record.tuning.chosen.items())
    yield from ((f"weight of {name}", f"{value:.3g}") for name, value in record.loss_weights.items())
    if record.parameters is not None:
        yield "parameters", f"{record.parameters:,}"


def _text(value: Any) -> str:
    if value is None:
        return NONE
    return value if isinstance(value, str) else json.dumps(value)


def _write(values: Counter[str] | None) -> str:
    if not values:
        return NONE
    if len(values) == 1:
        return next(iter(values))
    return "; ".join(f"{value} ({count(number, 'cell')})" for value, number in sorted(values.items()))
