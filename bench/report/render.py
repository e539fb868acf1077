"""Write the report of a run: ``report.md`` with its figures, from stored files alone."""

from __future__ import annotations

import tempfile
from pathlib import Path

from bench.report import page
from bench.report.figure import Figure
from bench.report.freshness import PAGE, figures_of
from bench.report.labels import LabelledRun
from bench.report.stored import StoredRun
from bench.report.template import fill
from bench.storage import write_atomically
from registry.errors import UserError

_TITLE = "# Colorization benchmark: "
"""How every page begins: nothing else is overwritten."""


def render(run_folder: Path, output: Path) -> Path:
    """Write ``output/report.md`` and its figures in ``output/figures/``, in place of an earlier report's.

    Args:
        run_folder: ``results/<run>``.
        output: Made if it is not there; other files in it are left alone.

    Returns:
        Path of the page.

    Raises:
        UserError: A stored file is damaged, or ``output`` holds a report.md that is not a report's.
    """
    # Imported here because matplotlib takes a second that a wrong call need not wait for.
    from bench.report.figures import draw_figures

    run = LabelledRun(run_folder)
    target, folder = output / PAGE, output / "figures"
    old = target.read_text(encoding="utf-8") if target.exists() else _TITLE
    if not old.startswith(_TITLE):
        raise UserError(f"{target} is not a report of this program; choose another folder with --output.")
    folder.mkdir(parents=True, exist_ok=True)
    # Drawn beside the old ones: a report whose figures fail to be drawn leaves the old one whole.
    with tempfile.TemporaryDirectory(prefix=".figures.", dir=output) as fresh:
        figures = draw_figures(run, Path(fresh))
        text = _page(run, figures)
        for figure in figures:
            figure.path.replace(folder / figure.path.name)
    write_atomically(target, text)
    for name in figures_of(old) - figures_of(text):
        (folder / name).unlink(missing_ok=True)
    return target


def _page(run: StoredRun, figures: list[Figure]) -> str:
    return fill("bench.report", "report.md.j2", page.content(run, figures))
