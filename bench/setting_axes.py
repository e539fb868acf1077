"""Settings as axes of a grid: a list of values where other settings have one."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Mapping
from typing import Any

from bench.settings import Settings, read_settings
from registry.errors import UserError
from registry.spec import split, write_value

SETTING_AXES = ("learning_rate", "weight_decay", "batch_size", "horizontal_flip")
"""Settings that may be axes: they say how a network is trained, and neither on what nor how it is tested."""


_SHORT = {"learning_rate": "lr", "weight_decay": "wd", "batch_size": "batch", "horizontal_flip": "flip"}


def combinations(settings: Mapping[str, Any], where: str) -> list[Settings]:
    """Every combination of the values of settings that have several, each once, in the order they are written.

    A list, or for ``--set`` a text with commas, is several values.

    Raises:
        UserError: A setting is wrong, is no axis, has no value at all, or is tuned as well; ``where`` says where it
            was written.
    """
    axes = {name: several for name, value in settings.items() if (several := _several(name, value)) is not None}
    for name, values in axes.items():
        if name not in SETTING_AXES:
            raise UserError(
                f"{where}: {name} cannot have several values: only {', '.join(SETTING_AXES)} can. "
                f"Give each {name} a run of its own, and put them side by side with `bench compare`."
            )
        if not values:
            raise UserError(f"{where}: {name} has no value: write one or several.")
        if isinstance(tune := settings.get("tune"), Mapping) and name in tune:
            raise UserError(
                f"{where}: {name} is an axis and is tuned, so that the cells would all choose the same: drop one."
            )
    found = [read_settings(one, where) for one in expand({**settings, **axes})]
    return [one for place, one in enumerate(found) if one not in found[:place]]


def expand(settings: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Every combination of the values of axes, as they are written."""
    axes = {name: settings[name] for name in SETTING_AXES if isinstance(settings.get(name), list)}
    return [{**settings, **dict(zip(axes, values, strict=True))} for values in itertools.product(*axes.values())]


def varied(settings: Iterable[Mapping[str, Any]]) -> tuple[str, ...]:
    """The axes along which some settings differ."""
    values: dict[str, set[Any]] = {name: set() for name in SETTING_AXES}
    for one in settings:
        for name in SETTING_AXES:
            if name in one:
                values[name].add(one[name])
    return tuple(name for name, found in values.items() if len(found) > 1)


def name_loss(loss: str, settings: Mapping[str, Any], names: Iterable[str]) -> str:
    """A loss with the settings it was trained with: ``l1, learning_rate=0.001``."""
    return ", ".join([loss, *(f"{name}={write_value(settings[name])}" for name in names if name in settings)])


def abbreviate(name: str) -> str:
    """A name that `name_loss` made for where there is little room: ``l1, lr=0.001``."""
    for setting, short in _SHORT.items():
        name = re.sub(rf"\b{setting}=", f"{short}=", name)
    return name


def plain_loss(name: str) -> str:
    """The loss in a name that `name_loss` made."""
    return split(name, ",")[0]


def named_settings(name: str) -> str:
    """The settings in a name that `name_loss` made: ``learning_rate=0.001``; empty where it has none."""
    return ", ".join(split(name, ",")[1:])


def _several(name: str, value: Any) -> list[Any] | None:
    if name not in Settings.model_fields or name in ("test_on", "tune"):
        return None
    if isinstance(value, str) and "," in value:
        return split(value.strip().removesuffix(","), ",")
    return value if isinstance(value, list) else None
