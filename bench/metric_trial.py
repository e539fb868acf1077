"""Try a metric on two small batches, so that a mistake in one shows before hours of training."""

from __future__ import annotations

import torch

from registry.color import Colors
from registry.errors import UserError, guarding_exit, message_of
from registry.metrics.base import ColorMetric
from registry.registry import Entry

_PICTURES = 2
"""Of each batch."""

_LARGEST = 256
"""Pixels of a side: larger ones would take gigabytes to show the same mistakes."""


def try_metric(entry: Entry, image_size: int) -> None:
    """Score random pictures as a cell scores its test pictures.

    Raises:
        UserError: The metric cannot be built or fails, or what it gives is not what the tables take.
    """
    try:
        with guarding_exit():
            problem = _problem(entry.factory(), image_size)
    except UserError:
        raise
    except Exception as error:
        if entry.plugin is None:
            raise
        problem = f"raises {type(error).__name__}: {message_of(error).rstrip('.')}"
    if problem:
        origin = f" of {entry.plugin.name}" if entry.plugin else ""
        raise UserError(f"The metric {entry.name!r}{origin} {problem}; docs/own-components.md says what is asked.")


def _problem(metric: object, image_size: int) -> str | None:
    """What is wrong with a metric, to go on from its name."""
    if not isinstance(metric, ColorMetric):
        return f"is a {type(metric).__name__} and no ColorMetric"
    if metric.higher_is_better not in (None, True, False):
        return f"has higher_is_better = {metric.higher_is_better!r}, where True, False or None is allowed"
    if not isinstance(metric.unit, str):
        return f"has unit = {metric.unit!r}, where a text is allowed"
    metric.reference(torch.zeros(2))
    generator = torch.Generator().manual_seed(0)
    side = min(image_size, _LARGEST)
    for _ in range(2):
        rgb8 = torch.randint(0, 256, (_PICTURES, side, side, 3), dtype=torch.uint8, generator=generator)
        truth = Colors.from_rgb8(rgb8)
        metric.update(truth.with_ab(truth.ab / 2), truth)
    for what, value in (("compute", metric.compute()), ("truth", metric.truth())):
        if not (what == "truth" and value is None) and torch.as_tensor(value).numel() != 1:
            return f"gives {tuple(value.shape)} from {what}(), where one number is asked for"
    pictures = 2 * _PICTURES
    for suffix, values in metric.per_image().items():
        if tuple(values.shape) != (pictures,):
            return f"gives {tuple(values.shape)} as {suffix or 'value'} of {pictures} pictures in two batches"
    return None
