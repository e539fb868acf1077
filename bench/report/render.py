"""Write the report of a run, from stored files alone: for reading beside code, for a browser, or both."""

from __future__ import annotations

import gc
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from bench.report import page
from bench.report.figure import Figure
from bench.report.freshness import figures_of
from bench.report.helper import settled
from bench.report.labels import LabelledRun
from bench.report.ownership import BEGINNINGS, page_in, refuse_foreign
from bench.report.template import fill
from bench.storage import write_atomically
from registry.errors import UserError


def read_formats(text: str) -> list[str]:
    """The formats of ``md,html``.

    Raises:
        UserError: One of them is not known, or there is none.
    """
    formats = list(dict.fromkeys(part.strip() for part in text.split(",")))
    if unknown := [one for one in formats if one not in BEGINNINGS]:
        known = " or ".join([*BEGINNINGS, ",".join(BEGINNINGS)])
        raise UserError(f"There is no report format {unknown[0]!r}; --format takes {known}.")
    return formats


def render(run_folder: Path, output: Path) -> Path:
    """Write the Markdown report; see `render_as`."""
    return render_as(run_folder, output, ["md"])[0]


def render_as(run_folder: Path, output: Path, formats: Sequence[str], option: str = "--output") -> list[Path]:
    """Write a report in place of an earlier one.

    Args:
        run_folder: ``results/<run>``.
        output: Made if it is not there; other files in it are left alone.
        formats: "md" for ``output/report.md`` with its figures in ``output/figures/``, "html" for
            ``output/report.html`` with everything in it.
        option: Of the command line, names another folder.

    Returns:
        Paths of the pages.

    Raises:
        UserError: A stored file is damaged, or ``output`` holds a page of such a name that is not a report's.
    """
    # Imported here because matplotlib takes a second that a wrong call need not wait for.
    from bench.report.figures import draw_figures

    run = LabelledRun(run_folder)
    targets = {one: page_in(output, one) for one in formats}
    refuse_foreign(output, formats, option)
    output.mkdir(parents=True, exist_ok=True)
    # Drawn beside the old ones: a report whose figures fail to be drawn leaves the old one whole.
    with _modules_set_aside(), tempfile.TemporaryDirectory(prefix=".figures.", dir=output) as fresh:
        with settled():
            figures = draw_figures(run, Path(fresh))
            content = page.content(run, figures)
        if "html" in targets:
            from bench.report.html.page import html_page

            write_atomically(targets["html"], html_page(run, content, figures))
        if "md" in targets:
            _write_markdown(targets["md"], fill("bench.report", "report.md.j2", content), figures)
    return list(targets.values())


@contextmanager
def _modules_set_aside() -> Iterator[None]:
    """Spare the garbage collector what was imported: every full collection would look through all of it."""
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


def _write_markdown(target: Path, text: str, figures: Sequence[Figure]) -> None:
    old = target.read_text(encoding="utf-8") if target.exists() else ""
    folder = target.parent / "figures"
    folder.mkdir(exist_ok=True)
    for figure in figures:
        figure.path.replace(folder / figure.path.name)
    write_atomically(target, text)
    for name in figures_of(old) - figures_of(text):
        (folder / name).unlink(missing_ok=True)
