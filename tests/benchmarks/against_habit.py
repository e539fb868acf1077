"""A whole grid by the harness, and the same cells by a plain script, one process after the other."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import mean, stdev

import numpy as np
import pandas as pd
from PIL import Image
from row import Row
from scipy.stats import t as student

from bench.grid import Grid, load_grid
from registry import DATASETS
from registry.spec import parse_component

SCORES = ("lpips", "ab_mae")
HABIT = Path(__file__).with_name("habit.py")


def grid(name: str, repeats: int, folder: Path) -> list[Row]:
    """The commands' times on a grid, the first time and again, and the time and scores against the habit's."""
    run, rows, cells = _against(name, None, "cpu", folder)
    again = [_seconds(run) for _ in range(repeats)]
    report = [sys.executable, "-m", "bench", "report", name, *_places(folder)]
    reports = [_seconds(report) for _ in range(repeats)]
    listed = [_seconds([sys.executable, "-m", "bench", "list"]) for _ in range(2 * repeats + 1)]
    return [
        *rows,
        Row("python -m bench list", "< 0.5 s", listed, "s"),
        Row(f"Second run of the finished grid {name} ({cells} cells)", "< 3 s", again, "s"),
        Row(f"Report of {cells} cells", "< 20 s", reports, "s"),
    ]


def grid_on_gpu(name: str, image_size: int, folder: Path) -> list[Row]:
    """The time of a grid on a GPU at a size, and against the habit's on the same GPU."""
    _, rows, cells = _against(name, image_size, "cuda", folder)
    target = "< 120 s" if image_size == load_grid(name).cells()[0].settings.image_size else ""
    seconds = [rows[0].details["harness_seconds"]]
    return [Row(f"Grid {name} ({cells} cells) on a GPU at {image_size} pixels", target, seconds, "s"), *rows]


def _against(name: str, image_size: int | None, device: str, folder: Path) -> tuple[list[str], list[Row], int]:
    """The call that runs a grid, the rows on it against the habit, and how many cells it trained."""
    folder.mkdir(parents=True, exist_ok=True)
    run = [sys.executable, "-m", "bench", "run", "--grid", name, "--device", device, *_places(folder)]
    asked = load_grid(name)
    if image_size:
        run += ["--set", f"image_size={image_size}"]
        asked = asked.model_copy(update={"settings": {**asked.settings, "image_size": image_size}})
    harness = _seconds(run)
    table = pd.read_csv(folder / "results" / name / "results.csv")
    cells = table[table.loss.notna()]
    habit = _habit(asked, cells, folder, device)
    where = f" on a GPU at {image_size} pixels" if device == "cuda" else ""
    ratio = Row(
        f"Grid {name} ({len(cells)} cells){where}, time over the habit's",
        "<= 0.1" if device == "cuda" else "<= 0.5",
        [harness / sum(one["seconds"] for one in habit)],
        details={"harness_seconds": harness, "habit_seconds": [one["seconds"] for one in habit]},
    )
    return run, [ratio, *(_difference(score, cells, habit) for score in SCORES)], len(cells)


def _places(folder: Path) -> list[str]:
    return ["--results-dir", str(folder / "results"), "--reports-dir", str(folder / "reports")]


def _habit(asked: Grid, cells: pd.DataFrame, folder: Path, device: str) -> list[dict[str, float]]:
    """Seconds and scores of each cell."""
    settings = asked.cells()[0].settings
    for dataset in asked.datasets:
        _write_pictures(dataset, settings.image_size, _pictures(folder, dataset))
    found = []
    for number, cell in enumerate(cells.itertuples(), 1):
        scores = folder / f"{number}.json"
        call = [sys.executable, str(HABIT), str(_pictures(folder, cell.dataset)), cell.architecture, cell.loss]
        call += [str(scores), "--epochs", str(settings.epochs), "--steps", str(settings.steps_per_epoch)]
        call += ["--batch-size", str(settings.batch_size), "--learning-rate", str(settings.learning_rate)]
        seconds = _seconds([*call, "--seed", str(int(cell.seed)), "--device", device])
        found.append({"seconds": seconds, **json.loads(scores.read_text(encoding="utf-8"))})
        print(f"habit {number}/{len(cells)}: {cell.architecture}, {cell.loss}: {seconds:.0f} s", file=sys.stderr)
    return found


def _pictures(folder: Path, dataset: str) -> Path:
    return folder / "pictures" / dataset


def _write_pictures(dataset: str, image_size: int, folder: Path) -> None:
    """A file per picture, as people have them."""
    source = parse_component(DATASETS, dataset).create()
    for split, keys in source.keys().items():
        (folder / split).mkdir(parents=True)
        for key in keys:
            Image.fromarray(np.asarray(source.read(key, image_size))).save(folder / split / f"{key}.png")


def _difference(score: str, cells: pd.DataFrame, habit: Sequence[dict[str, float]]) -> Row:
    """Mean over the cells of harness less habit, with its 95 % interval: within noise where that holds 0."""
    gaps = [float(ours) - theirs[score] for ours, theirs in zip(cells[score], habit, strict=True)]
    half = student.ppf(0.975, len(gaps) - 1) * stdev(gaps) / len(gaps) ** 0.5
    middle = mean(gaps)
    held = "holds" if abs(middle) <= half else "does not hold"
    return Row(
        f"Difference of {score} to the habit's, mean over the cells {middle:+.4f} ± {half:.4f}, which {held} 0; "
        f"mean of both {mean([*cells[score], *(one[score] for one in habit)]):.4f}; cells",
        values=gaps,
    )


def _seconds(call: list[str]) -> float:
    started = time.perf_counter()
    done = subprocess.run(call, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{' '.join(call)} failed:\n{done.stderr}")
    return time.perf_counter() - started
