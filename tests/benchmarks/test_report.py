"""The report of a small run, from stored files."""

import pytest
from made_up_runs import write_made_up_run

from bench.report.render import render


@pytest.mark.parametrize("device", ["cpu"], indirect=True)
def test_report(measure, tmp_path):
    run = write_made_up_run(tmp_path / "results" / "run", losses=("l1",))
    measure(lambda: render(run, tmp_path / "report"), 0, rounds=2)
