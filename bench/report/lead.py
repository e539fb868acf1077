"""The first sentence of the answer: does the architecture or the loss change the pictures more?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bench.report.axes import PARTS
from bench.report.entries import Entry
from bench.report.headlines import Answer
from bench.report.legend import HEADLINES, metric
from bench.report.markdown import code, count, join

_Won = list[tuple[str, Answer]]


def lead(rows: Mapping[str, Sequence[Entry]], found: Mapping[str, Sequence[Answer]]) -> str:
    """Architecture or loss: which one moves the headline metrics more, over all data sets. Only what is clear is bold.

    Args:
        rows: Of each data set.
        found: Answers of each data set.
    """
    trained = {data: [entry for entry in entries if entry.loss and entry.completed] for data, entries in rows.items()}
    trained = {data: entries for data, entries in trained.items() if entries}
    dull = [data for data, entries in trained.items() if all(map(lazy, entries))]
    if dull and len(dull) == len(trained):
        return (
            "**None of these networks learned to colour better than one constant colour: no comparison means much.** "
            "What follows says only how they differ."
        )
    compared = [(data, one) for data, several in found.items() for one in several if one.axes and data not in dull]
    left_out = (
        f" On {join(list(map(code, dull)))} no network learned to colour better than one constant colour, so it does "
        "not count."
        if dull
        else ""
    )
    if not compared:
        return (
            "Architecture and loss cannot be weighed against each other here: that takes at least two of each, "
            f"every one combined with every other.{left_out}"
        )
    return f"{_bold(compared)} {_tally(compared, len(HEADLINES) * len(rows))}{_settings(compared)}{left_out}"


def lazy(entry: Entry) -> bool:
    """Whether a row is no better than painting everything in the mean colour."""
    skill = entry.estimate("skill")
    return skill is not None and skill.value <= 0


def _bold(compared: _Won) -> str:
    clear = {axis: _led(compared, axis, "clear") for axis in ("loss", "architecture")}
    first, second = sorted(clear, key=lambda axis: -len(clear[axis]))
    if not clear[first]:
        if all(one.axes.verdict == "depends" for _, one in compared):
            return "**Neither architecture nor loss clearly matters more: every lead hangs on a single choice.**"
        return "**Whether the architecture or the loss matters more cannot be told from this run.**"
    if clear[second]:
        sides = [f"the {axis} matters more for {_what(clear[axis])}" for axis in (first, second)]
        return f"**It depends: {'; '.join(sides)}.**"
    if len(clear[first]) * 2 > len(compared):
        return f"**The {first} matters more than the {second}.**"
    return f"**The {first} matters more than the {second} for {_what(clear[first])}; beyond that no answer is clear.**"


def _tally(compared: _Won, possible: int) -> str:
    """How many comparisons each axis leads, and how sure they are."""
    of = f"{count(len(compared), 'comparison')} (headline metric × data set)"
    if len(compared) < possible:
        of = f"the {count(len(compared), 'comparison')} that could be made (of {possible}: headline metric × data set)"
    led = {axis: _led(compared, axis) for axis in ("loss", "architecture")}
    parts = [
        f"the {axis} moves the metric more in {len(led[axis])} ({_how_sure(led[axis])})"
        for axis in sorted(led, key=lambda axis: -len(led[axis]))
        if led[axis]
    ]
    even = [one for _, one in compared if one.axes.effects.leader is None]
    if even:
        parts.append(f"both move it alike in {len(even)}")
    return f"Of {of}, {'; '.join(parts)}."


def _settings(compared: _Won) -> str:
    """Of settings that are axes: where one moves a metric more than both architecture and loss."""
    ahead: dict[str, int] = {}
    for _, one in compared:
        shares = dict(zip(one.axes.names, one.axes.effects.shares, strict=True))
        both = max(shares.pop("architecture"), shares.pop("loss"))
        for name in shares:
            if name not in PARTS:
                ahead[name] = ahead.get(name, 0) + (shares[name] > both)
    return "".join(
        f" {code(name)} moves the metric more than either in {number or 'none'} of {len(compared)}."
        for name, number in ahead.items()
    )


def _how_sure(led: _Won) -> str:
    kinds = {kind: [one for _, one in led if one.axes.verdict == kind] for kind in ("clear", "depends", "open")}
    words = {
        "clear": "clear",
        "depends": f"hanging on {_pivots(kinds['depends'])}",
        "open": "perhaps by chance",
    }
    told = [kind for kind in kinds if kinds[kind]]
    if len(told) == 1:
        return f"all {words[told[0]]}" if len(led) > 1 else words[told[0]]
    return ", ".join(f"{len(kinds[kind])} {words[kind]}" for kind in told)


def _pivots(hanging: Sequence[Answer]) -> str:
    """What leads hang on: by name where it is one and the same."""
    pivots = {one.axes.pivot for one in hanging}
    if len(pivots) == 1:
        return f"{code(pivots.pop())} alone"
    losses = {one.axes.pivot in {entry.loss for entry in one.order} for one in hanging}
    return "a single " + {(True,): "loss", (False,): "architecture"}.get(tuple(losses), "architecture or loss")


def _led(compared: _Won, axis: str, verdict: str | None = None) -> _Won:
    return [
        (data, one) for data, one in compared if one.axes.effects.leader == axis and verdict in (None, one.axes.verdict)
    ]


def _what(won: _Won) -> str:
    by_data: dict[str, list[str]] = {}
    for data, one in won:
        by_data.setdefault(data, []).append(metric(one.name).label)
    every = "all headline metrics"
    told = [
        f"{every if len(labels) == len(HEADLINES) else join(labels)} on {code(data)}"
        for data, labels in by_data.items()
    ]
    return join(told, "and for")
