"""Does a network grow lazy? Its colour per epoch, early against late, and what training past the best epoch cost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.ticker import MaxNLocator

from bench.records import Record
from bench.report.board import Board
from bench.report.entries import measure
from bench.report.figure import Figure
from bench.report.legend import metric
from bench.report.markdown import code, count, escape, table
from bench.report.statistics import Uncertainty, uncertain
from bench.report.stored import StoredRun
from bench.report.style import FAINT, above, canvas, file_name, label, line_of, loss_lines, small_multiples
from bench.samples import half_epoch

SIGNS = ("chroma_ratio", "ab_effective_colors", "skill")
"""Columns of a history that tell a collapse; smaller is lazier."""

_COSTS = ("lpips", "skill", "chroma_ratio")
_NONE = "–"


@dataclass(frozen=True)
class Course:
    """How a training went: mean histories over the seeds of a cell.

    Attributes:
        signs: A row per epoch, a column per sign.
        changes: Of each sign, from half of the training to its end, over the seeds.
        best: The epoch with the lowest validation loss, of each seed.
        costs: Change of some test metrics from the best epoch to the last, over the seeds that trained on past it.
    """

    architecture: str
    loss: str
    signs: pd.DataFrame
    best: list[int]
    costs: dict[str, float]
    changes: dict[str, Uncertainty]

    def fell(self, sign: str) -> bool:
        """Whether a sign became lazier; of a network more colourful than the truth less chroma is no loss."""
        return self.late[sign] < self.early[sign] and not (sign == "chroma_ratio" and self.late[sign] >= 1)

    def fell_clearly(self, sign: str) -> bool:
        """Whether it did so by more than seeds vary."""
        half = self.changes[sign].half
        return self.fell(sign) and half is not None and abs(self.changes[sign].value) > half

    @property
    def early(self) -> pd.Series:
        """The signs after half of the training, when pictures were kept too."""
        return self.signs.loc[half_epoch(int(self.signs.index[-1]))]

    @property
    def late(self) -> pd.Series:
        """The signs at the end."""
        return self.signs.iloc[-1]


def courses(run: StoredRun, records: Sequence[Record]) -> list[Course]:
    """Of the completed cells that have a history of two epochs or more, in their order."""
    by_cell: dict[tuple[str, str], list[Record]] = {}
    for record in records:
        by_cell.setdefault((record.architecture, record.loss), []).append(record)
    found = (_course(run, *cell, several) for cell, several in by_cell.items())
    return [one for one in found if one is not None]


def draw_collapse(board: Board, folder: Path) -> list[Figure]:
    """A row per sign, a column per architecture, a line per loss."""
    found = courses(board.run, board.completed)
    if not found:
        return []
    path = folder / file_name("collapse", board.dataset)
    columns = list(dict.fromkeys(one.architecture for one in found))
    with canvas(path, 0.9 + 1.45 * len(SIGNS)) as figure:
        panels = small_multiples(figure, len(SIGNS), len(columns), sharex=True, sharey="row")
        for one in found:
            column = columns.index(one.architecture)
            style = line_of(one.loss, board.losses)
            for panel, sign in zip(panels[:, column], SIGNS, strict=True):
                panel.plot(one.signs.index, one.signs[sign], linewidth=1.8, **style)
                for best in set(one.best) & set(one.signs.index):
                    panel.plot(best, one.signs[sign][best], "o", color=style["color"], markersize=6, mec="white")
        for line, sign in zip(panels, SIGNS, strict=True):
            line[0].set_ylabel(metric(sign).label)
            for panel in line:
                panel.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=6, min_n_ticks=1))
                if sign != "ab_effective_colors":
                    panel.axhline(0 if sign == "skill" else 1, color=FAINT, linewidth=1, linestyle="--", zorder=1)
        for panel, name in zip(panels[0], columns, strict=True):
            panel.set_title(label(name))
        figure.supxlabel("epoch", size=9.5)
        used = [loss for loss in board.losses if any(one.loss == loss for one in found)]
        above(figure, loss_lines(used, board.losses))
    return [
        Figure(
            path,
            f"Colour per epoch on {board.dataset}",
            "On the validation pictures, means over seeds. A chroma ratio of 1 is as far from grey as the truth; a "
            "skill of 0 is no better than one constant colour. A dot is the epoch with the lowest validation loss. A "
            "curve that falls is a network that grows lazier as it trains, a chroma ratio only once it is below 1.",
            f"Curves of chroma ratio, effective colours and skill per epoch on {board.dataset}. "
            + " ".join(_alt(one) for one in found),
            "curves",
            board.dataset,
            lines=_told(found),
            details=((f"Early against late on {escape(board.dataset)}, in numbers", _table(found)),),
        )
    ]


def _course(run: StoredRun, architecture: str, loss: str, records: Sequence[Record]) -> Course | None:
    histories = [(record, run.history(record)) for record in records]
    histories = [
        (record, history)
        for record, history in histories
        if history is not None and len(history) > 1 and set(SIGNS) <= set(history)
    ]
    if not histories:
        return None
    signs = pd.concat([history.set_index("epoch")[list(SIGNS)] for _, history in histories]).groupby(level=0).mean()
    past = [_costs(record) for record, history in histories if record.best_epoch != history.epoch.iloc[-1]]
    costs = {
        name: float(np.mean([one[name] for one in past if name in one]))
        for name in _COSTS
        if any(name in one for one in past)
    }
    half = half_epoch(int(signs.index[-1]))
    second_halves = {
        sign: [history[sign].iloc[-1] - history.set_index("epoch")[sign][half] for _, history in histories]
        for sign in SIGNS
    }
    changes = {sign: uncertain(np.array([values]), None, 0) for sign, values in second_halves.items()}
    return Course(architecture, loss, signs, [record.best_epoch for record, _ in histories], costs, changes)


def _costs(record: Record) -> dict[str, float]:
    """Change of each metric from the best epoch to the last."""
    pairs = {name: (measure(record, name), record.best_metrics.get(name)) for name in _COSTS}
    return {
        name: last.value - best.value
        for name, (last, best) in pairs.items()
        if last is not None and best is not None and None not in (last.value, best.value)
    }


def _told(found: Sequence[Course]) -> tuple[str, ...]:
    """What the second half of the training did to colour, and training on from the best epoch to the test pictures."""
    cells = count(len(found), "cell")
    seeds = any(change.covers for one in found for change in one.changes.values())

    def count_of(sign: str) -> str:
        number = sum(one.fell(sign) for one in found)
        clear = sum(one.fell_clearly(sign) for one in found)
        surely = f" ({clear or 'none'} by more than seeds vary)" if number and seeds else ""
        return f"{number or 'none'}{surely}"

    chroma, colors, skill = map(count_of, SIGNS)
    both = sum(all(map(one.fell, SIGNS[:2])) for one in found)
    line = (
        f"Of {cells}, from half of the training to its end, chroma ratio fell to below the truth's in {chroma}, "
        f"effective colours fell in {colors} and skill fell in {skill}; {both or 'none'} lost both chroma and colours."
        f"{'' if seeds else ' With one seed, how much of that is chance is not known.'}"
    )
    past = sorted((one.costs["lpips"], _name(one)) for one in found if "lpips" in one.costs)
    if not past:
        return line, "No cell trained on past its best epoch by validation loss."
    ends = [f"{change:+.4f} ({name})" for change, name in (past[0], past[-1])]
    worse = sum(change > 0 for change, _ in past)
    return (
        line,
        f"{len(past)} of {cells} trained on past the best epoch by validation loss. LPIPS on the test pictures changed "
        f"by {' to '.join(dict.fromkeys(ends))}, for the worse in {worse or 'none'}.",
    )


def _table(found: Sequence[Course]) -> str:
    end = int(found[0].signs.index[-1])
    head = ["architecture", "loss", *(f"{metric(sign).label}, epoch {half_epoch(end)} → {end}" for sign in SIGNS)]
    head += ["best epoch", *(f"{metric(name).label} since then" for name in _COSTS)]
    rows = []
    for one in found:
        changes = [f"{one.costs[name]:+.4f}" if name in one.costs else _NONE for name in _COSTS]
        signs = [f"{one.early[sign]:.2f} → {one.late[sign]:.2f}" for sign in SIGNS]
        rows.append([escape(one.architecture), escape(one.loss), *signs, ", ".join(map(str, one.best)), *changes])
    how = (
        "The last columns say what changed on the test pictures from the best epoch by validation loss to the last one."
    )
    return f"{how}\n\n{table(head, rows, numbers_from=2)}"


def _name(course: Course) -> str:
    return f"{code(course.architecture)} + {code(course.loss)}"


def _alt(course: Course) -> str:
    first, last = (course.signs.chroma_ratio.iloc[place] for place in (0, -1))
    return f"{course.architecture} with {course.loss}: chroma ratio {first:.2f} to {last:.2f}."
