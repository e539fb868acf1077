"""A cell's tries with different settings, and the choice among them by the validation pictures alone."""

from __future__ import annotations

import math
import shutil
import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from bench.cell_folder import HALF
from bench.checkpoint import Checkpoint, UnusableCheckpointError
from bench.records import Try
from bench.settings import Settings
from bench.storage import writing_to
from bench.training import NonFiniteLossError

Train = Callable[[Settings, Path, int], dict[str, Any]]
"""Train with some settings, from the start that all tries have, in a folder, as the try of this number from 0.

Gives what `bench.training.Fit` holds, and whatever else is to be kept of the best try.
"""


def tune(
    settings: Settings,
    folder: Path,
    work: Mapping[str, Any],
    train: Train,
    on_tried: Callable[[list[Try]], None],
    on_note: Callable[[str], None],
) -> tuple[Path, dict[str, Any]]:
    """Train with all settings to be tried that were not yet, and keep the one with the lowest validation loss.

    That is the loss after the last epoch, for these are the weights that are scored. Of equal ones the first wins;
    a try that diverges loses. What finished tries came to is stored after each, together with the best one's state,
    so that an interrupted cell goes on with the next.

    Args:
        folder: Of the tries; each has one of its own in it while it trains or leads.
        work: What the numbers depend on; see `Checkpoint`.
        on_tried: Told all finished tries, after each and where some were found.

    Returns:
        The folder of the best try, and what ``train`` gave for it.

    Raises:
        NonFiniteLossError: All tries diverged.
        StorageError: The folder cannot be written to.
    """
    with writing_to(folder):
        folder.mkdir(parents=True, exist_ok=True)
    store = Checkpoint(folder, work)
    state = _take_up(store, folder, on_note)
    tried = [Try(**one) for one in state["tried"]]
    on_tried(tried)
    for number in range(len(tried), len(settings.tries)):
        _remove_others(folder, {number, state["best"]})
        one, result = _try(settings, folder, number, train)
        tried = [*tried, one]
        if _leads(tried):
            state |= {"best": number, "result": result}
        state["tried"] = [each.model_dump() for each in tried]
        store.offer(math.inf, partial(dict, state))
        on_tried(tried)
    if state["best"] is None:
        raise NonFiniteLossError(f"All {len(tried)} tries diverged; the last said: {tried[-1].reason}")
    return _folder_of(folder, state["best"]), state["result"]


def chosen(tried: list[Try]) -> Try | None:
    """The try with the lowest validation loss, the first of equal ones; None where all diverged."""
    finished = [one for one in tried if one.validation_loss is not None]
    return min(finished, key=lambda one: one.validation_loss, default=None)


def _try(settings: Settings, folder: Path, number: int, train: Train) -> tuple[Try, dict[str, Any] | None]:
    values = settings.tries[number]
    started = time.perf_counter()
    try:
        result = train(settings.model_copy(update={**values, "tune": None}), _folder_of(folder, number), number)
    except NonFiniteLossError as error:
        seconds = time.perf_counter() - started
        return Try(settings=values, validation_loss=None, seconds=seconds, reason=str(error)), None
    loss = result["history"][-1]["validation_loss"]
    return Try(settings=values, validation_loss=loss, seconds=result["seconds"]), result


def _leads(tried: list[Try]) -> bool:
    return chosen(tried) is tried[-1]


def _take_up(store: Checkpoint, folder: Path, on_note: Callable[[str], None]) -> dict[str, Any]:
    """What an interrupted cell had found; nothing, with nothing left of it, where it is of no use."""
    try:
        state = store.load()
        if state:
            if state["best"] is not None and not (_folder_of(folder, state["best"]) / HALF).exists():
                raise UnusableCheckpointError("has lost its pictures of the half")
            on_note(f"goes on after {len(state['tried'])} finished tries")
            return state
    except UnusableCheckpointError as error:
        on_note(f"begins its tries anew, because what was stored of them {error}")
        with writing_to(folder):
            shutil.rmtree(folder)
            folder.mkdir()
    return {"tried": [], "best": None, "result": None}


def _remove_others(folder: Path, kept: set[int | None]) -> None:
    """Remove the folders of tries that have lost."""
    names = {_folder_of(folder, number) for number in kept if number is not None}
    with writing_to(folder):
        for path in folder.iterdir():
            if path.is_dir() and path not in names:
                shutil.rmtree(path)


def _folder_of(folder: Path, number: int) -> Path:
    return folder / str(number)
