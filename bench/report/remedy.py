"""Does it help to weigh rare colours up? Each rebalanced loss against the same loss as it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bench.report.board import Board
from bench.report.doses import Series, lazy_errors, short_names, values_over
from bench.report.figure import Figure
from bench.report.laziness import MEASURES, NO_GOAL, Change, corrected, scope, signed
from bench.report.legend import metric
from bench.report.markdown import code, escape, join, table, unmarked
from bench.report.sample import Sample
from bench.report.statistics import contrast, write_p
from bench.report.stored import StoredRun
from bench.report.style import FAINT, above, canvas, label, line_of, loss_lines, small_multiples
from bench.setting_axes import named_settings, plain_loss
from registry import LOSSES
from registry.errors import UserError
from registry.spec import parse_sum

REMEDY = "rebalanced"
"""The loss that weighs another's rare colours up."""


@dataclass(frozen=True)
class Remedy:
    """What rebalancing changes in a measure, on data sets that differ at most in their dose.

    Attributes:
        each: By data set, rebalanced less plain.
        mean: Over the data sets.
    """

    where: str
    plain: str
    rebalanced: str
    each: dict[str, Change]
    mean: Change


def remedies(run: StoredRun, boards: Sequence[Board], found: Sequence[Series]) -> list[Remedy]:
    """Of every pair of losses, group of data sets and measure; p of the means by Holm over all of them."""
    groups = {one.name: one.boards for one in found}
    grouped = {board.dataset for several in groups.values() for board in several}
    groups |= {board.dataset: (board,) for board in boards if board.dataset not in grouped and board.completed}
    pairs = _pairs(list(dict.fromkeys(loss for board in boards for loss in board.losses)))
    parts = [
        part
        for where, several in groups.items()
        for name in (MEASURES if pairs else ())
        for part in _of_measure(run, where, several, name, pairs)
    ]
    means = corrected([part.mean for part in parts])
    return [Remedy(p.where, p.plain, p.rebalanced, p.each, mean) for p, mean in zip(parts, means, strict=True)]


def _pairs(losses: Sequence[str]) -> list[tuple[str, str]]:
    """Plain and rebalanced losses that belong together, with the same settings."""
    pairs = []
    for name in losses:
        try:
            terms = parse_sum(LOSSES, plain_loss(name)).terms
        except UserError:
            continue
        if len(terms) == 1 and terms[0][1].name == REMEDY:
            plain = ", ".join(filter(None, (str(terms[0][1].parameters["loss"]), named_settings(name))))
            if plain in losses:
                pairs.append((plain, name))
    return pairs


def _of_measure(
    run: StoredRun, where: str, boards: Sequence[Board], name: str, pairs: Sequence[tuple[str, str]]
) -> list[Remedy]:
    # Over doses as dose and response have it: against one and the same lazy colour.
    given = {"lazy": lazy_errors(run, boards[0])} if name == "skill" else {}
    samples = [Sample(run, board.completed, name, NO_GOAL, **given) for board in boards]
    found = []
    for plain, rebalanced in pairs:
        count = len(samples)
        cube = values_over([*samples, *samples], [plain] * count + [rebalanced] * count, boards[0].architectures)
        if cube is None:
            continue
        # By seed, and not of means: what trainings from the same start share cancels.
        before, after = cube[0][:, :count].mean(axis=(0, 2)), cube[0][:, count:].mean(axis=(0, 2))
        gap, redrawn = (
            None if part is None else part[..., count:, :] - part[..., :count, :] for part in (cube[0], cube[1])
        )
        n = cube[2]
        each = {
            board.dataset: Change(name, contrast(gap, redrawn, n, one), ends=(before @ one, after @ one))
            for board, one in zip(boards, np.eye(count), strict=True)
        }
        # Within each seed first: trainings with one seed at several doses need not be draws of their own.
        over = gap.mean(axis=1, keepdims=True), None if redrawn is None else redrawn.mean(axis=2, keepdims=True)
        mean = Change(name, contrast(*over, n, [1.0]), ends=(before.mean(), after.mean()))
        found.append(Remedy(where, plain, rebalanced, each, mean))
    return found


def draw_remedy(run: StoredRun, boards: Sequence[Board], series: Sequence[Series], folder: Path) -> list[Figure]:
    """A panel per measure, a line per pair, over the data sets."""
    found = remedies(run, boards, series)
    if not found:
        return []
    names = short_names([board.dataset for board in boards], series)
    names |= {one.name: one.short for one in series}
    path = folder / "remedy.png"
    _draw(found, [board for board in boards if board.completed], series, names, path)
    answers = [
        told([part for part in found if (part.where, part.rebalanced) == key], names)
        for key in dict.fromkeys((part.where, part.rebalanced) for part in found)
    ]
    return [
        Figure(
            path,
            "Rare colours weighted up",
            "Each rebalanced loss (Zhang et al. 2016) less the same loss as it is, with the same seeds and test "
            "pictures; above the dashed line rebalancing raises a measure. Intervals are of 95 %.",
            "What rebalancing changes. " + unmarked(" ".join(answers)),
            "imbalance",
            None,
            verdicts=tuple(answers),
            lines=(scope([part.mean for part in found]),),
            table=_table(found, names),
            details=(("Rebalancing on every data set in numbers", _each(found, names)),),
        )
    ]


def told(found: Sequence[Remedy], names: Mapping[str, str]) -> str:
    """Whether rebalancing a loss helps on some data sets, from its changes of all measures."""
    changes = [part.mean for part in found]
    clear = [change for change in changes if change.clear]
    of = {change.name: change for change in clear}
    unclear = [metric(change.name).label for change in changes if not change.clear]
    first = found[0]
    over = f", over {len(first.each)} doses," if len(first.each) > 1 else ""
    who = f"{code(first.rebalanced)} against {code(first.plain)} on {code(names[first.where])}{over}"
    alone = [metric(change.name).label for change in changes if change.clear_alone and not change.clear]
    fewer = f"; among fewer tests {join(alone)} would be clear" if alone else ""
    if not clear:
        return f"{who} **changes nothing clearly**: {join([change.text for change in changes])}{fewer}."
    rare, skill = of.get("rare_ab_error"), of.get("skill")
    if rare is None:
        answer = "does not clearly change the error on rare colours"
    elif rare.lazier:
        answer = "makes the error on rare colours larger"
    elif skill is not None and skill.lazier:
        answer = "helps where colours are rare, at the price of skill"
    else:
        answer = "helps where colours are rare"
    rest = (f"; no clear change of {join(unclear)}" if unclear else "") + fewer
    # The name of a series is that of its data set of dose 0.
    exceptions = [
        f"on {code(names[where] + (', dose 0' if where == first.where else ''))} {change.text}"
        for where, change in _exceptions(found)
    ]
    rest += f"; but {join(exceptions)}" if exceptions else ""
    return f"{who} **{answer}**: {join([change.text for change in clear])}{rest}."


def _exceptions(found: Sequence[Remedy]) -> list[tuple[str, Change]]:
    """Where a measure gets lazier by more than its interval, though over all data sets it does not clearly."""
    return [
        (where, change)
        for part in found
        if len(part.each) > 1 and not (part.mean.clear and part.mean.lazier)
        for where, change in part.each.items()
        if change.lazier and change.clear_alone
    ]


def _draw(
    found: Sequence[Remedy], boards: Sequence[Board], series: Sequence[Series], names: Mapping[str, str], path: Path
) -> None:
    ticks = {board.dataset: label(names[board.dataset], 11, 3) for board in boards}
    title = ""
    if len(series) == 1:
        [one] = series
        ticks |= {board.dataset: f"{dose:g}" for dose, board in zip(one.doses, one.boards, strict=True)}
        title = f"data set trained and tested on; numbers are doses of {one.short}"
    datasets = [board.dataset for board in boards if any(board.dataset in part.each for part in found)]
    known = boards[0].losses
    losses = list(dict.fromkeys(part.rebalanced for part in found))
    shown = [name for name in MEASURES if any(part.mean.name == name for part in found)]
    with canvas(path, 1.2 + 2.2 * -(-len(shown) // 2)) as figure:
        panels = small_multiples(figure, -(-len(shown) // 2), 2, sharex=True).ravel()
        for panel in panels[len(shown) :]:
            panel.set_axis_off()
        for panel, name in zip(panels, shown, strict=False):
            panel.set_title(metric(name).label)
            panel.axhline(0, color=FAINT, linewidth=1, linestyle="--", zorder=1)
            for part in (part for part in found if part.mean.name == name):
                step = 0.12 * (losses.index(part.rebalanced) - (len(losses) - 1) / 2)
                places = [datasets.index(dataset) + step for dataset in part.each]
                values, halves = zip(*((one.by.value, one.by.half or 0) for one in part.each.values()), strict=True)
                style = {"linewidth": 1.6, "elinewidth": 1, "marker": "o", "markersize": 3.5}
                panel.errorbar(places, values, halves, **line_of(part.rebalanced, known), **style)
            panel.set_xticks(range(len(datasets)), [ticks[one] for one in datasets])
            panel.tick_params(axis="x", labelsize=8)
        figure.supxlabel(title, size=9.5)
        figure.supylabel("rebalanced less plain", size=9.5)
        above(figure, loss_lines(losses, known))


def _table(found: Sequence[Remedy], names: Mapping[str, str]) -> str:
    """Rows pairs and data sets, columns measures; what is clear is bold."""
    shown = [name for name in MEASURES if any(part.mean.name == name for part in found)]
    of = {(part.where, part.rebalanced, part.mean.name): part.mean for part in found}
    rows = []
    for where, loss in dict.fromkeys((part.where, part.rebalanced) for part in found):
        changes = [of.get((where, loss, name)) for name in shown]
        texts = ["–" if one is None else f"**{signed(one.by)}**" if one.clear else signed(one.by) for one in changes]
        rows.append([escape(names[where]), escape(loss), *texts])
    head = ["data set", "loss", *(f"change of {metric(name).label}" for name in shown)]
    return table(head, rows, numbers_from=2)


def _each(found: Sequence[Remedy], names: Mapping[str, str]) -> str:
    head = ["measure", "rebalanced", "data set", "change", "p (Holm)"]
    rows = []
    for part in found:
        of, alone = [metric(part.mean.name).label, escape(part.rebalanced)], len(part.each) == 1
        for dataset, one in part.each.items():
            # Tested is the mean; a single data set is its own.
            rows.append([*of, escape(names[dataset]), signed(one.by), write_p(part.mean.p) if alone else "–"])
        if not alone:
            rows.append([*of, "mean of these", signed(part.mean.by), write_p(part.mean.p)])
    return table(head, rows, numbers_from=3)
