"""Data sets of a plugin are decoded by several processes, as the project's own are."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

PLUGIN = Path(__file__).with_name("own_dataset.py")
TINY = ["--architecture", "unet(n_down=2, num_filters=4)", "--loss", "l1", "--set", "epochs=1"]


@pytest.fixture
def bench(tmp_path):
    """Call the program in a folder of its own, with a cache of its own."""
    cache = tmp_path / "cache"
    cache.mkdir()
    (cache / "weights").symlink_to(Path(os.environ["COLORIZATION_BENCH_CACHE"]) / "weights")

    def call(*arguments):
        command = [sys.executable, "-m", "bench", *arguments, "--plugin", str(PLUGIN)]
        environment = {**os.environ, "COLORIZATION_BENCH_CACHE": str(cache)}
        return subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)

    return call


@pytest.mark.parametrize(
    "command",
    [
        ["run", "--grid", "smoke", *TINY, "--dataset", "mine"],
        ["prepare", "mine", "--image-size", "32"],
        ["audit", "mine", "--image-size", "32"],
    ],
    ids=lambda command: command[0],
)
def test_a_data_set_of_a_plugin_is_read_by_two_processes(bench, tmp_path, command):
    done = bench(*command, "--workers", "2")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "read-by-a-helper").exists()
    (stored,) = (tmp_path / "cache" / "data").glob("*/pictures.npy")
    expected = [np.random.default_rng(n).integers(0, 256, (32, 32, 3), dtype=np.uint8) for n in range(128)]
    np.testing.assert_array_equal(np.load(stored), expected)


def test_a_data_set_that_no_other_process_can_read_is_told(bench):
    done = bench("prepare", "local", "--workers", "2")
    assert done.returncode == 2
    assert done.stderr.startswith("error: The data set Local cannot be sent to other processes")
    assert done.stderr.endswith("or give --workers 1.\n")
    assert done.stderr.count("\n") == 1
