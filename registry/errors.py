"""Errors that a user can cause or meet; each message is one whole sentence for them to act on."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator


class UserError(Exception):
    """The call, the grid or the data is wrong: say what is wrong, what is allowed and what to do next."""


class UnavailableError(UserError):
    """Something optional cannot be had on this machine (weights, a download): a cell is skipped, not failed."""


@contextlib.contextmanager
def guarding_exit() -> Iterator[None]:
    """Run code that others wrote: its ``sys.exit`` is an error like any other, and does not end the program.

    Raises:
        RuntimeError: In place of a SystemExit.
    """
    try:
        yield
    except SystemExit as error:
        raise RuntimeError(f"sys.exit({error.code!r}) was called") from error


def message_of(error: BaseException) -> str:
    """What an error says, as text that can be written down, whatever code it comes from."""
    try:
        text = str(error)
    except Exception as problem:
        text = f"its message cannot be made: {type(problem).__name__}"
    return encodable(text)


def encodable(text: str) -> str:
    """Text without lone surrogates, which stand for bytes of file names that are no letters."""
    return text.encode(errors="backslashreplace").decode()
