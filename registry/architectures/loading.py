"""Networks that are built to take weights of their own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_to_be_loaded: ContextVar[bool] = ContextVar("to_be_loaded", default=False)


@contextmanager
def to_be_loaded() -> Iterator[None]:
    """Networks built within are given trained weights at once: pretrained ones need not be fetched for them."""
    token = _to_be_loaded.set(True)
    try:
        yield
    finally:
        _to_be_loaded.reset(token)


def is_to_be_loaded() -> bool:
    """Whether a network that is built now is given weights at once."""
    return _to_be_loaded.get()
