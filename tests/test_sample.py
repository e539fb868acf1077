"""The committed sample run and its report belong together."""

import re
from pathlib import Path

import pandas as pd
import pytest

from bench.records import read_records
from bench.report.render import render
from bench.results import results_table

ROOT = Path(__file__).parent.parent
RESULTS, REPORT = ROOT / "results" / "sample", ROOT / "reports" / "sample"


def test_the_report_made_again_says_the_same(tmp_path):
    again = render(RESULTS, tmp_path / "sample").read_text(encoding="utf-8")
    assert re.findall(r"\d[\d.,]*", again) == re.findall(
        r"\d[\d.,]*", (REPORT / "report.md").read_text(encoding="utf-8")
    )


def test_the_sample_is_one_whole_full_run():
    table = pd.read_csv(RESULTS / "results.csv")
    assert table["status"].unique().tolist() == ["completed"]
    assert table["loss"].notna().sum() == 24
    records = list(read_records(RESULTS))
    assert not any(record.environment["dirty"] for record in records)
    assert results_table(records).to_csv(index=False) == (RESULTS / "results.csv").read_text(encoding="utf-8")


@pytest.mark.parametrize(("folder", "megabytes"), [(RESULTS, 8), (REPORT, 8)])
def test_the_sample_is_small_and_holds_no_weights(folder, megabytes):
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert not [path for path in files if path.suffix == ".safetensors"]
    assert sum(path.stat().st_size for path in files) < megabytes * 1e6
