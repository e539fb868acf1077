"""A fixture that writes made-up runs; see `made_up_runs` for what it takes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from made_up_runs import write_made_up_run


@pytest.fixture
def make_run(tmp_path: Path) -> Callable[..., Path]:
    def make(name: str = "made-up", **keywords: object) -> Path:
        return write_made_up_run(tmp_path / "results" / name, **keywords)

    return make


@pytest.fixture
def page(make_run: Callable[..., Path], tmp_path: Path) -> Callable[..., Path]:
    """Render a made-up run; gives the path of its page."""

    def write(**keywords: object) -> Path:
        from bench.report.render import render

        return render(make_run(**keywords), tmp_path / "report")

    return write
