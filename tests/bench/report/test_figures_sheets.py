"""Sheets hold the stored pixels, at equal positions and scale."""

from __future__ import annotations

import numpy as np
import pytest
from made_up_files import made_up_pictures
from PIL import Image

from bench.report import extremes, sheets
from bench.report.board import boards
from bench.report.extremes import draw_extremes
from bench.report.sheets import draw_progress, draw_sheets
from bench.report.stored import StoredRun
from bench.report.tiles import Sheet


def cut(image: np.ndarray, sheet: Sheet, row: int, column: int) -> np.ndarray:
    x, y = sheet.place(row, column)
    return image[y : y + sheet.tile, x : x + sheet.tile]


def record_sheets(monkeypatch, module) -> list[Sheet]:
    """The sheets that a module saves from now on, in order."""
    found = []

    class Recorded(Sheet):
        def save(self, path):
            super().save(path)
            found.append(self)

    monkeypatch.setattr(module, "Sheet", Recorded)
    return found


@pytest.fixture
def saved(monkeypatch):
    return record_sheets(monkeypatch, sheets)


def enlarged(picture: np.ndarray, factor: int) -> np.ndarray:
    return picture.repeat(factor, axis=0).repeat(factor, axis=1)


def test_tiles_are_the_stored_pixels_in_every_sheet(make_run, tmp_path, saved):
    run = StoredRun(make_run(size=32))
    [board] = boards(run)
    figures = draw_sheets(board, tmp_path)
    assert len(figures) == 2
    places = set()
    for figure, sheet, architecture in zip(figures, saved, board.architectures, strict=True):
        assert sheet.columns == ["grey", "l1", "l2", "truth"]
        image = np.asarray(Image.open(figure.path))
        for column, loss in ((1, "l1"), (2, "l2")):
            strip = run.samples(board.at(architecture, loss)[0])
            for row, picture in enumerate(strip):
                np.testing.assert_array_equal(cut(image, sheet, row, column), enlarged(picture, 4))
        for row, picture in enumerate(run.true_samples(board.dataset)):
            np.testing.assert_array_equal(cut(image, sheet, row, 3), enlarged(picture, 4))
        places.add((image.shape, sheet.place(0, 0), sheet.place(3, 3)))
    assert len(places) == 1, "sheets of two architectures can be laid over each other"


def test_early_stands_beside_late_and_truth(make_run, tmp_path, saved):
    run = StoredRun(make_run(architectures=["unet"], epochs=5))
    [board] = boards(run)
    [figure] = draw_progress(board, tmp_path)
    [sheet] = saved
    assert sheet.columns == ["epoch 3", "epoch 5", "truth"] * 2
    image = np.asarray(Image.open(figure.path))
    record = board.at("unet", "l2")[0]
    strips = [run.samples(record, "half"), run.samples(record), run.true_samples(board.dataset)]
    for column, (strip, place) in enumerate((strip, place) for place in (0, -1) for strip in strips):
        np.testing.assert_array_equal(cut(image, sheet, 1, column), enlarged(strip[place], 4))


def test_extremes_are_the_winner_s_best_median_and_worst_of_the_whole_test_set(make_run, tmp_path, monkeypatch):
    saved = record_sheets(monkeypatch, extremes)
    run = StoredRun(make_run(n_test=12, sample_pictures=4))
    [board] = boards(run)
    [figure] = draw_extremes(board, tmp_path)
    [sheet] = saved
    assert "unet with l1" in figure.title
    assert "all 12 test pictures" in figure.caption
    record = board.at("unet", "l1")[0]
    table = run.per_image(record).sort_values("lpips")
    for row, (name, rank) in enumerate((("best", 1), ("median", 6), ("worst", 12))):
        index, score = table.index[rank - 1], table.lpips.iloc[rank - 1]
        assert f"{name} {score:.3f}" in figure.alt
        assert f"{table.picture[index]} ({name})" in figure.caption
        assert sheet.rows[row] == f"{name}\nLPIPS {score:.3f}\nrank {rank}/12\n#{index}"
    image = np.asarray(Image.open(figure.path))
    for column, kept in ((1, "extremes"), (2, "extremes_truth")):
        for row, picture in enumerate(run.samples(record, kept)):
            np.testing.assert_array_equal(cut(image, sheet, row, column), enlarged(picture, 8))


def test_without_stored_extremes_there_is_no_such_sheet(make_run, tmp_path):
    run = StoredRun(make_run())
    [board] = boards(run)
    (run.cell_folder(board.at("unet", "l1")[0]) / "samples" / "extremes.png").unlink()
    assert draw_extremes(board, tmp_path) == []


def test_the_winner_s_sheet_is_seen_first_and_the_others_are_folded(make_run, tmp_path):
    run = StoredRun(make_run(lpips=lambda a, *_: 0.1 if a == "unet-resnet18" else 0.2))
    [board] = boards(run)
    first, second = draw_sheets(board, tmp_path)
    assert first.title.startswith("unet-resnet18 ")
    assert [(one.section, one.folded) for one in (first, second)] == [("headline", False), ("pictures", True)]
    assert [one.folded for one in draw_progress(board, tmp_path)] == [False, True]


@pytest.mark.parametrize(("size", "tile"), [(8, 128), (64, 128), (96, 192), (128, 128), (256, 256), (512, 256)])
def test_small_pictures_grow_by_a_whole_factor_and_none_is_huge(size, tile):
    sheet = Sheet(["a"], ["b"], [[made_up_pictures("x", 1, size)[0]]], size)
    assert sheet.tile == tile


def test_tiles_are_equally_far_apart_and_groups_further():
    sheet = Sheet(["a"] * 6, ["b"] * 2, [["hole"] * 6] * 2, 64, group=3)
    lefts = [sheet.place(0, column)[0] for column in range(6)]
    steps = np.diff(lefts)
    assert set(steps[[0, 1, 3, 4]]) == {132}
    assert steps[2] > 132
    assert sheet.place(1, 0)[1] - sheet.place(0, 0)[1] == 132
