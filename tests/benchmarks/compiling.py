"""Print what torch.compile costs and saves, measured in this very run: from how many steps on does it pay?

    python tests/benchmarks/compiling.py [--output results/throughput/NAME.json]

On a GPU if there is one, then with CUDA graphs. Let nothing else run beside it. Steps are those of the harness; those
with and without take turns. What PyTorch has compiled before is not looked at.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from pathlib import Path
from statistics import median

import torch
from against_limit import seconds
from compared import ARCHITECTURES, BATCH, SIZE, noise
from ratios import store
from row import Row, markdown

from bench.compilation import compile_where_it_pays
from bench.environment import resolve_precision, set_arithmetic
from bench.network import Predictor
from bench.settings import Settings
from bench.training import make_optimizer, training_step, training_supply
from registry import ARCHITECTURES as KNOWN
from registry import LOSSES
from registry.spec import parse_component


def main() -> None:
    """Measure, print the table and store it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=9)
    parser.add_argument("--steps", type=int, default=8)
    parser.add_argument("--output", type=Path, help="Also store what was measured, as JSON.")
    call = parser.parse_args()
    set_arithmetic(threads=1)
    torch.manual_seed(0)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    rows = []
    for architecture in ARCHITECTURES:
        with tempfile.TemporaryDirectory() as cache:
            os.environ["TORCHINDUCTOR_CACHE_DIR"] = cache
            rows += _measure(architecture, device, call.repeats, call.steps * (16 if device == "cuda" else 1))
    print(markdown(rows))
    if call.output:
        store(call.output, rows, device)


def _measure(architecture: str, device: str, repeats: int, steps: int) -> list[Row]:
    settings = Settings(image_size=SIZE, batch_size=BATCH, compile="always")
    network = parse_component(KNOWN, architecture).create().train()
    predictor = Predictor(network, device, resolve_precision("auto", device))
    optimizer, loss = make_optimizer(predictor, settings), LOSSES["l1"].factory()
    supply, places = training_supply(noise(8 * BATCH), settings, 0, device), iter(range(10**9))

    def block() -> None:
        for _ in range(steps):
            training_step(predictor, loss, supply.batch(next(places)), optimizer)

    started = time.perf_counter()
    compile_where_it_pays(predictor, settings, 8 * BATCH, print)
    cost, compiled = time.perf_counter() - started, predictor.compiled
    network.train()
    plain, fast = [], []
    for repeat in range(repeats + 1):
        for found, one in ((plain, None), (fast, compiled)):
            predictor.compiled = one
            lasted = seconds(block, device)
            if repeat:  # the first warms up
                found.append(lasted / steps)
    saved = median(a - b for a, b in zip(plain, fast, strict=True))
    pays = Row(f"{architecture}: steps from which compiling pays")
    if saved > 0:
        pays.values = [cost / saved]
    else:
        pays.missing = "a compiled step takes no less"
    return [
        Row(f"{architecture}: a step over a compiled one", values=[a / b for a, b in zip(plain, fast, strict=True)]),
        Row(f"{architecture}: compiling", values=[cost], unit="s"),
        pays,
    ]


if __name__ == "__main__":
    main()
