"""Write an audit: ``audit.md`` with its figures, ``audit.csv`` and ``pictures.csv``."""

from __future__ import annotations

import shlex
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from bench.audit import tables, words
from bench.audit.dataset import GREY, NEAR_GREY, DatasetAudit
from bench.audit.lists import lists
from bench.audit.prior import NEAR
from bench.audit.resampling import RESAMPLES
from bench.records import dataset_slug
from bench.report.figure import Figure
from bench.report.markdown import code, join, prose
from bench.report.template import fill
from bench.storage import write_atomically
from registry.ab_bins import reachable_bins
from registry.errors import UserError

_STARTS = {
    "audit.md": "# What is in the data: ",
    "audit.csv": "dataset,revision,",
    "pictures.csv": "dataset,split,key,",
}
"""The files of an audit, and how each begins: nothing else is overwritten."""

_PICTURE_COLUMNS = [
    *("split", "key", "width", "height", "format", "bytes", "mean_chroma", "peak_chroma", "colorfulness"),
    *("flags", "duplicate_group", "reason", "content_hash", "pixel_hash"),
]
_LONGEST_NAME = 100


def folder_name(names: Sequence[str]) -> str:
    """The name of an audit's folder, from the specs of its data sets."""
    whole = "-".join(["audit", *map(dataset_slug, names)])
    return whole if len(whole) <= _LONGEST_NAME else dataset_slug("audit " + " ".join(names))


def refuse_foreign(output: Path) -> None:
    """Make sure that no file would be overwritten that no audit wrote.

    Raises:
        UserError: One would.
    """
    for name, start in _STARTS.items():
        path = output / name
        if path.exists() and not path.read_bytes().startswith(start.encode()):
            raise UserError(f"{path} was not written by an audit; choose another folder with --output.")


def write(audits: Sequence[DatasetAudit], output: Path) -> Path:
    """Write everything, in place of an earlier audit's; gives the path of the page.

    Raises:
        UserError: A file would be overwritten that no audit wrote.
    """
    # Imported here because matplotlib takes a second that a wrong call need not wait for.
    from bench.audit.figures import draw_figures

    refuse_foreign(output)
    (output / "figures").mkdir(parents=True, exist_ok=True)
    # Drawn beside the old ones: an audit whose figures fail to be drawn leaves the old one whole.
    with tempfile.TemporaryDirectory(prefix=".figures.", dir=output) as fresh:
        figures = draw_figures(audits, Path(fresh))
        text = fill("bench.audit", "audit.md.j2", _content(audits, figures))
        for figure in figures:
            figure.path.replace(output / "figures" / figure.path.name)
    write_atomically(output / "audit.md", text)
    write_atomically(output / "audit.csv", _csv(pd.DataFrame([tables.csv_row(audit) for audit in audits])))
    write_atomically(output / "pictures.csv", _csv(pd.concat([_pictures(audit) for audit in audits])))
    return output / "audit.md"


def _content(audits: Sequence[DatasetAudit], figures: Sequence[Figure]) -> dict[str, Any]:
    """Everything the template names."""
    names = [audit.name for audit in audits]
    size = audits[0].image_size
    return {
        "names": join([code(name) for name in names]),
        "leaks": words.leaks(audits),
        "lead": words.lead(audits),
        "findings": words.findings(audits),
        "colors": tables.colors_table(audits),
        "figures": figures,
        "splits": tables.splits_table(audits),
        "files": tables.files_table(audits),
        "lists": {audit.name: lists(audit) for audit in audits},
        "size": size,
        "bins": len(reachable_bins()),
        "near": f"{NEAR:g}",
        "grey": f"{GREY:g}",
        "near_grey": f"{NEAR_GREY:g}",
        "resamples": f"{RESAMPLES:,}",
        "facts": [
            f"{code(one.name)}, revision {code(one.revision)}. {prose(one.split_rule)} {prose(one.resize_rule)}"
            for one in audits
        ],
        "command": f"python -m bench audit {shlex.join(names)} --image-size {size}",
    }


def _pictures(audit: DatasetAudit) -> pd.DataFrame:
    pictures = audit.pictures[_PICTURE_COLUMNS].round(4)
    pictures.insert(0, "dataset", audit.name)
    return pictures


def _csv(rows: pd.DataFrame) -> str:
    return rows.to_csv(index=False, lineterminator="\n")
