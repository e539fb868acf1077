import sys

import pytest

from registry import LOSSES
from registry.errors import UserError
from registry.plugins import Plugin, load_plugin, loaded_plugins, read_plugin, unload_plugin
from registry.spec import parse_component

SOURCE = '''
from registry import LOSSES

@LOSSES.register("{name}")
def loss(factor: float = 2.0):
    """A loss of one's own."""
    return factor
'''


@pytest.fixture
def plugin(tmp_path):
    """Loads a plugin with this source; all is taken back afterwards."""
    loaded = []

    def load(source: str, name: str = "mine.py") -> Plugin:
        (tmp_path / name).write_text(source, encoding="utf-8")
        plugin = read_plugin(tmp_path / name)
        loaded.append(plugin)
        load_plugin(plugin)
        return plugin

    yield load
    for one in loaded:
        unload_plugin(one)
    if str(tmp_path) in sys.path:
        sys.path.remove(str(tmp_path))


def test_a_file_registers_its_components(plugin):
    mine = plugin(SOURCE.format(name="my-loss"))
    assert LOSSES["my-loss"].factory() == 2.0
    assert LOSSES["my-loss"].plugin == mine
    assert LOSSES["l1"].plugin is None


def test_loading_twice_registers_once(plugin):
    mine = plugin(SOURCE.format(name="my-loss"))
    load_plugin(mine)
    assert loaded_plugins() == (mine,)
    assert LOSSES["my-loss"].description == "A loss of one's own."


def test_its_hash_changes_with_its_content():
    first, second = (Plugin("a.py", SOURCE.format(name=name)) for name in ("x", "y"))
    assert first.digest != second.digest
    assert first.digest == Plugin("elsewhere/b.py", first.source).digest


def test_it_may_import_what_lies_beside_it(plugin, tmp_path):
    (tmp_path / "beside_the_plugin.py").write_text("NAME = 'from-beside'\n")
    plugin("from beside_the_plugin import NAME\n" + SOURCE.format(name="PLACE").replace('"PLACE"', "NAME"))
    assert "from-beside" in LOSSES


def test_dataclasses_with_text_annotations_work(plugin):
    plugin(
        "from __future__ import annotations\nfrom dataclasses import dataclass\n@dataclass\nclass A:\n    x: int = 1\n"
        + SOURCE.format(name="my-loss")
    )


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("x = 1\nnothing\n", r"NameError: name 'nothing' is not defined \(line 2\)"),
        ("def broken(:\n", r"SyntaxError: .*line 1"),
        (SOURCE.format(name="l1"), r"ValueError: The loss 'l1' is registered already"),
        (SOURCE.format(name="l1"), "ValueError: .* by the project itself: choose another name"),
        ("import sys\nsys.exit(0)\n", r"RuntimeError: sys.exit\(0\) was called \(line 2\)"),
        (
            "class Mute(Exception):\n    def __str__(self):\n        raise KeyError\nraise Mute\n",
            "Mute: its message cannot",
        ),
        ("x = 1\n", r"ValueError: it registers nothing: write @LOSSES.register"),
        (
            "from registry import LOSSES\n@LOSSES.register\ndef f():\n    'A loss.'\n",
            "TypeError: a loss is registered by",
        ),
        ("from registry import LOSSES\nLOSSES.register('a')(3)\n", "TypeError: The loss 'a' is of type int"),
        (SOURCE.format(name="a").replace("float = 2.0", "'Nowhere' = 2.0"), "NameError: name 'Nowhere' is not defined"),
        (SOURCE.format(name="a").replace("float = 2.0", "set = {1}"), "TypeError: the default of"),
        ("import not_installed\n", r"ModuleNotFoundError: No module named 'not_installed' \(line 1\)"),
    ],
)
def test_a_broken_plugin_is_named_with_its_error(plugin, source, message):
    with pytest.raises(UserError, match=rf"The plugin '.*mine.py' cannot be loaded: {message}"):
        plugin(source)


def test_what_a_broken_plugin_registered_is_taken_back(plugin):
    with pytest.raises(UserError):
        plugin(SOURCE.format(name="half") + "\nraise RuntimeError('later')\n")
    assert "half" not in LOSSES


@pytest.mark.parametrize(("name", "message"), [("none.py", "No such file"), ("notes.txt", "not a Python file")])
def test_a_file_that_is_no_plugin_is_refused(tmp_path, name, message):
    (tmp_path / "notes.txt").write_text("x")
    with pytest.raises(UserError, match=message):
        read_plugin(tmp_path / name)


def test_two_plugins_of_one_name_are_refused(plugin, tmp_path):
    plugin(SOURCE.format(name="my-loss"))
    other = tmp_path / "elsewhere" / "mine.py"
    other.parent.mkdir()
    other.write_text(SOURCE.format(name="another"))
    with pytest.raises(UserError, match=r"Two plugins are called mine\.py, .*: rename one of them"):
        load_plugin(read_plugin(other))
    assert "another" not in LOSSES


def test_what_it_prints_is_no_output(plugin, capsys):
    plugin("print('hello')\n" + SOURCE.format(name="my-loss"))
    assert capsys.readouterr() == ("", "hello\n")


def test_a_component_that_ends_python_is_an_error_like_any_other(plugin):
    plugin(SOURCE.format(name="my-loss").replace("return factor", "raise SystemExit(0)"))
    with pytest.raises(RuntimeError, match=r"sys.exit\(0\) was called"):
        parse_component(LOSSES, "my-loss").create()


@pytest.mark.parametrize("annotation", ["pathlib.Path", "object()", "torch.Tensor"])
def test_a_parameter_that_no_spec_can_give_is_named(plugin, annotation):
    source = "import pathlib, torch\n" + SOURCE.format(name="my-loss").replace("float = 2.0", f"{annotation} = None")
    plugin(source)
    with pytest.raises(UserError, match=r"'factor' of the loss 'my-loss' is declared as .*, which no spec can give"):
        parse_component(LOSSES, "my-loss(x)")
