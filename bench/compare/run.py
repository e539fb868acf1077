"""Compare two runs: read, match, take differences, judge, write."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.compare.differences import differences
from bench.compare.gates import Judgement, judge, read_gate
from bench.compare.matching import match
from bench.compare.page import TITLE, write_page
from bench.report.entries import RATIOS
from bench.report.legend import HEADLINES
from bench.report.stored import StoredRun
from bench.storage import exists, make_writable, write_atomically
from registry.errors import UserError
from registry.registry import choices


@dataclass(frozen=True)
class Comparison:
    """The page, and how the gates were judged."""

    page: str
    judgements: list[Judgement]

    @property
    def tripped(self) -> list[Judgement]:
        """Those to fail for."""
        return [one for one in self.judgements if one.tripped]


def compare(first: Path, second: Path, metrics: Sequence[str] = (), gates: Sequence[str] = ()) -> Comparison:
    """Compare two runs' folders.

    Args:
        metrics: To show; the headline metrics if none are given. Those of gates are always shown.
        gates: Such as "lpips > +0.01"; see `bench.compare.gates`.

    Raises:
        UserError: A metric or gate is wrong, or a stored file is damaged.
    """
    # Where one of them tells cells apart by a setting, the other's are to be found by it too.
    varied = {*StoredRun(first).varied, *StoredRun(second).varied}
    ours, theirs = (StoredRun(folder, named_with=sorted(varied)) for folder in (first, second))
    known = _metrics(ours, theirs)
    for name in metrics:
        if name not in known:
            raise UserError(f"--metric {name!r}: no cell has it; {choices(name, sorted(known))}.")
    judged = [read_gate(text, known) for text in gates]
    shown = dict.fromkeys([*(metrics or HEADLINES), *(gate.metric for gate in judged)])
    matching = match(ours, theirs)
    found = differences(ours, theirs, matching.rows, list(shown))
    judgements = judge(judged, matching, found)
    return Comparison(write_page(ours, theirs, matching, found, judgements), judgements)


def write_to(path: Path, page: str) -> None:
    """Write the page to a file.

    Raises:
        UserError: The file is there and is no such page, or it cannot be written.
    """
    if exists(path) and not (path.is_file() and path.read_text(encoding="utf-8", errors="replace").startswith(TITLE)):
        raise UserError(f"{path} is there and is not a comparison of this program; choose another file with --output.")
    make_writable(path.parent, "--output")
    write_atomically(path, page)


def _metrics(*runs: StoredRun) -> list[str]:
    """What was measured in some run, and what is worked out from it."""
    measured = dict.fromkeys(name for run in runs for record in run.records for name in record.metrics)
    return [*measured, *(ratio for ratio, of in RATIOS.items() if of in measured)]
