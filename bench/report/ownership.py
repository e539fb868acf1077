"""Which pages are reports of this program: nothing else is overwritten, or taken for one."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from registry.errors import UserError

BEGINNINGS = {
    "md": "# Colorization benchmark: ",
    "html": '<!doctype html>\n<html lang="en" data-made-by="colorization-bench">',
}
"""How every page begins, by its format."""


def page_in(output: Path, form: str) -> Path:
    """Where a folder has its report of a format."""
    return output / f"report.{form}"


def formats_in(output: Path) -> list[str]:
    """The formats in which a folder has a report."""
    return [form for form in BEGINNINGS if _is_own(page_in(output, form), form)]


def refuse_foreign(output: Path, forms: Iterable[str], option: str) -> None:
    """Refuse a folder that has a page of a report's name which is none.

    Args:
        option: Names another folder.

    Raises:
        UserError: It has one.
    """
    for form in forms:
        page = page_in(output, form)
        if page.exists() and not _is_own(page, form):
            raise UserError(f"{page} is not a report of this program; choose another folder with {option}.")


def _is_own(page: Path, form: str) -> bool:
    try:
        with page.open(encoding="utf-8", errors="replace") as file:
            return file.read(len(BEGINNINGS[form])) == BEGINNINGS[form]
    except OSError:  # not there, no file, or not for this user
        return False
