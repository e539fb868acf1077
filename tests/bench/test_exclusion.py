"""Rules that leave cells of a grid out."""

import pytest
import yaml

from bench.grid import Grid, read_grid
from registry.errors import UserError

AXES = {
    "architectures": ["unet", "unet-resnet18"],
    "losses": ["l1", "huber", "l1 + 0.1*vgg"],
    "datasets": ["synthetic-faces", "synthetic-flowers"],
    "seeds": [0, 1],
    "baselines": ["grey"],
}
EVERY = 2 * 3 * 2 * 2 + 2


def _cells(*rules):
    return Grid.model_validate({**AXES, "exclude": list(rules)}).cells()


@pytest.mark.parametrize(
    ("rule", "left_out"),
    [
        ({}, 0),
        ({"loss": "l1"}, 8),
        ({"loss": ["l1", "huber(delta=10)"]}, 16),  # 10 is the default: the same loss
        ({"architecture": "unet", "loss": "l1+0.1*vgg"}, 4),
        ({"architecture": "unet", "loss": "l1", "dataset": "synthetic-faces", "seed": 1}, 1),
        ({"dataset": "synthetic-faces"}, 13),  # its baseline too
        ({"architecture": "grey"}, 2),
        ({"loss": "l2"}, 0),
    ],
)
def test_a_rule_leaves_out_what_fits_all_that_it_names(rule, left_out):
    assert len(_cells(rule)) == EVERY - left_out


def test_several_rules_each_leave_out_their_own():
    cells = _cells({"loss": "l1", "seed": 0}, {"architecture": "unet", "seed": [0]})
    kept = {(cell.architecture.text, cell.loss and cell.loss.text, cell.seed) for cell in cells}
    assert {("unet", "l1", 1), ("unet-resnet18", "huber", 0), ("grey", None, None)} <= kept
    assert len(cells) == EVERY - 4 - 6 + 2


def test_rules_that_may_not_be_meant_are_told():
    rules = [{"loss": "l1"}, {"architecture": "unet(n_down=3)"}, {"learning_rate": [5e-4]}]
    first, second = Grid.model_validate({**AXES, "exclude": rules}).notes()
    assert first == "the rule {architecture: [unet(n_down=3)]} under exclude leaves no cell out"
    assert second == "the rule {learning_rate: [0.0005]} under exclude leaves no cell out"
    [none] = Grid.model_validate({**AXES, "exclude": [{"loss": AXES["losses"]}]}).notes()
    assert none == "the rules under exclude leave all trained cells out"
    assert Grid.model_validate(AXES).notes() == []


@pytest.mark.parametrize(
    ("rule", "problem"),
    [
        ("unet", r"a rule under exclude is 'unet'; it should be a mapping, such as \{architecture: unet, loss: vgg\}"),
        ({"seed": True}, "it should be numbers, not true or false"),
        ({"learning_rate": [1e-3, False]}, "it should be numbers, not true or false"),
    ],
)
def test_what_is_no_rule_is_told(rule, problem):
    with pytest.raises(UserError, match=f"The call: .*{problem}"):
        read_grid({**AXES, "exclude": [rule]}, "The call")


def test_what_remains_is_the_very_same_cells():
    assert {cell.id for cell in _cells({"loss": "l1"})} < {cell.id for cell in _cells()}


def test_a_stored_grid_keeps_its_rules():
    grid = read_grid({**AXES, "exclude": [{"loss": "huber(delta=10)", "seed": 1}]}, "The grid")
    stored = yaml.safe_load(grid.resolved().to_yaml())
    assert stored["exclude"] == [{"loss": ["huber"], "seed": [1]}]
    assert [cell.id for cell in read_grid(stored, "It").cells()] == [cell.id for cell in grid.cells()]


@pytest.mark.parametrize(
    ("rules", "problem"),
    [
        ([{"losses": "l1"}], r"unknown key of exclude 'exclude\.0\.losses': did you mean 'loss'\? Allowed: archi"),
        ([{"seed": "first"}], r"key of exclude 'exclude\.0\.seed\.0' is 'first': input should be a valid integer"),
        ([{"loss": "l3"}], r"Unknown loss 'l3': did you mean 'l2'\?"),
        ([{"dataset": AXES["datasets"]}], r"All 26 cells of the grid are left out by its rules under exclude"),
    ],
)
def test_a_wrong_rule_says_what_is_wrong(rules, problem):
    with pytest.raises(UserError, match=problem):
        read_grid({**AXES, "exclude": rules}, "The grid file x.yaml").cells()


def test_a_report_does_not_wait_for_what_is_left_out(make_run, tmp_path):
    from bench.report.render import render

    rule = {"architecture": "unet-resnet18", "loss": "l2"}

    def status(*cell):
        return "missing" if cell[:2] == tuple(rule.values()) else "completed"

    folder = make_run(status=status)
    grid = yaml.safe_load((folder / "grid.yaml").read_text())
    (folder / "grid.yaml").write_text(yaml.safe_dump({**grid, "exclude": [rule]}))
    text = render(folder, tmp_path / "report").read_text()
    assert "3 of 3 trained cells completed" in text
    assert "not been run yet" not in text
