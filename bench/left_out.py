"""Pictures left out, said in few lines: a data set may have thousands of them."""

from __future__ import annotations

from collections.abc import Sequence

_FEW = 5


def count_left_out(left_out: int, grey: int) -> str:
    """How many pictures were left out and why: ``3 (2 grey, 1 unreadable)``."""
    return f"{left_out:,} ({grey:,} grey, {left_out - grey:,} unreadable)" if left_out else "0"


def name_few(unreadable: Sequence[str], grey: Sequence[str], where: str) -> list[str]:
    """The first pictures of either kind, and how many more there are and where all of them are listed."""
    lines = []
    for kind, pictures in (("unreadable", unreadable), ("grey", grey)):
        lines += [f"{kind}: {picture}" for picture in pictures[:_FEW]]
        if len(pictures) > _FEW:
            lines.append(f"{kind}: {len(pictures) - _FEW:,} more, all in {where}")
    return lines
