"""Which pictures the choice of a cell changes most: the largest gain and loss between any two cells."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from bench.report.board import Board
from bench.report.figure import Figure
from bench.report.lab import to_grey
from bench.report.markdown import code, escape, table
from bench.report.sheets import sample_rows
from bench.report.style import file_name
from bench.report.tiles import Sheet

_LISTED, _SHOWN = 5, 3

Place = tuple[str, str]


def draw_gains(board: Board, folder: Path) -> list[Figure]:
    """The kept test pictures on which two cells differ most, with the better cell's and the worse cell's."""
    scores, truth = _scores(board), board.run.true_samples(board.dataset)
    if scores is None or truth is None:
        return []
    rows = sample_rows(board)
    kept = scores.iloc[rows]
    spread = (kept.max(axis=1) - kept.min(axis=1)).to_numpy()
    order = np.argsort(-spread, kind="stable")
    shown = [int(place) for place in order if place < len(truth)][:_SHOWN]
    tiles = [_tiles(board, kept.iloc[place], place, truth) for place in shown]
    path = folder / file_name("gains", board.dataset)
    Sheet(
        columns=["grey", "better", "worse", "truth"],
        rows=[f"#{rows[place]}\n{kept.iloc[place].min():.3f} to {kept.iloc[place].max():.3f}" for place in shown],
        tiles=tiles,
        size=truth.shape[1],
        least=192,
    ).save(path)
    who = "; ".join(
        f"#{rows[place]}: {' with '.join(kept.iloc[place].idxmin())} against {' with '.join(kept.iloc[place].idxmax())}"
        for place in shown
    )
    return [
        Figure(
            path,
            f"Where the choice of a cell changes most on {board.dataset}",
            f"Of the pictures that every cell kept, those with the largest difference in LPIPS between any two cells "
            f"({who}). The numbers are LPIPS of the better and the worse.",
            f"Pictures of {board.dataset}, grey, by the better and by the worse of two cells, and true. {who}.",
            "distribution",
            board.dataset,
            lines=(_told(scores),),
            details=((f"Pictures with the largest gain and loss on {escape(board.dataset)}", _table(scores)),),
        )
    ]


def _scores(board: Board) -> pd.DataFrame | None:
    """LPIPS ``(pictures, cells)`` of two cells or more, means over seeds."""
    columns = {}
    for place in board.ranked():
        tables = [table for record in board.at(*place) if (table := board.run.per_image(record)) is not None]
        if tables and all("lpips" in table for table in tables):
            columns[place] = pd.concat([table.set_index("picture").lpips for table in tables], axis=1).mean(axis=1)
    return pd.DataFrame(columns) if len(columns) > 1 else None


def _tiles(board: Board, scores: pd.Series, place: int, truth: np.ndarray) -> list[np.ndarray | str]:
    found: list[np.ndarray | str] = []
    for cell in (scores.idxmin(), scores.idxmax()):
        strips = (board.run.samples(record) for record in board.at(*cell))
        strip = next((one for one in strips if one is not None), None)
        found.append("not stored" if strip is None else strip[place])
    return [to_grey(truth[place]), *found, truth[place]]


def _told(scores: pd.DataFrame) -> str:
    """The picture that two cells differ on most, and what the best cell gains and loses against the next best."""
    picture = (scores.max(axis=1) - scores.min(axis=1)).idxmax()
    row = scores.loc[picture]
    best, others = scores.columns[0], scores.drop(columns=[scores.columns[0]])
    behind = scores[best] - others.min(axis=1)
    worst = behind.idxmax()
    text = (
        f"The largest difference between any two cells is on {code(picture)}: LPIPS {row.min():.3f} by "
        f"{_cell(row.idxmin())} against {row.max():.3f} by {_cell(row.idxmax())}. {_cell(best)}, the best on average, "
        f"is the best on {100 * (behind < 0).mean():.0f} % of the pictures"
    )
    if behind[worst] <= 0:
        return f"{text}."
    other = others.loc[worst].idxmin()
    return f"{text}; it loses most on {code(worst)}, where {_cell(other)} is better by {behind[worst]:.3f}."


def _table(scores: pd.DataFrame) -> str:
    """The pictures with the largest differences, and the best cell's largest gains and losses."""
    spread = (scores.max(axis=1) - scores.min(axis=1)).nlargest(_LISTED)
    rows = []
    for picture, gap in spread.items():
        row = scores.loc[picture]
        rows.append(
            [
                escape(picture),
                _cell(row.idxmin()),
                f"{row.min():.3f}",
                _cell(row.idxmax()),
                f"{row.max():.3f}",
                f"{gap:.3f}",
            ]
        )
    return table(["picture", "better", "LPIPS", "worse", "LPIPS", "difference"], rows)


def _cell(place: Place) -> str:
    return f"{code(place[0])} + {code(place[1])}"
