"""Components that installed packages offer by entry points."""

import importlib
import subprocess
import sys
from dataclasses import replace

import pytest
from made_up_packages import write_package

from registry.errors import UserError
from registry.packages import Package, installed
from registry.plugins import load_plugin
from registry.registry import Registry

GROUP = "bench.losses"
SOURCE = '''
def smooth(epsilon: float = 1.0):
    """A loss of a package."""
    return epsilon
'''
DECORATED = '''
from registry import LOSSES

@LOSSES.register("smooth", incidental=("download",))
def smooth(download: bool = False):
    """A loss of a package."""
'''


@pytest.fixture
def install(tmp_path, monkeypatch):
    """Install a package of losses; it is gone again afterwards, and with it what was imported."""
    monkeypatch.syspath_prepend(tmp_path)
    before = set(sys.modules)

    def write(name, files, points, version="1.0"):
        write_package(tmp_path, name, files, {GROUP: points}, version)
        importlib.invalidate_caches()

    yield write
    for module in set(sys.modules) - before:
        if (getattr(sys.modules[module], "__file__", None) or "").startswith(str(tmp_path)):
            del sys.modules[module]


@pytest.fixture
def registry(monkeypatch):
    """An empty registry of losses in the place of the project's, for packages that use the decorator."""
    registry = Registry("loss", GROUP)
    monkeypatch.setattr("registry.LOSSES", registry)
    return registry


def test_an_entry_point_is_known_under_its_name(install, registry):
    install("my-losses", {"my_losses/__init__.py": "", "my_losses/smooth.py": SOURCE}, {"a": "my_losses.smooth:smooth"})
    assert list(registry) == ["a"]
    assert registry["a"].factory(epsilon=3.0) == 3.0
    assert registry["a"].description == "A loss of a package."
    assert list(registry["a"].parameters) == ["epsilon"]
    assert (registry["a"].plugin.name, registry["a"].plugin.version) == ("my-losses", "1.0")
    assert registry.broken == {}


def test_a_package_is_imported_only_when_its_component_is_asked_for(install, registry):
    files = {"lazy_one.py": SOURCE, "lazy_two.py": SOURCE}
    install("lazy", files, {"one": "lazy_one:smooth", "two": "lazy_two:smooth"})
    assert "one" in registry
    assert "lazy_one" in sys.modules
    assert "lazy_two" not in sys.modules
    with pytest.raises(UserError, match="Unknown loss 'tow': did you mean 'two'"):
        registry["tow"]
    assert "lazy_two" not in sys.modules


@pytest.mark.parametrize("imported_before", [False, True])
def test_a_package_may_decorate_its_factories_too(install, registry, imported_before):
    install("decorated", {"decorated.py": DECORATED}, {"smooth": "decorated:smooth"})
    if imported_before:
        importlib.import_module("decorated")
    assert registry["smooth"].incidental == ("download",)
    assert registry["smooth"].plugin.name == "decorated"


@pytest.mark.parametrize(
    ("source", "value", "message"),
    [
        ("import not_there", "broken:smooth", "ModuleNotFoundError: No module named 'not_there'"),
        (DECORATED + "\n1 / 0", "broken:smooth", "ZeroDivisionError: division by zero"),
        ("def smooth(): pass", "broken:smooth", "ValueError: The loss 'b' needs a docstring.*"),
        ("def smooth(x: Gone):\n  'Text.'", "broken:smooth", "NameError: name 'Gone' is not defined"),
        (SOURCE, "broken:other", "AttributeError: module 'broken' has no attribute 'other'"),
        ("smooth = 1", "broken:smooth", "'broken:smooth' is no factory; write module:factory"),
        (SOURCE, "broken", "'broken' is no factory; write module:factory"),
        (SOURCE, "elsewhere:smooth", "ModuleNotFoundError: No module named 'elsewhere'"),
    ],
)
def test_a_broken_one_is_named_with_its_error_and_hides_no_other(install, registry, source, value, message):
    source = "from __future__ import annotations\n" + source.replace('"smooth"', '"b"')
    install("broken", {"broken.py": source}, {"b": value})
    install("good", {"good.py": SOURCE}, {"c": "good:smooth"})
    expected = rf"The loss 'b' of the package broken 1\.0 cannot be loaded: {message}\."
    with pytest.raises(UserError, match=f"^{expected}$"):
        registry["b"]
    assert list(registry) == ["c"]
    assert list(registry.broken) == ["b"]


def test_the_projects_own_component_keeps_its_name(install, registry):
    @registry.register("l1")
    def l1():
        """The project's."""

    install("taker", {"taker.py": SOURCE}, {"l1": "taker:smooth"})
    assert registry["l1"].factory is l1
    assert registry.broken == {
        "l1": "The loss 'l1' of the package taker 1.0 cannot be loaded: another loss has this name."
    }


def test_of_two_packages_with_one_name_neither_is_taken(install, registry):
    install("first", {"first.py": SOURCE}, {"x": "first:smooth"})
    install("second", {"second.py": SOURCE}, {"x": "second:smooth"}, "2.0")
    with pytest.raises(UserError, match=r"packages first 1\.0 and second 2\.0 cannot be loaded: .*uninstall one"):
        registry["x"]


def test_its_hash_changes_with_any_module_of_the_package(install, tmp_path):
    files = {"whole/__init__.py": "", "whole/part/__init__.py": "", "whole/part/loss.py": SOURCE, "whole/beside.py": ""}
    install("whole", files, {"a": "whole.part.loss:smooth"})
    before = installed("whole")
    assert installed("whole") == before
    (tmp_path / "whole" / "beside.py").write_text("FACTOR = 2\n")
    assert installed("whole").digest != before.digest
    assert "whole" not in sys.modules, "hashing runs nothing"


def test_a_package_within_a_namespace_is_hashed_without_its_neighbours(install, tmp_path):
    install("inner", {"space/inner/__init__.py": SOURCE, "space/other/__init__.py": ""}, {"a": "space.inner:smooth"})
    before = installed("inner")
    (tmp_path / "space" / "other" / "__init__.py").write_text("changed = True\n")
    assert installed("inner") == before
    (tmp_path / "space" / "inner" / "__init__.py").write_text("changed = True\n")
    assert installed("inner") != before


def test_a_worker_refuses_a_package_that_is_missing_or_another(install):
    install("mine", {"mine.py": SOURCE}, {"a": "mine:smooth"})
    here = installed("mine")
    load_plugin(here)
    with pytest.raises(UserError, match=r"needs the package mine 2\.0 as the run has it, and here is mine 1\.0:"):
        load_plugin(replace(here, version="2.0"))
    with pytest.raises(UserError, match=r"and here is mine 1\.0 with other code"):
        load_plugin(replace(here, digest="0"))
    with pytest.raises(UserError, match=r"The package gone 1\.0, of which .*, is not installed here: install it"):
        load_plugin(Package("gone", "1.0", "0"))


def test_looking_for_packages_loads_no_pytorch():
    code = "import sys, registry; list(registry.LOSSES), list(registry.METRICS); assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_entry_points_that_cannot_be_read_name_their_package(install, tmp_path):
    install("my-losses", {"my_losses/__init__.py": ""}, {})
    [folder] = tmp_path.glob("my_losses*.dist-info")
    (folder / "entry_points.txt").write_text(f"[{GROUP}]\nno entry point\n")
    with pytest.raises(UserError, match=r"The entry points of the installed package my.losses cannot be read"):
        list(Registry("loss", GROUP))
