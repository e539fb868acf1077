"""How a cell's error becomes part of its record."""

from __future__ import annotations

import re
import traceback
from typing import Any

from bench.records import Failure
from registry.errors import UnavailableError, encodable, message_of

OUT_OF_MEMORY = "OutOfMemoryError"

_CANNOT_ALLOCATE = re.compile(r"can't allocate memory|not enough memory|out of memory|bad_alloc", re.IGNORECASE)


def ending(error: BaseException) -> dict[str, Any]:
    """The fields of a record that say how a cell ended: skipped where it lacked something, else failed."""
    if isinstance(error, UnavailableError):
        return {"status": "skipped", "reason": message_of(error)}
    lines = traceback.format_exception(type(error), error, error.__traceback__)
    failure = Failure(type=_kind(error), message=message_of(error), traceback=encodable("".join(lines)))
    return {"status": "failed", "error": failure}


def _kind(error: BaseException) -> str:
    """The exception's name; one for all the ways in which memory ends: NumPy's, a GPU's and PyTorch's on the CPU."""
    if isinstance(error, MemoryError) or (
        isinstance(error, RuntimeError) and _CANNOT_ALLOCATE.search(message_of(error))
    ):
        return OUT_OF_MEMORY
    return type(error).__name__
