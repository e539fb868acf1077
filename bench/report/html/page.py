"""The page: the report's prose, its pictures to compare, and a policy by which a browser loads nothing else."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from importlib import resources
from typing import Any
from urllib.parse import quote

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from bench.report.figure import Figure
from bench.report.html.pictures import compared_pictures
from bench.report.html.prose import sections
from bench.report.stored import StoredRun
from bench.report.template import fill

_SCRIPTS = ("theme.js", "contents.js", "tables.js", "slider.js", "dialogs.js", "pictures.js", "figures.js")


def html_page(run: StoredRun, content: Mapping[str, Any], figures: Sequence[Figure]) -> str:
    """The page of a run, complete in itself.

    Args:
        content: As `bench.report.page.content` gives it to the Markdown page.
        figures: Drawn; their files are read.
    """
    # The page has a table of contents of its own.
    markdown = fill("bench.report", "report.md.j2", {**content, "links": ""})
    files = {quote(f"figures/{figure.path.name}"): figure.path for figure in figures}
    head, *rest = sections(markdown, files)
    style, script = _part("report.css"), "\n".join(map(_part, _SCRIPTS))
    environment = Environment(
        loader=PackageLoader("bench.report.html", ""),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=True,
    )
    return environment.get_template("report.html.j2").render(
        head=head,
        sections=rest,
        pictures=compared_pictures(run),
        style=Markup(style),
        script=Markup(script),
        policy="; ".join(
            [
                "default-src 'none'",
                "img-src data:",
                f"style-src {_digest(style)}",
                f"script-src {_digest(script)}",
                "base-uri 'none'",
                "form-action 'none'",
            ]
        ),
    )


def _part(name: str) -> str:
    return resources.files("bench.report.html").joinpath(name).read_text(encoding="utf-8")


def _digest(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
