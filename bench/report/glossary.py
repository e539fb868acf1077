"""What was compared, in words: architectures, losses, data sets and references by their names."""

from __future__ import annotations

import re
from statistics import median

from bench.report.markdown import code, count, escape, join, prose, table
from bench.report.stored import StoredRun
from bench.setting_axes import plain_loss
from registry import ARCHITECTURES, DATASETS, LOSSES
from registry.errors import UserError
from registry.registry import Registry
from registry.spec import AUTO, Component, parse_component, parse_sum, write_value

_STARTS = {"none": "from scratch", "imagenet": "from weights trained on the photographs of ImageNet"}
_NOTES = {
    "l1": "Where a colour cannot be known, its best guess is the median.",
    "l2": "Where a colour cannot be known, its best guess is the mean, which is greyish.",
    "huber": "As l2 for small errors, as l1 for large ones.",
    "vgg": "It compares what a network trained on ImageNet sees, edges and textures rather than single pixels.",
    "mean-color": "What a lazy network would paint; it has a skill of 0.",
    "color-table": "What can be had without looking at shapes.",
    "ceiling": "What rounding alone costs: nothing scores better.",
}


def glossary(run: StoredRun) -> str:
    """A table of all names of the run's grid; empty where it has none."""
    grid = run.grid
    rows = [
        *(["architecture", code(text), _architecture(run, run.full(text))] for text in grid.architectures),
        *(["loss", code(text), _loss(run, text) + _found_weights(run, text)] for text in map(plain_loss, grid.losses)),
        *(["data set", code(text), _one(run, DATASETS, run.full(text))] for text in grid.datasets),
        *(["reference", code(text), _one(run, ARCHITECTURES, text)] for text in grid.baselines),
    ]
    # With several settings a loss has as many names.
    once = list(map(list, dict.fromkeys(map(tuple, rows))))
    return table(["what", "name", "in words"], once) if rows else ""


def drawn(dataset: str) -> bool:
    """Whether a data set's pictures were drawn by this program."""
    return dataset.startswith("synthetic-")


def _architecture(run: StoredRun, text: str) -> str:
    try:
        component = parse_component(ARCHITECTURES, text)
    except UserError:
        return _elsewhere(run, ARCHITECTURES, text)
    start = _STARTS.get(str(component.parameters.get("weights", "none")), "")
    return _describe(component, without="weights") + (f" Starts {start}." if start else "")


def _loss(run: StoredRun, text: str) -> str:
    try:
        terms = parse_sum(LOSSES, text).terms
    except UserError:
        return _elsewhere(run, LOSSES, text)
    if len(terms) == 1:
        return _describe(terms[0][1])
    return " ".join(f"{write_value(weight)} × {code(term.name)}: {_describe(term)}" for weight, term in terms)


def _found_weights(run: StoredRun, text: str) -> str:
    """The weights of a sum that were found by gradient norms: their median, and their range over cells."""
    found = [record.loss_weights for record in run.records if record.loss_weights and plain_loss(record.loss) == text]
    if not found:
        return ""
    automatic = [term.text for weight, term in parse_sum(LOSSES, text).terms if weight == AUTO]
    parts = []
    for name in automatic:
        weights = [one[name] for one in found]
        low, high = (f"{weight:.3g}" for weight in (min(weights), max(weights)))
        among = f" ({low} to {high} over {count(len(weights), 'cell')})" if len(weights) > 1 else ""
        parts.append(f"{median(weights):.3g} for {code(name)}{among}")
    return f" Weight found by gradient norms, before the first step: {join(parts)}."


def _one(run: StoredRun, registry: Registry, text: str) -> str:
    try:
        return _describe(parse_component(registry, text))
    except UserError:
        return _elsewhere(run, registry, text)


def _describe(component: Component, without: str = "") -> str:
    given = {name: value for name, value in component.identity["parameters"].items() if name != without}
    settings = ", ".join(f"{name} = {write_value(value)}" for name, value in given.items())
    note = f" {_NOTES[component.name]}" if component.name in _NOTES else ""
    return f"{prose(component.entry.description)}{note}" + (f" With {escape(settings)}." if settings else "")


def _elsewhere(run: StoredRun, registry: Registry, text: str) -> str:
    """Of what this installation does not have, such as a plugin's loss, what the records say."""
    named = set(re.findall(r"[A-Za-z][\w-]*", text))
    found = {
        name: prose(description)
        for key, description in run.descriptions.items()
        for kind, _, name in [key.rpartition(" ")]
        if kind == registry.kind and name in named
    }
    if not found:
        return "not known to this installation"
    name, _, parameters = text.partition("(")
    if name in found:
        return found[name] + (f" With {escape(parameters.removesuffix(')'))}." if parameters else "")
    return " ".join(f"{code(name)}: {description}" for name, description in found.items())
