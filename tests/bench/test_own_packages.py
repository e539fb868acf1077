"""Components of an installed package in a run: workers find them, records keep the package, changes are not mixed."""

import json
import os
import subprocess
import sys

import pytest
from made_up_packages import write_package

LOSS = '''
def halved(factor: float = 0.5):
    """L1 times a factor."""
    import torch

    class Halved(torch.nn.Module):
        def forward(self, prediction, target):
            return factor * (prediction.ab - target.ab).abs().mean() / 110

    return Halved()
'''
TINY = ["--grid", "smoke", "--architecture", "unet(n_down=2, num_filters=4)", "--set", "epochs=1", "--name", "mine"]
TINY += ["--dataset", "synthetic-faces(n_train=16, n_validation=8, n_test=8)", "--loss", "l1,halved,halved(factor=1)"]
LEFT_OUT = (
    "left out: The metric 'sharpness' of the package my-metrics 1.0 cannot be loaded: "
    "ModuleNotFoundError: No module named 'not_there'.\n"
)


@pytest.fixture
def bench(tmp_path):
    """Call the program where a good and a broken package are installed."""
    site = tmp_path / "site"
    write_package(site, "my-losses", {"my_losses.py": LOSS}, {"bench.losses": {"halved": "my_losses:halved"}})
    write_package(site, "my-metrics", {}, {"bench.metrics": {"sharpness": "not_there:sharpness"}})
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(site), *sys.path])}

    def call(*arguments):
        command = [sys.executable, "-m", "bench", *arguments]
        return subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)

    return call


def test_the_list_has_what_can_be_used_and_names_what_cannot(bench):
    done = bench("list")
    assert done.returncode == 0
    assert "halved(factor=0.5)" in done.stdout
    assert "sharpness" not in done.stdout
    assert done.stderr == LEFT_OUT


@pytest.mark.slow
@pytest.mark.parametrize("executor", ["local", "ray"])
def test_a_run_with_a_package(bench, tmp_path, executor):
    if executor == "ray":
        pytest.importorskip("ray", reason="Ray is not installed: pip install -e '.[ray]'")
    call = ["run", *TINY, "--workers", "2", "--executor", executor]
    done = bench(*call)
    assert done.returncode == 0, done.stderr
    assert done.stderr.startswith(LEFT_OUT)
    assert "| halved" in (tmp_path / "reports" / "mine" / "report.md").read_text()
    records = {one["loss"]: one for one in map(_read, tmp_path.glob("results/mine/cells/*/record.json")) if one["loss"]}
    assert records["l1"]["plugins"] == {}
    assert records["halved(factor=1)"]["metrics"]["ab_mae"] == records["l1"]["metrics"]["ab_mae"]
    assert records["l1"]["descriptions"] == {}
    assert list(records["halved"]["descriptions"]) == ["loss halved"]
    ((name, fingerprint),) = records["halved"]["plugins"].items()
    assert name == "my-losses"
    assert fingerprint.startswith("1.0 ")

    (tmp_path / "site" / "my_losses.py").write_text(LOSS + "\n# changed\n")
    again = bench(*call)
    assert again.returncode == 2
    assert "error: The package my-losses is not as it was when results/mine was made; train all its" in again.stderr
    assert bench(*call, "--rerun", "all").returncode == 0


def _read(path):
    return json.loads(path.read_text())
