"""``bench list --json``: what other programs read of the components and grids there are."""

import json
import math
import subprocess
import sys

import pytest

from bench.cli import main
from bench.grids import grid_names
from bench.listing import listing
from registry import ARCHITECTURES, DATASETS, LOSSES, METRICS
from registry.plugins import load_plugin, read_plugin, unload_plugin
from registry.spec import parse_component

PLUGIN = '''
from registry import LOSSES


@LOSSES.register("own-loss")
def own_loss(strength, limit: float = float("inf"), layers: tuple[str, ...] = ("a", "b"), name: str | None = None):
    """Of one's own."""
'''


@pytest.fixture
def plugin(tmp_path):
    path = tmp_path / "own_loss.py"
    path.write_text(PLUGIN)
    plugin = read_plugin(path)
    load_plugin(plugin)
    yield plugin
    unload_plugin(plugin)


def _list(monkeypatch, capsys, *arguments):
    monkeypatch.setattr(sys, "argv", ["bench", "list", *arguments])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code in (0, None)
    return capsys.readouterr().out


def test_standard_output_is_json_and_has_every_component_and_grid(monkeypatch, capsys):
    found = json.loads(_list(monkeypatch, capsys, "--json"))
    assert list(found) == ["architectures", "losses", "datasets", "metrics", "grids"]
    for kind, registry in zip(found, (ARCHITECTURES, LOSSES, DATASETS, METRICS), strict=False):
        assert [one["name"] for one in found[kind]] == list(registry)
    assert {one["name"]: one["description"] for one in found["grids"]} == grid_names()


def test_a_component_says_its_parameters():
    found = {one["name"]: one for one in listing()["losses"]}
    assert found["huber"] == {
        "name": "huber",
        "description": "Quadratic below delta, linear above (Huber 1964); delta in Lab units.",
        "parameters": [{"name": "delta", "type": "float", "default": 10.0, "required": False}],
        "plugin": None,
    }
    assert found["rebalanced"]["parameters"][0] == {
        "name": "loss",
        "type": "str",
        "default": None,
        "required": True,
    }


def test_defaults_are_values_that_a_spec_takes_back():
    for one in listing()["datasets"]:
        required = {"path": "photos"}
        given = {each["name"]: each["default"] for each in one["parameters"]} | (
            required if one["name"] == "folder" else {}
        )
        text = f"{one['name']}({', '.join(f'{key}={json.dumps(value)}' for key, value in given.items())})"
        assert parse_component(DATASETS, text).parameters == given


def test_a_component_of_a_plugin_names_it_and_any_default_is_json(plugin, monkeypatch, capsys):
    found = {one["name"]: one for one in json.loads(_list(monkeypatch, capsys, "--json"))["losses"]}
    assert found["own-loss"]["plugin"] == plugin.name == "own_loss.py"
    strength, limit, layers, name = found["own-loss"]["parameters"]
    assert strength == {"name": "strength", "type": None, "default": None, "required": True}
    assert math.isinf(float(limit["default"]))
    assert layers["default"] == ["a", "b"]
    assert (name["type"], name["default"], name["required"]) == ("str | None", None, False)


def test_it_loads_neither_pytorch_nor_what_checks_whole_grids():
    code = "import sys; from bench.listing import listing; listing(); print({'torch', 'pydantic'} & set(sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "set()\n"
