"""The process that writes figures beside the one that draws them."""

import filecmp
import multiprocessing
import os
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import pytest
from made_up_runs import write_made_up_run

from bench.report.helper import hand_over, helped, settled
from bench.report.render import render


def kill_helper():
    (helper,) = multiprocessing.active_children()
    helper.kill()
    helper.join()


def wait_for(path):
    end = time.monotonic() + 60
    while not path.exists():
        assert time.monotonic() < end
        time.sleep(0.05)


def note_process(path):
    path.write_text(str(os.getpid()))


def test_without_a_helper_work_is_done_at_once(tmp_path):
    hand_over(Path.write_text, tmp_path / "note", "text")
    assert (tmp_path / "note").read_text() == "text"


def test_the_helper_takes_a_part(tmp_path):
    notes = [tmp_path / str(n) for n in range(8)]
    with helped(), settled():
        hand_over(note_process, notes[0])
        wait_for(notes[0])  # it is up now
        for note in notes[1:]:
            hand_over(note_process, note)
    processes = {int(note.read_text()) for note in notes}
    assert int(notes[0].read_text()) != os.getpid()
    assert len(processes) <= 2


def test_the_same_report_with_a_helper(tmp_path):
    run = write_made_up_run(tmp_path / "results" / "run", losses=("l1", "l2"))
    render(run, tmp_path / "alone")
    with helped():
        render(run, tmp_path / "helped")
    names = sorted(path.name for path in (tmp_path / "alone" / "figures").iterdir())
    assert len(names) > 5
    assert (tmp_path / "alone" / "report.md").read_bytes() == (tmp_path / "helped" / "report.md").read_bytes()
    same, *other = filecmp.cmpfiles(tmp_path / "alone" / "figures", tmp_path / "helped" / "figures", names, False)
    assert (sorted(same), other) == (names, [[], []])


def test_work_of_a_killed_helper_is_done_here(tmp_path):
    notes = [tmp_path / str(n) for n in range(4)]
    with helped(), settled():
        hand_over(note_process, notes[0])
        kill_helper()
        for note in notes[1:]:
            hand_over(note_process, note)
    assert all(int(note.read_text()) == os.getpid() for note in notes)


def test_without_room_for_a_helper_work_is_done_here(tmp_path, monkeypatch):
    def fail(*_):
        raise OSError(12, "Cannot allocate memory")

    monkeypatch.setattr(ProcessPoolExecutor, "submit", fail)
    with helped(), settled():
        hand_over(note_process, tmp_path / "note")
    assert int((tmp_path / "note").read_text()) == os.getpid()


def test_an_error_of_the_helper_is_raised(tmp_path):
    with pytest.raises(FileNotFoundError), helped(), settled():
        hand_over(note_process, tmp_path / "nowhere" / "note")


def test_nothing_is_written_after_an_error(tmp_path):
    up, note = tmp_path / "up", tmp_path / "note"
    with pytest.raises(ZeroDivisionError), helped():
        try:
            with settled():
                hand_over(note_process, up)
                wait_for(up)
                hand_over(time.sleep, 0.5)
                hand_over(note_process, note)
                raise ZeroDivisionError
        finally:
            before = note.exists()
            time.sleep(1)
            assert note.exists() == before
