"""Export a run: which form, where to."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from bench.export.latex import BEGINNING, Spread, latex_tables
from bench.records import read_records
from bench.report.stored import StoredRun
from bench.results import results_table
from bench.storage import exists, make_writable, write_atomically
from registry.errors import UserError

Format = Literal["csv", "parquet", "latex", "tensorboard"]

_BEGINS = {"csv": b"cell_id,", "parquet": b"PAR1", "latex": BEGINNING.encode()}
"""What a file of each form begins with: nothing else is overwritten."""


def export(
    folder: Path, form: Format, output: Path | None, metrics: Sequence[str] = (), spread: Spread | None = None
) -> str:
    """Write a run in some form.

    Args:
        folder: ``results/<run>``.
        output: A file, of TensorBoard a folder; None, for texts alone: nothing is written.
        metrics: Of a LaTeX table; the headline metrics if none are given. So is ``spread`` of one alone.

    Returns:
        What to tell: the text itself, or where it was written.

    Raises:
        UserError: The options do not go together, ``output`` holds something else, or a package is missing.
    """
    if form != "latex" and (metrics or spread):
        raise UserError(f"--metric and --spread choose what a LaTeX table shows: --format {form} has all metrics.")
    if output is None and form in ("parquet", "tensorboard"):
        what = "FOLDER" if form == "tensorboard" else "FILE.parquet"
        raise UserError(f"--format {form} is no text for a terminal: say where to with --output {what}.")
    if form == "tensorboard":
        # Imported here because it loads PyTorch, whose writer it is.
        from bench.export.tensorboard import write_events

        return write_events(StoredRun(folder), output)
    content = _content(folder, form, metrics, spread or "interval")
    if output is None:
        return content.rstrip("\n")
    _check(output, form)
    make_writable(output.parent, "--output")
    write_atomically(output, content)
    return str(output)


def _content(folder: Path, form: Format, metrics: Sequence[str], spread: Spread) -> str | bytes:
    if form == "latex":
        return latex_tables(StoredRun(folder), metrics, spread)
    table = results_table(list(read_records(folder)))
    if form == "csv":
        return table.to_csv(index=False)
    from bench.export.parquet import to_parquet

    return to_parquet(table)


def _check(output: Path, form: Format) -> None:
    """Refuse to overwrite what is no earlier export."""
    if not exists(output):
        return
    begins = _BEGINS[form]
    if output.is_file():
        with output.open("rb") as file:
            if file.read(len(begins)) == begins:
                return
    raise UserError(f"{output} is there and is no earlier export as {form}; choose another place with --output.")
