"""Print what bfloat16 does to the scores, beside what another seed does: the same cells in both, measured in this run.

    python tests/benchmarks/precision.py [--folder FOLDER] [--output results/throughput/NAME.json]

Twenty minutes on two cores; on a GPU if there is one. A folder that has finished runs of it is not trained again.
"""

from __future__ import annotations

import argparse
import contextlib
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from ratios import store
from row import Row, markdown

PRECISIONS = ("float32", "bfloat16")
SCORES = ("lpips", "colorfulness", "ab_imbalance", "ab_mae", "skill")
GRID = ("--grid", "full", "--architecture", "unet,unet-resnet18", "--loss", "l1,vgg", "--dataset", "synthetic-flowers")


def main() -> None:
    """Run, print the table and store it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, help="Leave the runs here.")
    parser.add_argument("--output", type=Path, help="Also store what was measured, as JSON.")
    call = parser.parse_args()
    with contextlib.nullcontext(call.folder) if call.folder else tempfile.TemporaryDirectory() as folder:
        first, second = (_scores(precision, Path(folder)) for precision in PRECISIONS)
    rows = [_row(score, first, second) for score in SCORES]
    print(markdown(rows))
    if call.output:
        store(call.output, rows, "cuda" if torch.cuda.is_available() else "cpu")


def _scores(precision: str, folder: Path) -> pd.core.groupby.DataFrameGroupBy:
    """The trained cells of a run, in groups that only the seed tells apart."""
    places = ["--results-dir", str(folder / "results"), "--reports-dir", str(folder / "reports"), "--name", precision]
    settings = ["--seeds", "3", "--set", f"precision={precision}"]
    subprocess.run([sys.executable, "-m", "bench", "run", *GRID, *settings, *places], check=True)
    table = pd.read_csv(folder / "results" / precision / "results.csv")
    return table[table.loss.notna()].groupby(["architecture", "loss"])


def _row(score: str, first: pd.core.groupby.DataFrameGroupBy, second: pd.core.groupby.DataFrameGroupBy) -> Row:
    """Of each architecture with a loss: how far its means over seeds are apart, in deviations of one seed."""
    gaps = second[score].mean() - first[score].mean()
    spread = float(np.sqrt(np.mean([*first[score].var(), *second[score].var()])))
    return Row(
        f"{score}: bfloat16 less float32, means over seeds, over the deviation between seeds ({spread:.2g})",
        "<= 1",
        [float(abs(gap)) / spread for gap in gaps],
        details={"gaps": gaps.tolist(), "deviation_between_seeds": spread},
    )


if __name__ == "__main__":
    main()
