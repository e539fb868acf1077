"""The comparison in sentences, each worked out from the stored numbers."""

from __future__ import annotations

from collections.abc import Sequence

from bench.compare.differences import Difference, mean, same_pictures
from bench.compare.matching import Matching, Row
from bench.report.evidence import decimals_of
from bench.report.legend import metric
from bench.report.markdown import code, count, join
from bench.report.statistics import Uncertainty
from bench.report.stored import StoredRun

_MOST_NAMED = 3
_ROUNDING = 1e-9
"""An interval this narrow is one of rounding errors."""
_CLEAR = ("better", "worse")
_REST = {
    "could be chance": "could be chance",
    "the same": "the same to the last digit",
    "different": "different, with no goal to be nearer to",
    "not known": "different, perhaps by chance",
}
"""What is said of each verdict that is no clear one."""

_COVERS = {
    ("paired", "pictures"): "Intervals of rows with one seed are of the mean of the differences of single test "
    "pictures. They cover other pictures like these, not other seeds: two trainings of the same network differ too, "
    "and with one seed that cannot be told from a change.",
    ("paired", "seeds and pictures"): "Intervals of rows with several seeds are of the mean of the differences of "
    "single test pictures and seeds. They cover other pictures and other seeds like these.",
    ("pooled", "seeds"): "Intervals of a metric that has no scores of single pictures are of the mean of the "
    "differences of seeds. They cover other seeds, not other pictures.",
}

HOLM = (
    "p is that of no change, corrected by Holm over all trained rows and metrics of this page, the intervals are not; "
    "below 0.05 B is called better or worse, otherwise the change could be chance. Where the best value is the truth's "
    "or a number, better is nearer to it, and p is of that."
)


def intro(first: StoredRun, second: StoredRun, matching: Matching) -> str:
    """Which runs were compared, and how much of them is in both."""
    of = [f"{code(run.name)} (in {code(run.folder.as_posix())})" for run in (first, second)]
    same = join(["architecture", "loss", *map(code, first.named_with), "data set", "seed"])
    text = (
        f"**A** is {of[0]}, **B** is {of[1]}. {count(matching.cells, 'cell')} of the same {same} "
        f"{'was' if matching.cells == 1 else 'were'} completed in both. A difference is B − A."
    )
    if matching.lost:
        told = count(len(matching.lost), "cell")
        text += f" **{told} that A completed {'is' if len(matching.lost) == 1 else 'are'} not completed in B.**"
    return text


def answer(several: Sequence[Difference]) -> str:
    """What became of a metric on a data set: where it is better or worse in B, and by how much on average."""
    trained = [one for one in several if one.row.trained]
    sentences = [_trained(trained) if trained else "No trained row is in both.", _references(several)]
    where = several[0].first.where
    title = f"**{metric(several[0].metric).label}** ({where.arrow})"
    return f"{title}: {' '.join(filter(None, sentences))}"


def reading(several: Sequence[Difference]) -> list[str]:
    """What the intervals of some differences cover."""
    kinds = {(one.pairing, one.gap.covers) for one in several if one.row.trained}
    told = [text for kind, text in _COVERS.items() if kind in kinds]
    if any(pairing == "apart" for pairing, _ in kinds):
        told.append(
            "Where the test pictures are not the same, intervals are those of two independent test sets, and a "
            "difference is also that of the pictures: it says little of the networks."
        )
    if any(not covers for _, covers in kinds):
        told.append("Where nothing is known of single pictures and there is one seed, there is no interval.")
    return [*told, HOLM]


def other_pictures(rows: Sequence[Row]) -> list[str]:
    """A warning for each data set whose test pictures differ."""
    differ = dict.fromkeys(
        row.dataset for row in rows if not all(same_pictures(*pair) for pair in zip(row.first, row.second, strict=True))
    )
    return [
        f"**The test pictures of {code(name)} are not the same in both runs**, or their records do not say so: "
        "its differences are also those of the pictures."
        for name in differ
    ]


def signed(value: float, decimals: int) -> str:
    """With its sign; in powers of ten where it would be rounded away."""
    if not value:
        return "0"
    text = f"{value:+.{decimals}f}"
    return text if float(text) else f"{value:+.1e}"


def decimals(gap: Uncertainty, *values: float) -> int:
    """For two digits of an interval's width, and for three or four of the values."""
    largest = max(map(abs, values), default=0)
    least = 3 if largest < 10 else 2 if largest < 100 else 1
    return max(least, decimals_of(gap)) if (gap.half or 0) > _ROUNDING else least + 1


def interval(gap: Uncertainty, digits: int) -> str:
    """The ends of an interval; empty where there is none."""
    if gap.half is None:
        return ""
    return f"{gap.low:+.{digits}f} to {gap.high:+.{digits}f}" if gap.low or gap.high else "0 to 0"


def _trained(several: Sequence[Difference]) -> str:
    alone = len(several) == 1
    if all(one.same for one in several):
        return (
            f"the same to the last digit in {'the one trained row' if alone else f'all {len(several)} trained rows'}."
        )
    by: dict[str, list[Difference]] = {}
    for one in several:
        by.setdefault(one.verdict, []).append(one)
    parts = [f"clearly **{verdict}** in {_which(by[verdict], alone=alone)}" for verdict in _CLEAR if verdict in by]
    rest = [f"{len(by[verdict])} {words}" for verdict, words in _REST.items() if verdict in by]
    if parts:
        told = f"of {count(len(several), 'trained row')}, B is {join(parts)}"
    else:
        none = "the one trained row is not" if alone else f"none of {len(several)} trained rows is"
        told = f"{none} clearly better or worse in B"
    if rest and (parts or len(rest) > 1 or "not known" in by):
        told += f"{'; the rest: ' if parts else ': '}{', '.join(rest)}"
    if alone:
        return f"{told}."
    gap = mean(several)
    digits = decimals(gap, *(side.value for one in several for side in (one.first, one.second)))
    between = f" (95 % interval {interval(gap, digits)})" if gap.half is not None else ""
    return f"{told}. On average B − A is {signed(gap.value, digits)}{between}."


def _which(some: Sequence[Difference], *, alone: bool) -> str:
    """How many rows, and which: the largest changes first."""
    order = sorted(some, key=lambda one: -abs(one.further.value))
    named = [
        f"{one.row.name}: {signed(one.gap.value, decimals(one.gap, one.first.value, one.second.value))}"
        for one in order[:_MOST_NAMED]
    ]
    more = [f"{len(some) - _MOST_NAMED} more"] if len(some) > _MOST_NAMED else []
    return f"{'it' if alone else len(some)} ({'; '.join([*named, *more])})"


def _references(several: Sequence[Difference]) -> str:
    """A warning where references differ: nothing of them is trained, so what is measured must have changed."""
    changed = [one.row.name for one in several if not one.row.trained and not one.same]
    if not changed:
        return ""
    differs = "differs" if len(changed) == 1 else "differ"
    return f"**Untrained {join(changed)} {differs} too: the pictures, or the way of measuring, have changed.**"
