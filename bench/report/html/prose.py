"""The report's Markdown as HTML in which no markup but the report's own is markup."""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markupsafe import Markup

from bench.report.html.inline import figure_address

_OWN_TAGS = re.compile(r"(</?(?:code|details|summary|u)>)")
"""What the report writes as HTML within its Markdown. Any other tag came from outside and stays text."""


@dataclass(frozen=True)
class Section:
    """A part of the page.

    Attributes:
        anchor: What links to it name; unique on the page.
        title: Plain text.
        body: HTML, without the heading.
        parts: Anchors and titles of the headings within it.
    """

    anchor: str
    title: str
    body: Markup
    parts: list[tuple[str, str]] = field(default_factory=list)


def sections(text: str, figures: Mapping[str, Path]) -> list[Section]:
    """A Markdown page as its sections; the first is what comes before the first heading of the second level.

    Args:
        text: Begins with a heading of the first level.
        figures: Picture files by the addresses that the page gives them; they become part of the HTML.
    """
    parser = MarkdownIt("commonmark", {"xhtmlOut": False}).enable("table")
    for name, rule in {
        "html_block": _markup,
        "html_inline": _markup,
        "heading_close": _heading_end,
        "image": _image,
        "table_open": _table_start,
        "table_close": _table_end,
    }.items():
        parser.add_render_rule(name, rule)
    tokens = parser.parse(text)
    _anchor(tokens)
    _align(tokens)
    _name_columns(tokens)
    _keep_together(tokens)
    tokens = _framed(tokens)
    starts = [place for place, token in enumerate(tokens) if token.type == "heading_open" and token.tag in ("h1", "h2")]
    found = []
    for start, end in zip(starts, [*starts[1:], len(tokens)], strict=True):
        # A heading is three tokens: its start, its text and its end.
        body = tokens[start + 3 : end]
        html = parser.renderer.render(body, parser.options, {"figures": figures})
        parts = [_titled(body, place) for place, token in enumerate(body) if token.type == "heading_open"]
        found.append(Section(*_titled(tokens, start), Markup(html), parts))
    return found


def _titled(tokens: Sequence[Token], place: int) -> tuple[str, str]:
    return str(tokens[place].attrs["id"]), _plain(tokens[place + 1])


def _plain(inline: Token) -> str:
    return "".join(child.content for child in inline.children or () if child.type in ("text", "code_inline"))


def _anchor(tokens: Sequence[Token]) -> None:
    """Name headings as GitHub does, so that the page's own links hold, and tables after the heading above them."""
    anchors: set[str] = set()
    title = ""
    for place, token in enumerate(tokens):
        if token.type == "heading_open":
            title = _plain(tokens[place + 1])
            name = re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-")
            numbered = (f"{name}-{number}" for number in itertools.count(1))
            token.attrs["id"] = next(one for one in itertools.chain([name], numbered) if one not in anchors)
            anchors.add(token.attrs["id"])
        elif token.type == "table_open":
            token.meta["title"] = title


def _align(tokens: Sequence[Token]) -> None:
    """Mark the cells of columns that are aligned to the right by a class: the page allows no styles of elements."""
    for token in tokens:
        if token.type in ("th_open", "td_open") and token.attrs.pop("style", None) == "text-align:right":
            token.attrs["class"] = "number"


def _name_columns(tokens: Sequence[Token]) -> None:
    """Give each cell the head of its column, which stands above it where there is no room for columns."""
    heads: list[str] = []
    column = 0
    for token, content in itertools.pairwise(tokens):
        if token.type == "table_open":
            heads = []
        elif token.type == "tr_open":
            column = 0
        elif token.type == "th_open":
            heads.append(_plain(content))
        elif token.type == "td_open":
            token.attrs["data-head"] = heads[column]
            column += 1


def _keep_together(tokens: Sequence[Token]) -> None:
    """Break no line between a number and its percent sign, or an arrow and the target that follows it."""
    for child in (child for token in tokens for child in token.children or () if child.type == "text"):
        child.content = re.sub(r"(?<=\d) (?=%)|(?<=→) ", "\u00a0", child.content)


def _framed(tokens: Sequence[Token]) -> list[Token]:
    """Make a figure of each picture that stands alone, with the paragraph below as its caption."""
    result = list(tokens)
    for place in reversed(range(len(result) - 2)):
        start, inline, end = result[place : place + 3]
        if start.type != "paragraph_open" or [child.type for child in inline.children or ()] != ["image"]:
            continue
        start.tag = end.tag = "figure"
        below = result[place + 3 : place + 6]
        if below and below[0].type == "paragraph_open":
            end.hidden = True
            below[0].tag = below[2].tag = "figcaption"
            result.insert(place + 6, Token("figure_close", "figure", -1, block=True))
    return result


def _markup(_: RendererHTML, tokens: Sequence[Token], place: int, *__: Any) -> str:
    # Odd parts are the report's own tags; entities in the others are the report's escapes and stay.
    parts = _OWN_TAGS.split(tokens[place].content)
    return "".join(
        part if odd % 2 else part.replace("<", "&lt;").replace(">", "&gt;") for odd, part in enumerate(parts)
    )


def _heading_end(renderer: RendererHTML, tokens: Sequence[Token], place: int, options: Any, env: Any) -> str:
    anchor, title = _titled(tokens, place - 2)
    link = f'<a class="anchor" href="#{escape(anchor)}" aria-label="Link to {escape(title)}">#</a>'
    return f" {link}{renderer.renderToken(tokens, place, options, env)}"


def _image(renderer: RendererHTML, tokens: Sequence[Token], place: int, options: Any, env: dict[str, Any]) -> str:
    address, (width, height) = figure_address(env["figures"][tokens[place].attrs["src"]])
    tokens[place].attrs |= {"src": address, "width": width, "height": height, "loading": "lazy", "decoding": "async"}
    return renderer.image(tokens, place, options, env)


def _table_start(_: RendererHTML, tokens: Sequence[Token], place: int, *__: Any) -> str:
    label = escape(f"Table: {tokens[place].meta['title']}")
    return f'<div class="table" role="region" tabindex="0" aria-label="{label}">\n<table>\n'


def _table_end(*_: Any) -> str:
    return "</table>\n</div>\n"
