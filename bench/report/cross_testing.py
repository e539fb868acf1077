"""Trained on one data set and tested on another: does what was learned hold elsewhere?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from bench.report.board import Board
from bench.report.doses import Series, short_names, values_over
from bench.report.figure import Figure
from bench.report.laziness import MEASURES, NO_GOAL, Change, corrected, scope, signed
from bench.report.legend import metric
from bench.report.markdown import code, count, escape, join, table, unmarked
from bench.report.sample import Sample
from bench.report.statistics import Uncertainty, contrast, write_p
from bench.report.stored import StoredRun
from bench.report.style import canvas, file_name, label, small_multiples
from bench.report.tables import write

_AWAY_LESS_HOME = (-1.0, 1.0)


@dataclass(frozen=True)
class Crossing:
    """A measure on the test pictures of a data set, a mean over architectures and seeds.

    Attributes:
        trained_on: Spec. So is tested_on.
        value: The measure.
        behind: What it is less than that of networks trained where they are tested, with the same loss; None where
            there are none, and for those themselves.
    """

    trained_on: str
    tested_on: str
    loss: str
    value: Uncertainty
    name: str
    behind: Change | None = None


def crossings(run: StoredRun, boards: Sequence[Board], tested_on: str, skipped: Sequence[str]) -> list[Crossing]:
    """All that was tested on a data set, networks trained there first.

    p is by Holm over the measures and losses of each data set trained on, each of which is a question of its own.

    Args:
        skipped: Data sets with the same test pictures, which say nothing of others.
    """
    home = next((board for board in boards if board.dataset == tested_on and board.completed), None)
    away = [
        board
        for board in boards
        if board is not home
        and board.dataset not in skipped
        and any(tested_on in record.transfer for record in board.completed)
    ]
    found = []
    for name in MEASURES if away else ():
        there = Sample(run, home.completed, name, NO_GOAL) if home else None
        if there:
            found += [part for loss in home.losses if (part := _crossing(there, None, home, tested_on, name, loss))]
        for board in away:
            sample = Sample(run, board.completed, name, NO_GOAL, on=tested_on)
            found += [part for loss in board.losses if (part := _crossing(sample, there, board, tested_on, name, loss))]
    origins = dict.fromkeys(part.trained_on for part in found)
    return [part for origin in origins for part in _corrected([one for one in found if one.trained_on == origin])]


def _corrected(found: Sequence[Crossing]) -> list[Crossing]:
    changes = iter(corrected([part.behind for part in found if part.behind]))
    return [replace(part, behind=next(changes)) if part.behind else part for part in found]


def _crossing(
    sample: Sample, home: Sample | None, board: Board, tested_on: str, name: str, loss: str
) -> Crossing | None:
    cube = values_over([sample], [loss], board.architectures)
    if cube is None:
        return None
    both = values_over([home, sample], [loss, loss], board.architectures) if home else None
    behind = None
    if both is not None:
        at_home, away = both[0].mean(axis=(0, 2))
        behind = Change(name, contrast(*both, _AWAY_LESS_HOME), ends=(at_home, away))
    return Crossing(board.dataset, tested_on, loss, contrast(*cube, [1.0]), name, behind)


def draw_cross_testing(run: StoredRun, boards: Sequence[Board], series: Sequence[Series], folder: Path) -> list[Figure]:
    """A figure per data set tested on: a panel per measure, rows where networks were trained, columns losses."""
    tested = dict.fromkeys(name for board in boards for record in board.completed for name in record.transfer)
    figures = []
    for tested_on in tested:
        same = [board.dataset for one in series for board in one.boards]
        found = crossings(run, boards, tested_on, same if tested_on in same else ())
        if any(part.trained_on != tested_on for part in found):
            names = short_names([*dict.fromkeys([*(board.dataset for board in boards), *tested])], series)
            # Between the ends of a series the figure says enough.
            told_of = [part.trained_on for part in found if part.trained_on not in _within(series)]
            figures.append(_figure(found, tested_on, names, dict.fromkeys(told_of), folder))
    return figures


def _within(series: Sequence[Series]) -> set[str]:
    return {board.dataset for one in series for board in one.boards[1:-1]}


def _figure(
    found: Sequence[Crossing], tested_on: str, names: Mapping[str, str], told_of: Iterable[str], folder: Path
) -> Figure:
    path = folder / file_name("crossed", tested_on)
    _draw(found, {one: names[one] for one in dict.fromkeys(part.trained_on for part in found)}, path)
    answers = [told(found, origin, names) for origin in told_of if origin != tested_on]
    changes = [part.behind for part in found if part.behind]
    return Figure(
        path,
        f"Tested on {names[tested_on]}",
        "Rows say what the networks were trained on, the first row (if any) the same as they are tested on. Skill is "
        "against the mean colour of the training pictures of the data set tested on, whatever a network was trained "
        "on, so that rows compare: below 0 a network does worse than knowing that colour alone. Ratios are to the "
        "truth of the pictures tested on. The deeper the blue, the better.",
        f"Measures of networks tested on {names[tested_on]}. " + unmarked(" ".join(answers)),
        "imbalance",
        tested_on,
        verdicts=tuple(answers),
        lines=(scope(changes),) if changes else (),
        details=((f"Networks tested on {escape(names[tested_on])} in numbers", _table(found, names)),),
    )


def told(found: Sequence[Crossing], origin: str, names: Mapping[str, str]) -> str:
    """How networks trained on one data set do on another, against those trained there."""
    parts = [part for part in found if part.trained_on == origin and part.name == "skill"]
    tested_on = found[0].tested_on
    where = f"Trained on {code(names[origin])} and tested on {code(names[tested_on])}"
    if not parts:
        return f"{where}, no network has a skill."
    home = [part.value.value for part in found if part.trained_on == tested_on and part.name == "skill"]
    text = f"{where}, skill is {_reach(parts)}"
    if home:
        text += f", against {_range(home)} of networks trained there"
    lazy = sum(part.value.value <= 0 for part in parts)
    if lazy:
        who = "All" if lazy == len(parts) else f"{lazy} of {len(parts)}"
        text += f". {who} do no better than one constant colour"
    worse = [part for part in parts if part.behind and part.behind.clear and part.behind.lazier]
    compared = sum(part.behind is not None for part in parts)
    if compared:
        text += f"; skill is clearly lower than at home with {len(worse)} of {count(compared, 'loss', 'losses')}"
    chroma = [part.value.value for part in found if part.trained_on == origin and part.name == "chroma_ratio"]
    return f"{text}. They paint {_range(chroma)} of the truth's chroma." if chroma else f"{text}."


def _reach(parts: Sequence[Crossing]) -> str:
    order = sorted(parts, key=lambda part: part.value.value)
    ends = dict.fromkeys((order[0], order[-1]) if len(order) > 1 else order)
    return join([f"{part.value.value:.2f} ({code(part.loss)})" for part in ends], "to")


def _range(values: Sequence[float]) -> str:
    return " to ".join(dict.fromkeys(f"{value:.2f}" for value in (min(values), max(values))))


_BEST = {"skill": 1.0, "rare_ab_error": 0.0}


def _draw(found: Sequence[Crossing], names: Mapping[str, str], path: Path) -> None:
    losses = list(dict.fromkeys(part.loss for part in found))
    shown = [name for name in MEASURES if any(part.name == name for part in found)]
    with canvas(path, 1.0 + (0.5 + 0.36 * len(names)) * -(-len(shown) // 2)) as figure:
        panels = small_multiples(figure, -(-len(shown) // 2), 2, sharex=True, sharey=True).ravel()
        for panel in panels[len(shown) :]:
            panel.set_axis_off()
        for panel, name in zip(panels, shown, strict=False):
            values = np.full((len(names), len(losses)), np.nan)
            for part in (part for part in found if part.name == name):
                values[list(names).index(part.trained_on), losses.index(part.loss)] = part.value.value
            # By how far it is from the best, so that one scale serves all; what is beyond 1 is as bad as can be.
            panel.imshow(np.abs(values - _BEST.get(name, 1.0)), cmap="Blues_r", vmin=-0.2, vmax=1.2, aspect="auto")
            panel.set_title(metric(name).label)
            panel.grid(False)
            panel.tick_params(length=0)
            panel.set_yticks(range(len(names)), [label(name, 22, 2) for name in names.values()], size=8)
            panel.set_xticks(range(len(losses)), [label(loss, 12, 2) for loss in losses], size=8)
            for (row, column), value in np.ndenumerate(values):
                if np.isfinite(value):
                    dark = abs(value - _BEST.get(name, 1.0)) < 0.45
                    ink = "white" if dark else "#222222"
                    panel.text(column, row, f"{value:.2f}", ha="center", va="center", size=8.5, color=ink)


def _table(found: Sequence[Crossing], names: Mapping[str, str]) -> str:
    head = ["trained on", "loss", "measure", "value", "less that of networks trained there", "p (Holm)"]
    rows = [
        [
            escape(names[part.trained_on]),
            escape(part.loss),
            metric(part.name).label,
            write(part.value, 3),
            *((signed(part.behind.by), write_p(part.behind.p)) if part.behind else ("–", "–")),
        ]
        for part in found
    ]
    return f"± is half of a 95 % interval.\n\n{table(head, rows, numbers_from=3)}"
