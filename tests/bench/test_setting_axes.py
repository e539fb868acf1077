"""Settings as axes of a grid: which cells there are, what they are called, and which of a run they go with."""

import json
import re
import sys

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from bench.call import choose_grid
from bench.cli import main
from bench.comparable import check_same_settings
from bench.dry_run import describe
from bench.grid import Grid, read_grid
from bench.records import write_record
from bench.results import results_table, write_results
from bench.run import plan
from bench.setting_axes import name_loss, named_settings, plain_loss
from bench.time_left import TimeLeft
from registry.errors import UserError

AXES = {
    "architectures": ["unet"],
    "losses": ["l1", "huber"],
    "datasets": ["synthetic-faces", "synthetic-flowers"],
    "seeds": [0, 1],
    "baselines": ["grey"],
}
RATES = {"learning_rate": [1e-3, 3e-4]}


def _grid(settings, **changes):
    return Grid.model_validate({**AXES, "settings": settings, **changes})


def _trained(settings, **changes):
    return [cell for cell in _grid(settings, **changes).cells() if cell.loss]


def test_every_cell_is_trained_with_each_value_and_baselines_are_there_once():
    cells = _grid(RATES).cells()
    trained = [cell for cell in cells if cell.loss]
    assert len(trained) == 2 * 2 * 2 * 2
    assert len(cells) - len(trained) == 2
    assert {cell.settings.learning_rate for cell in trained} == {1e-3, 3e-4}


def test_they_are_the_cells_of_grids_with_one_value_each():
    apart = [_trained({"learning_rate": rate, "batch_size": size}) for rate in (1e-3, 3e-4) for size in (8, 16)]
    together = _trained({**RATES, "batch_size": [8, 16]})
    assert {cell.id for cell in together} == {cell.id for cells in apart for cell in cells}


@pytest.mark.parametrize("written", [[0.001], ["1e-3", 1e-3], [1e-3, 1e-3]])
def test_one_value_is_no_axis(written):
    assert {cell.title for cell in _trained({"learning_rate": written})} == {cell.title for cell in _trained({})}
    assert _grid({"learning_rate": written}).resolved().settings["learning_rate"] == 1e-3


def test_titles_tell_cells_apart():
    cells = _trained({**RATES, "horizontal_flip": [True, False], "epochs": 3})
    assert cells[0].title == "unet, l1, learning_rate=0.001, horizontal_flip=true, synthetic-faces, seed 0"
    assert len({cell.title for cell in cells}) == len(cells)


def test_a_stored_grid_is_the_same_grid():
    grid = read_grid({**AXES, "settings": {"learning_rate": ["1e-3", "3e-4", 0.001]}}, "The grid")
    stored = yaml.safe_load(grid.resolved().to_yaml())
    assert stored["settings"]["learning_rate"] == [0.001, 0.0003]
    assert [cell.id for cell in read_grid(stored, "It").cells()] == [cell.id for cell in grid.cells()]


@pytest.mark.parametrize("written", ["learning_rate=[1e-3, 3e-4]", "learning_rate=1e-3,3e-4"])
def test_a_call_writes_a_list_or_commas(written, tmp_path):
    path = tmp_path / "own.yaml"
    path.write_text(yaml.safe_dump(AXES))
    chosen = choose_grid(str(path), None, None, None, None, [written])
    assert {cell.id for cell in chosen.cells()} == {cell.id for cell in _grid(RATES).cells()}


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        ({"epochs": [3, 6]}, "epochs cannot have several values: .*learning_rate, weight_decay.* a run of its own"),
        ({"image_size": "32,64"}, "image_size cannot have several values"),
        ({"learning_rate": []}, "learning_rate has no value"),
        ({"learning_rate": [True, 1e-3]}, "'learning_rate' is True: it should not be true or false"),
        ({"batch_size": False}, "'batch_size' is False"),
        ({"tune": "learning_rate"}, "'tune' is 'learning_rate': it should be settings with values to try"),
        ({"learning_rate": [1e-3, -1]}, "'learning_rate' is -1"),
        ({"batch_size": [8, 1.5]}, "'batch_size' is 1.5"),
        ({"learning_rates": [1e-3, 3e-4]}, "unknown setting 'learning_rates': did you mean 'learning_rate'"),
        ({**RATES, "tune": {"learning_rate": [1e-3, 3e-3]}}, "learning_rate is an axis and is tuned"),
    ],
)
def test_what_is_wrong_is_said(settings, problem):
    with pytest.raises(UserError, match=problem):
        _grid(settings).cells()


def test_others_can_be_tuned_beside_an_axis():
    cells = _trained({"batch_size": [8, 16], "tune": {"learning_rate": [1e-3, 3e-3]}})
    assert {len(cell.settings.tries) for cell in cells} == {2}


@pytest.mark.parametrize(
    ("rule", "left_out"),
    [
        ({"learning_rate": 3e-4}, 8),
        ({"learning_rate": "3e-4", "loss": "l1", "seed": 1}, 2),
        ({"learning_rate": [1e-3, 3e-4], "loss": "huber"}, 8),
        ({"learning_rate": 5e-4}, 0),
        ({"horizontal_flip": True}, 16),  # a setting that is none of the axes: all have it
    ],
)
def test_rules_leave_values_out_and_no_baselines(rule, left_out):
    cells = _grid(RATES, exclude=[rule]).cells()
    assert len(cells) == 2 + 16 - left_out
    stored = yaml.safe_load(_grid(RATES, exclude=[rule]).resolved().to_yaml())
    assert [cell.id for cell in read_grid(stored, "It").cells()] == [cell.id for cell in cells]


def _store(folder, grid):
    folder.mkdir(exist_ok=True)
    (folder / "grid.yaml").write_text(grid.resolved().to_yaml())


def test_values_are_added_to_a_run_and_left_away_again(tmp_path):
    one, two, three = ({"learning_rate": rate} for rate in (1e-3, [1e-3, 3e-4], [3e-4, 1e-4]))
    for before, now in ((one, two), (two, three), (three, one)):
        _store(tmp_path, _grid(before))
        check_same_settings(tmp_path, _grid(now))


def test_one_value_after_another_is_refused_as_before(tmp_path):
    _store(tmp_path, _grid({"learning_rate": 1e-3}))
    with pytest.raises(UserError, match=r"was made with learning_rate=0\.001;.* --set learning_rate=0\.001,0\.0003\."):
        check_same_settings(tmp_path, _grid({"learning_rate": 3e-4}))
    with pytest.raises(UserError, match=r"was made with epochs=30, learning_rate=0\.001;.*with --name\.$"):
        check_same_settings(tmp_path, _grid({"learning_rate": 3e-4, "epochs": 3}))
    _store(tmp_path, _grid(RATES))
    with pytest.raises(UserError, match="was made with epochs=30;"):
        check_same_settings(tmp_path, _grid({**RATES, "epochs": 3}))


def test_what_a_run_takes_up_does_not_depend_on_its_last_call(tmp_path, make_record):
    """After a call that asked for one value, cells with the others are still there."""
    for rate in (1e-3, 3e-4):
        settings = _grid({"learning_rate": rate}).cells()[-1].settings.model_dump()
        write_record(tmp_path / "cells" / f"{rate}", make_record(f"{rate}", settings=settings))
    _store(tmp_path, _grid({"learning_rate": 1e-3}))
    check_same_settings(tmp_path, _grid({"learning_rate": 3e-4}))


def test_references_are_the_same_whatever_the_order_of_the_values():
    def references(settings):
        return {cell.id for cell in _grid(settings).cells() if not cell.loss}

    assert references({"batch_size": [8, 4, 16]}) == references({"batch_size": [16, 8]}) == references({})


def test_a_dry_run_says_which_value_a_cell_has(tmp_path):
    told = describe(plan(_grid(RATES), "mine", tmp_path), TimeLeft(None, None, 0))["cells"]
    assert [one["settings"] for one in told if not one["loss"]] == [{}, {}]
    assert [one["settings"]["learning_rate"] for one in told if one["loss"]].count(3e-4) == 8


def test_the_table_has_a_column_for_each_axis(make_record, tmp_path):
    rates = {"a": 1e-3, "b": 3e-4, "c": 1e-3}
    records = [
        make_record(one, settings={"learning_rate": rate, "epochs": 2}, loss=None if one == "c" else "l1")
        for one, rate in rates.items()
    ]
    table = results_table(records)
    assert list(table["cell_id"]) == ["c", "b", "a"]
    assert list(table["learning_rate"].dropna()) == [3e-4, 1e-3]
    assert "epochs" not in table
    for record in records[::2]:
        write_record(tmp_path / "cells" / record.cell_id, record)
    assert "learning_rate" not in write_results(tmp_path), "the baseline's does not count"


@given(
    loss=st.sampled_from(["l1", "huber(delta=5)", "l1 + 0.1*vgg", "rebalanced(l1, uniform=0.2)", 'own(text="a, b=1")']),
    rate=st.floats(min_value=1e-12, max_value=1e12),
    flip=st.booleans(),
)
def test_names_can_be_taken_apart_again(loss, rate, flip):
    name = name_loss(loss, {"learning_rate": rate, "horizontal_flip": flip}, ["learning_rate", "horizontal_flip"])
    assert plain_loss(name) == loss
    rate_told, flip_told = named_settings(name).split(", ")
    assert float(rate_told.removeprefix("learning_rate=")) == rate
    assert flip_told == f"horizontal_flip={str(flip).lower()}"


def test_a_run_trains_with_both_rates_and_adds_a_third(tmp_path, monkeypatch, capfd):
    small = "synthetic-faces(n_train=32, n_validation=8, n_test=8)"
    content = {
        "architectures": ["unet(n_down=3, num_filters=4)"],
        "losses": ["l1"],
        "datasets": [small],
        "baselines": ["grey"],
        "settings": {"image_size": 32, "epochs": 1, "steps_per_epoch": 2, **RATES},
    }
    path = tmp_path / "rates.yaml"
    path.write_text(yaml.safe_dump(content))

    def run(*more):
        folders = ["--results-dir", str(tmp_path / "results"), "--reports-dir", str(tmp_path / "reports")]
        monkeypatch.setattr(sys, "argv", ["bench", "run", "--grid", str(path), *folders, *more])
        with pytest.raises(SystemExit) as ended:
            main()
        assert not ended.value.code
        return capfd.readouterr()

    run("--workers", "1")
    records = [json.loads(one.read_text()) for one in (tmp_path / "results").glob("rates/cells/*/record.json")]
    losses = {one["settings"]["learning_rate"]: one["metrics"]["ab_mae"]["value"] for one in records if one["loss"]}
    assert len(losses) == len(set(losses.values())) == 2, "a rate that changes nothing was not used"
    more = run("--workers", "1", "--set", "learning_rate=1e-3,3e-4,1e-4")
    assert re.search(r"^\[1/1\] completed +unet\(n_down=3, num_filters=4\), l1, learning_rate=0\.0001,", more.err, re.M)
    page = (tmp_path / "reports" / "rates" / "report.md").read_text()
    assert "1 loss (`l1`) × 3 values of `learning_rate` (0.001, 0.0003 and 0.0001)" in page
    assert "3 of 3 trained cells completed" in page
