"""Sheets hold the stored pixels, at equal positions and scale."""

from __future__ import annotations

import numpy as np
import pytest
from made_up_runs import made_up_pictures
from PIL import Image

from bench.report import sheets
from bench.report.board import boards
from bench.report.extremes import draw_extremes
from bench.report.sheets import draw_progress, draw_sheets
from bench.report.stored import StoredRun
from bench.report.tiles import Sheet


def cut(image: np.ndarray, sheet: Sheet, row: int, column: int) -> np.ndarray:
    x, y = sheet.place(row, column)
    return image[y : y + sheet.tile, x : x + sheet.tile]


@pytest.fixture
def saved(monkeypatch):
    """The sheets that are saved, in order."""
    found = []

    class Recorded(Sheet):
        def save(self, path):
            super().save(path)
            found.append(self)

    monkeypatch.setattr(sheets, "Sheet", Recorded)
    return found


def enlarged(picture: np.ndarray, factor: int) -> np.ndarray:
    return picture.repeat(factor, axis=0).repeat(factor, axis=1)


def test_tiles_are_the_stored_pixels_in_every_sheet(make_run, tmp_path, saved):
    run = StoredRun(make_run(size=16))
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
                np.testing.assert_array_equal(cut(image, sheet, row, column), enlarged(picture, 8))
        for row, picture in enumerate(run.true_samples(board.dataset)):
            np.testing.assert_array_equal(cut(image, sheet, row, 3), enlarged(picture, 8))
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
        np.testing.assert_array_equal(cut(image, sheet, 1, column), enlarged(strip[place], 8))


def test_extremes_are_of_the_winner_and_say_which_pictures_they_chose_from(make_run, tmp_path):
    run = StoredRun(make_run(n_test=12, sample_pictures=4))
    [board] = boards(run)
    [figure] = draw_extremes(board, tmp_path)
    assert "unet with l1" in figure.title
    assert "the 4 stored of 12" in figure.caption
    scores = run.per_image(board.at("unet", "l1")[0]).lpips[[0, 4, 7, 11]]
    for name, value in (("best", scores.min()), ("worst", scores.max())):
        assert f"{name} {value:.3f}" in figure.alt


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
