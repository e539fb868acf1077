"""What the numbers of an audit say, in sentences."""

from __future__ import annotations

import math
from collections.abc import Sequence

from bench.audit.dataset import GREY, DatasetAudit
from bench.audit.prior import NEAR
from bench.audit.resampling import Estimate, ratio
from bench.report.markdown import code, count, join
from registry.ab_bins import reachable_bins

_HUES = (
    (15, "pink"),
    (52, "red"),
    (82, "orange"),
    (112, "yellow"),
    (165, "green"),
    (230, "cyan"),
    (310, "blue"),
    (340, "purple"),
    (360, "pink"),
)
"""Names of hues in Lab up to an angle in degrees; sRGB's red is at 40, yellow at 103, green at 136, blue at 306."""

_GREY_CHROMA, _MUTED_CHROMA = 5, 30


def color_name(a: float, b: float) -> str:
    """A plain word for a colour of the ab plane."""
    chroma = math.hypot(a, b)
    if chroma < _GREY_CHROMA:
        return "grey"
    angle = math.degrees(math.atan2(b, a)) % 360
    name = next(name for limit, name in _HUES if angle < limit or limit == 360)
    return f"muted {name}" if chroma < _MUTED_CHROMA else name


def leaks(audits: Sequence[DatasetAudit]) -> list[str]:
    """What makes scores untrustworthy: pictures that are in several splits."""
    lines = []
    for one in audits:
        found = one.flagged("leak")
        if len(found):
            groups = count(found["duplicate_group"].nunique(), "picture")
            splits = join([split for split in one.priors if split in set(found["split"])])
            lines.append(
                f"**Leak in {code(one.name)}: {groups} in more than one split** ({splits}; {len(found):,} copies in "
                "all, listed below). Scores there count pictures that were seen in training or chosen by."
            )
    return lines


def lead(audits: Sequence[DatasetAudit]) -> str:
    """What each data set is like, and how they compare."""
    alone = [_alone(one) for one in audits]
    return "\n\n".join([*alone, _comparison(audits)] if len(audits) > 1 else alone)


def _alone(audit: DatasetAudit) -> str:
    prior = audit.priors["train"]
    name = color_name(*prior.dominant)
    return (
        f"{code(audit.name)}: {percent(prior.near_dominant.value)} of all training pixels lie within {NEAR:g} Lab "
        f"units of one colour, {name} ({plane(prior.dominant)}). Its colours are as varied as "
        f"{prior.effective_colors.value:.1f} equally frequent ones of {len(reachable_bins())} would be"
        f"{_interval(prior.effective_colors)}, and the mean chroma is {prior.chroma.value:.1f}."
    )


def _comparison(audits: Sequence[DatasetAudit]) -> str:
    """The least even against the most even, with an interval of their ratio."""
    ordered = sorted(audits, key=lambda one: one.priors["train"].effective_colors.value)
    least, most = ordered[0], ordered[-1]
    few, many = least.priors["train"], most.priors["train"]
    factor = ratio(many.effective_colors.value / few.effective_colors.value, many.redrawn_colors / few.redrawn_colors)
    told = f"a factor of {factor.value:.2f} (95 % interval {factor.low:.2f} to {factor.high:.2f})"
    # A single picture cannot be redrawn, and then no difference can be called clear.
    if min(few.n, many.n) < 2 or factor.low <= 1:
        return (
            f"**By how evenly they use colours the data sets cannot be told apart:** between {code(least.name)} and "
            f"{code(most.name)} there is {told}."
        )
    degree, listed = "more", ""
    if len(ordered) > 2:
        each = [f"{code(one.name)} ({one.priors['train'].effective_colors.value:.1f})" for one in ordered]
        degree, listed = "most", f" From few colours to many: {join(each)}."
    return (
        f"**{code(least.name)} is the {degree} one-sided, {code(most.name)} the {degree} varied:** "
        f"{few.effective_colors.value:.1f} effective colours against {many.effective_colors.value:.1f}, {told}; near "
        f"their dominant colours lie {percent(few.near_dominant.value)} and {percent(many.near_dominant.value)} of "
        f"the pixels.{listed}"
    )


def findings(audits: Sequence[DatasetAudit]) -> list[str]:
    """A line per data set on what a reader should know of its files before using it."""
    return [
        f"{code(one.name)}, {count(len(one.pictures), 'picture')}: {join(_problems(one)) or _FINE}." for one in audits
    ]


_FINE = "every picture can be read, none is grey or near-grey, and none is there twice"


def _problems(audit: DatasetAudit) -> list[str]:
    parts = []
    for flag, meaning in (
        ("unreadable", "unreadable"),
        ("grey", "grey, which runs leave out" if audit.min_chroma == GREY else "grey"),
        ("near-grey", "near-grey"),
        ("duplicate", "with the same pixels as another"),
        ("leak", "with a copy in another split"),
    ):
        number = len(audit.flagged(flag))
        if number:
            parts.append(f"{number:,} {meaning}")
    small = enlarged(audit)
    if small:
        parts.append(f"{small:,} smaller than {audit.image_size} pixels and so enlarged")
    left_out = int((audit.pictures["peak_chroma"] < audit.min_chroma).sum())
    if left_out and audit.min_chroma != GREY:
        parts.append(f"{left_out:,} that runs leave out as grey (peak chroma below {audit.min_chroma:g})")
    return parts


def enlarged(audit: DatasetAudit) -> int:
    """Pictures whose file has fewer pixels on a side than the audit's size."""
    return int((audit.pictures[["width", "height"]].min(axis=1) < audit.image_size).sum())


def percent(share: float) -> str:
    """``40 %``; below one in ten with a decimal."""
    return f"{100 * share:.0f} %" if share >= 0.1 else f"{100 * share:.1f} %"


def plane(ab: Sequence[float]) -> str:
    """``a 10, b −20``."""
    a, b = (f"{value:.0f}".replace("-", "−") for value in ab)
    return f"a {a}, b {b}"


def _interval(estimate: Estimate) -> str:
    if math.isnan(estimate.low):
        return ""
    return f" (95 % interval {estimate.low:.1f} to {estimate.high:.1f})"
