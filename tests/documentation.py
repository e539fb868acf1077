"""The pages that users read, and the commands on them."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]


def name_of(page: Path) -> str:
    """The page's path in the project."""
    return page.relative_to(ROOT).as_posix()


def tokens_of(page: Path) -> list[Token]:
    """What a page is made of, as GitHub reads it."""
    return MarkdownIt("commonmark").enable("table").parse(page.read_text(encoding="utf-8"))


def inline_code(page: Path) -> list[str]:
    """What stands between single backticks."""
    return [child.content for token in tokens_of(page) for child in token.children or [] if child.type == "code_inline"]


def shell_commands(page: Path) -> Iterator[list[str]]:
    """The words of every command in a block of ``sh``; comments and redirections left out."""
    for token in tokens_of(page):
        if token.type == "fence" and token.info == "sh":
            yield from _commands(token.content)


def bench_commands(page: Path) -> list[list[str]]:
    """What follows ``python -m bench`` wherever it stands on a page: in a block or within a sentence or table."""
    sentences = (words for code in inline_code(page) if "-m bench " in code for words in _commands(code))
    found = [*shell_commands(page), *sentences]
    return [words[3:] for words in found if re.search(r"python3?$", words[0]) and words[1:3] == ["-m", "bench"]]


def _commands(text: str) -> Iterator[list[str]]:
    for line in text.replace("\\\n", " ").splitlines():
        words = shlex.split(line, comments=True)
        while words:
            end = words.index("&&") if "&&" in words else len(words)
            command, words = words[:end], words[end + 1 :]
            yield command[: command.index(">")] if ">" in command else command
