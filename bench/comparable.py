"""Cells of one run stand in one comparison: refuse to mix what was not made alike."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path

from bench.cell import Cell
from bench.grid import Grid, load_grid
from bench.records import read_records
from bench.setting_axes import SETTING_AXES, combinations, varied
from registry.errors import UserError
from registry.spec import write_value

_ANEW = "train all its cells anew with --rerun all, or give this run a name of its own with --name."


def check_same_settings(run_folder: Path, grid: Grid) -> None:
    """Refuse settings that differ from those the run was made with, unless they are an axis, then or now.

    Raises:
        UserError: Naming those that differ.
    """
    stored = run_folder / "grid.yaml"
    if not stored.exists():
        return
    before, now = (
        [settings.model_dump() for settings in combinations(one.settings, where)]
        for one, where in ((load_grid(str(stored)), str(stored)), (grid, "settings"))
    )
    kept = (record.settings for record in read_records(run_folder) if record.loss)
    axes = {*varied(before), *varied(now), *varied(kept)}
    changed = {key: value for key, value in before[0].items() if key not in axes and now[0][key] != value}
    if not changed:
        return
    advice = "Give this run a name of its own with --name"
    if set(changed) <= set(SETTING_AXES):
        both = (f"--set {key}={write_value(value)},{write_value(now[0][key])}" for key, value in changed.items())
        advice = f"{advice}, or train its cells with both values: {' '.join(both)}"
    raise UserError(
        f"The run {run_folder} was made with {', '.join(f'{key}={value}' for key, value in changed.items())}; cells "
        f"trained differently cannot stand in one comparison. {advice}."
    )


def check_same_pictures(run_folder: Path, name: str, revision: str, replaced: Collection[str]) -> None:
    """Refuse a data set whose pictures are no longer those of the records that are kept.

    Args:
        name: The data set's canonical spec.
        replaced: Ids of cells whose records will be written anew.

    Raises:
        UserError: They are others.
    """
    kept = set()
    for record in read_records(run_folder):
        if record.cell_id not in replaced:
            if record.dataset == name and record.data:
                kept.add(record.data.revision)
            if name in record.transfer:
                kept.add(record.transfer[name].revision)
    if kept - {revision}:
        raise UserError(f"The pictures of {name} are not those that {run_folder} was made with; {_ANEW}")


def check_same_plugins(run_folder: Path, cells: Sequence[Cell], replaced: Collection[str]) -> None:
    """Refuse a plugin or an installed package whose code is no longer that of the completed cells that are kept.

    Args:
        replaced: Ids of cells whose records will be written anew.

    Raises:
        UserError: It has changed.
    """
    current = {plugin.name: plugin.fingerprint for cell in cells for plugin in cell.plugins}
    if not current:
        return
    kept = (one for one in read_records(run_folder) if one.status == "completed" and one.cell_id not in replaced)
    for record in kept:
        for name, fingerprint in record.plugins.items():
            if current.get(name, fingerprint) != fingerprint:
                kind = "plugin" if name.endswith(".py") else "package"
                raise UserError(f"The {kind} {name} is not as it was when {run_folder} was made; {_ANEW}")
