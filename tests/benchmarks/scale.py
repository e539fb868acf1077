"""Print how time and memory grow with the number of pictures, their size and the number of cells.

    python tests/benchmarks/scale.py [--output results/throughput/NAME.json]

The largest prepared array has 200,000 pictures of 64 pixels, 2.4 GB, made of noise in a folder that is removed at the
end. It takes some ten minutes on two cores. Let nothing else run beside it.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from datetime import datetime, timezone
from pathlib import Path
from statistics import linear_regression
from typing import Any

import yaml

from bench.records import Record, read_records

PLUGIN = Path(__file__).with_name("noise.py")
PICTURES, SIZES, CELLS = (2_000, 20_000, 200_000), (32, 64, 128), (1, 2, 4, 8)


SERIES = (
    ("pictures", "n_train", "prepare_seconds", "preparation, s"),
    ("pictures", "n_train", "prepare_memory", "preparation, peak MB"),
    ("pictures", "n_train", "cell_seconds", "a cell, s"),
    ("pictures", "n_train", "cell_memory", "a cell, peak MB"),
    ("sizes", "image_size", "cell_seconds", "a cell, s"),
    ("sizes", "image_size", "cell_memory", "a cell, peak MB"),
    ("cells", "cells", "run_seconds", "the run, s"),
)
AGAINST = {"n_train": "training pictures", "image_size": "pixels of a side", "cells": "cells"}


def main() -> None:
    """Measure, print the table and store it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output", type=Path)
    parser.add_argument("--largest", type=int, default=PICTURES[-1], help="Leave out arrays of more pictures.")
    call = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        content: dict[str, Any] = {
            "pictures": [_measure(place, n_train=n) for n in PICTURES if n <= call.largest],
            "sizes": [_measure(place, image_size=size) for size in SIZES],
            "cells": [_measure(place, cells=count) for count in CELLS],
        }
    print(table(content))
    if call.output:
        # Not before: the largest size of a child process counts from that of its parent.
        from bench.environment import describe, resolve_precision

        when = datetime.now(timezone.utc).isoformat(timespec="seconds")
        content = {"measured_at": when, "machine": describe("cpu", resolve_precision("auto", "cpu")), **content}
        call.output.parent.mkdir(parents=True, exist_ok=True)
        call.output.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


def table(content: Mapping[str, Any]) -> str:
    """What was measured in Markdown, with the power by which it grows."""
    lines = ["| what | against | values | exponent |", "| --- | --- | --- | ---: |"]
    for series, place, key, what in SERIES:
        places, values = ([one[name] for one in content[series]] for name in (place, key))
        told = "; ".join(f"{one:,}: {_write(value)}" for one, value in zip(places, values, strict=True))
        lines.append(f"| {what} | {AGAINST[place]} | {told} | {_exponent(places, values):.2f} |")
    return "\n".join(lines)


def _measure(place: Path, n_train: int = PICTURES[0], image_size: int = 64, cells: int = 1) -> dict[str, Any]:
    """Prepare a data set and run some equal cells on it; seconds, and megabytes of the largest process."""
    folder = Path(tempfile.mkdtemp(dir=place))
    grid = {
        "architectures": ["unet(n_down=5, num_filters=16)"],
        "losses": ["l1"],
        "datasets": [f"noise(n_train={n_train})"],
        "seeds": list(range(cells)),
        "baselines": [],
        "settings": {"image_size": image_size, "epochs": 2, "steps_per_epoch": 32},
    }
    (folder / "scale.yaml").write_text(yaml.safe_dump(grid), encoding="utf-8")
    environment = {"COLORIZATION_BENCH_CACHE": str(folder / "cache")}
    plugin = ["--plugin", str(PLUGIN)]
    prepared = _bench("prepare", *grid["datasets"], "--image-size", str(image_size), *plugin, **environment)
    places = ["--results-dir", str(folder / "results"), "--reports-dir", str(folder / "reports")]
    ran = _bench("run", "--grid", str(folder / "scale.yaml"), *places, *plugin, **environment)
    records = list(read_records(folder / "results" / "scale"))
    return {
        "n_train": n_train,
        "image_size": image_size,
        "cells": cells,
        "prepare_seconds": prepared[0],
        "prepare_memory": prepared[1],
        "run_seconds": ran[0],
        "cell_seconds": sum(map(_seconds, records)) / len(records),
        "cell_memory": max(record.peak_memory_bytes for record in records) / 1e6,
    }


def _seconds(record: Record) -> float:
    return sum(record.seconds.values())


def _bench(*arguments: str, **environment: str) -> tuple[float, float]:
    """Seconds of a call, and megabytes that the largest of its processes had resident."""
    cache = Path(environment["COLORIZATION_BENCH_CACHE"])
    _share_weights(cache)
    started = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "bench", *arguments], env={**os.environ, **environment}, stdout=subprocess.DEVNULL
    )
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"bench {' '.join(arguments)} failed")
    return time.perf_counter() - started, usage.ru_maxrss / 1e3


def _share_weights(cache: Path) -> None:
    """The user's pretrained weights in another cache, for none is to be downloaded again."""
    from registry.cache import cache_root

    cache.mkdir(parents=True, exist_ok=True)
    if not (cache / "weights").exists():
        (cache / "weights").symlink_to(cache_root() / "weights")


def _write(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def _exponent(places: list[int], values: list[float]) -> float:
    """The power of growth, by least squares on logarithms."""
    if len(places) < 2:
        return math.nan
    return linear_regression([math.log(one) for one in places], [math.log(one) for one in values]).slope


if __name__ == "__main__":
    main()
