"""A cell: one point of the grid, the unit of work, of failure and of resuming."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.setting_axes import name_loss
from bench.settings import Settings
from registry import ARCHITECTURES, DATASETS, LOSSES, METRICS
from registry.packages import Package
from registry.plugins import Plugin
from registry.registry import Entry
from registry.spec import Component, WeightedSum, parse_component


@dataclass(frozen=True)
class Cell:
    """An architecture trained with a loss on a data set from a seed.

    A baseline has neither loss nor seed: nothing of it is trained or random.

    Attributes:
        varied: The settings that differ between the cells of its grid; they are part of its title alone.
    """

    architecture: Component
    loss: WeightedSum | None
    dataset: Component
    seed: int | None
    settings: Settings
    varied: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        """Hash of everything that makes this cell, whatever its place in a grid or the grid's name."""
        identity = {
            "architecture": self.architecture.identity,
            "loss": self.loss.identity if self.loss else None,
            "dataset": self.dataset.identity,
            "seed": self.seed,
            # A setting that is not used is not part of what a cell is, so that new ones leave the ids as they were.
            "settings": self.settings.model_dump(exclude_none=True),
        }
        canonical = json.dumps(identity, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(canonical.encode()).hexdigest()[:16]

    @property
    def tested_on(self) -> tuple[Component, ...]:
        """The data sets besides its own that it is tested on once it is trained; a baseline is on none."""
        others = (self.settings.test_on or ()) if self.loss else ()
        return tuple(parse_component(DATASETS, text) for text in others if text != self.dataset.text)

    @property
    def plugins(self) -> tuple[Plugin | Package, ...]:
        """The plugins and installed packages that this cell cannot do without, those of metrics included."""
        return tuple(dict.fromkeys(entry.plugin for _, entry in self._entries if entry.plugin))

    @property
    def descriptions(self) -> dict[str, str]:
        """What plugins and packages say of their components, by kind and name: ``loss vivid-l1``."""
        return {f"{kind} {entry.name}": entry.description for kind, entry in self._entries if entry.plugin}

    @property
    def _entries(self) -> list[tuple[str, Entry]]:
        """All that the cell is made and scored with, each with its kind."""
        terms = self.loss.terms if self.loss else ()
        return [
            (ARCHITECTURES.kind, self.architecture.entry),
            *((DATASETS.kind, component.entry) for component in (self.dataset, *self.tested_on)),
            *((LOSSES.kind, term.entry) for _, term in terms),
            *((METRICS.kind, METRICS[name]) for name in METRICS),
        ]

    @property
    def title(self) -> str:
        """The cell in a few words: ``unet, l1, learning_rate=0.001, synthetic-faces, seed 0``."""
        loss = name_loss(self.loss.text, self.settings.model_dump(), self.varied) if self.loss else None
        parts = [self.architecture.text, loss, self.dataset.text]
        parts.append(f"seed {self.seed}" if self.seed is not None else None)
        return ", ".join(part for part in parts if part)


@dataclass(frozen=True)
class Job:
    """A cell as it is sent to a worker: texts and paths only, so that it travels between processes.

    Attributes:
        prepared: Folder of the prepared data set.
        folder: The cell's folder; it need not exist yet.
        device: "cpu" or "cuda".
        plugins: Loaded before anything else; of packages, looked up.
        descriptions: What they say of their components, by kind and name.
        test_on: Folders of the other prepared data sets it is tested on, by spec.
    """

    cell_id: str
    title: str
    architecture: str
    loss: str | None
    dataset: str
    seed: int | None
    settings: Settings
    prepared: Path
    folder: Path
    device: str
    plugins: tuple[Plugin | Package, ...] = ()
    descriptions: Mapping[str, str] = field(default_factory=dict)
    test_on: Mapping[str, Path] = field(default_factory=dict)

    @property
    def facts(self) -> dict[str, Any]:
        """What a record says of the cell, however it ended."""
        return {
            "cell_id": self.cell_id,
            "architecture": self.architecture,
            "loss": self.loss,
            "dataset": self.dataset,
            "seed": self.seed,
            "settings": self.settings.model_dump(),
            "plugins": {plugin.name: plugin.fingerprint for plugin in self.plugins},
            "descriptions": self.descriptions,
        }

    @classmethod
    def of(cls, cell: Cell, *, prepared: Path, test_on: Mapping[str, Path], folder: Path, device: str) -> Job:
        """The job of a cell."""
        return cls(
            cell_id=cell.id,
            title=cell.title,
            architecture=cell.architecture.text,
            loss=cell.loss.text if cell.loss else None,
            dataset=cell.dataset.text,
            seed=cell.seed,
            settings=cell.settings,
            prepared=prepared,
            folder=folder,
            device=device,
            plugins=cell.plugins,
            descriptions=cell.descriptions,
            test_on=test_on,
        )
