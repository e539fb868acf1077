"""Text from outside (names, errors, tables) as GitHub Markdown that nothing in it can break."""

from __future__ import annotations

import re
from collections.abc import Sequence

_SPECIAL = re.compile(r"[\\`*<>\[\]|&~$#]|(?<![^\W_])_|_(?![^\W_])")


def escape(text: str) -> str:
    """Any text as one line without markup.

    Entities rather than backslashes: they also hold within tables, HTML and the texts of pictures.
    """
    return _SPECIAL.sub(lambda found: f"&#{ord(found[0])};", " ".join(text.split()))


def code(text: str) -> str:
    """A name in code type, also within a table."""
    line = " ".join(text.split())
    return f"<code>{escape(line)}</code>" if not line or set(line) & set("`|<>&\\") else f"`{line}`"


def fence(text: str, language: str = "") -> str:
    """A block of code, fenced by more backticks than the text itself has in a row."""
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    ticks = "`" * max(3, longest + 1)
    return f"{ticks}{language}\n{text.rstrip()}\n{ticks}"


def table(header: Sequence[str], rows: Sequence[Sequence[str]], numbers_from: int | None = None) -> str:
    """A table; columns from ``numbers_from`` on are aligned to the right."""
    first = len(header) if numbers_from is None else numbers_from
    rule = ["---" if column < first else "---:" for column in range(len(header))]
    return "\n".join(f"| {' | '.join(row)} |" for row in (header, rule, *rows))


def join(items: Sequence[str], last: str = "and") -> str:
    """``a``, ``a and b``, ``a, b and c``."""
    return f" {last} ".join(filter(None, (", ".join(items[:-1]), items[-1]))) if items else ""


def count(number: int, one: str, many: str | None = None) -> str:
    """``1 cell``, ``1,024 cells``."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def unmarked(text: str) -> str:
    """Sentences of this project without the marks of code and bold type, for a place that shows none."""
    return re.sub(r"</?code>|`|\*\*", "", text)


def prose(text: str) -> str:
    """A text of this project, escaped but for names that it has `in code type`."""
    parts = text.split("`")
    if len(parts) % 2 == 0:
        return escape(text)
    # Spaces beside a name would be lost.
    plain = [
        f"{' ' * part.startswith(' ')}{escape(part)}{' ' * part.endswith(' ')}" if part.strip() else part
        for part in parts
    ]
    return "".join(code(part) if place % 2 else plain[place] for place, part in enumerate(parts)).strip()
