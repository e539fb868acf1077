"""Picture sheets: the same fixed test pictures for every cell, to be judged by eye."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from bench.report.board import Board, LossGroup
from bench.report.figure import Figure
from bench.report.lab import to_grey
from bench.report.style import file_name
from bench.report.tiles import Sheet
from bench.samples import half_epoch, sample_indices

_MOST_ROWS = 8
_PROGRESS_PICTURES = 2


def draw_sheets(board: Board, folder: Path) -> list[Figure]:
    """A sheet per architecture, the winner's first: a row per test picture with grey, each loss and the truth.

    The first is among what a reader sees first.
    """
    truth = board.run.true_samples(board.dataset)
    if truth is None:
        return []
    shown = [
        _draw_sheet(board, architecture, group, truth, folder)
        for architecture in _winner_first(board)
        for group in board.loss_groups()
    ]
    return [replace(shown[0], section="headline"), *(replace(one, folded=True) for one in shown[1:])] if shown else []


def draw_progress(board: Board, folder: Path) -> list[Figure]:
    """A sheet per architecture: a row per loss with the half of the training, its end and the truth side by side."""
    truth = board.run.true_samples(board.dataset)
    if truth is None or not board.completed:
        return []
    epochs = board.completed[0].settings.get("epochs", 1)
    # With one epoch the half is the end.
    if epochs < 2:
        return []
    shown = [_draw_progress(board, one, epochs, truth, folder) for one in _winner_first(board)]
    return [replace(one, folded=place > 0) for place, one in enumerate(shown)]


def _draw_sheet(board: Board, architecture: str, group: LossGroup, truth: np.ndarray, folder: Path) -> Figure:
    path = folder / file_name(f"pictures{group.kind}", board.dataset, architecture)
    columns = {
        "grey": to_grey(truth),
        **{loss: _pictures_of(board, architecture, loss) for loss in group.losses},
        "truth": truth,
    }
    places, rows = sample_indices(len(truth), _MOST_ROWS), sample_rows(board)
    sheet = Sheet(
        columns=list(columns),
        rows=[f"#{rows[place]}" for place in places],
        tiles=[[_tile(pictures, place) for pictures in columns.values()] for place in places],
        size=truth.shape[1],
    )
    sheet.save(path)
    holes = [loss for loss in group.losses if isinstance(columns[loss], str)]
    return Figure(
        path,
        f"{architecture} on {board.dataset}{group.title}",
        "A row is one picture of the test set (the number is its place there), the same for every cell; the network "
        f"sees the grey one.{_seed_words(board)}",
        f"Sheet of {len(places)} test pictures of {board.dataset} as {architecture} colours them after training with "
        f"{', '.join(group.losses)}, between the grey input and the truth."
        + (f" Without pictures: {', '.join(holes)}." if holes else ""),
        "pictures",
        board.dataset,
    )


def _draw_progress(board: Board, architecture: str, epochs: int, truth: np.ndarray, folder: Path) -> Figure:
    path = folder / file_name("progress", board.dataset, architecture)
    half = half_epoch(epochs)
    places = sample_indices(len(truth), _PROGRESS_PICTURES)
    strips = [
        (_pictures_of(board, architecture, loss, "half"), _pictures_of(board, architecture, loss), truth)
        for loss in board.losses
    ]
    sheet = Sheet(
        columns=[f"epoch {half}", f"epoch {epochs}", "truth"] * len(places),
        rows=board.losses,
        tiles=[[_tile(strip, place) for place in places for strip in row] for row in strips],
        size=truth.shape[1],
        group=3,
    )
    sheet.save(path)
    return Figure(
        path,
        f"Early against late: {architecture} on {board.dataset}",
        f"The same test pictures after half of the training (epoch {half}) and at its end (epoch {epochs}), a row per "
        f"loss.{_seed_words(board)}",
        f"Sheet of {len(places)} test pictures of {board.dataset}: {architecture} with "
        f"{', '.join(board.losses)} at epoch {half} and at epoch {epochs}, beside the truth.",
        "pictures",
        board.dataset,
    )


def _tile(pictures: np.ndarray | str, place: int) -> np.ndarray | str:
    return pictures if isinstance(pictures, str) else pictures[place]


def _winner_first(board: Board) -> list[str]:
    """Architectures with a completed cell, that of the lowest LPIPS first."""
    winner = [architecture for architecture, _ in board.ranked()[:1]]
    return list(dict.fromkeys([*winner, *board.shown_architectures()]))


def sample_rows(board: Board) -> list[int]:
    """Rows of the test set that the stored strip holds, in its order."""
    record = board.completed[0]
    n_test = record.data.n_test if record.data else record.metrics["lpips"].n
    return sample_indices(n_test, record.settings["sample_pictures"])


def _pictures_of(board: Board, architecture: str, loss: str, when: str = "last") -> np.ndarray | str:
    """A cell's stored pictures, of its first completed seed; the words for a hole where there are none."""
    strips = (board.run.samples(record, when) for record in board.at(architecture, loss))
    found = next((strip for strip in strips if strip is not None), None)
    return board.state(architecture, loss) if found is None else found


def _seed_words(board: Board) -> str:
    """What a caption says of the seed, where there are several."""
    return f" Pictures are of seed {board.completed[0].seed}." if len(board.run.grid.seeds) > 1 else ""
