"""What a call of the command line says, read: grid, seeds, settings, workers, plugins, runs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bench.grid import Grid, load_grid, read_grid
from bench.yaml_files import read_yaml
from registry.errors import UserError
from registry.spec import split

_MOST_SEEDS = 100
_MOST_WORKERS = 10_000


def choose_grid(
    grid: str,
    architecture: str | None,
    loss: str | None,
    dataset: str | None,
    seeds: str | None,
    settings: list[str],
    tune: Sequence[str] = (),
) -> Grid:
    """The grid with what the call says instead.

    Raises:
        UserError: The grid, a spec, the seeds or a setting is wrong.
    """
    chosen = load_grid(grid)
    axes = {"architectures": architecture, "losses": loss, "datasets": dataset}
    update: dict[str, Any] = {axis: split(text, ",") for axis, text in axes.items() if text is not None}
    if seeds is not None:
        update["seeds"] = read_seeds(seeds)
    changes = {}
    for setting in settings:
        key, equals, value = setting.partition("=")
        if not equals:
            raise UserError(f"--set {setting!r}: write key=value, such as --set epochs=10.")
        try:
            changes[key.strip()] = read_yaml(value)
        except ValueError:
            raise UserError(f"--set {setting!r}: the value is not YAML; write one like --set epochs=10.") from None
    if tune:
        changes["tune"] = read_tune(tune)
    other = [*update, *(["settings"] if changes else [])]
    if other:
        update["description"] = f"As the grid {grid}, but for its {', '.join(other)}."
    update["settings"] = {**chosen.settings, **changes}
    return read_grid({**chosen.model_dump(), **update}, "The call")


def read_seeds(text: str) -> list[int]:
    """A number alone says how many seeds, from 0 on; with a comma, even a trailing one, numbers say which."""
    try:
        seeds = [int(seed) for seed in text.strip().removesuffix(",").split(",")]
    except ValueError:
        raise UserError(
            f"--seeds {text!r}: write whole numbers, how many alone, such as 3, or which, such as 0,1,2."
        ) from None
    if "," in text:
        return seeds
    if not 1 <= seeds[0] <= _MOST_SEEDS:
        raise UserError(
            f"--seeds {text}: a number alone says how many seeds, 1 to {_MOST_SEEDS}; for one seed write it with a "
            "comma, such as 7,."
        )
    return list(range(seeds[0]))


def read_workers(text: str) -> int | None:
    """The number of cells at once; None for "auto".

    Raises:
        UserError: It is none.
    """
    if text == "auto":
        return None
    # Python refuses to read numbers of thousands of digits.
    if not text.isdecimal() or len(text) > len(str(_MOST_WORKERS)) or not 1 <= int(text) <= _MOST_WORKERS:
        raise UserError(f"--workers {text[:20]!r}: write a whole number from 1 to {_MOST_WORKERS:,}, or auto.")
    return int(text)


def check_executor(executor: str, ray_address: str | None) -> None:
    """Refuse options that do not go together.

    Raises:
        UserError: An address is given that nobody would look at.
    """
    if ray_address is not None and executor != "ray":
        raise UserError("--ray-address goes with --executor ray.")


def read_tune(texts: Sequence[str]) -> dict[str, list[str]]:
    """Settings with the values to try, as they were written: ``learning_rate=3e-4,1e-3,3e-3``."""
    tune: dict[str, list[str]] = {}
    for text in texts:
        key, equals, values = text.partition("=")
        name = key.strip()
        if not equals:
            raise UserError(f"--tune {text!r}: write key=value,value, such as --tune learning_rate=3e-4,1e-3,3e-3.")
        if name in tune:
            raise UserError(f"--tune {text!r}: {name} was given before; write all of its values in one.")
        tune[name] = [value.strip() for value in values.split(",")]
    return tune


def find_run(run: str, results_dir: Path) -> Path:
    """The folder of a run, given by its name in the results folder or by its path.

    Raises:
        UserError: There is none.
    """
    known = run_names(results_dir)
    if run in known:
        return results_dir / run
    if Path(run).name != run and (Path(run) / "grid.yaml").is_file():
        return Path(run)
    raise UserError(f"No run {run!r} in {results_dir}: there are {', '.join(known) or 'none'}.")


def run_names(results_dir: Path) -> list[str]:
    """The runs in a results folder; none where there is no such folder."""
    return sorted(path.parent.name for path in results_dir.glob("*/grid.yaml"))
