"""The pictures that the winning cell colours best, middling and worst."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from bench.report.board import Board
from bench.report.figure import Figure
from bench.report.lab import to_grey
from bench.report.sheets import sample_rows
from bench.report.style import file_name
from bench.report.tiles import Sheet


def draw_extremes(board: Board, folder: Path) -> list[Figure]:
    """The best, the median and the worst by LPIPS among the stored pictures of the cell with the lowest LPIPS."""
    truth = board.run.true_samples(board.dataset)
    if truth is None or not board.ranked():
        return []
    architecture, loss = board.ranked()[0]
    record = board.at(architecture, loss)[0]
    table, pictures = board.run.per_image(record), board.run.samples(record)
    if table is None or pictures is None or "lpips" not in table:
        return []
    rows = sample_rows(board)
    scores = table["lpips"].to_numpy()
    order = np.argsort(scores[rows], kind="stable")
    chosen = {"best": order[0], "median": order[(len(order) - 1) // 2], "worst": order[-1]}
    # Few pictures: the same one may be two of the three, and is shown once.
    names: dict[int, str] = {}
    for name, place in chosen.items():
        names[int(place)] = f"{names[int(place)]}, {name}" if int(place) in names else name
    grey = to_grey(truth)
    path = folder / file_name("extremes", board.dataset)
    sheet = Sheet(
        columns=["grey", "prediction", "truth"],
        rows=[_words(name, rows[place], scores) for place, name in names.items()],
        tiles=[[grey[place], pictures[place], truth[place]] for place in names],
        size=truth.shape[1],
        least=256,
    )
    sheet.save(path)
    told = ", ".join(f"{name} {scores[rows[place]]:.3f}" for place, name in names.items())
    seed = f", seed {record.seed}" if len(board.run.grid.seeds) > 1 else ""
    kept = "all" if len(rows) == len(scores) else f"the {len(rows)} stored of {len(scores)}"
    return [
        Figure(
            path,
            f"Best, median and worst of {architecture} with {loss} on {board.dataset}",
            f"By LPIPS, among {kept} test pictures of the cell with the lowest mean LPIPS{seed}; the rank is that "
            "in the whole test set.",
            f"Pictures of {board.dataset} coloured by {architecture} with {loss} between grey and truth, by LPIPS: "
            f"{told}; over all {len(scores)} test pictures from {scores.min():.3f} to {scores.max():.3f}.",
            "pictures",
            board.dataset,
        )
    ]


def _words(name: str, row: int, scores: np.ndarray) -> str:
    rank = int((scores < scores[row]).sum()) + 1
    return f"{name}\nLPIPS {scores[row]:.3f}\nrank {rank}/{len(scores)}\n#{row}"
