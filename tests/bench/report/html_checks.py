"""What must hold for every page that is complete in itself: whole, harmless, and with nothing to load."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
from PIL import Image

VOID = {"img", "input", "meta"}
TAGS = re.compile(
    "a|b|body|button|code|details|dialog|div|em|fieldset|figcaption|figure|h[1-3]|head|html|img|input|label|legend|li|main|"
    "meta|nav|ol|option|p|pre|script|section|select|span|strong|style|summary|table|tbody|td|th|thead|title|tr|u|ul"
)


@dataclass
class Page(HTMLParser):
    """A page in parts.

    Attributes:
        texts: Of the elements, by their tags, in their order.
        attributes: Of each element, as (tag, attributes).
        tables: Rows of cell texts.
    """

    texts: dict[str, list[str]] = field(default_factory=dict)
    attributes: list[tuple[str, dict[str, str | None]]] = field(default_factory=list)
    tables: list[list[list[str]]] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()
        self._open: list[tuple[str, list[str]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.attributes.append((tag, dict(attrs)))
        assert len(dict(attrs)) == len(attrs), f"an attribute twice in {tag}"
        if tag in VOID:
            return
        self._open.append((tag, []))
        if tag == "table":
            self.tables.append([])
        elif tag == "tr":
            self.tables[-1].append([])

    def handle_endtag(self, tag: str) -> None:
        opened, parts = self._open.pop()
        assert opened == tag, f"<{opened}> ended by </{tag}>"
        text = "".join(parts)
        self.texts.setdefault(tag, []).append(text)
        if tag in ("th", "td"):
            self.tables[-1][-1].append(text)
        if self._open:
            self._open[-1][1].append(text)

    def handle_data(self, data: str) -> None:
        if self._open:
            self._open[-1][1].append(data)

    def close(self) -> None:
        super().close()
        assert not self._open, self._open

    def values(self, name: str) -> list[str]:
        """Of an attribute, wherever it is given."""
        return [attrs[name] or "" for _, attrs in self.attributes if name in attrs]

    @property
    def pictures(self) -> list[dict]:
        """What the page's script compares."""
        found = [
            text for (_, attrs), text in zip(self._scripts(), self.texts["script"], strict=True) if "class" in attrs
        ]
        return json.loads(found[0]) if found else []

    def _scripts(self) -> list[tuple[str, dict]]:
        return [one for one in self.attributes if one[0] == "script"]


def read_page(path: Path) -> Page:
    """A page that is well formed, names nothing outside itself, and runs and looks like nothing but its own parts."""
    text = path.read_text(encoding="utf-8")
    page = Page()
    page.feed(text)
    page.close()
    assert all(TAGS.fullmatch(tag) for tag, _ in page.attributes)
    assert "://" not in text
    assert not re.search(r"@import|url\(", page.texts["style"][0])
    assert all(address.startswith("data:image/webp;base64,") for address in page.values("src"))
    assert not [name for _, attrs in page.attributes for name in attrs if name.startswith("on") or name == "style"]
    ids = page.values("id")
    assert len(ids) == len(set(ids))
    named = [*page.values("aria-labelledby"), *(address.removeprefix("#") for address in page.values("href"))]
    assert set(named) <= set(ids)
    assert all(attrs["alt"] for tag, attrs in page.attributes if tag == "img" and "src" in attrs)
    _check_policy(page)
    return page


def _check_policy(page: Page) -> None:
    [policy] = [attrs["content"] for tag, attrs in page.attributes if tag == "meta" and "http-equiv" in attrs]
    rules = dict(rule.split(" ", 1) for rule in policy.split("; "))
    assert rules["default-src"] == "'none'"
    assert rules["img-src"] == "data:"
    assert [rules["style-src"]] == [_digest(text) for text in page.texts["style"]]
    [script] = [
        text
        for (_, attrs), text in zip(page._scripts(), page.texts["script"], strict=True)
        if attrs["type"] == "module"
    ]
    assert rules["script-src"] == _digest(script)


def _digest(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def decoded(address: str) -> np.ndarray:
    """The pixels of a picture within a page."""
    data = base64.b64decode(address.partition("base64,")[2])
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))
