import os
import re
import signal
import socket
import subprocess
import sys

import pytest

from bench.run_lock import holding
from registry.errors import UserError

HOLD = """
import sys, time
from pathlib import Path
from bench.run_lock import holding

with holding(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(600)
"""


@pytest.fixture
def holder(tmp_path):
    """Another process that holds the folder."""
    process = subprocess.Popen([sys.executable, "-c", HOLD, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.communicate()


def test_a_second_writer_is_told_who_holds_the_run(tmp_path, holder):
    with pytest.raises(UserError) as refused, holding(tmp_path):
        pass
    who = rf"\(process {holder.pid} on {re.escape(socket.gethostname())}, since \d{{4}}-\d\d-\d\d \d\d:\d\d:\d\d UTC\)"
    assert re.search(who, str(refused.value))
    # To be refused must not take the facts away from the next one who asks.
    with pytest.raises(UserError, match=who), holding(tmp_path):
        pass


def test_the_lock_of_a_killed_process_is_taken_over(tmp_path, holder):
    os.kill(holder.pid, signal.SIGKILL)
    holder.wait()
    assert f'"pid": {holder.pid}' in (tmp_path / ".holder.json").read_text()
    with holding(tmp_path), pytest.raises(UserError, match=f"process {os.getpid()} "), holding(tmp_path):
        pass


def test_nothing_is_held_afterwards(tmp_path):
    with pytest.raises(ZeroDivisionError), holding(tmp_path):
        raise ZeroDivisionError
    assert not (tmp_path / ".holder.json").exists()
    with holding(tmp_path):
        pass


def test_a_holder_that_is_not_written_down_is_no_crash(tmp_path, holder):
    (tmp_path / ".holder.json").write_text('{"pid"')
    with pytest.raises(UserError, match=r"at work on the run [^(]*; wait for it"), holding(tmp_path):
        pass
    assert holder.poll() is None
