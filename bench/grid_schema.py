"""The JSON schema of grid files, by which editors complete, explain and check them."""

from __future__ import annotations

import inspect
from typing import Any

from bench.grid import Grid
from bench.listing import signature
from bench.setting_axes import SETTING_AXES
from bench.settings import Settings, Tune
from registry import ARCHITECTURES, DATASETS, LOSSES
from registry.registry import Entry, Registry

_COMPONENT = r"[A-Za-z][\w-]*\s*(\([\s\S]*\))?"
_TERM = rf"([-+.\w]*\s*\*\s*)?{_COMPONENT}"
_SPEC = rf"^\s*{_COMPONENT}\s*$"
_SUM = rf"^\s*{_TERM}(\s*\+\s*{_TERM})*\s*$"
"""Names are not held to those there are: a grid may name components of a plugin. `run` does check them."""


def grid_schema() -> dict[str, Any]:
    """The schema, in what draft 7 and 2020-12 have in common, since editors differ in which they know."""
    grid, settings, tune = (model.model_json_schema() for model in (Grid, Settings, Tune))
    datasets = _specs(_entries(DATASETS), _SPEC)
    axes = {
        "architectures": _specs([one for one in _entries(ARCHITECTURES) if one.trained], _SPEC),
        "losses": _specs(_entries(LOSSES), _SUM),
        "datasets": datasets,
        "baselines": _specs([one for one in _entries(ARCHITECTURES) if not one.trained], _SPEC),
    }
    for axis, items in axes.items():
        grid["properties"][axis]["items"] = items
    # These are checked by functions of their own, of which the models' schemas know nothing.
    settings["properties"]["tune"]["anyOf"][0] = tune
    test_on = settings["properties"]["test_on"]["anyOf"]
    test_on[0]["items"] = datasets
    test_on.append({"type": "string", "description": "Several in one text, comma-separated."})
    for name in SETTING_AXES:
        settings["properties"][name] = _one_or_several(settings["properties"][name])
    grid["properties"]["settings"] |= settings
    return {"$schema": "http://json-schema.org/draft-07/schema#", "title": "Grid", **_untitled(grid)}


def _one_or_several(setting: dict[str, Any]) -> dict[str, Any]:
    """A setting that may have several values, which makes it an axis."""
    told = {name: setting.pop(name) for name in ("description", "default")}
    several = {"type": "array", "items": setting, "minItems": 1, "description": "An axis: a cell with each value."}
    return {"anyOf": [setting, several], **told}


def _entries(registry: Registry) -> list[Entry]:
    return [registry[name] for name in registry]


def _specs(entries: list[Entry], pattern: str) -> dict[str, Any]:
    """Any spec of the pattern's form; names that need no parameter are offered, the others are shown as examples."""
    offered, examples = [], []
    for entry in entries:
        required = [one.name for one in entry.parameters.values() if one.default is inspect.Parameter.empty]
        if required:
            examples.append(f"{entry.name}({', '.join(f'{name}=...' for name in required)})")
        else:
            offered.append({"const": entry.name, "description": f"{signature(entry)}: {entry.description}"})
    other: dict[str, Any] = {"type": "string", "pattern": pattern, "description": "With parameters, or of a plugin."}
    return {"anyOf": [*offered, other | ({"examples": examples} if examples else {})]}


def _untitled(schema: Any) -> Any:
    """Without the titles pydantic makes of names, which editors would show in place of descriptions."""
    if isinstance(schema, dict):
        return {key: _untitled(one) for key, one in schema.items() if key != "title" or not isinstance(one, str)}
    return [_untitled(one) for one in schema] if isinstance(schema, list) else schema
