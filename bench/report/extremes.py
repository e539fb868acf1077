"""The pictures that the winning cell colours best, middling and worst."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from bench.report.board import Board
from bench.report.figure import Figure
from bench.report.lab import to_grey
from bench.report.style import file_name
from bench.report.tiles import Sheet
from bench.samples import extreme_indices

_NAMES = ("best", "median", "worst")


def draw_extremes(board: Board, folder: Path) -> list[Figure]:
    """The best, the median and the worst test picture by LPIPS of the cell with the lowest mean LPIPS."""
    if not board.ranked():
        return []
    architecture, loss = board.ranked()[0]
    record = board.at(architecture, loss)[0]
    table = board.run.per_image(record)
    pictures, truth = board.run.samples(record, "extremes"), board.run.samples(record, "extremes_truth")
    if table is None or pictures is None or truth is None:
        return []
    rows, grey = extreme_indices(table["lpips"].to_numpy()), to_grey(truth)
    path = folder / file_name("extremes", board.dataset)
    sheet = Sheet(
        columns=["grey", "prediction", "truth"],
        rows=[_words(name, row, table) for name, row in zip(_NAMES, rows, strict=True)],
        tiles=[list(row) for row in zip(grey, pictures, truth, strict=True)],
        size=truth.shape[1],
        least=256,
    )
    sheet.save(path)
    scores = table["lpips"]
    told = ", ".join(f"{name} {scores[row]:.3f}" for name, row in zip(_NAMES, rows, strict=True))
    keys = ", ".join(f"{table['picture'][row]} ({name})" for name, row in zip(_NAMES, rows, strict=True))
    seed = f" (seed {record.seed})" if len(board.run.grid.seeds) > 1 else ""
    return [
        Figure(
            path,
            f"Best, median and worst of {architecture} with {loss} on {board.dataset}",
            f"Of all {len(table)} test pictures, by LPIPS, of the cell with the lowest mean LPIPS{seed}. The number is "
            f"a picture's place in the test set; their names are {keys}.",
            f"Pictures of {board.dataset} coloured by {architecture} with {loss} between grey and truth, by LPIPS: "
            f"{told}, over all {len(table)} test pictures.",
            "pictures",
            board.dataset,
        )
    ]


def _words(name: str, row: int, table: pd.DataFrame) -> str:
    score = table["lpips"][row]
    rank = int((table["lpips"] < score).sum()) + 1
    return f"{name}\nLPIPS {score:.3f}\nrank {rank}/{len(table)}\n#{row}"
