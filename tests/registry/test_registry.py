import re
import subprocess
import sys

import pytest

from registry import ARCHITECTURES, DATASETS, LOSSES, METRICS
from registry.errors import UserError
from registry.registry import Registry
from registry.spec import parse_component


def test_a_registered_factory_is_described_by_its_docstring_and_signature():
    registry = Registry("fruit")

    @registry.register("apple")
    def apple(size: int = 3) -> str:
        """A round fruit.

        More words.
        """
        return "apple" * size

    assert registry["apple"].description == "A round fruit."
    assert registry["apple"].parameters["size"].annotation is int
    assert list(registry) == ["apple"]


def test_a_class_can_be_registered():
    registry = Registry("fruit")

    @registry.register("pear")
    class Pear:
        """A long fruit."""

        def __init__(self, size: int = 3) -> None:
            self.size = size

    assert registry["pear"].factory(size=4).size == 4
    assert list(registry["pear"].parameters) == ["size"]


def test_what_a_class_passes_on_to_its_base_is_no_parameter():
    registry = Registry("fruit")

    @registry.register("plum")
    class Plum:
        """A small fruit."""

        def __init__(self, size: int = 3, *args, **kwargs) -> None:
            super().__init__(*args, **kwargs)
            self.size = size

    assert list(registry["plum"].parameters) == ["size"]
    assert parse_component(registry, "plum(size=2)").create().size == 2


def test_a_taken_name_is_refused():
    registry = Registry("fruit")
    registry.register("apple")(lambda_with_docstring := type("Apple", (), {"__doc__": "A fruit."}))
    with pytest.raises(ValueError, match="'apple' is registered already"):
        registry.register("apple")(lambda_with_docstring)


@pytest.mark.parametrize("name", ["", "two words", "1st", "l1+l2", "huber(delta=1)", "-x"])
def test_what_no_spec_can_say_is_no_name(name):
    with pytest.raises(ValueError, match=f"No fruit can be called {re.escape(repr(name))}"):
        Registry("fruit").register(name)(type("Apple", (), {"__doc__": "A fruit."}))


@pytest.mark.parametrize("name", ["loss", "picture", "batch_size", "seconds_fit", "lpips_truth"])
def test_a_metric_is_not_called_like_another_column_of_its_tables(name):
    with pytest.raises(ValueError, match="tables have another column of that name"):
        METRICS.register(name)(type("Metric", (), {"__doc__": "A metric."}))
    assert name not in METRICS


def test_a_factory_without_docstring_is_refused():
    with pytest.raises(ValueError, match="needs a docstring"):
        Registry("fruit").register("apple")(lambda: None)


def test_an_unknown_name_answers_with_the_nearest_and_all():
    with pytest.raises(UserError, match=r"Unknown loss 'hubber': did you mean 'huber'\? Allowed: .*l1, l2"):
        LOSSES["hubber"]


@pytest.mark.parametrize("registry", [ARCHITECTURES, LOSSES, DATASETS, METRICS], ids=lambda one: one.kind)
def test_every_component_has_a_short_description(registry):
    for name in registry:
        assert 10 < len(registry[name].description) <= 110, name


def test_registries_are_filled_without_loading_torch():
    code = "import sys, registry, bench.grid; assert not {'torch', 'numpy', 'pandas'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
