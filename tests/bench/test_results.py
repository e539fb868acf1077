from pathlib import Path

import pandas as pd
import pytest

from bench.records import Failure, Measurement, write_record
from bench.results import write_results
from registry import METRICS


def test_a_row_per_cell_with_values_truth_and_reasons(tmp_path, make_record):
    lpips = Measurement(value=0.25, n=8, stderr=0.01, higher_is_better=False)
    colorfulness = Measurement(value=20.0, n=8, stderr=1.0)
    completed = make_record(
        "b",
        metrics={"lpips": lpips, "colorfulness": colorfulness},
        best_metrics={"lpips": Measurement(value=0.125, n=8)},
        truth={"colorfulness": 40.0},
        seconds={"fit": 3.0},
    )
    failed = make_record(
        "a", status="failed", loss="l2", error=Failure(type="ValueError", message='a, "b"\nc', traceback="")
    )
    baseline = make_record("c", status="skipped", loss=None, seed=None, reason="not here")
    for record in (completed, failed, baseline):
        write_record(tmp_path / "cells" / record.cell_id, record)
    write_results(tmp_path)
    table = pd.read_csv(tmp_path / "results.csv")
    assert table["cell_id"].tolist() == ["c", "b", "a"]
    row = table.set_index("cell_id").loc["b"]
    assert (row["lpips"], row["lpips_stderr"], row["lpips_best"]) == (0.25, 0.01, 0.125)
    assert (row["colorfulness"], row["colorfulness_truth"], row["seconds_fit"]) == (20, 40, 3)
    assert table["reason"].tolist()[::2] == ["not here", 'ValueError: a, "b"\nc']


def test_a_run_without_cells_has_an_empty_table(tmp_path):
    write_results(tmp_path)
    assert len(pd.read_csv(tmp_path / "results.csv")) == 0


def test_no_metric_can_have_the_name_of_another_column():
    sample = Path(__file__).parents[2] / "results" / "sample"
    for name in set(pd.read_csv(sample / "results.csv").columns) - set(METRICS):
        with pytest.raises(ValueError, match="another column"):
            METRICS.register(name)(type("Metric", (), {"__doc__": "A metric."}))
