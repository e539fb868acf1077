"""What must hold for every rendered page: whole tables, and pictures and links that lead somewhere."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path
from urllib.parse import unquote

from markdown_it import MarkdownIt
from markdown_it.token import Token


def _tokens(path: Path) -> list[Token]:
    return MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(path.read_text())


def tables(path: Path) -> list[list[list[str]]]:
    """Tables of the page as rows of plain cell texts."""
    found, inside = [], False
    for token in _tokens(path):
        if token.type == "table_open":
            found.append([])
        elif token.type == "tr_open":
            found[-1].append([])
        elif token.type in ("th_open", "td_open"):
            inside = True
        elif token.type == "inline" and inside:
            found[-1][-1].append(
                "".join(part.content for part in token.children if part.type in ("text", "code_inline"))
            )
            inside = False
    return found


def check(path: Path) -> int:
    """Tables are whole, and every picture and link leads somewhere; how many pictures there are."""
    text = path.read_text()
    for table in tables(path):
        assert len({len(row) for row in table}) == 1, table
    headings, targets, pictures = set(), [], 0
    tokens = _tokens(path)
    for before, token in pairwise(tokens):
        if before.type == "heading_open":
            headings.add(re.sub(r"[^\w -]", "", token.content.lower()).replace(" ", "-"))
        for child in token.children or ():
            if child.type == "image":
                pictures += 1
                assert child.content.strip(), "a picture without alt text"
                assert (path.parent / unquote(child.attrs["src"])).is_file()
            if child.type == "link_open":
                targets.append(child.attrs["href"])
    for target in targets:
        assert target[1:] in headings if target.startswith("#") else (path.parent / unquote(target)).is_file(), target
    assert text.count("![") == pictures
    # A row that did not parse as a table would stand in a paragraph with its pipes.
    paragraphs = [t.content for b, t in pairwise(tokens) if b.type == "paragraph_open"]
    assert not [one for one in paragraphs if one.lstrip().startswith("|") or "| ---" in one]
    return pictures
