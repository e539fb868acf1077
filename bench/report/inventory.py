"""What a run consists of: data sets, settings, cells with their cost, failures with their tracebacks."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass

from bench.left_out import count_left_out, name_few
from bench.records import DatasetRecord, Record, dataset_slug
from bench.report.entries import Entry
from bench.report.markdown import code, escape, fence, prose, table
from bench.report.stored import StoredRun
from bench.report.tuning import tuned_values
from bench.setting_axes import varied


@dataclass(frozen=True)
class Failed:
    """A failed cell with its traceback, fenced."""

    title: str
    traceback: str


def datasets_table(run: StoredRun) -> str:
    """What each data set held."""
    head = ["data set", "revision", "split hash", "train", "validation", "test", "pixels", "left out"]
    rows = [
        [
            escape(one.name),
            escape(one.revision),
            code(one.split_hash[:12]),
            *(f"{number:,}" for number in (one.n_train, one.n_validation, one.n_test)),
            f"{one.image_size} × {one.image_size}",
            count_left_out(one.left_out, one.left_out_grey),
        ]
        for one in run.datasets.values()
    ]
    return table(head, rows, numbers_from=3) if rows else ""


def split_hash_note(run: StoredRun) -> str:
    """What the split hash covers; empty without data sets."""
    if not run.datasets:
        return ""
    hashes = [one.split_hash for one in run.datasets.values()]
    shared = " Data sets whose pictures have the same names share it." if len(set(hashes)) < len(hashes) else ""
    return (
        "The split hash covers which picture, by name, is in which split; what the pictures show is told by the "
        f"revision.{shared}"
    )


def dataset_rules(run: StoredRun) -> list[str]:
    """How each data set was split, resized and rid of pictures without colour."""
    return [
        f"{code(one.name)}: {prose(one.split_rule)} {prose(one.resize_rule)}{_grey_rule(one)}"
        for one in run.datasets.values()
    ]


def left_out(run: StoredRun) -> list[str]:
    """Of each data set the first pictures that were not used, and how many more there are."""
    lines = []
    for one in run.datasets.values():
        unreadable = len(one.left_out_pictures) - one.left_out_grey
        pictures = one.left_out_pictures
        where = f"datasets/{dataset_slug(one.name)}/dataset.json of the run"
        few = name_few(pictures[:unreadable], pictures[unreadable:], where)
        lines += [f"{code(one.name)}: {escape(line)}" for line in few]
    return lines


def _grey_rule(one: DatasetRecord) -> str:
    if not one.min_chroma:
        return ""
    return f" Grey pictures, with a chroma of {one.min_chroma:g} on less than 1% of their pixels, are left out."


def settings_table(run: StoredRun) -> str:
    """The settings of the cells; of those that differ between trained ones, all values."""
    settings = dict(next((record.settings for record in run.records), run.grid.settings))
    trained = [record.settings for record in run.records if record.loss]
    settings |= {name: list(dict.fromkeys(one[name] for one in trained)) for name in varied(trained)}
    tuned = tuned_values(settings)
    # Where something was tuned, it says so at its own place.
    plain = {name: json.dumps(value).strip('"') for name, value in settings.items() if name != "tune"}
    rows = [[escape(name), escape(value)] for name, value in (plain | tuned).items()]
    return table(["setting", "value"], rows) if rows else ""


def cells_table(run: StoredRun) -> str:
    """Cost of every cell."""
    head = [
        "cell",
        "data set",
        "seed",
        "ended",
        "parameters",
        "images/s",
        "data s",
        "fit s",
        "eval s",
        "peak MB",
    ]
    return table(head, [_cost(record) for record in run.records], numbers_from=4) if run.records else ""


def failures(entries: Sequence[Entry]) -> list[Failed]:
    """Failed cells that left a traceback."""
    return [
        Failed(f"{_title(record)}: {escape(record.error.type)}", fence(_shorten(record.error.traceback), "text"))
        for entry in entries
        for record in entry.records
        if record.error and record.error.traceback.strip()
    ]


def _title(record: Record) -> str:
    seed = None if record.seed is None else f"seed {record.seed}"
    return ", ".join(escape(part) for part in (record.architecture, record.loss, record.dataset, seed) if part)


def _cost(record: Record) -> list[str]:
    def number(value: float | None, decimals: int = 0) -> str:
        return "–" if value is None else f"{value:,.{decimals}f}"

    memory = None if record.peak_memory_bytes is None else record.peak_memory_bytes / 1e6
    return [
        escape(", ".join(part for part in (record.architecture, record.loss) if part)),
        escape(record.dataset),
        "–" if record.seed is None else str(record.seed),
        record.status,
        number(record.parameters),
        number(record.images_per_second),
        *(number(record.seconds.get(phase), 1) for phase in ("data", "fit", "eval")),
        number(memory),
    ]


def _shorten(traceback: str) -> str:
    """Leave out where on the machine the code lies: reports are passed on."""
    return re.sub(r'File "[^"]*?((?:/[^/"]+){1,3})"', r'File "...\1"', traceback)
