from rich.console import Console

from bench.executors.base import Finished, Started, Stepped
from bench.progress import Display


def _display(width=100):
    return Display(Console(force_terminal=True, record=True, width=width))


def test_a_cell_begun_anew_has_one_bar(make_record):
    with _display() as display:
        display.begin({"abc": "the cell"})
        for event in (Started("abc"), Stepped("abc", 5, 10), Started("abc")):
            display.show(event)
        (bar,) = [task for task in display.bars.tasks if task.description.strip() == "the cell"]
        assert bar.completed == 0
        display.show(Finished(make_record("abc")))
        assert [task.description for task in display.bars.tasks] == ["all cells"]


def test_a_cell_that_nobody_could_begin_is_told(make_record):
    with _display() as display:
        display.begin({"abc": "the cell"})
        display.show(Finished(make_record("abc", status="skipped", reason="no weights")))
    assert "[1/1] skipped  the cell: no weights" in display.console.export_text()
