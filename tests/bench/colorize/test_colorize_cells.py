from pathlib import Path

import pytest

from bench.colorize.cells import best_line, choose_cells, folder_name, plugin_notes, weights_path
from bench.records import Measurement
from registry.errors import UserError
from registry.plugins import load_plugin, read_plugin, unload_plugin

LOSSES = ("l1", "l2", "huber")
PLUGIN = """
from registry import ARCHITECTURES

@ARCHITECTURES.register("mine")
def mine():
    '''A network of one's own.'''
    from registry.architectures.unet import Unet
    return Unet(n_down=1, num_filters=2)
"""


def losses_of(records):
    return [record.loss for record in records]


def measured(name, higher_is_better, values):
    """Metrics by loss."""
    return lambda cell: {
        name: Measurement(value=values.get(cell.loss and cell.loss.text), n=8, higher_is_better=higher_is_better)
    }


def test_without_a_choice_all_trained_cells_that_are_complete_colour(make_run):
    def change(record):
        return record.model_copy(update={"status": "failed"}) if record.loss == "l2" else record

    assert losses_of(choose_cells(make_run(LOSSES, change=change), [], None)) == ["l1", "huber"]


def test_of_a_metric_without_direction_there_is_no_best(make_run):
    run = make_run(LOSSES, metrics=measured("mood", None, {"l1": 1.0, "l2": 2.0, "huber": 3.0}))
    with pytest.raises(UserError, match="Of mood no value is known to be the best"):
        choose_cells(run, [], "mood")


def test_a_cell_is_named_by_its_id_or_the_beginning_of_it(make_run):
    run = make_run(LOSSES)
    ids = {record.loss: record.cell_id for record in run.records}
    assert losses_of(choose_cells(run, [ids["l2"]], None)) == ["l2"]
    assert losses_of(choose_cells(run, [ids["huber"][:6], ids["l1"]], None)) == ["l1", "huber"]


def test_what_names_no_single_cell_with_a_network_is_refused(make_run):
    def change(record):
        return record.model_copy(update={"status": "failed"}) if record.loss == "l2" else record

    run = make_run(LOSSES, seeds=range(10), change=change)
    baseline, failed = (next(one for one in run.records if one.loss == loss) for loss in (None, "l2"))
    first = next(letter for letter in "0123456789abcdef" if sum(r.cell_id[0] == letter for r in run.records) > 1)
    for text, problem in (
        ("zz", "no cell's id begins so"),
        ("", "no cell's id begins so"),
        (first, "write more letters"),
        (baseline.cell_id, "baseline 'grey', which has no network"),
        (failed.cell_id, "not completed but failed"),
    ):
        with pytest.raises(UserError, match=problem):
            choose_cells(run, [text], None)


@pytest.mark.parametrize(
    ("name", "higher_is_better", "values", "best"),
    [
        ("lpips", False, {"l1": 0.3, "l2": 0.1, "huber": 0.2}, "l2"),
        ("skill", True, {"l1": 0.3, "l2": 0.1, "huber": None}, "l1"),
        # The truth has 30: the nearest wins, from either side.
        ("colorfulness", None, {"l1": 50, "l2": 10, "huber": 36}, "huber"),
        # Best is 1, which the report's legend says.
        ("chroma_ratio", None, {"l1": 0.5, "l2": 1.9, "huber": 1.3}, "huber"),
    ],
)
def test_the_best_is_what_the_metric_itself_says(make_run, name, higher_is_better, values, best):
    def change(record):
        return record.model_copy(update={"truth": {"colorfulness": 30.0}})

    run = make_run(LOSSES, metrics=measured(name, higher_is_better, values), change=change)
    [chosen] = choose_cells(run, [], name)
    assert chosen.loss == best
    assert best_line(chosen, name).startswith(f"best {name}, {values[best]:g}: unet(n_down=2, num_filters=4), {best}")


def test_ratios_to_the_truth_choose_too_though_records_do_not_hold_them(make_run):
    def change(record):
        return record.model_copy(update={"truth": {"colorfulness": 40.0}})

    run = make_run(LOSSES, metrics=measured("colorfulness", None, {"l1": 10, "l2": 70, "huber": 30}), change=change)
    [chosen] = choose_cells(run, [], "colorfulness_ratio")
    assert best_line(chosen, "colorfulness_ratio").startswith("best colorfulness_ratio, 0.75: ")
    with pytest.raises(UserError, match="No completed cell has a value of effective_colors_ratio"):
        choose_cells(run, [], "effective_colors_ratio")


def test_of_each_data_set_there_is_a_best_because_values_on_two_do_not_compare(make_run):
    values = {
        "synthetic-faces": {"l1": 0.03, "l2": 0.02, "huber": 0.01},
        "synthetic-flowers": {"l1": 0.3, "l2": 0.4, "huber": 0.5},
    }
    run = make_run(LOSSES, list(values), metrics=lambda cell: measured("lpips", False, values[cell.dataset.text])(cell))
    chosen = {record.dataset: record.loss for record in choose_cells(run, [], "lpips")}
    assert chosen == {"synthetic-faces": "huber", "synthetic-flowers": "l1"}


def test_an_unknown_metric_names_those_there_are(make_run):
    with pytest.raises(UserError, match="did you mean 'lpips'"):
        choose_cells(make_run(), [], "lpip")


def test_cell_and_best_do_not_go_together(make_run):
    with pytest.raises(UserError, match="not both"):
        choose_cells(make_run(), ["a"], "lpips")


def test_without_weights_the_grid_is_to_be_run(make_run):
    run = make_run(("l1", "l2"))
    records = [record for record in run.records if record.loss]
    weights_path(run.folder, records[0]).unlink()
    with pytest.raises(UserError, match=rf"not the weights of '.* l1, .*\({records[0].cell_id}\).*--grid .*grid\.yaml"):
        choose_cells(run, [], None)
    assert losses_of(choose_cells(run, [records[1].cell_id], None)) == ["l2"]


def test_the_sample_run_says_that_it_has_no_weights():
    from bench.report.stored import StoredRun

    sample = Path(__file__).parents[3] / "results" / "sample"
    with pytest.raises(UserError, match="records but not the weights of its cells"):
        choose_cells(StoredRun(sample), [], None)


def test_a_run_without_trained_cells_says_so(make_run):
    run = make_run(change=lambda record: record.model_copy(update={"status": "failed"}))
    with pytest.raises(UserError, match="no completed cell"):
        choose_cells(run, [], None)


def test_names_of_folders_are_safe_and_each_cells_own(make_run):
    run = make_run(("l1", "l1 + 0.1*vgg"), datasets=('folder(path="/a/b: c")',), seeds=(0, 1), architecture="unet")
    names = [folder_name(record) for record in run.records if record.loss]
    assert len(set(names)) == 4
    assert all(set(name) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-") for name in names)
    assert names[0].startswith("unet-l1-folder-path-a-b-c-seed0-")


def test_an_architecture_of_a_plugin_needs_the_plugin_and_a_changed_one_is_told(make_run, tmp_path):
    path = tmp_path / "net.py"
    path.write_text(PLUGIN)
    plugin = read_plugin(path)
    load_plugin(plugin)
    run = make_run(architecture="mine")
    chosen = choose_cells(run, [], None)
    assert plugin_notes(chosen) == []
    unload_plugin(plugin)
    with pytest.raises(UserError, match=r"'mine' of .* comes from a plugin: give --plugin again.*net\.py"):
        plugin_notes(chosen)
    path.write_text(PLUGIN + "# changed\n")
    changed = read_plugin(path)
    load_plugin(changed)
    [note] = plugin_notes(chosen)
    unload_plugin(changed)
    assert f"content hash {changed.digest}, then {plugin.digest}" in note
