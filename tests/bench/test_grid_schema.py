"""The schema that editors check grid files by, held against the files and against what `run` accepts."""

import json
import sys

import jsonschema
import pytest
import yaml

from bench.cli import main
from bench.grid import Grid
from bench.grid_schema import grid_schema
from bench.grids import GRIDS
from bench.setting_axes import combinations
from bench.settings import Settings
from registry import ARCHITECTURES, DATASETS, LOSSES
from registry.errors import UserError
from registry.spec import parse_component, parse_sum

FILES = sorted(GRIDS.glob("*.yaml"))
SMALL = {"architectures": ["unet"], "losses": ["l1"], "datasets": ["synthetic-faces"]}


@pytest.fixture(scope="module")
def validators():
    """By the draft that editors of today know, and by the newest."""
    schema = grid_schema()
    for draft in (jsonschema.Draft7Validator, jsonschema.Draft202012Validator):
        draft.check_schema({key: one for key, one in schema.items() if key != "$schema"})
    return [jsonschema.Draft7Validator(schema), jsonschema.Draft202012Validator(schema)]


def _is_valid(validators, content):
    (answer,) = {validator.is_valid(content) for validator in validators}
    return answer


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_the_grids_of_the_project_and_as_runs_store_them_are_valid(validators, path):
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    for validator in validators:
        validator.validate(content)
        validator.validate(yaml.safe_load(Grid.model_validate(content).resolved().to_yaml()))


VALID = [
    {"settings": {"tune": {"learning_rate": [1e-3, 3e-3]}, "crop_size": None}},
    {"settings": {"test_on": "synthetic-faces,synthetic-flowers"}},
    {"settings": {"learning_rate": [1e-3, 3e-4], "horizontal_flip": [True, False]}},
    {"exclude": [{"learning_rate": 1e-3, "batch_size": [8, 16]}], "settings": {"learning_rate": [1e-3, 3e-4]}},
    {"settings": {"test_on": ["folder(path=photos)"]}},
    {"losses": ["l1 + 0.1*vgg", "l1 + auto * vgg", "huber(delta=1e-3)+2*l2", "rebalanced(l1, uniform=0.2)"]},
    {"datasets": ["folder(path='my (old) photos + more')"]},
    {"architectures": [" unet ( n_down=5 ) ", "grey"]},
]
WRONG = [
    {"losss": ["l1"]},
    {"losses": "l1"},
    {"losses": ["l1 +"]},
    {"losses": ["l1 vgg"]},
    {"architectures": []},
    {"architectures": ["unet(n_down=5"]},
    {"architectures": [5]},
    {"seeds": [-1]},
    {"seeds": 3},
    {"settings": {"epoch": 3}},
    {"settings": {"epochs": 0}},
    {"settings": {"precision": "float16"}},
    {"settings": {"tune": {"epochs": [1, 2]}}},
    {"settings": {"tune": {"learning_rate": [0]}}},
    {"settings": {"test_on": [3]}},
    {"settings": {"epochs": [1, 2]}},
    {"settings": {"learning_rate": []}},
    {"settings": {"learning_rate": [1e-3, 0]}},
]


@pytest.mark.parametrize("changes", VALID, ids=str)
def test_what_run_accepts_is_valid(validators, changes):
    content = SMALL | changes
    _read(content)
    assert _is_valid(validators, content)


@pytest.mark.parametrize("changes", WRONG, ids=str)
def test_what_run_refuses_and_an_editor_can_know_is_not_valid(validators, changes):
    content = SMALL | changes
    with pytest.raises((UserError, ValueError)):
        _read(content)
    assert not _is_valid(validators, content)


def _read(content):
    grid = Grid.model_validate(content)
    combinations(grid.settings, "settings")
    for text in grid.architectures:
        parse_component(ARCHITECTURES, text)
    for text in grid.losses:
        parse_sum(LOSSES, text)
    for text in grid.datasets:
        parse_component(DATASETS, text)


def test_a_component_of_ones_own_is_valid(validators):
    assert _is_valid(validators, SMALL | {"losses": ["own-loss", "l1 + own-loss(strength=2)"]})


def test_every_key_is_explained_and_every_name_is_offered(validators):
    schema = validators[0].schema
    for properties in (schema["properties"], schema["properties"]["settings"]["properties"]):
        assert all(one["description"] for one in properties.values())
    assert set(schema["properties"]["settings"]["properties"]) == set(Settings.model_fields)
    shown = json.dumps(schema)
    for registry in (ARCHITECTURES, LOSSES, DATASETS):
        for name in registry:
            assert f'"const": "{name}"' in shown or f'"{name}(' in shown, name
    offered = [one["const"] for one in schema["properties"]["losses"]["items"]["anyOf"] if "const" in one]
    assert [parse_sum(LOSSES, text).text for text in offered] == offered


def test_list_prints_the_schema_that_lies_beside_the_grids(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["bench", "list", "--schema"])
    with pytest.raises(SystemExit):
        main()
    stored = (GRIDS / "schema.json").read_text(encoding="utf-8")
    assert capsys.readouterr().out == stored, "run: python -m bench list --schema > bench/grids/schema.json"


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_grids_tell_editors_of_the_schema_beside_them(path):
    first, *_ = path.read_text(encoding="utf-8").splitlines()
    prefix = "# yaml-language-server: $schema="
    assert first.startswith(prefix)
    assert (path.parent / first.removeprefix(prefix)).is_file()


def test_the_main_grid_explains_each_key_it_has():
    lines = (GRIDS / "full.yaml").read_text(encoding="utf-8").splitlines()
    keys = [number for number, line in enumerate(lines) if line and not line.strip().startswith("#")]
    uncommented = [lines[number] for number in keys if not lines[number - 1].strip().startswith("#")]
    assert [line.strip() for line in uncommented] == ["steps_per_epoch: 16"]  # explained with epochs


def test_json_and_schema_are_two_calls(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["bench", "list", "--json", "--schema"])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2
    assert capsys.readouterr().err.startswith("error: --json and --schema")
