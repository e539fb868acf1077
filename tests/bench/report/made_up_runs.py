"""Runs that never ran: a folder with everything a report reads, written in milliseconds."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from bench.grid import BASELINES, Grid
from bench.records import DatasetRecord, DataSummary, Failure, Measurement, Record, dataset_slug, write_record
from bench.results import write_results
from bench.samples import sample_indices, save_strip
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
    size: int = 16,
    sample_pictures: int = 4,
) -> Path:
    """Write ``results/<run>`` as if a grid had been run, and return it.

    Args:
        status: From (architecture, loss, dataset, seed) to "completed", "failed", "skipped" or "missing".
        lpips: From the same to the mean LPIPS; by default later architectures and losses are worse by 0.1 and
            0.01, so the first cell is the best.
    """
    settings = Settings(image_size=size, epochs=epochs, sample_pictures=sample_pictures)
    grid = Grid(
        description="Made up.",
        architectures=list(architectures),
        losses=list(losses),
        datasets=list(datasets),
        seeds=list(seeds),
        baselines=list(baselines),
        settings=settings.model_dump(),
    )
    folder.mkdir(parents=True)
    (folder / "grid.yaml").write_text(grid.to_yaml(), encoding="utf-8")
    for dataset in datasets:
        _write_dataset(folder, dataset, n_test, settings)
    cells = [(baseline, None, dataset, None) for baseline in baselines for dataset in datasets]
    cells += [(a, loss, d, seed) for a in architectures for loss in losses for d in datasets for seed in seeds]
    for cell in cells:
        ended = status(*cell)
        if ended == "missing":
            continue
        value = lpips(*cell) if lpips else _place(cell, baselines, architectures, losses)
        _write_cell(folder, cell, ended, value, n_test, settings)
    write_results(folder)
    return folder


def made_up_pictures(name: str, count: int, size: int) -> np.ndarray:
    """Pictures ``(count, size, size, 3)`` uint8 of noise, each name its own."""
    return _random(name).integers(0, 256, (count, size, size, 3), dtype=np.uint8)


def _place(cell: tuple, baselines: Sequence[str], architectures: Sequence[str], losses: Sequence[str]) -> float:
    architecture, loss, _, seed = cell
    if loss is None:
        return 0.9 - 0.05 * list(baselines).index(architecture)
    return 0.1 + 0.1 * list(architectures).index(architecture) + 0.01 * list(losses).index(loss) + 0.001 * seed


def _write_dataset(folder: Path, dataset: str, n_test: int, settings: Settings) -> None:
    place = folder / "datasets" / dataset_slug(dataset)
    save_strip(place / "truth.png", _samples(dataset, n_test, settings))
    _save_colors(place / "colors.npz", dataset, spread=30)
    record = DatasetRecord(**_summary(dataset, n_test, settings).model_dump())
    (place / "dataset.json").write_text(record.model_dump_json(indent=2), encoding="utf-8")


def _write_cell(folder: Path, cell: tuple, ended: str, value: float, n_test: int, settings: Settings) -> None:
    architecture, loss, dataset, seed = cell
    name = repr(cell)
    cell_id = hashlib.sha256(name.encode()).hexdigest()[:16]
    place = folder / "cells" / cell_id
    trained = loss is not None
    facts: dict = {}
    if ended == "failed":
        facts["error"] = Failure(type="ValueError", message=f"made up for {name}", traceback="Traceback: made up\n")
    elif ended == "skipped":
        facts["reason"] = "made up: weights cannot be had"
    else:
        each = _per_image(name, value, n_test)
        metrics = {metric: _measurement(metric, each.get(metric), value, n_test) for metric in _metric_names()}
        facts |= {"metrics": metrics, "truth": TRUTH, "seconds": {"data": 0.1, "fit": 12.0, "eval": 1.0}}
        facts |= {"data": _summary(dataset, n_test, settings), "batch_size": settings.batch_size}
        facts |= {"parameters": 1_000_000 * (1 + len(architecture)) if trained else 0}
        place.mkdir(parents=True)
        each.to_csv(place / "per_image.csv", index=False)
        _save_colors(place / "colors.npz", name, spread=12)
        save_strip(place / "samples" / "last.png", _samples(name, n_test, settings))
    if ended == "completed" and trained:
        best_epoch = max(1, settings.epochs // 2)
        facts |= {
            "best_metrics": metrics,
            "best_epoch": best_epoch,
            "images_per_second": 1000 / len(architecture),
        }
        _history(settings.epochs, best_epoch).to_csv(place / "history.csv", index=False)
        save_strip(place / "samples" / "half.png", _samples(name + "half", n_test, settings))
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


def _per_image(name: str, lpips: float, n_test: int) -> pd.DataFrame:
    """LPIPS around its mean, the same noise for every cell, so that their order is known."""
    noise = _random("pictures").normal(0, 0.02, n_test)
    noise -= noise.mean()
    random = _random(name)
    return pd.DataFrame(
        {
            "picture": [f"test-{index:05d}" for index in range(n_test)],
            "lpips": lpips + noise,
            "colorfulness": random.normal(50 * (1 - lpips), 1, n_test),
            "colorfulness_truth": 50.0,
            "ab_mae": random.normal(10, 1, n_test),
            "ciede2000": random.normal(12, 1, n_test),
            "psnr": random.normal(25, 1, n_test),
            "ssim": random.uniform(0.8, 0.9, n_test),
            "out_of_gamut": 0.01,
        }
    )


def _history(epochs: int, best_epoch: int) -> pd.DataFrame:
    epoch = np.arange(1, epochs + 1)
    train = 1.0 / epoch
    validation = 0.3 + 0.2 * np.abs(epoch - best_epoch)
    return pd.DataFrame(
        {
            "epoch": epoch,
            "step": epoch * 10,
            "train_loss": train,
            "validation_loss": validation,
            "seconds": 1.0,
        }
    )


def _samples(name: str, n_test: int, settings: Settings) -> np.ndarray:
    count = len(sample_indices(n_test, settings.sample_pictures))
    return made_up_pictures(name, count, settings.image_size)


def _save_colors(path: Path, name: str, spread: float) -> None:
    ab = _random(name).normal(5, spread, (4000, 2)).clip(-119, 119)
    counts, _, _ = np.histogram2d(ab[:, 0], ab[:, 1], bins=120, range=[[-120, 120]] * 2)
    chroma, _ = np.histogram(np.hypot(*ab.T).clip(0, 149), bins=150, range=(0, 150))
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(path, ab=counts.astype(np.int64), chroma=chroma)


def _summary(dataset: str, n_test: int, settings: Settings) -> DataSummary:
    return DataSummary(
        name=dataset,
        revision="made-up1",
        split_hash="0123456789abcdef",
        n_train=40,
        n_validation=8,
        n_test=n_test,
        image_size=settings.image_size,
        split_rule="Made up.",
        resize_rule="None.",
    )


def _random(name: str) -> np.random.Generator:
    return np.random.default_rng(int(hashlib.sha256(name.encode()).hexdigest()[:8], 16))
