"""Training against the bare network, and scoring against the bare AlexNet, in alternating blocks of one process."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
import torch
from compared import ARCHITECTURES, BATCH, SIZE, noise
from limit import bare_step
from row import Row

from bench.compilation import compile_where_it_pays
from bench.environment import resolve_precision
from bench.evaluation import evaluate
from bench.network import Predictor
from bench.settings import Settings
from bench.training import fit
from registry import ARCHITECTURES as KNOWN
from registry import LOSSES
from registry.color import Colors
from registry.metrics.lpips import Lpips, _network
from registry.spec import parse_component

MEAN_AB = torch.tensor([5.0, 5.0])


def training(device: str, repeats: int, steps: int) -> list[Row]:
    """Of each architecture: the limit's time for a number of steps over the harness's, in its own training loop.

    On a GPU both are compiled, with CUDA graphs.
    """
    return [_training(architecture, device, repeats, steps) for architecture in ARCHITECTURES]


def scoring(device: str, repeats: int) -> list[Row]:
    """Rates of LPIPS and of all metrics together, over the rate of AlexNet's bare forward; the truth is known."""
    batches = [Colors.from_rgb8(torch.from_numpy(noise(BATCH, seed)).to(device)) for seed in range(4)]
    keys = [str(index) for index in range(BATCH * len(batches))]
    network, metric = _network(torch.device(device)).net, Lpips()
    predicted = [batch.ab * 0.9 for batch in batches]
    # What a viewer sees is worked out once for all metrics that look at it.
    shown = [[batch.with_ab(ab) for batch, ab in zip(batches, predicted, strict=True)] for _ in range(repeats + 1)]
    for batch in (one for several in shown for one in several):
        _ = batch.viewed

    def forward() -> None:
        for batch in batches:
            network(batch.viewed * 2 - 1)

    def lpips() -> None:
        for prediction, batch in zip(shown.pop(), batches, strict=True):
            metric.update(prediction, batch)

    def everything() -> None:
        evaluate(lambda batch: batch.ab * 0.9, batches, keys, train_mean_ab=MEAN_AB, device=device)

    with torch.no_grad():
        for work in (forward, lpips, everything):
            seconds(work, device)
        blocks = [[seconds(work, device) for work in (forward, lpips, everything)] for _ in range(repeats)]
    where = _where(device)
    return [
        Row(f"LPIPS, rate over that of AlexNet's bare forward, {where}", ">= 0.8", [a / b for a, b, _ in blocks]),
        Row(f"All 17 metrics, rate over that of AlexNet's bare forward, {where}", "", [a / c for a, _, c in blocks]),
    ]


def _training(architecture: str, device: str, repeats: int, steps: int) -> Row:
    settings = Settings(image_size=SIZE, batch_size=BATCH, epochs=repeats + 1, steps_per_epoch=steps)
    predictor = Predictor(
        parse_component(KNOWN, architecture).create(), device, resolve_precision(settings.precision, device)
    )
    compiled = device == "cuda"
    if compiled:
        compile_where_it_pays(predictor, settings.model_copy(update={"compile": "always"}), 8 * BATCH, print)
    step = bare_step(architecture, BATCH, SIZE, device, compiled=compiled)
    limits: list[float] = []

    def block() -> None:
        for _ in range(steps):
            step()

    result = fit(
        predictor,
        LOSSES["l1"].factory(),
        noise(8 * BATCH),
        noise(BATCH),
        settings=settings,
        seed=0,
        train_mean_ab=MEAN_AB,
        on_step=lambda *_: None,
        # Between two epochs, whose times are those of their steps alone.
        on_epoch=lambda *_: limits.append(seconds(block, device)),
    )
    pairs = zip(limits[1:], [row["seconds"] for row in result.history][1:], strict=True)  # the first warms up
    return Row(
        f"{architecture}: training, rate over that of the bare {'compiled ' * compiled}network, {_where(device)}",
        ">= 0.95" if device == "cpu" else ">= 0.9",
        [limit / harness for limit, harness in pairs],
        details={"limit_images_per_second": steps * BATCH / float(np.median(limits[1:]))},
    )


def seconds(work: Callable[[], None], device: str) -> float:
    """How long some work takes, a GPU's to its end."""
    if device == "cuda":
        torch.cuda.synchronize()
    started = time.perf_counter()
    work()
    if device == "cuda":
        torch.cuda.synchronize()
    return time.perf_counter() - started


def _where(device: str) -> str:
    return "one thread" if device == "cpu" else torch.cuda.get_device_name()
