"""Ctrl-C, SIGTERM and the end of the parent: seconds, no traceback, no process left."""

import os
import re
import signal
import time

import pytest
import typer
from harness import Run, records, until

from bench import interrupts
from bench.commands.shared import interruptible

ENDLESS = ["--architecture", "unet(n_down=2, num_filters=4)", "--loss", "l1", "--set", "epochs=100000"]
ENDLESS += ["--set", "sample_pictures=2", "--workers", "2", "--dataset"]
TINY_DATA = "synthetic-faces(n_train=16, n_validation=8, n_test=8)"
BASELINES = 4


def test_what_a_library_makes_of_an_interruption_is_taken_for_one_once(monkeypatch, capsys):
    monkeypatch.setattr(interrupts, "ignore", lambda: None)
    before = {one: signal.getsignal(one) for one in (signal.SIGINT, signal.SIGTERM)}
    try:
        interrupts.watch()
        with pytest.raises(typer.Exit) as ended, interruptible():
            try:
                signal.raise_signal(signal.SIGINT)
            except KeyboardInterrupt:
                raise RecursionError from None
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)
    assert ended.value.exit_code == 130
    assert capsys.readouterr().err.startswith("interrupted: what was finished is kept")
    with pytest.raises(RecursionError), interruptible():
        raise RecursionError


@pytest.mark.slow
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("moment", [0, 0.1, 1, 4])
def test_an_interruption_at_any_moment_of_the_start_is_tidy(tmp_path, how, moment):
    run = Run(tmp_path, *ENDLESS, "synthetic-faces(n_train=6000, n_validation=8, n_test=8)", "--name", str(moment))
    run.wait_until_it_listens()
    time.sleep(moment)
    if how == signal.SIGINT:
        run.signal_group(how)
    else:
        run.process.terminate()
    status, _, errors = run.end()
    assert "Traceback" not in errors, errors
    assert status == 130, errors
    until(lambda: not run.members())


@pytest.mark.slow
def test_ctrl_c_while_training_leaves_a_state_to_go_on_from_and_a_report(tmp_path):
    run = Run(tmp_path, *ENDLESS, TINY_DATA)
    folder = tmp_path / "results" / "smoke"
    until(lambda: len(records(folder)) == BASELINES and list(folder.glob("cells/*/checkpoint.pt")))
    run.signal_group(signal.SIGINT)
    status, _, errors = run.end()
    assert status == 130
    assert "Traceback" not in errors
    assert errors.endswith("interrupted: what was finished is kept; the same command does the rest.\n")
    assert (tmp_path / "reports" / "smoke" / "report.md").exists()
    until(lambda: not run.members())

    again = Run(tmp_path, *ENDLESS, TINY_DATA)
    seen = again.process.stderr.readline()
    assert re.fullmatch(r"unet.*, l1, .*, seed 0 goes on after epoch \d+ of 100000\n", seen)
    again.signal_group(signal.SIGINT)
    assert again.end()[0] == 130
    assert len(records(folder)) == BASELINES


@pytest.mark.slow
@pytest.mark.parametrize("pause", [0.05, 0.5])
def test_a_second_ctrl_c_leaves_the_report_out_without_a_traceback(tmp_path, pause):
    run = Run(tmp_path, *ENDLESS, TINY_DATA)
    until(lambda: len(records(tmp_path / "results" / "smoke")) == BASELINES)
    run.signal_group(signal.SIGINT)
    until(lambda: run.process.stderr.readline().startswith("stopped; writing the report"))
    time.sleep(pause)
    run.signal_group(signal.SIGINT)
    run.signal_group(signal.SIGTERM)
    status, _, errors = run.end()
    assert status == 130
    assert "Traceback" not in errors, errors
    until(lambda: not run.members())


@pytest.mark.slow
def test_workers_end_with_a_harness_that_is_killed_and_a_new_run_takes_over(tmp_path):
    run = Run(tmp_path, *ENDLESS, TINY_DATA)
    folder = tmp_path / "results" / "smoke"
    until(lambda: list(folder.glob("cells/*/checkpoint.pt")))
    os.kill(run.process.pid, signal.SIGKILL)
    run.end()
    until(lambda: not run.members())
    again = Run(tmp_path, *ENDLESS, TINY_DATA)
    until(lambda: "goes on after epoch" in again.process.stderr.readline())
    second = Run(tmp_path, *ENDLESS, TINY_DATA)
    status, _, errors = second.end()
    assert status == 2
    assert f"(process {again.process.pid} on " in errors
    assert errors.count("\n") == 1
    again.signal_group(signal.SIGINT)
    assert again.end()[0] == 130
