"""Grids: YAML files that name the values of each axis and the settings all cells share."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from bench.cell import Cell
from bench.exclusion import Exclusion
from bench.grids import GRIDS
from bench.setting_axes import combinations, varied
from bench.settings import Settings, first_problem
from bench.yaml_files import read_yaml
from registry import ARCHITECTURES, DATASETS, LOSSES
from registry.errors import UserError
from registry.registry import choices
from registry.spec import parse_component, parse_sum

BASELINES = ["grey", "mean-color", "color-table", "ceiling"]


class Grid(BaseModel):
    """The axes of a comparison and the settings all cells share; every combination of the axes is a cell."""

    model_config = ConfigDict(extra="forbid")

    description: str = Field("", description="What the grid asks; `list` and the report show it.")
    architectures: list[str] = Field(
        min_length=1, description="Networks: unet-resnet18, unet(n_down=5). Untrained ones are combined with no loss."
    )
    losses: list[str] = Field([], description="Losses or weighted sums of them: l1, huber(delta=5), l1 + 0.1*vgg.")
    datasets: list[str] = Field(min_length=1, description="Data sets: synthetic-faces, folder(path=photos).")
    seeds: list[Annotated[int, Field(ge=0, lt=2**32)]] = Field(
        [0], min_length=1, description="Every combination is trained once with each; several give intervals over them."
    )
    baselines: list[str] = Field(BASELINES, description="Untrained architectures that frame every table.")
    exclude: list[Exclusion] = Field(
        [], description="Combinations that are left out: {architecture: unet, loss: [vgg, l1 + 0.1*vgg]}."
    )
    settings: dict[str, Any] = Field(
        {}, description="Those that differ from their defaults; a list, {learning_rate: [1e-3, 3e-4]}, is an axis."
    )

    def cells(self) -> list[Cell]:
        """All cells, baselines first, each once.

        The data set varies fastest: equally long cells then run side by side, and workers finish together.

        Raises:
            UserError: A name, parameter or setting is unknown or wrong, a trained architecture has no loss, or all
                cells are left out.
        """
        settings = combinations(self.settings, "settings")
        names = varied(one.model_dump() for one in settings)
        architectures = [parse_component(ARCHITECTURES, text) for text in [*self.baselines, *self.architectures]]
        untrained = [one for one in architectures if not one.entry.trained]
        trained = [one for one in architectures if one.entry.trained]
        losses = [parse_sum(LOSSES, text) for text in self.losses]
        datasets = [parse_component(DATASETS, text) for text in self.datasets]
        if trained and not losses:
            raise UserError(
                f"The grid trains {trained[0]} but names no loss: give losses, such as {choices('', list(LOSSES))}."
            )
        # Nothing of a baseline is trained: any values would do, but with these it is done once, whatever the axes.
        untuned = settings[0].model_copy(update={name: Settings.model_fields[name].default for name in names})
        cells = [
            Cell(architecture, None, dataset, None, untuned)
            for architecture, dataset in itertools.product(untrained, datasets)
        ]
        cells += [
            Cell(architecture, loss, dataset, seed, one, names)
            for seed, architecture, loss, one, dataset in itertools.product(
                self.seeds, trained, losses, settings, datasets
            )
        ]
        kept = [cell for cell in cells if not any(rule.fits(cell) for rule in self.exclude)]
        if not kept:
            raise UserError(f"All {len(cells)} cells of the grid are left out by its rules under exclude: drop one.")
        return list({cell.id: cell for cell in kept}.values())

    def notes(self) -> list[str]:
        """What a person may not have meant: rules that leave nothing out, and a grid that trains nothing."""
        every = self.model_copy(update={"exclude": []}).cells()
        idle = [rule for rule in self.exclude if not any(rule.fits(cell) for cell in every)]
        notes = [
            f"the rule {yaml.safe_dump(rule.model_dump(exclude_none=True), default_flow_style=True).strip()} under "
            "exclude leaves no cell out"
            for rule in idle
        ]
        if any(cell.loss for cell in every) and not any(cell.loss for cell in self.cells()):
            notes.append("the rules under exclude leave all trained cells out")
        return notes

    def resolved(self) -> Grid:
        """The same grid with canonical specs and every setting written out."""
        settings = [one.model_dump() for one in combinations(self.settings, "settings")]
        axes = {name: list(dict.fromkeys(one[name] for one in settings)) for name in varied(settings)}
        return self.model_copy(
            update={
                "architectures": [parse_component(ARCHITECTURES, text).text for text in self.architectures],
                "baselines": [parse_component(ARCHITECTURES, text).text for text in self.baselines],
                "losses": [parse_sum(LOSSES, text).text for text in self.losses],
                "datasets": [parse_component(DATASETS, text).text for text in self.datasets],
                "exclude": [Exclusion.model_validate(rule.canonical) for rule in self.exclude],
                "settings": settings[0] | axes,
            }
        )

    def to_yaml(self) -> str:
        """The grid as a file that `load_grid` reads."""
        return yaml.safe_dump(self.model_dump(exclude_none=True), sort_keys=False, allow_unicode=True, width=100)


def load_grid(name_or_path: str) -> Grid:
    """Read one of the project's grids by name, or a file by path.

    Raises:
        UserError: There is no such grid, or the file is not one.
    """
    path = Path(name_or_path)
    if path.suffix not in (".yaml", ".yml"):
        known = sorted(file.stem for file in GRIDS.glob("*.yaml"))
        if name_or_path not in known:
            raise UserError(
                f"Unknown grid {name_or_path!r}: {choices(name_or_path, known)}, or the path of a .yaml file."
            )
        path = GRIDS / f"{name_or_path}.yaml"
    try:
        content = read_yaml(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UserError(f"Cannot read the grid file {path}: {error.strerror}.") from None
    except ValueError as error:
        raise UserError(f"The grid file {path} is not YAML: {error}.") from None
    if not isinstance(content, dict):
        raise UserError(f"The grid file {path} must be a mapping with the keys {', '.join(Grid.model_fields)}.")
    return read_grid(content, f"The grid file {path}")


def read_grid(content: dict[str, Any], where: str) -> Grid:
    """A grid from a mapping.

    Raises:
        UserError: A key is unknown or a value has the wrong type; ``where`` says where it was written.
    """
    try:
        return Grid.model_validate(content)
    except ValidationError as error:
        first = error.errors()[0]
        if first["type"] == "model_type":
            raise UserError(
                f"{where}: a rule under exclude is {first['input']!r}; it should be a mapping, such as "
                "{architecture: unet, loss: vgg}."
            ) from None
        rule = first["loc"][0] == "exclude"
        kind, allowed = ("key of exclude", Exclusion) if rule else ("key", Grid)
        raise UserError(f"{where}: {first_problem(error, list(allowed.model_fields), kind)}") from None
