"""Does one dominant colour in training make networks lazy? Measures against its share, and a verdict per loss."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from bench.report.doses import Response, Series, responses
from bench.report.figure import Figure
from bench.report.laziness import COLORS, MEASURES, frame, scope, signed
from bench.report.legend import metric
from bench.report.markdown import code, escape, join, table
from bench.report.statistics import write_p
from bench.report.stored import StoredRun
from bench.report.style import above, canvas, file_name, line_of, loss_lines, small_multiples
from bench.report.tables import write

_APART = 0.008
"""Between the marks of two losses, in parts of the range of doses, so that intervals do not hide each other."""


def draw_dose_response(run: StoredRun, one: Series, folder: Path) -> list[Figure]:
    """A panel per measure, a line per loss, over the doses."""
    found = responses(run, one)
    if not found:
        return []
    losses = list(dict.fromkeys(part.loss for part in found))
    path = folder / file_name("dose", one.name)
    _draw(one, found, losses, path)
    verdicts = [verdict(one.doses, [part for part in found if part.loss == loss]) for loss in losses]
    return [
        Figure(
            path,
            f"Dose and response on {one.short}",
            "The dose is the share of the training pictures that are of one dominant colour; the test pictures are "
            "balanced and the same at every dose. Points are means over seeds with 95 % intervals; dashed: no better "
            "than one constant colour (skill), as colourful as the truth (ratios), as bad as grey (rare colour error). "
            "Skill is against the mean colour of training at the lowest dose throughout.",
            f"Measures of laziness against the dose on {one.short}. " + " ".join(map(_alt, found)),
            "imbalance",
            one.name,
            verdicts=tuple(verdicts),
            lines=(*_extremes(found), scope([part.slope for part in found])),
            table=_slopes(found, losses),
            details=((f"Every dose of {escape(one.short)} in numbers", _values(one, found)),),
        )
    ]


def verdict(doses: Sequence[float], found: Sequence[Response]) -> str:
    """What the dose does to a loss, from its responses of all measures."""
    turning = [part for part in found if part.turn is not None]
    found = [part for part in found if part.turn is None] or found
    clear = [part for part in found if part.slope.clear]
    lazier = [part for part in clear if part.slope.lazier]
    livelier = [part for part in clear if part.slope.livelier]
    beyond = [part for part in clear if part not in (*lazier, *livelier)]
    unclear = [metric(part.slope.name).label for part in found if not part.slope.clear]
    name, reach = code(found[0].loss), f"from dose {doses[0]:g} to {doses[-1]:g}"
    skill = next((part.means[0] for part in found if part.slope.name == "skill"), None)
    rest = f"; no clear change of {join(unclear)}" if unclear and clear else ""
    alone = [metric(part.slope.name).label for part in found if part.slope.clear_alone and not part.slope.clear]
    rest += f"; among fewer slopes {join(alone)} would be clear" if alone else ""
    rest += f"; {_listed(beyond, doses)}, beyond the truth's" if beyond else ""
    rest += "".join(f"; {metric(part.slope.name).label} turns, {_bend(part)}" for part in turning)
    if skill is not None and skill.value <= 0:
        return (
            f"{name} **cannot be judged**: at dose {doses[0]:g} it was no better than one constant colour already "
            f"(skill {skill.value:.2f})."
        )
    if lazier:
        fades = any(part.slope.name in COLORS for part in lazier)
        # One colour painted everywhere can have much chroma: that alone is no sign of learning.
        against = f"; against that, {_listed(livelier, doses)}" if livelier else ""
        # More error alone may be of as much colour in the wrong places.
        answer = f"gets lazier{' in part' if livelier else ''}" if fades else "errs more"
        return f"{name} **{answer}**: {reach} {_listed(lazier, doses)}{against}{rest}."
    if livelier:
        return f"{name} **gets no lazier**, rather the opposite: {reach} {_listed(livelier, doses)}{rest}."
    if beyond:
        return f"{name} **gets no lazier**: {reach} {_listed(beyond, doses)}, beyond the truth's."
    return f"For {name} **no effect can be told**: {reach} {_listed(found, doses)}{rest}."


def _listed(found: Sequence[Response], doses: Sequence[float]) -> str:
    return join([f"{metric(part.slope.name).label} goes {_course(part, doses)}" for part in found])


def _bend(part: Response) -> str:
    first, *_, last = (mean.value for mean in part.means)
    return f"from {first:.2f} over {part.turn.value:.2f} to {last:.2f}, so that its slope says nothing"


def _course(part: Response, doses: Sequence[float]) -> str:
    onset = part.onset
    since = f", clear from dose {doses[onset]:g} on" if onset is not None and len(doses) > 2 else ""
    return f"from {part.means[0].value:.2f} to {part.means[-1].value:.2f} (slope {signed(part.slope.by)}{since})"


def _extremes(found: Sequence[Response]) -> list[str]:
    """Which losses lose the least and the most skill."""
    slopes = sorted((part.slope.by.value, part.loss) for part in found if part.slope.name == "skill")
    if len(slopes) < 2:
        return []
    (most, first), (least, last) = slopes[0], slopes[-1]
    return [f"Slopes of skill go from {most:+.2f} ({code(first)}) to {least:+.2f} ({code(last)})."]


def _draw(one: Series, found: Sequence[Response], losses: list[str], path: Path) -> None:
    shown = [name for name in MEASURES if any(part.slope.name == name for part in found)]
    known = one.boards[0].losses
    spread = _APART * (one.doses[-1] - one.doses[0])
    with canvas(path, 0.9 + 2.4 * -(-len(shown) // 2)) as figure:
        panels = small_multiples(figure, -(-len(shown) // 2), 2, sharex=True).ravel()
        for panel in panels[len(shown) :]:
            panel.set_axis_off()
        for panel, name in zip(panels, shown, strict=False):
            frame(panel, name)
            for part in (part for part in found if part.slope.name == name):
                step = spread * (losses.index(part.loss) - (len(losses) - 1) / 2)
                values = [mean.value for mean in part.means]
                halves = [mean.half or 0 for mean in part.means]
                style = {"linewidth": 1.6, "elinewidth": 1, "marker": "o", "markersize": 3.5}
                style |= line_of(part.loss, known)
                panel.errorbar(np.array(one.doses) + step, values, halves, **style)
            panel.set_xticks(one.doses, [f"{dose:g}" for dose in one.doses])
        figure.supxlabel("dose: share of the training pictures of one dominant colour", size=9.5)
        above(figure, loss_lines(losses, known))


def _slopes(found: Sequence[Response], losses: Sequence[str]) -> str:
    """Rows losses, columns the slopes of the measures; what is clear is bold."""
    names = [name for name in MEASURES if any(part.slope.name == name for part in found)]
    of = {(part.loss, part.slope.name): part.slope for part in found}
    rows = [
        [
            escape(loss),
            *(
                (f"**{signed(slope.by)}**" if slope.clear else signed(slope.by))
                if (slope := of.get((loss, name)))
                else "–"
                for name in names
            ),
        ]
        for loss in losses
    ]
    head = ["loss", *(f"slope of {metric(name).label}" for name in names)]
    return table(head, rows, numbers_from=1)


def _values(one: Series, found: Sequence[Response]) -> str:
    head = ["measure", "loss", *(f"dose {dose:g}" for dose in one.doses), "slope", "p (Holm)", "clear from dose"]
    rows = [
        [
            metric(part.slope.name).label,
            escape(part.loss),
            *(write(mean, 3) for mean in part.means),
            signed(part.slope.by),
            write_p(part.slope.p),
            "–" if part.onset is None else f"{one.doses[part.onset]:g}",
        ]
        for part in found
    ]
    how = (
        "± is half of a 95 % interval. A slope is by least squares, per unit of the dose; every training counts as a "
        "draw of its own, so that the spread between seeds at every dose tells how sure it is. The last column is the "
        "dose from which on all differ clearly from the lowest, by Holm over all doses, measures and losses."
    )
    return f"{how}\n\n{table(head, rows, numbers_from=2)}"


def _alt(part: Response) -> str:
    return f"{part.loss}: {metric(part.slope.name).label} {part.means[0].value:.2f} to {part.means[-1].value:.2f}."
