"""The checkpoint of an unfinished cell: all that training needs to go on as if nothing had happened."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch
from torch.utils.serialization import config

from bench.cell_folder import CHECKPOINT
from bench.integrity import digest_of
from bench.storage import writing_to

_LEAST = 1.0
"""Seconds of training that are worth a checkpoint: less is sooner trained again than written after every epoch."""

_SHARE = 0.05
"""Of the training time that may go into writing checkpoints, where a disk is slow."""


class UnusableCheckpointError(Exception):
    """A checkpoint is damaged or belongs to other work; the message says which of them, as the end of a sentence."""


class Checkpoint:
    """The one checkpoint file of a cell.

    Args:
        folder: The cell's.
        work: What the numbers depend on, JSON-like: a checkpoint counts for the very same work alone.
    """

    def __init__(self, folder: Path, work: Mapping[str, Any]) -> None:
        self.path = folder / CHECKPOINT
        self.work = dict(work)
        self._cost = 0.0
        self._trained = 0.0

    def load(self) -> dict[str, Any] | None:
        """The stored state, on the CPU; None where nothing is stored.

        Raises:
            UnusableCheckpointError: It cannot be gone on from.
        """
        if not self.path.exists():
            return None
        try:
            stored = torch.load(self.path, map_location="cpu", weights_only=True)
            work, state = stored["work"], stored["state"]
            intact = stored["digest"] == digest_of([work, state])
        except Exception:
            # Bytes that are not what was written can break a reader in any way.
            intact = False
        if not intact:
            raise UnusableCheckpointError("is damaged")
        changed = sorted(key for key in self.work | work if self.work.get(key) != work.get(key))
        if changed:
            raise UnusableCheckpointError(f"was made with other {', '.join(changed)}")
        return state

    def offer(self, seconds: float, state: Callable[[], dict[str, Any]]) -> None:
        """After an epoch: store the state in place of the earlier one, where that is worth its time.

        Done after every epoch, but for two cases: epochs of less than a second share one, and where writing takes
        longer than a twentieth of an epoch, as many share one as keep it to that. So an interruption loses the
        epoch it falls into and, before it, at most a second of training, or twenty times what the last writing
        took.

        Not by a thread beside the next epoch: all cores are training, and it would need a copy of the state.

        Args:
            seconds: Spent on training so far.

        Raises:
            StorageError: It cannot be written; the earlier one is left as it was.
        """
        if seconds - self._trained < max(_LEAST, self._cost / _SHARE):
            return
        started = time.perf_counter()
        # A name of no process: what a killed one left is written over, and never heaps up.
        temporary = self.path.with_name(f".{CHECKPOINT}.tmp")
        with writing_to(self.path.parent):
            try:
                content = state()
                _save({"work": self.work, "state": content, "digest": digest_of([self.work, content])}, temporary)
                temporary.replace(self.path)
            except OSError:
                temporary.unlink(missing_ok=True)
                raise
        self._cost = time.perf_counter() - started
        self._trained = seconds


def _save(content: dict[str, Any], path: Path) -> None:
    try:
        # PyTorch's own check sums take three quarters of the time, and it never looks at them.
        with path.open("wb") as file, config.patch({"save.compute_crc32": False}):
            torch.save(content, file)
    except RuntimeError as error:
        # PyTorch stumbles over its own tidying up when the disk is full; the reason is behind it.
        if isinstance(error.__context__, OSError):
            raise error.__context__ from None
        raise
