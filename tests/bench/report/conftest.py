"""Fixtures of reports: made-up runs rendered (see `made_up_runs`), and figures as a helper gets them."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def figures_as_sent_to_a_helper(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every kind of figure can be written by another process: which are, is a matter of time."""
    from bench.report import style

    def hand_over(work: Callable[..., None], *arguments: object) -> None:
        function, sent = pickle.loads(pickle.dumps((work, arguments)))
        send(function, *sent)

    send = style.hand_over
    monkeypatch.setattr(style, "hand_over", hand_over)


@pytest.fixture
def page(make_run: Callable[..., Path], tmp_path: Path) -> Callable[..., Path]:
    """Render a made-up run; gives the path of its page."""

    def write(**keywords: object) -> Path:
        from bench.report.render import render

        return render(make_run(**keywords), tmp_path / "report")

    return write
