"""PERFORMANCE.md says what was measured, and nothing else."""

import json
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
MEASURED = sorted((ROOT / "results" / "throughput").glob("*.json"))
PAGE = (ROOT / "PERFORMANCE.md").read_text(encoding="utf-8")


@pytest.fixture(autouse=True)
def _benchmarks(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "tests" / "benchmarks"))


@pytest.mark.parametrize("path", MEASURED, ids=lambda path: path.stem)
def test_the_tables_are_those_of_the_stored_measurements(path):
    from row import Row, markdown
    from scale import table

    content = json.loads(path.read_text(encoding="utf-8"))
    told = markdown([Row(**row) for row in content["rows"]]) if "rows" in content else table(content)
    assert told in PAGE
    assert path.name in PAGE
    assert content["machine"]["torch"] in PAGE


def test_something_was_measured():
    assert len(MEASURED) >= 2
