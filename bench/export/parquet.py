"""``results.csv`` as Parquet: the same table, with types."""

from __future__ import annotations

from importlib.util import find_spec

import pandas as pd

from registry.errors import UserError

_TEXTS = ("cell_id", "status", "architecture", "loss", "dataset", "reason")
_COUNTS = ("seed", "best_epoch", "parameters", "peak_memory_bytes", "batch_size")


def to_parquet(table: pd.DataFrame) -> bytes:
    """The results table in Parquet's form; a column has the same type in every run, whatever it holds there.

    Args:
        table: As `bench.results.results_table` gives it.

    Raises:
        UserError: The package pyarrow is missing.
    """
    if find_spec("pyarrow") is None:
        raise UserError(
            "--format parquet needs the package pyarrow, which is not installed: run `pip install -e '.[parquet]'` in "
            "the checkout, or take --format csv."
        )
    types = {name: _type(name) for name in table.columns}
    return table.astype(types).to_parquet(engine="pyarrow", index=False)


def _type(name: str) -> str:
    if name in _TEXTS:
        return "string"
    return "Int64" if name in _COUNTS else "Float64"
