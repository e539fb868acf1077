"""Dose and response: how measures change with the share of the training pictures that are of one colour."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from bench.report.board import Board
from bench.report.laziness import MEASURES, NO_GOAL, Change, corrected
from bench.report.sample import Sample
from bench.report.statistics import Uncertainty, contrast, slope_weights
from bench.report.stored import StoredRun
from registry import DATASETS
from registry.errors import UserError
from registry.spec import Component, parse_component

_TURNS = 0.25
"""A curve turns that comes back by more than this share of its way."""

DOSE = "imbalance"
"""The parameter of a data set that is the dose."""


@dataclass(frozen=True)
class Series:
    """Data sets that differ in nothing but the dose.

    Attributes:
        name: Their spec without it.
        short: The same in short; see `short_names`.
        doses: Ascending.
        boards: One per dose.
    """

    name: str
    short: str
    doses: tuple[float, ...]
    boards: tuple[Board, ...]


@dataclass(frozen=True)
class Response:
    """A measure of a loss over the doses, a mean over architectures and seeds.

    Attributes:
        means: At each dose.
        slope: Per unit of the dose, by least squares.
        since: At each dose but the lowest, what has changed from there.
    """

    loss: str
    means: tuple[Uncertainty, ...]
    slope: Change
    since: tuple[Change, ...] = ()

    @property
    def onset(self) -> int | None:
        """The place of the dose from which on all differ clearly from the lowest, in the slope's direction."""
        same = [change.clear and change.by.value * self.slope.by.value > 0 for change in self.since]
        return max((place for place, one in enumerate(same) if not one), default=-1) + 2 if same and same[-1] else None

    @property
    def turn(self) -> Uncertainty | None:
        """The mean at which the curve turns back, further from both ends than their intervals; None of a straight one.

        A slope says nothing of such a curve.
        """
        first, *inner, last = self.means
        middle = (first.value + last.value) / 2
        for mean in sorted(inner, key=lambda one: abs(one.value - middle), reverse=True)[:1]:
            away = [mean.value - end.value for end in (first, last)]
            chance = [math.hypot(mean.half or 0, end.half or 0) for end in (first, last)]
            back, most = sorted(map(abs, away))
            beyond = all(abs(gap) > least for gap, least in zip(away, chance, strict=True))
            if away[0] * away[1] > 0 and beyond and back > _TURNS * most:
                return mean
        return None


def series(boards: Sequence[Board]) -> list[Series]:
    """The data sets of a run that have two doses or more."""
    found: dict[tuple[str, str], dict[float, tuple[Component, Board]]] = {}
    for board in boards:
        try:
            component = parse_component(DATASETS, board.dataset)
        except UserError:
            continue  # of a plugin that is not loaded: it may still be shown elsewhere
        others = dict(component.parameters)
        dose = others.pop(DOSE, None)
        if dose is not None and board.completed:
            key = (component.name, json.dumps(others, sort_keys=True, default=str))
            found.setdefault(key, {})[float(dose)] = (component, board)
    several = [dict(sorted(one.items())) for one in found.values() if len(one) > 1]
    names = [next(iter(one.values()))[0].name for one in several]
    return [_series(one, alone=names.count(name) == 1) for one, name in zip(several, names, strict=True)]


def _series(doses: dict[float, tuple[Component, Board]], *, alone: bool) -> Series:
    component = next(iter(doses.values()))[0]
    default = component.entry.parameters[DOSE].default
    name = Component(component.entry, {**component.parameters, DOSE: default}).text
    return Series(name, component.name if alone else name, tuple(doses), tuple(board for _, board in doses.values()))


def short_names(datasets: Sequence[str], found: Sequence[Series]) -> dict[str, str]:
    """What to call some data sets: without parameters where only one has the name, and those of a series by dose."""
    names = {
        board.dataset: f"{one.short}, dose {dose:g}"
        for one in found
        for dose, board in zip(one.doses, one.boards, strict=True)
    }
    plain = [text.partition("(")[0] for text in datasets]
    for text, name in zip(datasets, plain, strict=True):
        names.setdefault(text, name if plain.count(name) == 1 else text)
    return names


def responses(run: StoredRun, one: Series) -> list[Response]:
    """Of each loss and measure that was had at every dose; p of the slopes by Holm over all of them.

    What has changed since the lowest dose is corrected likewise, over all doses, measures and losses.

    The skill at every dose is against the same lazy colour, the mean of training at the lowest dose: the mean colour
    of an imbalanced set is a worse guess on balanced pictures, which would make networks look better than they are.
    """
    losses = list(dict.fromkeys(loss for board in one.boards for loss in board.losses))
    lazy = lazy_errors(run, one.boards[0])
    found = []
    for name in MEASURES:
        given = {"lazy": lazy} if name == "skill" else {}
        samples = [Sample(run, board.completed, name, NO_GOAL, **given) for board in one.boards]
        found += [part for loss in losses if (part := _response(samples, one, name, loss)) is not None]
    slopes = corrected([part.slope for part in found])
    since = iter(corrected([change for part in found for change in part.since]))
    return [
        Response(part.loss, part.means, slope, tuple(next(since) for _ in part.since))
        for part, slope in zip(found, slopes, strict=True)
    ]


def lazy_errors(run: StoredRun, board: Board) -> pd.Series | None:
    """Squared error on each test picture of the mean colour of a data set's training pictures."""
    table = run.per_image(board.completed[0])
    return None if table is None or "skill_lazy_mse" not in table else table.set_index("picture").skill_lazy_mse


def _response(samples: Sequence[Sample], one: Series, name: str, loss: str) -> Response | None:
    cube = values_over(samples, [loss] * len(samples), one.boards[0].architectures)
    if cube is None:
        return None
    values, redrawn, n = cube
    each = np.eye(len(samples))
    means = tuple(contrast(values, redrawn, n, weights) for weights in each)
    since = tuple(
        Change(name, contrast(values, redrawn, n, weights - each[0]), ends=(means[0].value, mean.value))
        for weights, mean in zip(each[1:], means[1:], strict=True)
    )
    slope = contrast(values, redrawn, n, slope_weights(one.doses))
    return Response(loss, means, Change(name, slope, ends=(means[0].value, means[-1].value)), since)


Cube = tuple[np.ndarray, np.ndarray | None, int]


def values_over(samples: Sequence[Sample], losses: Sequence[str], architectures: Sequence[str]) -> Cube | None:
    """A measure under some conditions, each a sample and a loss, of what was trained under all of them.

    Returns:
        Values ``(architectures, conditions, seeds)``, the same on redrawn test sets or None, and the number of
        test pictures; None where no architecture has a seed that all conditions share.
    """
    conditions = list(zip(samples, losses, strict=True))
    shared = {
        architecture: set.intersection(*(set(sample.seeds([(architecture, loss)])) for sample, loss in conditions))
        for architecture in architectures
    }
    kept = [architecture for architecture, seeds in shared.items() if seeds]
    seeds = sorted(set.intersection(*(shared[architecture] for architecture in kept))) if kept else []
    if not seeds:
        return None
    parts = [sample.table(np.array([[(a, loss)] for a in kept]), seeds) for sample, loss in conditions]
    values = np.concatenate([part for part, _ in parts], axis=1)
    numbers = {sample.n_pictures for sample in samples}
    if len(numbers) > 1 or any(redrawn is None for _, redrawn in parts):
        return values, None, 0
    return values, np.concatenate([redrawn for _, redrawn in parts], axis=2), numbers.pop()
