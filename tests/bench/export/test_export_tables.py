"""CSV and Parquet, read back."""

import io

import pandas as pd
import pytest

import bench.export.parquet
from bench.export.run import export
from registry.errors import UserError

COUNTS = {"seed", "best_epoch", "parameters", "peak_memory_bytes", "batch_size"}
TEXTS = {"cell_id", "status", "architecture", "loss", "dataset", "reason"}


def _failing(a, loss, *_):
    return {("unet", "l1"): "failed", ("unet", "l2"): "skipped"}.get((a, loss), "completed")


def test_csv_is_results_csv(make_run):
    run = make_run(status=_failing)
    assert export(run, "csv", None) + "\n" == (run / "results.csv").read_text()


@pytest.mark.parametrize("keywords", [{}, {"status": _failing}, {"baselines": ()}, {"status": lambda *_: "failed"}])
def test_parquet_read_back_is_results_csv(make_run, tmp_path, keywords):
    run, path = make_run(seeds=(0, 1), **keywords), tmp_path / "new" / "run.parquet"
    assert export(run, "parquet", path) == str(path)
    table, expected = pd.read_parquet(path), pd.read_csv(run / "results.csv")
    pd.testing.assert_frame_equal(
        table.astype(object).where(table.notna(), None),
        expected.astype(object).where(expected.notna(), None),
        check_dtype=False,
    )


@pytest.mark.parametrize("keywords", [{}, {"status": _failing}, {"status": lambda *_: "failed"}])
def test_columns_have_the_same_types_in_every_run(make_run, tmp_path, keywords):
    export(make_run(**keywords), "parquet", tmp_path / "run.parquet")
    for name, kind in pd.read_parquet(tmp_path / "run.parquet").dtypes.items():
        assert str(kind) == ("string" if name in TEXTS else "Int64" if name in COUNTS else "Float64"), name


def test_without_pyarrow_a_sentence_says_what_to_install(make_run, tmp_path, monkeypatch):
    monkeypatch.setattr(bench.export.parquet, "find_spec", lambda _: None)
    with pytest.raises(UserError, match=r"needs the package pyarrow.*pip install -e '\.\[parquet\]'"):
        export(make_run(), "parquet", tmp_path / "run.parquet")
    assert not (tmp_path / "run.parquet").exists()


def test_csv_of_a_run_without_cells_is_an_empty_table(make_run):
    assert len(pd.read_csv(io.StringIO(export(make_run(status=lambda *_: "missing"), "csv", None)))) == 0
