"""Reports as commands write them: where, and when one need not be written."""

from __future__ import annotations

import sys
from contextlib import nullcontext
from pathlib import Path

from registry.errors import UserError


def report_of(run_folder: Path, reports_dir: Path) -> Path:
    """The report of a run: the one that is there, if nothing has changed since it was written, or a new one."""
    from bench.report.freshness import is_current
    from bench.report.ownership import page_in

    target = _report_folder(run_folder, reports_dir)
    return page_in(target, "md") if is_current(run_folder, target) else write_report(run_folder, reports_dir)


def check_place(run_folder: Path, reports_dir: Path) -> None:
    """Make sure, before hours of work, that a run's report can be written.

    Raises:
        UserError: It cannot.
    """
    from bench.report.ownership import refuse_foreign
    from bench.storage import make_writable

    make_writable(reports_dir, "--reports-dir")
    refuse_foreign(_report_folder(run_folder, reports_dir), ["md"], "--reports-dir")


def write_report(run_folder: Path, reports_dir: Path) -> Path:
    """Write the report of a run as Markdown, and anew in the other formats that it was written in; its path."""
    from bench.report.ownership import formats_in

    others = formats_in(_report_folder(run_folder, reports_dir))
    return write_reports(run_folder, reports_dir, None, list(dict.fromkeys(["md", *others])))[0]


def write_reports(run_folder: Path, reports_dir: Path, output: Path | None, formats: list[str]) -> list[Path]:
    """Write the report of a run in some formats, where it belongs if no folder is given, and return their paths.

    Raises:
        UserError: The folder cannot be written to.
    """
    from bench.report.helper import helped
    from bench.storage import make_writable, writing_to
    from registry.processes import count_cores

    target, option = (output, "--output") if output else (_report_folder(run_folder, reports_dir), "--reports-dir")
    make_writable(target, option)
    # A helper that has to share the only core would help nobody.
    with writing_to(target), helped() if count_cores() > 1 else nullcontext():
        from bench.report.render import render_as  # a second or more, in which the helper starts

        return render_as(run_folder, target, formats, option)


def report_what_is_there(run_folder: Path, reports_dir: Path) -> None:
    """The report of an interrupted run; another Ctrl-C leaves it out."""
    if not (run_folder / "grid.yaml").exists():
        return
    print("stopped; writing the report of what is there, press Ctrl-C again to leave it out.", file=sys.stderr)
    try:
        print(f"report: {write_report(run_folder, reports_dir)}", file=sys.stderr)
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)


def _report_folder(run_folder: Path, reports_dir: Path) -> Path:
    return reports_dir / run_folder.resolve().name
