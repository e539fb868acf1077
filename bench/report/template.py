"""Fill a Markdown template."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from jinja2 import Environment, PackageLoader, StrictUndefined

from bench.report import markdown


def fill(package: str, name: str, content: Mapping[str, Any]) -> str:
    """The page that a package's template gives, with no more than one empty line at a time."""
    environment = Environment(
        loader=PackageLoader(package, ""),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # the page is Markdown: its own filters escape
    )
    environment.filters |= {
        "anchor": lambda title: title.lower().replace(" ", "-"),
        "code": markdown.code,
        "escape": markdown.escape,
        "fence": markdown.fence,
        "link": lambda figure: quote(f"figures/{figure.path.name}"),
    }
    return re.sub(r"\n{3,}", "\n\n", environment.get_template(name).render(content)).rstrip() + "\n"
