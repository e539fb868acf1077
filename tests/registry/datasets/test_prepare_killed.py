"""A preparation killed at random moments, as a user, a scheduler or the system may do at any time."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

REPOSITORY = Path(__file__).parents[3]


def begin(photos: Path, cache: Path) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, "-m", "bench", "prepare", f"folder(path={photos})", "--workers", "2"],
        cwd=REPOSITORY,
        env={**os.environ, "COLORIZATION_BENCH_CACHE": str(cache)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def wait_for_the_end_of_all(group: int) -> None:
    """Wait until no process of a group is left, orphans included."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return
        time.sleep(0.02)
    raise AssertionError("a process outlived the preparation")


def prepared(cache: Path) -> dict[str, bytes]:
    (folder,) = [path for path in (cache / "data").iterdir() if path.is_dir()]
    assert not folder.name.endswith(".partial")
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.mark.slow
@pytest.mark.parametrize("target", ["all its processes", "the first process alone"])
def test_ten_kills_at_random_moments_end_with_the_bytes_of_an_undisturbed_run(tmp_path, target):
    photos = tmp_path / "photos"
    photos.mkdir()
    for seed in range(400):
        noise = np.random.default_rng(seed).integers(0, 256, (300, 300, 3), dtype=np.uint8)
        Image.fromarray(noise).save(photos / f"{seed}.jpg")
    (photos / "torn.jpg").write_bytes(b"torn")
    started = time.monotonic()
    assert begin(photos, tmp_path / "undisturbed").wait() == 0
    whole = time.monotonic() - started

    cache = tmp_path / "cache"
    moments = random.Random(0)
    kills = tries = halves = 0
    while kills < 10:
        tries += 1
        assert tries < 40
        process = begin(photos, cache)
        time.sleep(moments.uniform(0.1, 1) * whole)
        if process.poll() is None:
            kills += 1
            (os.killpg if target == "all its processes" else os.kill)(process.pid, signal.SIGKILL)
        process.wait()
        wait_for_the_end_of_all(process.pid)
        halves += bool(list(cache.glob("data/*.partial")))
        for complete in cache.glob("data/*/manifest.json"):
            if complete.parent.suffix != ".partial":  # it was quicker: go on killing
                complete.parent.rename(tmp_path / f"complete-{tries}")
    assert halves >= 3, "the kills came before or after the work"
    assert begin(photos, cache).wait() == 0
    assert prepared(cache) == prepared(tmp_path / "undisturbed")
