"""A run that is killed at any moment is resumed to the results of one that was not."""

import os
import random
import shutil
import signal
import time

import pandas as pd
import pytest
from harness import Run, records, results, until, written

KILLS = 20
HARNESS, WORKER, GROUP = "harness", "worker", "group"

# Some seconds of training between the start of processes and the scoring, so that kills meet each of them.
SMALL = ["--loss", "l1", "--dataset", "synthetic-flowers(n_train=64, n_validation=16, n_test=32)", "--set", "epochs=8"]


@pytest.fixture
def fresh_cache(own_cache, tmp_path):
    """A cache without prepared pictures, so that preparing them is part of the run."""

    def make(name):
        cache = tmp_path / name
        cache.mkdir()
        (cache / "weights").symlink_to(own_cache / "weights")
        return str(cache)

    return make


def _wait(run, seconds):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and run.process.poll() is None:
        time.sleep(0.02)


def _kill(run, whom, chance):
    if whom == GROUP:
        run.signal_group(signal.SIGKILL)
    elif whom == HARNESS:
        run.process.kill()
        run.process.wait()
        until(lambda: not run.members())  # workers must not outlive the harness
    else:
        workers = run.workers()
        if workers:
            os.kill(chance.choice(workers), signal.SIGKILL)


@pytest.mark.slow
@pytest.mark.timeout(5400)  # for twenty other things to do at the same time; alone it takes some minutes
def test_a_run_killed_at_random_moments_ends_as_one_that_was_not(tmp_path, fresh_cache):
    chance = random.Random(5)
    common = [*SMALL, "--results-dir", "results", "--reports-dir", "reports", "--workers", "2"]
    started = time.monotonic()
    undisturbed = Run(tmp_path, *common, "--name", "whole", COLORIZATION_BENCH_CACHE=fresh_cache("whole-cache"))
    status, _, errors = undisturbed.end(5400)
    assert status == 0, errors
    length = time.monotonic() - started
    expected = results(tmp_path / "results" / "whole")

    kills = attempt = resumed = 0
    folder, done = tmp_path / "results" / "killed", {}
    cache, whom = fresh_cache("cache-0"), GROUP
    while True:
        disturb = kills < KILLS
        # A worker's death makes its cell a failed one, the others go on: such a cell is asked for again.
        run = Run(tmp_path, *common, "--name", "killed", "--rerun", "failed", COLORIZATION_BENCH_CACHE=cache)
        if disturb:
            whom = (GROUP, HARNESS, WORKER)[kills % 3]
            _wait(run, chance.uniform(0.02, 0.9) * length)
            if run.process.poll() is None:
                _kill(run, whom, chance)
                kills += 1
        status, _, errors = run.end(5400)
        assert "Traceback" not in errors, errors
        now = written(folder)
        assert now | done == now, "a completed cell was run again"
        done = now
        assert all(record["status"] in ("completed", "failed") for record in records(folder).values())
        resumed += "goes on after epoch" in errors
        if status == 0:
            pd.testing.assert_frame_equal(results(folder), expected)
            assert not list(folder.glob("cells/*/checkpoint.pt"))
            assert (tmp_path / "reports" / "killed" / "report.md").exists()
            if kills >= KILLS:
                break
            attempt += 1
            shutil.rmtree(folder)
            done, cache = {}, fresh_cache(f"cache-{attempt}")
        else:
            # A worker that trained leaves a failed cell, one that decoded ends the run in a sentence.
            died = whom == WORKER and status in (1, 2)
            assert died or status == -signal.SIGKILL, (whom, status, errors)
    print(f"{kills} kills, {attempt + 1} runs to their end, {resumed} times from a checkpoint; {length:.0f} s alone")
