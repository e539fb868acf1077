"""What a person sees of a run: bars on a terminal, a line per finished cell elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import TracebackType

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from bench.executors.base import Event, Finished, Noted, Started
from bench.records import Record

_STYLES = {"completed": "green", "failed": "red", "skipped": "yellow"}


class _Rate(ProgressColumn):
    """Pictures or steps per second, of late."""

    def render(self, task: Task) -> Text:
        return Text(f"{task.speed:,.0f}/s" if task.speed else "")


class Display:
    """Shows preparation and cells; use it as a context."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self.bars = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            _Rate(),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
            console=console,
            disable=not console.is_terminal,
            transient=True,
        )
        self.titles: Mapping[str, str] = {}
        self.grid: TaskID | None = None
        self.cells: dict[str, TaskID] = {}
        self.finished = 0

    def __enter__(self) -> Display:
        self.bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.bars.stop()

    def task(self, description: str) -> Callable[[int, int], None]:
        """A bar of its own: a callback that takes (done, in all)."""
        bar = self.bars.add_task(description, total=None)

        def update(done: int, total: int) -> None:
            self.bars.update(bar, completed=done, total=total, visible=done < total)

        return update

    def say(self, line: str) -> None:
        """Print a line above the bars."""
        self.console.print(line, markup=False, highlight=False, soft_wrap=True)

    def begin(self, titles: Mapping[str, str]) -> None:
        """Start the bar of the grid for cells with these titles by id."""
        self.titles = titles
        self.grid = self.bars.add_task("all cells", total=len(titles))

    def show(self, event: Event) -> None:
        """Show what an executor tells."""
        if isinstance(event, Started):
            self._forget(event.cell_id)
            self.cells[event.cell_id] = self.bars.add_task(f"  {self.titles[event.cell_id]}", total=None)
        elif isinstance(event, Finished):
            self.finished += 1
            self._forget(event.record.cell_id)
            self.bars.update(self.grid, advance=1)
            self.console.print(self._line(event.record), highlight=False, soft_wrap=True)
        elif isinstance(event, Noted):
            self.console.print(f"{self.titles[event.cell_id]} {event.text}", markup=False, soft_wrap=True)
        else:
            self.bars.update(self.cells[event.cell_id], completed=event.step, total=event.steps)

    def _forget(self, cell_id: str) -> None:
        """Remove a cell's bar; a cell may be begun anew, and one that nobody could begin has none."""
        if cell_id in self.cells:
            self.bars.remove_task(self.cells.pop(cell_id))

    def _line(self, record: Record) -> Text:
        line = Text(f"[{self.finished}/{len(self.titles)}] ")
        line.append(record.status, style=_STYLES[record.status])
        line.append(f"  {self.titles[record.cell_id]}: {_outcome(record)}")
        return line


def _outcome(record: Record) -> str:
    if record.status == "skipped":
        return record.reason or ""
    if record.error:
        return record.error.line
    parts = [f"{sum(record.seconds.values()):.0f} s"]
    parts += _values(record, ("lpips", "ab_mae", "skill"))
    return ", ".join(parts)


def _values(record: Record, names: Sequence[str]) -> list[str]:
    found = ((name, record.metrics.get(name)) for name in names)
    return [f"{name} {one.value:.3f}" for name, one in found if one and one.value is not None]
