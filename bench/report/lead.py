"""The first sentence of the answer: does the architecture or the loss change the pictures more?"""

from __future__ import annotations

from collections.abc import Sequence

from bench.report.headlines import Answer
from bench.report.legend import metric
from bench.report.markdown import code, count, join


def lead(found: dict[str, list[Answer]]) -> str:
    """Architecture or loss: which one moves the headline metrics more, over all data sets."""
    compared = [(data, one) for data, several in found.items() for one in several if one.effects]
    if not compared:
        return (
            "Architecture and loss cannot be weighed against each other here: that takes at least two of each, "
            "every one combined with every other."
        )
    wins: dict[str, list[tuple[str, Answer]]] = {"loss": [], "architecture": [], "open": []}
    for data, one in compared:
        wins[_winner(one)].append((data, one))
    first, second = sorted(("loss", "architecture"), key=lambda axis: -len(wins[axis]))
    undecided = f" Too close to call: {_what(wins['open'])}." if wins["open"] else ""
    if len(wins[first]) * 2 > len(compared):
        rest = f" The {second} moves {_what(wins[second])} more." if wins[second] else ""
        return (
            f"**The {first} changes the pictures more than the {second}** in {len(wins[first])} of "
            f"{count(len(compared), 'comparison')} (headline metric × data set).{rest}{undecided}"
        )
    if not wins[first]:
        return f"**Neither choice clearly matters more.**{undecided}"
    sides = [f"the {axis} moves {_what(wins[axis])} more" for axis in (first, second) if wins[axis]]
    return f"**Neither choice matters more throughout**: {'; '.join(sides)}.{undecided}"


def _winner(one: Answer) -> str:
    """The axis that moves a metric more; "open" where the pictures alone vary as much as the lead."""
    if one.axes is not None and not one.axes.clear:
        return "open"
    return "loss" if one.effects.loss > one.effects.architecture else "architecture"


def _what(won: Sequence[tuple[str, Answer]]) -> str:
    by_data: dict[str, list[str]] = {}
    for data, one in won:
        by_data.setdefault(data, []).append(metric(one.name).label)
    return join([f"{join(labels)} on {code(data)}" for data, labels in by_data.items()])
