import numpy as np
import pytest
from PIL import Image

from bench.colorize.sheet import draw_sheet, tile_size


def tile(color, size=(240, 180)):
    return Image.new("RGB", size, color)


def place(sheet, color):
    """Left, top, width and height of the one box of a colour."""
    found = (np.asarray(sheet) == color).all(axis=2)
    rows, columns = np.flatnonzero(found.any(axis=1)), np.flatnonzero(found.any(axis=0))
    left, top, right, bottom = columns[0], rows[0], columns[-1] + 1, rows[-1] + 1
    assert found[top:bottom, left:right].all(), "whole and nothing over it"
    return left, top, right - left, bottom - top


def cells_of(run):
    return [record for record in run.records if record.loss]


def colors(count):
    return [(10 + 20 * index, 200, 30) for index in range(count)]


def test_the_cells_of_one_row_stand_beside_what_they_are_compared_with(make_run):
    records = cells_of(make_run(losses=["l1", "l2", "huber"]))
    framing = {"original": tile((200, 0, 0)), "grey": tile((0, 0, 200))}
    pictures = [tile(color) for color in colors(3)]
    sheet = draw_sheet("photo.jpg", "mine", framing, list(zip(records, pictures, strict=True)))
    places = [place(sheet, color) for color in [(200, 0, 0), (0, 0, 200), *colors(3)]]
    assert len({top for _, top, _, _ in places}) == 1
    lefts = [left for left, _, _, _ in places]
    assert lefts == sorted(lefts)
    assert {size for *_, width, height in places for size in [(width, height)]} == {(240, 180)}


def test_losses_are_columns_and_everything_else_that_differs_is_rows(make_run):
    run = make_run(losses=["l1", "l2"], datasets=["synthetic-faces", "synthetic-flowers"], seeds=[0, 1])
    records = cells_of(run)
    pictures = dict(zip((one.cell_id for one in records), colors(8), strict=True))
    cells = [(record, tile(pictures[record.cell_id])) for record in records]
    sheet = draw_sheet("photo.jpg", "mine", {"original": tile((200, 0, 0))}, cells)
    places = {(one.dataset, one.seed, one.loss): place(sheet, pictures[one.cell_id]) for one in records}
    for dataset in ("synthetic-faces", "synthetic-flowers"):
        for seed in (0, 1):
            l1, l2 = places[dataset, seed, "l1"], places[dataset, seed, "l2"]
            assert l1[0] < l2[0]
            assert l1[1] == l2[1]
    assert len({top for _, top, *_ in places.values()}) == 4
    assert place(sheet, (200, 0, 0))[1] < min(top for _, top, *_ in places.values())


def test_cells_that_differ_in_nothing_that_has_an_axis_are_all_shown(make_run):
    records = cells_of(make_run())
    twin = records[0].model_copy(update={"cell_id": "f" * 16, "settings": {}})
    cells = [(records[0], tile((200, 0, 0))), (twin, tile((0, 0, 200)))]
    sheet = draw_sheet("photo.jpg", "mine", {"original": tile((0, 200, 0))}, cells)
    for color in ((200, 0, 0), (0, 0, 200), (0, 200, 0)):
        place(sheet, color)


def test_cells_that_would_leave_most_of_a_matrix_empty_stand_in_one_row(make_run):
    records = cells_of(make_run(losses=["l1", "l2"], datasets=["synthetic-faces", "synthetic-flowers"]))
    diagonal = [one for one in records if (one.loss == "l1") == (one.dataset == "synthetic-faces")]
    cells = list(zip(diagonal, map(tile, colors(2)), strict=True))
    sheet = draw_sheet("photo.jpg", "mine", {"original": tile((200, 0, 0))}, cells)
    assert len({place(sheet, color)[1] for color in [(200, 0, 0), *colors(2)]}) == 1


def test_rows_lie_apart_even_where_their_labels_are_higher_than_the_pictures(make_run):
    run = make_run(losses=["l1", "l2"], datasets=["synthetic-faces", "synthetic-flowers"], seeds=[0, 1])
    records = cells_of(run)
    low = {one.cell_id: color for one, color in zip(records, colors(8), strict=True)}
    cells = [(one, tile(low[one.cell_id], (640, 2))) for one in records]
    sheet = draw_sheet("photo.jpg", "mine", {"original": tile((200, 0, 0), (640, 2))}, cells)
    tops = sorted({place(sheet, color)[1] for color in low.values()})
    two_lines_of_label = 40
    assert np.diff(tops).min() >= two_lines_of_label


@pytest.mark.parametrize(("width", "height"), [(4000, 3000), (3000, 4000), (64, 64), (10_000, 10), (1, 5000)])
def test_tiles_have_the_shape_of_the_photograph(width, height):
    across, down = tile_size(width, height)
    assert 1 <= across <= 640
    assert 1 <= down <= 480
    if min(across, down) > 1:
        assert across / down == pytest.approx(width / height, rel=0.02)


@pytest.mark.parametrize("size", [(640, 1), (1, 480)])
def test_a_strip_of_a_photograph_has_a_sheet_too(make_run, size):
    [record] = cells_of(make_run())
    sheet = draw_sheet("a" * 200, "mine", {"original": tile((200, 0, 0), size)}, [(record, tile((0, 0, 200), size))])
    assert place(sheet, (200, 0, 0))[2:] == place(sheet, (0, 0, 200))[2:] == size
