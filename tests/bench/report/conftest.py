"""A fixture that renders made-up runs; see `made_up_runs` for what it takes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest


@pytest.fixture
def page(make_run: Callable[..., Path], tmp_path: Path) -> Callable[..., Path]:
    """Render a made-up run; gives the path of its page."""

    def write(**keywords: object) -> Path:
        from bench.report.render import render

        return render(make_run(**keywords), tmp_path / "report")

    return write
