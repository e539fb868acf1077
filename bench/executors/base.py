"""The one interface that every executor has."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from bench.cell import Job
from bench.records import Record


@dataclass(frozen=True)
class Started:
    """A worker has begun a cell; told again where another begins it anew."""

    cell_id: str


@dataclass(frozen=True)
class Stepped:
    """A cell has done ``step`` of ``steps`` optimiser steps."""

    cell_id: str
    step: int
    steps: int


@dataclass(frozen=True)
class Noted:
    """Something that a person should know of a cell, such as from where it goes on."""

    cell_id: str
    text: str


@dataclass(frozen=True)
class Finished:
    """A cell has ended, in whatever way; its record is stored."""

    record: Record


Event = Started | Stepped | Noted | Finished


class Executor(Protocol):
    """Runs cells and tells what happens."""

    def run(self, jobs: Sequence[Job]) -> Iterator[Event]:
        """Run all jobs; exactly one `Finished` for each. Closing the iterator stops what still runs.

        Raises:
            StorageError: The run's folder cannot be written to any more; what still ran is stopped.
        """
