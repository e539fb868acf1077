"""Write the report of a run: ``report.md`` with its figures, from stored files alone."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from urllib.parse import quote

from jinja2 import Environment, PackageLoader, StrictUndefined

from bench.records import write_atomically
from bench.report import markdown, page
from bench.report.figure import Figure
from bench.report.stored import StoredRun


def render(run_folder: Path, output: Path) -> Path:
    """Write ``output/report.md`` and ``output/figures/``, in place of what an earlier report left there.

    Args:
        run_folder: ``results/<run>``.
        output: Made if it is not there.

    Returns:
        Path of the page.
    """
    # Imported here because matplotlib takes a second that a wrong call need not wait for.
    from bench.report.figures import draw_figures

    run = StoredRun(run_folder)
    # Drawn beside the old ones: a report whose figures fail to be drawn leaves the old one whole.
    fresh = output / ".figures.tmp"
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(parents=True)
    try:
        figures = draw_figures(run, fresh)
        text = _page(run, figures)
        shutil.rmtree(output / "figures", ignore_errors=True)
        fresh.replace(output / "figures")
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    write_atomically(output / "report.md", text)
    return output / "report.md"


def _page(run: StoredRun, figures: list[Figure]) -> str:
    environment = Environment(
        loader=PackageLoader("bench.report", ""),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # the page is Markdown: its own filters escape
    )
    environment.filters |= {
        "code": markdown.code,
        "escape": markdown.escape,
        "fence": markdown.fence,
        "link": lambda figure: quote(f"figures/{figure.path.name}"),
    }
    text = environment.get_template("report.md.j2").render(page.content(run, figures))
    return re.sub(r"\n{3,}", "\n\n", text).rstrip() + "\n"
