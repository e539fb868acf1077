"""Whether a report still says what a run's stored files say."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

from bench.report.ownership import formats_in, page_in

_CODE = Path(__file__).parent.parent.parent
_PACKAGES = ("bench", "registry")


def is_current(run_folder: Path, output: Path) -> bool:
    """Whether a report is whole, and younger than all that it is made from: stored files and this program's code."""
    page = page_in(output, "md")
    if "md" not in formats_in(output):
        return False
    figures = figures_of(page.read_text(encoding="utf-8"))
    if not all((output / "figures" / name).exists() for name in figures):
        return False
    written = page.stat().st_mtime_ns
    return all(source.stat().st_mtime_ns < written for source in _sources(run_folder))


def figures_of(text: str) -> set[str]:
    """File names of the figures that a page shows."""
    return {unquote(name) for name in re.findall(r"\]\(figures/([^)/]+)\)", text)}


def _sources(run_folder: Path) -> Iterator[Path]:
    for part in ("cells", "datasets"):
        yield from _within(run_folder / part)
    yield run_folder / "grid.yaml"
    for package in _PACKAGES:
        for pattern in ("*.py", "*.j2"):
            yield from (_CODE / package).rglob(pattern)


def _within(folder: Path) -> Iterator[Path]:
    """Folders too: what was removed from one shows in its time."""
    if folder.exists():
        yield folder
        yield from folder.rglob("*")
