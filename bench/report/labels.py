"""Short names for a report: parameters that all components of an axis share are said once, not at every mention."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from bench.report.stored import StoredRun
from registry import ARCHITECTURES, DATASETS
from registry.errors import UserError
from registry.registry import Registry
from registry.spec import Component, parse_component, write_value


class LabelledRun(StoredRun):
    """A run whose architectures and data sets go by short names, which are specs themselves.

    Grid, records and data sets have them in place of what is stored.
    """

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        grid = self._stored_grid
        architectures = _components(ARCHITECTURES, grid.architectures)
        datasets = _components(DATASETS, [*grid.datasets, *(grid.settings.get("test_on") or ())])
        self.shared = {"architectures": _shared(architectures), "data sets": _shared(datasets)}
        self._labels = {
            **_shortened(architectures, self.shared["architectures"]),
            **_shortened(datasets, self.shared["data sets"]),
        }
        self._full = {label: text for text, label in self._labels.items()}

    def full(self, name: str) -> str:  # noqa: D102
        return self._full.get(name, name)

    def _name(self, spec: str) -> str:
        return self._labels.get(spec, spec)


def _components(registry: Registry, specs: Sequence[str]) -> list[Component]:
    """The components of an axis; none, so that no name is shortened, where this installation does not know them."""
    try:
        return [parse_component(registry, text) for text in specs]
    except UserError:
        return []


def _shared(components: Sequence[Component]) -> dict[str, str]:
    """Numbers that differ from their default and are the same for all components that have them.

    Numbers only: a path or the name of an encoder is what tells a reader what is meant.
    """
    values: dict[str, set[str]] = {}
    for component in components:
        for name, value in component.parameters.items():
            default = component.entry.parameters[name].default
            telling = isinstance(value, int | float) and value != default
            values.setdefault(name, set()).add(write_value(value) if telling else "")
    return {name: min(found) for name, found in values.items() if len(found) == 1 and min(found)}


def _shortened(components: Sequence[Component], shared: Mapping[str, str]) -> dict[str, str]:
    """Short names by spec."""
    short = {}
    for component in components:
        defaults = {name: component.entry.parameters[name].default for name in shared if name in component.parameters}
        short[component.text] = Component(component.entry, {**component.parameters, **defaults}).text
    return short
