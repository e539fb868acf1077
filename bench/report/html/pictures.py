"""The stored test pictures of every cell, as the page's script compares them."""

from __future__ import annotations

from typing import Any

from bench.records import Record
from bench.report.html.inline import EXACT_UP_TO, strip_address
from bench.report.lab import to_grey
from bench.report.stored import StoredRun
from bench.samples import sample_indices


def compared_pictures(run: StoredRun) -> list[dict[str, Any]]:
    """Of each data set the true pictures, the grey ones that networks see, and what each cell made of them.

    Strips of pictures are ``data:`` addresses. Baselines come after what was trained. Data sets of which no pictures
    are stored are left out.
    """
    found = []
    for dataset in dict.fromkeys([*run.grid.datasets, *(record.dataset for record in run.records)]):
        truth = run.true_samples(dataset)
        if truth is None:
            continue
        records = [record for record in run.records if record.dataset == dataset]
        cells = [_cell(run, one, len(truth)) for one in sorted(records, key=lambda record: record.loss is None)]
        numbers = [cell.pop("numbers") for cell in cells]
        found.append(
            {
                "name": dataset,
                "exact": truth.shape[1] <= EXACT_UP_TO,
                "numbers": next(filter(None, numbers), list(range(len(truth)))),
                "grey": strip_address(to_grey(truth)),
                "truth": strip_address(truth),
                "cells": cells,
            }
        )
    return found


def _cell(run: StoredRun, record: Record, count: int) -> dict[str, Any]:
    """What the page says of a cell; ``numbers`` are the pictures' places in the test set, where they are known."""
    pictures, table = run.samples(record), run.per_image(record)
    several = record.seed is not None and len(run.grid.seeds) > 1
    places = [] if table is None else sample_indices(len(table), count)
    scores = table["lpips"].iloc[places].round(4).tolist() if places and "lpips" in table else []
    overall = record.metrics.get("lpips")
    return {
        "architecture": record.architecture,
        "loss": record.loss,
        "seed": record.seed if several else None,
        "pictures": None if pictures is None else strip_address(pictures),
        "missing": "not stored" if record.status == "completed" else record.status,
        "lpips": [None if score != score else score for score in scores],
        "mean": overall.value if overall else None,
        "numbers": places,
    }
