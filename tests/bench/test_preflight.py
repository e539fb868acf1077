"""What is wrong with a component shows before the first cell."""

import pytest
import torch
from torch import nn

from bench.grid import Grid
from bench.preflight import check_components
from registry import ARCHITECTURES, METRICS
from registry.errors import UserError
from registry.metrics.base import ColorMetric
from registry.plugins import Plugin
from registry.registry import registering_for


class Works(ColorMetric):
    """Works: the mean of the predicted a."""

    higher_is_better = False

    def __init__(self):
        super().__init__()
        self.values = []

    def update(self, prediction, target):  # noqa: ARG002
        self.values.append(prediction.ab[:, 0].mean(dim=(1, 2)))

    def compute(self):
        return torch.cat(self.values).mean()

    def per_image(self):
        return {"": torch.cat(self.values)}


class NoMetric:
    """Is none."""


class Batches(Works):
    """Has a value of each batch."""

    def per_image(self):
        return {"": torch.stack([one.mean() for one in self.values])}


class Vector(Works):
    """Has several values."""

    def compute(self):
        return torch.cat(self.values)


class Raises(Works):
    """Raises when it is fed."""

    def update(self, *_):
        raise KeyError("colour")


class Exits(Works):
    """Ends Python."""

    def update(self, *_):
        raise SystemExit(0)


class Unit(Works):
    """Has a number for a unit."""

    unit = 3


class Direction(Works):
    """Has a word for a direction."""

    higher_is_better = "yes"


@pytest.fixture
def check(register):
    """Check a small grid with one more component of a plugin."""

    def run(registry, name, factory, architecture="unet(n_down=2, num_filters=4)"):
        with registering_for(Plugin("/somewhere/mine.py", "")):
            register(registry, name, factory)
        cells = Grid(architectures=[architecture], losses=["l1"], datasets=["synthetic-faces"]).cells()
        check_components(cells, lambda *_: None)

    return run


def test_a_metric_that_works_passes(check):
    check(METRICS, "mine", Works)


@pytest.mark.parametrize(
    ("metric", "problem"),
    [
        (NoMetric, "is a NoMetric and no ColorMetric"),
        (Batches, r"gives \(2,\) as value of 4 pictures in two batches"),
        (Vector, r"gives \(4,\) from compute\(\), where one number is asked for"),
        (Raises, "raises KeyError: 'colour'"),
        (Exits, r"raises RuntimeError: sys.exit\(0\) was called"),
        (Unit, "has unit = 3, where a text is allowed"),
        (Direction, "has higher_is_better = 'yes', where True, False or None is allowed"),
    ],
)
def test_a_metric_that_does_not_is_named_with_what_is_wrong(check, metric, problem):
    with pytest.raises(UserError, match=rf"The metric 'mine' of mine\.py {problem}; docs/own-components.md"):
        check(METRICS, "mine", metric)


class Sized(nn.Module):
    """A network of a size."""

    def __init__(self, multiple):
        super().__init__()
        if multiple != "none":
            self.size_multiple = multiple


@pytest.mark.parametrize(
    ("multiple", "problem"),
    [
        ("none", "has no size_multiple: give"),
        (0, "has size_multiple = 0: give"),
        ("16", "has size_multiple = '16': give"),
        (1.5, "has size_multiple = 1.5: give"),
        (True, "has size_multiple = True: give"),
        (48, "needs image_size to be a multiple of 48, not 64: set it to 48 or 96"),
    ],
)
def test_a_network_that_does_not_fit_is_named(check, multiple, problem):
    with pytest.raises(UserError, match=f"The architecture 'sized' {problem}"):
        check(ARCHITECTURES, "sized", lambda: Sized(multiple), architecture="sized")
