"""Print how fast the harness is, as ratios to the limit and to the habit, measured in this very run.

    python tests/benchmarks/ratios.py [--output results/throughput/NAME.json]

The limit is the bare network (`limit.py`), the habit a plain script (`habit.py`). With the grid ``full`` it takes
forty to ninety minutes on two cores, nearly all of it for that grid by the harness and by the habit; ``--without-grid``
leaves both out and takes two to eight. Let nothing else run beside it.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import tempfile
from dataclasses import asdict
from datetime import datetime, timezone
from pathlib import Path

import against_habit
import against_limit
import torch
from compared import gpu_driver
from row import Row, markdown

from bench.environment import describe, resolve_precision, set_arithmetic

NO_GPU = "no GPU here"
GPU_SIZES = (64, 128)


def main() -> None:
    """Measure, print the table and store it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--grid", default="full")
    parser.add_argument("--without-grid", action="store_true")
    parser.add_argument("--repeats", type=int, default=9)
    parser.add_argument("--steps", type=int, default=8)
    parser.add_argument("--output", type=Path, help="Also store what was measured, as JSON.")
    parser.add_argument("--keep", type=Path, help="Leave the runs and the habit's pictures and scores here.")
    call = parser.parse_args()
    set_arithmetic(threads=1)
    torch.manual_seed(0)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    rows = against_limit.training("cpu", call.repeats, call.steps) + against_limit.scoring("cpu", call.repeats)
    if device == "cuda":
        rows += against_limit.training("cuda", call.repeats, 16 * call.steps)
        rows += against_limit.scoring("cuda", call.repeats)
    else:
        rows.append(Row("Training on a GPU, rate over that of the bare compiled network", ">= 0.9", missing=NO_GPU))
        rows.append(Row("LPIPS on a GPU, rate over that of AlexNet's bare forward", ">= 0.8", missing=NO_GPU))
    if call.without_grid:
        rows.append(Row(f"Grid {call.grid}, time over the habit's", "<= 0.5", missing="left out by --without-grid"))
    else:
        with contextlib.nullcontext(call.keep) if call.keep else tempfile.TemporaryDirectory() as folder:
            rows += against_habit.grid(call.grid, 3, Path(folder))
            for size in GPU_SIZES if device == "cuda" else ():
                rows += against_habit.grid_on_gpu(call.grid, size, Path(folder) / str(size))
    if device == "cpu":
        rows.append(Row(f"Grid {call.grid} on a GPU", "< 120 s", missing=NO_GPU))
        for size in GPU_SIZES:
            what = f"Grid {call.grid} on a GPU at {size} pixels, time over the habit's"
            rows.append(Row(what, "<= 0.1", missing=NO_GPU))
    print(markdown(rows))
    if call.output:
        store(call.output, rows, device)


def store(path: Path, rows: list[Row], device: str) -> None:
    """Write what was measured, and on what."""
    machine = describe(device, resolve_precision("auto", device))
    if device == "cuda":
        machine["gpu_driver"] = gpu_driver()
    when = datetime.now(timezone.utc).isoformat(timespec="seconds")
    content = {"measured_at": when, "machine": machine, "rows": [asdict(row) for row in rows]}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
