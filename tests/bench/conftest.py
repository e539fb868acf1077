"""What the tests of the harness share."""

from collections.abc import Callable

import pytest
from harness import Run

from bench.records import Record


@pytest.fixture
def make_record() -> Callable[..., Record]:
    """Records of a completed cell, but for what is given."""

    def make(cell_id: str = "abc", **changes: object) -> Record:
        facts = {
            "cell_id": cell_id,
            "status": "completed",
            "architecture": "unet",
            "loss": "l1",
            "dataset": "synthetic-faces",
            "seed": 0,
            "settings": {"epochs": 2},
            "started_at": "2026-01-01T00:00:00+00:00",
            "finished_at": "2026-01-01T00:01:00+00:00",
        }
        return Record(**facts | changes)

    return make


@pytest.fixture(autouse=True)
def no_run_stays():
    """A test that fails in the middle must not leave an endless run behind."""
    yield
    Run.kill_all()
