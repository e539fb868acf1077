"""What ``bench list`` shows: components and grids, for people and as JSON."""

from __future__ import annotations

import inspect
import math
import sys
from typing import Annotated, Any, get_origin

from bench.grids import grid_names
from registry import ARCHITECTURES, DATASETS, LOSSES, METRICS
from registry.registry import Entry, Registry
from registry.spec import write_value

_KINDS: dict[str, tuple[str, Registry]] = {
    "architectures": ("Architectures", ARCHITECTURES),
    "losses": ("Losses", LOSSES),
    "datasets": ("Data sets", DATASETS),
    "metrics": ("Metrics", METRICS),
}


def listing() -> dict[str, list[dict[str, Any]]]:
    """Everything there is, by kind, ready for JSON; keys keep their names from version to version.

    ``default`` is null where ``required`` is true, ``type`` where the factory declares none, ``plugin`` for what
    comes with the project.
    """
    kinds = {key: [_component(registry[name]) for name in registry] for key, (_, registry) in _KINDS.items()}
    grids = [{"name": name, "description": description} for name, description in grid_names().items()]
    return {**kinds, "grids": grids}


def print_listing() -> None:
    """The same as tables on standard output."""
    for title, registry in _KINDS.values():
        _print_table(title, {signature(registry[name]): registry[name].description for name in registry})
    _print_table("Grids", grid_names())
    tell_left_out(*(registry for _, registry in _KINDS.values()))


def tell_left_out(*registries: Registry) -> None:
    """Say on standard error which components of installed packages are left out, and why."""
    for registry in registries:
        for sentence in registry.broken.values():
            print(f"left out: {sentence}", file=sys.stderr)


def signature(entry: Entry) -> str:
    """A component as a spec would write it with all of its defaults: ``huber(delta=10)``."""
    parameters = [
        name if one.default is inspect.Parameter.empty else f"{name}={write_value(one.default)}"
        for name, one in entry.parameters.items()
    ]
    return f"{entry.name}({', '.join(parameters)})" if parameters else entry.name


def _component(entry: Entry) -> dict[str, Any]:
    return {
        "name": entry.name,
        "description": entry.description,
        "parameters": [_parameter(one) for one in entry.parameters.values()],
        "plugin": entry.plugin.name if entry.plugin else None,
    }


def _parameter(parameter: inspect.Parameter) -> dict[str, Any]:
    required = parameter.default is inspect.Parameter.empty
    return {
        "name": parameter.name,
        "type": _type(parameter.annotation),
        "default": None if required else _plain(parameter.default),
        "required": required,
    }


def _type(annotation: Any) -> str | None:
    """An annotation as Python writes it, without what is meant for pydantic alone."""
    if annotation is inspect.Parameter.empty:
        return None
    return inspect.formatannotation(annotation.__origin__ if get_origin(annotation) is Annotated else annotation)


def _plain(value: Any) -> Any:
    """A default as JSON has it; what JSON has no form for, such as infinity, in the form of specs."""
    if isinstance(value, (list, tuple)):
        return [_plain(one) for one in value]
    if value is None or isinstance(value, (bool, int, str)) or (isinstance(value, float) and math.isfinite(value)):
        return value
    return write_value(value)


def _print_table(title: str, rows: dict[str, str]) -> None:
    from rich.console import Console
    from rich.padding import Padding
    from rich.text import Text

    console = Console(highlight=False)
    console.print(Text(title, style="bold"))
    for name, description in rows.items():
        console.print(Text(f"  {name}", style="cyan"))
        console.print(Padding(Text(description), (0, 0, 0, 6)))
