"""What the files of made-up runs hold: noise that depends on names alone, but for the LPIPS asked for."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pandas as pd

from bench.records import DataSummary
from bench.samples import sample_indices
from bench.settings import Settings

BINS = 12
"""Of the ab histograms; real ones have some hundreds."""


def made_up_pictures(name: str, count: int, size: int) -> np.ndarray:
    """Pictures ``(count, size, size, 3)`` uint8 of noise, each name its own."""
    return _random(name).integers(0, 256, (count, size, size, 3), dtype=np.uint8)


def samples(name: str, n_test: int, settings: Settings) -> np.ndarray:
    count = len(sample_indices(n_test, settings.sample_pictures))
    return made_up_pictures(name, count, settings.image_size)


def save_colors(path: Path, name: str, n_test: int, settings: Settings, spread: float) -> None:
    """Colours around a warm grey; the wider they are spread, the more bins are in use."""
    ab = _random(name).normal(5, spread, (4000, 2)).clip(-119, 119)
    counts, _, _ = np.histogram2d(ab[:, 0], ab[:, 1], bins=120, range=[[-120, 120]] * 2)
    chroma, _ = np.histogram(np.hypot(*ab.T).clip(0, 149), bins=150, range=(0, 150))
    path.parent.mkdir(parents=True, exist_ok=True)
    use = np.exp(-np.arange(BINS) * 12 / spread)
    bins = _random(name).multinomial(settings.image_size**2, use / use.sum(), n_test)
    np.savez_compressed(path, ab=counts.astype(np.int64), chroma=chroma, bins=bins.astype(np.int32))


def per_image(name: str, lpips: float, n_test: int) -> pd.DataFrame:
    """LPIPS around its mean, the same noise for every cell, so that their order is known."""
    noise = _random("pictures").normal(0, 0.02, n_test)
    noise -= noise.mean()
    random = _random(name)
    true_chroma = _random("truth").uniform(5, 40, n_test)
    return pd.DataFrame(
        {
            "picture": [f"test-{index:05d}" for index in range(n_test)],
            "lpips": lpips + noise,
            "colorfulness": random.normal(50 * (1 - lpips), 1, n_test),
            "colorfulness_truth": 50.0,
            "chroma": true_chroma * random.uniform(0.6, 0.9, n_test),
            "chroma_truth": true_chroma,
            "skill_mse": random.uniform(50, 60, n_test),
            "skill_lazy_mse": 100.0,
            "ab_mae": random.normal(10, 1, n_test),
            "ciede2000": random.normal(12, 1, n_test),
            "psnr": random.normal(25, 1, n_test),
            "ssim": random.uniform(0.8, 0.9, n_test),
            "out_of_gamut": 0.01,
        }
    )


def history(epochs: int, best_epoch: int) -> pd.DataFrame:
    epoch = np.arange(1, epochs + 1)
    train = 1.0 / epoch
    validation = 0.3 + 0.2 * np.abs(epoch - best_epoch)
    return pd.DataFrame(
        {
            "epoch": epoch,
            "step": epoch * 10,
            "train_loss": train,
            "validation_loss": validation,
            "chroma_ratio": 1 - 0.5 / epoch,
            "ab_effective_colors": 2.0 + epoch,
            "skill": 0.1 * epoch,
            "seconds": 1.0,
        }
    )


def summary(dataset: str, n_test: int, settings: Settings) -> DataSummary:
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
