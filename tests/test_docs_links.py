"""Every link of a page leads to where it says."""

import itertools
import re
from pathlib import Path
from urllib.parse import unquote

import pytest
from documentation import PAGES, ROOT, name_of, tokens_of


def _links(page: Path) -> list[str]:
    children = [child for token in tokens_of(page) for child in token.children or []]
    return [str(child.attrs[key]) for child in children for key in ("href", "src") if key in child.attrs]


def _anchors(page: Path) -> set[str]:
    """Those that GitHub makes of headings: in small letters, without punctuation, with hyphens for spaces."""
    tokens = tokens_of(page)
    found: set[str] = set()
    for heading, text in itertools.pairwise(tokens):
        if heading.type == "heading_open":
            plain = "".join(child.content for child in text.children or [])
            found.add(re.sub(r"[^\w\- ]", "", plain.lower()).replace(" ", "-"))
    return found


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_links_lead_somewhere(page):
    for link in _links(page):
        if re.match(r"https?://", link):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / unquote(path)).resolve() if path else page
        assert target.exists(), link
        assert target.is_relative_to(ROOT), link
        assert not anchor or anchor in _anchors(target), link


def test_every_page_is_in_the_index():
    index = ROOT / "docs" / "README.md"
    listed = {link.partition("#")[0] for link in _links(index)}
    assert {page.name for page in (ROOT / "docs").glob("*.md")} - {"README.md"} <= listed
