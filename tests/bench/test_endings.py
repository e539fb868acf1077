import numpy as np
import pytest
import torch

from bench.endings import OUT_OF_MEMORY, ending
from bench.records import Failure
from registry.errors import UnavailableError


def _caught(action):
    with pytest.raises(Exception) as caught:
        action()
    return caught.value


def test_what_cannot_be_had_is_skipped_with_the_reason():
    assert ending(UnavailableError("No weights here.")) == {"status": "skipped", "reason": "No weights here."}


def test_a_failure_keeps_type_message_and_traceback():
    fields = ending(_caught(lambda: {}["missing"]))
    assert fields["status"] == "failed"
    assert (fields["error"].type, fields["error"].message) == ("KeyError", "'missing'")
    assert "test_endings.py" in fields["error"].traceback


@pytest.mark.parametrize(
    "allocate",
    [
        lambda: torch.empty(2**50),
        lambda: np.empty(2**55),
        lambda: bytearray(2**60),
        lambda: (_ for _ in ()).throw(torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB")),
    ],
    ids=["torch", "numpy", "python", "cuda"],
)
def test_every_way_to_run_out_of_memory_has_one_name(allocate):
    assert ending(_caught(allocate))["error"].type == OUT_OF_MEMORY


def test_a_message_of_many_lines_has_one_to_show():
    error = ending(RuntimeError("first\nsecond"))["error"]
    assert error.line == "RuntimeError: first"


def test_what_cannot_be_written_down_is_spelt_out():
    error = ending(_caught(lambda: (_ for _ in ()).throw(RuntimeError("no \udcff.jpg"))))["error"]
    assert error.message == "no \\udcff.jpg"
    assert Failure.model_validate_json(error.model_dump_json()) == error


def test_an_error_without_a_message_is_still_told():
    class MuteError(Exception):
        def __str__(self):
            raise KeyError("nothing to say")

    error = ending(MuteError())["error"]
    assert (error.type, error.message) == ("MuteError", "its message cannot be made: KeyError")


def test_a_long_message_has_a_line_to_read():
    error = ending(RuntimeError("x" * 5000))["error"]
    assert len(error.line) < 500
    assert error.line.endswith("x…")
    assert len(error.message) == 5000
