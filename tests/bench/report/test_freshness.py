"""When a report need not be written again."""

import os
import shutil
import time

import pytest

from bench.report import freshness
from bench.report.freshness import is_current
from bench.report.render import render


@pytest.fixture
def reported(make_run, tmp_path):
    """A run and its report, as if nothing had happened for a minute."""
    run, output = make_run(losses=("l1",)), tmp_path / "report"
    render(run, output)
    past = time.time() - 60
    for path in (run, *run.rglob("*")):
        os.utime(path, (past, past))
    assert is_current(run, output)
    return run, output


def test_what_is_newer_than_the_page_makes_it_old(reported):
    run, output = reported
    record = next(run.glob("cells/*/record.json"))
    record.write_text(record.read_text())
    assert not is_current(run, output)


def test_a_cell_that_was_removed_makes_it_old(reported):
    run, output = reported
    shutil.rmtree(next(run.glob("cells/*")))
    assert not is_current(run, output)


@pytest.mark.parametrize("missing", ["report.md", "figures"])
def test_a_page_that_is_not_whole_is_not_current(reported, missing):
    run, output = reported
    path = output / missing
    shutil.rmtree(path) if path.is_dir() else path.unlink()
    assert not is_current(run, output)


def test_newer_code_makes_it_old(reported, monkeypatch, tmp_path):
    run, output = reported
    (tmp_path / "registry").mkdir()
    monkeypatch.setattr(freshness, "_CODE", tmp_path)
    assert is_current(run, output)
    (tmp_path / "registry" / "changed.py").touch()
    assert not is_current(run, output)
