"""Collapse, error by colourfulness, and largest gains: what their figures work out and say."""

import json

import numpy as np
import pandas as pd
import pytest

from bench.report import colourfulness, gains
from bench.report.board import boards
from bench.report.collapse import courses, draw_collapse
from bench.report.stored import StoredRun


def _board(folder):
    [board] = boards(StoredRun(folder))
    return board


def _change(folder, change):
    """Let a test change every trained cell's record."""
    for path in folder.glob("cells/*/record.json"):
        record = json.loads(path.read_text())
        if record["loss"]:
            change(record)
            path.write_text(json.dumps(record))


def test_courses_are_means_over_seeds_with_early_and_late(make_run):
    board = _board(make_run(losses=("l1",), architectures=("unet",), seeds=(0, 1), epochs=6))
    [course] = courses(board.run, board.completed)
    assert course.signs.chroma_ratio.tolist() == pytest.approx([1 - 0.5 / epoch for epoch in range(1, 7)])
    assert course.early.ab_effective_colors == 5
    assert course.late.ab_effective_colors == 8
    assert course.best == [3, 3]


def test_what_training_on_cost_comes_from_the_records(make_run, tmp_path):
    folder = make_run()
    told = draw_collapse(_board(folder), tmp_path)[0].lines[1]
    assert "LPIPS on the test pictures changed by +0.0000" in told

    def improve(record):
        if (record["architecture"], record["loss"]) == ("unet", "l1"):
            record["best_metrics"]["lpips"]["value"] = 0.07

    _change(folder, improve)
    told = draw_collapse(_board(folder), tmp_path)[0].lines[1]
    assert told.startswith("4 of 4 cells trained on past the best epoch by validation loss.")
    assert "to +0.0300 (`unet` + `l1`), for the worse in 1." in told


def test_training_that_ended_at_its_best_cost_nothing(make_run, tmp_path):
    folder = make_run()
    _change(folder, lambda record: record.update(best_epoch=4))
    assert draw_collapse(_board(folder), tmp_path)[0].lines[1].startswith("No cell trained on past its best epoch")


def test_lazier_networks_are_counted(make_run, tmp_path):
    folder = make_run()
    assert "; none lost both chroma and colours" in draw_collapse(_board(folder), tmp_path)[0].lines[0]
    path = next(folder.glob("cells/*/history.csv"))
    table = pd.read_csv(path)
    table[["chroma_ratio", "ab_effective_colors"]] = table[["chroma_ratio", "ab_effective_colors"]].to_numpy()[::-1]
    table.to_csv(path, index=False)
    assert (
        "chroma ratio fell to below the truth's in 1, effective colours fell in 1 and skill fell in none; 1 lost both"
        in draw_collapse(_board(folder), tmp_path)[0].lines[0]
    )


@pytest.mark.parametrize(
    ("changes", "surely"),
    [((-0.2, -0.21, -0.19), "1 by more than seeds vary"), ((-0.4, 0.1, 0.1), "none by more than seeds vary")],
)
def test_what_seeds_alone_may_have_done_is_told(make_run, tmp_path, changes, surely):
    folder = make_run(architectures=("unet",), losses=("l1",), seeds=(0, 1, 2))
    board = _board(folder)
    for record in board.at("unet", "l1"):
        path = board.run.cell_folder(record) / "history.csv"
        table = pd.read_csv(path)
        table["chroma_ratio"] = np.linspace(0.8 - changes[record.seed], 0.8 + changes[record.seed], len(table))
        table.to_csv(path, index=False)
    line = draw_collapse(_board(folder), tmp_path)[0].lines[0]
    assert f"chroma ratio fell to below the truth's in 1 ({surely})" in line
    assert "how much of that is chance is not known" not in line


def test_fifths_are_of_equal_size_from_dull_to_colourful():
    pictures = pd.DataFrame({"chroma_truth": [9.0, 1, 8, 2, 7, 3, 6, 4, 5, 5]})
    fifths = colourfulness._fifths(pictures)
    assert fifths.tolist() == [4, 0, 4, 0, 3, 1, 3, 1, 2, 2]


def test_scores_by_fifth_are_those_of_their_pictures(make_run, tmp_path):
    board = _board(make_run(n_test=20))
    [figure] = colourfulness.draw_colourfulness(board, tmp_path)
    table = board.run.per_image(board.at("unet", "l1")[0]).sort_values("chroma_truth")
    dull, bright = table.lpips[:4].mean(), table.lpips[16:].mean()
    assert f"| unet | l1 | {dull:.3f}\u00a0±" in figure.details[0][1]
    assert f"unet with l1: LPIPS {dull:.3f} to {bright:.3f}." in figure.alt


def test_few_pictures_have_no_fifths(make_run, tmp_path):
    assert colourfulness.draw_colourfulness(_board(make_run(n_test=12)), tmp_path) == []


def test_the_picture_with_the_largest_gain_is_named_with_its_cells(make_run, tmp_path):
    folder = make_run()
    board = _board(folder)
    for place, score in ((("unet", "l1"), 0.9), (("unet-resnet18", "l2"), 0.05)):
        path = board.run.cell_folder(board.at(*place)[0]) / "per_image.csv"
        table = pd.read_csv(path)
        table.loc[7, "lpips"] = score
        table.to_csv(path, index=False)
    [figure] = gains.draw_gains(_board(folder), tmp_path)
    told = figure.lines[0]
    assert "is on `test-00007`: LPIPS 0.050 by `unet-resnet18` + `l2` against 0.900 by `unet` + `l1`." in told
    assert "the best on average, is the best on 92 % of the pictures; it loses most on `test-00007`" in told
    assert figure.details[0][1].splitlines()[2].startswith("| test-00007 |")


def test_one_cell_alone_gains_nothing(make_run, tmp_path):
    assert gains.draw_gains(_board(make_run(architectures=("unet",), losses=("l1",))), tmp_path) == []
