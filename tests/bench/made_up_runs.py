"""Runs that never ran: a folder with everything a report reads, written in milliseconds."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pandas as pd
from made_up_files import history, made_up_pictures, per_image, samples, save_colors, summary

from bench.grid import BASELINES, Grid
from bench.records import DatasetRecord, Failure, Measurement, Record, dataset_slug, write_record
from bench.results import write_results
from bench.samples import extreme_indices, save_strip
from bench.setting_axes import expand, name_loss
from bench.settings import Settings

TRUTH = {
    "colorfulness": 50.0,
    "ab_imbalance": 0.4,
    "ab_effective_colors": 28.0,
    "ab_gini": 0.9,
    "chroma": 20.0,
}
UNITS = {"ab_effective_colors": "bins", "ab_js": "bit", "chroma": "Lab", "ab_mae": "Lab", "psnr": "dB"}
HIGHER = {"lpips": False, "ab_js": False, "skill": True, "ab_mae": False, "psnr": True, "ssim": True}
POOLED = {"ab_imbalance", "ab_effective_colors", "ab_gini", "ab_js", "chroma_ratio", "skill"}

Status = Callable[[str, str | None, str, int | None], str]
Lpips = Callable[[str, str | None, str, int | None], float]


def completed(*_cell: object) -> str:
    """The status of every cell where a test asks for nothing else."""
    return "completed"


def write_made_up_run(
    folder: Path,
    *,
    architectures: Sequence[str] = ("unet", "unet-resnet18"),
    losses: Sequence[str] = ("l1", "l2"),
    datasets: Sequence[str] = ("synthetic-faces",),
    seeds: Sequence[int] = (0,),
    baselines: Sequence[str] = BASELINES,
    status: Status = completed,
    lpips: Lpips | None = None,
    n_test: int = 12,
    epochs: int = 4,
    size: int = 32,
    sample_pictures: int = 4,
    axes: Mapping[str, Sequence[float]] | None = None,
) -> Path:
    """Write ``results/<run>`` as if a grid had been run, and return it.

    Args:
        status: From (architecture, loss, dataset, seed) to "completed", "failed", "skipped" or "missing".
        lpips: From the same to the mean LPIPS; by default later architectures and losses are worse by 0.1 and
            0.01, so the first cell is the best.
        axes: Settings with several values; status and lpips get losses named with them.
    """
    settings = Settings(image_size=size, epochs=epochs, sample_pictures=sample_pictures)
    grid = Grid(
        description="Made up.",
        architectures=list(architectures),
        losses=list(losses),
        datasets=list(datasets),
        seeds=list(seeds),
        baselines=list(baselines),
        settings={**settings.model_dump(), **(axes or {})},
    )
    folder.mkdir(parents=True)
    (folder / "grid.yaml").write_text(grid.to_yaml(), encoding="utf-8")
    for dataset in datasets:
        _write_dataset(folder, dataset, n_test, settings)
    points = [settings.model_copy(update=point) for point in expand(axes or {})]
    cells = [((baseline, None, dataset, None), points[0]) for baseline in baselines for dataset in datasets]
    cells += [
        ((a, loss, d, seed), point)
        for a, loss, d, seed, point in itertools.product(architectures, losses, datasets, seeds, points)
    ]
    for cell, point in cells:
        architecture, loss, *where = cell
        named = (architecture, loss and name_loss(loss, point.model_dump(), axes or ()), *where)
        ended = status(*named)
        if ended == "missing":
            continue
        value = lpips(*named) if lpips else _place(cell, baselines, architectures, losses)
        _write_cell(folder, cell, repr(named), ended, value, n_test, point)
    write_results(folder)
    return folder


def _place(cell: tuple, baselines: Sequence[str], architectures: Sequence[str], losses: Sequence[str]) -> float:
    architecture, loss, _, seed = cell
    if loss is None:
        return 0.9 - 0.05 * list(baselines).index(architecture)
    return 0.1 + 0.1 * list(architectures).index(architecture) + 0.01 * list(losses).index(loss) + 0.001 * seed


def _write_dataset(folder: Path, dataset: str, n_test: int, settings: Settings) -> None:
    place = folder / "datasets" / dataset_slug(dataset)
    save_strip(place / "truth.png", samples(dataset, n_test, settings))
    save_colors(place / "colors.npz", dataset, n_test, settings, spread=30)
    record = DatasetRecord(**summary(dataset, n_test, settings).model_dump())
    (place / "dataset.json").write_text(record.model_dump_json(indent=2), encoding="utf-8")


def _write_cell(
    folder: Path, cell: tuple, name: str, ended: str, value: float, n_test: int, settings: Settings
) -> None:
    architecture, loss, dataset, seed = cell
    cell_id = hashlib.sha256(name.encode()).hexdigest()[:16]
    place = folder / "cells" / cell_id
    trained = loss is not None
    facts: dict = {}
    if ended == "failed":
        facts["error"] = Failure(type="ValueError", message=f"made up for {name}", traceback="Traceback: made up\n")
    elif ended == "skipped":
        facts["reason"] = "made up: weights cannot be had"
    else:
        each = per_image(name, value, n_test)
        metrics = {metric: _measurement(metric, each.get(metric), value, n_test) for metric in _metric_names()}
        facts |= {"metrics": metrics, "truth": TRUTH, "seconds": {"data": 0.1, "fit": 12.0, "eval": 1.0}}
        facts |= {"data": summary(dataset, n_test, settings), "batch_size": settings.batch_size}
        facts |= {"parameters": 1_000_000 * (1 + len(architecture)) if trained else 0}
        place.mkdir(parents=True)
        each.to_csv(place / "per_image.csv", index=False)
        save_colors(place / "colors.npz", name, n_test, settings, spread=max(1, 12 - 6 * value))
        save_strip(place / "samples" / "last.png", samples(name, n_test, settings))
        rows = extreme_indices(each["lpips"].to_numpy())
        for kept, of in (("extremes", name), ("extremes_truth", dataset)):
            pictures = made_up_pictures(of + "test", n_test, settings.image_size)[rows]
            save_strip(place / "samples" / f"{kept}.png", pictures)
    if ended == "completed" and trained:
        best_epoch = max(1, settings.epochs // 2)
        facts |= {
            "best_metrics": metrics,
            "best_epoch": best_epoch,
            "images_per_second": 1000 / len(architecture),
        }
        history(settings.epochs, best_epoch).to_csv(place / "history.csv", index=False)
        save_strip(place / "samples" / "half.png", samples(name + "half", n_test, settings))
    record = Record(
        cell_id=cell_id,
        status=ended,
        architecture=architecture,
        loss=loss,
        dataset=dataset,
        seed=seed,
        settings=settings.model_dump(),
        environment={"git_sha": None, "dirty": None, "python": "3.11", "torch": "2", "device": "cpu"},
        started_at="2024-01-01T00:00:00+00:00",
        finished_at="2024-01-01T00:01:00+00:00",
        **facts,
    )
    write_record(place, record)


def _metric_names() -> list[str]:
    return [*dict.fromkeys(["lpips", *TRUTH, *HIGHER, "chroma_ratio", "ciede2000", "out_of_gamut"])]


def _measurement(metric: str, each: pd.Series | None, lpips: float, n_test: int) -> Measurement:
    value = float(each.mean()) if each is not None else TRUTH.get(metric, 1.0) * (1 - lpips)
    stderr = float(each.std(ddof=1) / n_test**0.5) if each is not None and metric not in POOLED else None
    higher = HIGHER.get(metric)
    return Measurement(value=value, n=n_test, stderr=stderr, higher_is_better=higher, unit=UNITS.get(metric, ""))
