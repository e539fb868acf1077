"""The tables of an audit's page, and its row of the CSV file."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import pandas as pd

from bench.audit.dataset import DRAWN, FLAGS, DatasetAudit
from bench.audit.prior import NEAR
from bench.audit.resampling import Estimate
from bench.audit.words import color_name, enlarged, percent, plane
from bench.report.markdown import code, escape, table
from registry.ab_bins import reachable_bins

_ESTIMATES = ("imbalance", "effective_colors", "gini", "chroma", "colorfulness", "near_dominant")
_MOST_FREQUENT = 3


def colors_table(audits: Sequence[DatasetAudit]) -> str:
    """The colour prior of the training pictures, a column per data set."""
    priors = [audit.priors["train"] for audit in audits]
    rows = [
        ["training pictures", *(f"{one.n:,}" for one in priors)],
        ["ab imbalance", *(_estimate(one.imbalance, 3) for one in priors)],
        [f"effective colours, of {len(reachable_bins())}", *(_estimate(one.effective_colors, 1) for one in priors)],
        ["ab Gini", *(_estimate(one.gini, 3) for one in priors)],
        ["mean chroma (Lab)", *(_estimate(one.chroma, 1) for one in priors)],
        ["colorfulness", *(_estimate(one.colorfulness, 1) for one in priors)],
        ["dominant colour", *(f"{color_name(*one.dominant)} ({plane(one.dominant)})" for one in priors)],
        ["pixels in its bin", *(percent(one.dominant_share) for one in priors)],
        [f"pixels within {NEAR:g} Lab units of it", *(_shares(one.near_dominant) for one in priors)],
        ["mean colour", *(f"L {one.mean[0]:.0f}, {plane(one.mean[1:])}" for one in priors)],
    ]
    return table(["", *(code(audit.name) for audit in audits)], rows, numbers_from=1)


def splits_table(audits: Sequence[DatasetAudit]) -> str:
    """A row per split of each data set: what is in it, and its colours."""
    head = ["data set", "split", "pictures", "unreadable", "grey", "near-grey", "copies", "leaks"]
    head += ["effective colours", "ab imbalance", "mean chroma"]
    rows = []
    for audit in audits:
        for split, prior in audit.priors.items():
            flags = audit.pictures.loc[audit.pictures["split"] == split, "flags"].str.split()
            counts = [f"{sum(flag in found for found in flags):,}" for flag in FLAGS]
            values = [
                f"{prior.effective_colors.value:.1f}",
                f"{prior.imbalance.value:.3f}",
                f"{prior.chroma.value:.1f}",
            ]
            rows.append([code(audit.name), split, f"{len(flags):,}", *counts, *values])
    return table(head, rows, numbers_from=2)


def files_table(audits: Sequence[DatasetAudit]) -> str:
    """A row per data set: sizes and formats of its files."""
    head = ["data set", "width (min, median, max)", "height (min, median, max)", "different sizes", "most frequent"]
    head += ["formats", "enlarged"]
    return table(head, [_files(audit) for audit in audits])


def csv_row(audit: DatasetAudit) -> dict[str, Any]:
    """The numbers of a data set, tidy: an estimate has columns for its 95 % interval."""
    pictures, prior = audit.pictures, audit.priors["train"]
    counts = {f"n_{flag.replace('-', '_')}": len(audit.flagged(flag)) for flag in FLAGS}
    row: dict[str, Any] = {"dataset": audit.name, "revision": audit.revision, "image_size": audit.image_size}
    row["pictures"] = len(pictures)
    row |= {f"n_{split}": int((pictures["split"] == split).sum()) for split in audit.priors} | counts
    row["duplicate_groups"] = pictures["duplicate_group"].nunique()
    row["enlarged"] = enlarged(audit)
    for side in ("width", "height"):
        values = pictures[side].dropna()
        row |= {f"{side}_{name}": getattr(values, name)() for name in ("min", "median", "max")}
    row["formats"] = " ".join(sorted(pictures["format"].dropna().unique()))
    row["colors_of"] = "train"
    for name in _ESTIMATES:
        estimate: Estimate = getattr(prior, name)
        row |= {name: estimate.value, f"{name}_low": estimate.low, f"{name}_high": estimate.high}
    row["dominant_a"], row["dominant_b"] = prior.dominant
    row["dominant_share"] = prior.dominant_share
    row |= {f"mean_{channel}": value for channel, value in zip("Lab", prior.mean, strict=True)}
    row |= {"min_chroma": audit.min_chroma, "split_rule": audit.split_rule, "resize_rule": audit.resize_rule}
    return row


def _files(audit: DatasetAudit) -> list[str]:
    known = audit.pictures.dropna(subset=["width", "height"])
    sizes = known.groupby(["width", "height"]).size().sort_values(ascending=False, kind="stable")
    common = [
        f"{width} × {height} ({percent(number / len(known))})"
        for (width, height), number in sizes.head(_MOST_FREQUENT).items()
    ]
    formats = known["format"].value_counts()
    drawn = (known["format"] == DRAWN).any()
    return [
        code(audit.name),
        *(_spread(known[side]) for side in ("width", "height")),
        f"{len(sizes):,}",
        ", ".join(common),
        ", ".join(f"{escape(name)} {number:,}" for name, number in formats.items()),
        "–" if drawn else f"{enlarged(audit):,}",
    ]


def _spread(values: pd.Series) -> str:
    if values.empty:
        return "–"
    return ", ".join(f"{value:,.0f}" for value in (values.min(), values.median(), values.max()))


def _estimate(estimate: Estimate, decimals: int) -> str:
    value = f"{estimate.value:.{decimals}f}"
    if math.isnan(estimate.low):
        return value
    return f"{value} ({estimate.low:.{decimals}f} to {estimate.high:.{decimals}f})"


def _shares(estimate: Estimate) -> str:
    return _estimate(Estimate(*(100 * value for value in (estimate.value, estimate.low, estimate.high))), 1) + " %"
