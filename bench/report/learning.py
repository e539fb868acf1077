"""Were the networks done learning, and did they over-fit? In sentences, from the histories."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bench.records import Record
from bench.report.entries import Entry
from bench.report.markdown import count
from bench.report.stored import StoredRun


@dataclass(frozen=True)
class Learning:
    """What the histories of the completed cells say.

    Attributes:
        cells: How many have a history of two epochs or more.
        unfinished: Those whose validation loss was lowest at the last epoch.
        over_fitted: Those that the curves call over-fitted.
        passes: How often a cell saw each training picture: the fewest and the most; None where not known.
    """

    cells: int
    unfinished: int
    over_fitted: int
    passes: tuple[float, float] | None

    @property
    def caveat(self) -> str:
        """A warning where training was cut short; empty where it was not."""
        if not self.unfinished:
            return ""
        cells = f"{self.unfinished} of {count(self.cells, 'cell')}"
        return (
            f"In {cells} the validation loss was lowest at the last epoch: training was not finished{self._seen}, and "
            "longer training may change the order."
        )

    @property
    def answer(self) -> str:
        """Whether the networks had learned all they could; empty where no history says it."""
        if not self.cells:
            return ""
        over = f"over-fitting shows in {self.over_fitted or 'none'}"
        if not self.unfinished:
            return f"All {count(self.cells, 'cell')} were past their lowest validation loss at the end; {over}."
        were = f"{self.unfinished} of {count(self.cells, 'cell')} {'was' if self.unfinished == 1 else 'were'}"
        return f"{were} still improving at the last epoch{self._seen}; {over}."

    @property
    def _seen(self) -> str:
        if self.passes is None:
            return ""
        low, high = (f"{one:.2g}" for one in self.passes)
        passes = f"{low} {'pass' if low == '1' else 'passes'}" if low == high else f"{low} to {high} passes"
        return f" ({passes} over the training pictures)"


def learning(run: StoredRun, entries: Sequence[Entry]) -> Learning:
    """Count over all trained cells."""
    # Imported here because it loads matplotlib.
    from bench.report.curves import overfit

    cells = unfinished = over_fitted = 0
    passes = []
    for record in (record for entry in entries if entry.loss for record in entry.completed):
        history = run.history(record)
        if history is None or len(history) < 2 or history.validation_loss.isna().all():
            continue
        cells += 1
        unfinished += int(history.validation_loss.idxmin() == history.index[-1])
        over_fitted += overfit(history) is not None
        passes.append(_passes(record))
    known = None if not passes or None in passes else (min(passes), max(passes))
    return Learning(cells, unfinished, over_fitted, known)


def _passes(record: Record) -> float | None:
    settings = record.settings
    if not settings.get("steps_per_epoch"):
        return settings.get("epochs")
    batch = record.batch_size or settings.get("batch_size")
    if record.data is None or not batch or not record.data.n_train:
        return None
    return settings["epochs"] * settings["steps_per_epoch"] * batch / record.data.n_train
