"""One bad cell takes no other down, whatever is bad about it."""

import json
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

PLUGIN = Path(__file__).with_name("failing_components.py")
DRAWN = "synthetic-faces(n_train=16, n_validation=8, n_test=8)"
TINY = ["--grid", "smoke", "--architecture", "unet(n_down=2, num_filters=4)"]
TINY += ["--set", "epochs=1", "--set", "sample_pictures=2", "--name", "mine", "--plugin", str(PLUGIN)]


def _run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "bench", "run", *TINY, *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def _records(folder: Path) -> dict[tuple[str | None, str], dict]:
    records = [json.loads(path.read_text()) for path in folder.glob("results/mine/cells/*/record.json")]
    return {(record["loss"], record["dataset"]): record for record in records if record["loss"]}


@pytest.mark.parametrize(
    "place",
    [
        pytest.param(["--workers", "1"], marks=pytest.mark.slow),
        ["--workers", "2"],
        pytest.param(["--workers", "2", "--executor", "ray"], marks=pytest.mark.slow),
    ],
    ids=" ".join,
)
def test_all_good_cells_finish_among_bad_losses(tmp_path, place):
    if "ray" in place:
        pytest.importorskip("ray", reason="Ray is not installed: pip install -e '.[ray]'")
    losses = "raises,works,not-a-number,hungry,suicidal,l1"
    done = _run(tmp_path, "--loss", losses, "--dataset", DRAWN, *place)
    assert done.returncode == 1, done.stderr
    assert "6 completed, 4 failed" in done.stdout
    assert "Traceback" not in done.stderr
    records = {loss: record for (loss, _), record in _records(tmp_path).items()}
    kinds = {loss: record["error"] and record["error"]["type"] for loss, record in records.items()}
    assert kinds == {
        "works": None,
        "l1": None,
        "raises": "KeyError",
        "not-a-number": "NonFiniteLossError",
        "hungry": "OutOfMemoryError",
        "suicidal": "WorkerDied",
    }
    assert "the missing part" in records["raises"]["error"]["traceback"]
    table = pd.read_csv(tmp_path / "results" / "mine" / "results.csv").set_index("loss")
    assert table.loc["works", "ab_mae"] == table.loc["l1", "ab_mae"] > 0
    assert table.loc["raises", "status"] == "failed"
    page = (tmp_path / "reports" / "mine" / "report.md").read_text()
    for kind in ("KeyError", "NonFiniteLossError", "OutOfMemoryError", "WorkerDied"):
        assert kind in done.stderr.partition("failed: ")[2], "the summary names it"
        assert kind in page


def test_a_data_set_that_cannot_be_had_skips_its_cells_and_a_broken_one_fails_them(tmp_path):
    done = _run(tmp_path, "--loss", "l1", "--dataset", f"elsewhere,{DRAWN},broken")
    assert done.returncode == 1, done.stderr
    assert "5 completed, 5 failed, 5 skipped" in done.stdout
    records = {dataset: record for (_, dataset), record in _records(tmp_path).items()}
    assert records["elsewhere"]["reason"] == "These pictures are not on this machine."
    assert records["broken"]["error"]["type"] == "KeyError"
    page = (tmp_path / "reports" / "mine" / "report.md").read_text()
    assert "These pictures are not on this machine." in page


def test_no_data_set_at_all_is_the_users_error(tmp_path):
    done = _run(tmp_path, "--loss", "l1", "--dataset", "elsewhere")
    assert done.returncode == 2
    assert done.stderr == "error: These pictures are not on this machine.\n"
    assert not (tmp_path / "results" / "mine" / "grid.yaml").exists()


@pytest.mark.slow
def test_a_changed_plugin_is_not_mixed_with_earlier_results(tmp_path):
    plugin = tmp_path / "mine.py"
    plugin.write_text(PLUGIN.read_text())
    call = ["--loss", "works", "--dataset", DRAWN, "--plugin", str(plugin)]
    call = [*TINY[:-2], *call]

    def run(*more: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "bench", "run", *call, *more]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)

    assert run().returncode == 0
    assert next(iter(_records(tmp_path).values()))["plugins"].keys() == {"mine.py"}
    plugin.write_text(PLUGIN.read_text() + "\n# changed\n")
    again = run()
    assert again.returncode == 2
    assert "The plugin mine.py is not as it was" in again.stderr
    assert run("--rerun", "all").returncode == 0
