"""What figures work out for themselves."""

from __future__ import annotations

import matplotlib
import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure as Canvas

from bench.report import curves, distributions, heatmaps
from bench.report.board import boards
from bench.report.cost import pareto_front
from bench.report.curves import overfit
from bench.report.lab import gamut_outline, luminance, to_ab, to_grey
from bench.report.stored import StoredRun
from bench.report.style import PALETTE, file_name, label, line_of, loss_lines


def history(train: list[float], validation: list[float]) -> pd.DataFrame:
    return pd.DataFrame({"train_loss": train, "validation_loss": validation})


@pytest.mark.parametrize(
    ("train", "validation", "expected"),
    [
        ([3, 2, 1], [2, 1, 1.5], 0.5),
        ([3, 2, 1], [2, 1, 1.04], None),
        ([3, 1, 2], [2, 1, 1.5], None),
        ([3, 2, 1], [3, 2, 1], None),
    ],
)
def test_overfitting_needs_a_risen_validation_loss_and_a_fallen_training_loss(train, validation, expected):
    assert overfit(history(train, validation)) == expected


def test_pareto_front_keeps_what_nothing_beats():
    assert pareto_front([(2, 5), (1, 9), (3, 6), (4, 1), (1, 8), (2, 5)]) == [4, 0, 3]


def test_costs_that_differ_by_noise_alone_are_equal_on_the_front():
    points = [(1.0, 9), (1.03, 5), (1.04, 6), (2, 4)]
    assert pareto_front(points) == [0, 1, 3]
    assert pareto_front(points, noise=1.05) == [1, 3]


@pytest.fixture
def heat_map(make_run):
    """The map of a name, and its shades of a table of values."""
    [board] = boards(StoredRun(make_run()))

    def find(name: str):
        return next(one for one in heatmaps._maps(board) if one.name == name)

    return find


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("LPIPS", [0.1, 0.2, 0.4]),
        ("Colorfulness over the truth's", [0.9, 0.5, 0.3]),
        ("Colorfulness over the truth's", [0.95, 1.2, 0.6]),
        ("ab imbalance", [0.42, 0.5, 0.9]),
        ("ab imbalance", [0.39, 0.5, 0.1]),
    ],
)
def test_the_nearer_to_the_aim_the_lighter(heat_map, name, values):
    one = heat_map(name)
    shades = heatmaps._shades(np.array([values]), one)[0]
    assert np.all(np.diff(np.abs(shades)) > 0)
    scale = shades / 2 + 0.5 if one.colors == "PuOr" else shades
    assert np.all(np.diff(luminance(matplotlib.colormaps[one.colors](scale)[:, :3])) < 0)


def test_shades_name_the_side_and_white_is_kept_for_the_truth(heat_map):
    ratio, imbalance = heat_map("Colorfulness over the truth's"), heat_map("ab imbalance")
    assert np.all(heatmaps._shades(np.array([[0.5, 0.7]]), ratio) < -0.1), "paler is orange"
    assert np.all(heatmaps._shades(np.array([[0.5, 0.7]]), imbalance) < -0.1), "fewer colours are orange"
    assert np.sign(heatmaps._shades(np.array([[0.8, 1.1, 1.0]]), ratio)).tolist() == [[-1, 1, 0]]
    assert heatmaps._hint(np.array([[0.5, 0.7]]), ratio) == "orange: too pale\n(even the best is 0.30 off)"
    assert heatmaps._hint(np.array([[0.8, 1.1]]), ratio) == "purple: too colourful\norange: too pale"


@pytest.mark.parametrize(
    ("values", "digits"), [([0.0248, 0.0319], 4), ([0.15, 0.45], 3), ([0.2, 0.2], 3), ([np.nan, 0.2], 3)]
)
def test_cells_of_different_colours_have_different_numbers(heat_map, values, digits):
    assert heatmaps._digits(np.array([values]), heat_map("LPIPS")) == digits


def test_high_validation_losses_are_marked_and_do_not_set_the_scale():
    [left, right] = Canvas().subplots(1, 2, sharey=True)
    for panel, spike in ((left, 0.9), (right, 50.0)):
        panel.plot([1, 2, 3], [1.0, 0.5, 0.3], color=curves._TRAIN)
        panel.plot([1, 2, 3], [0.8, spike, 0.4], color=curves._VALIDATION)
    assert not curves._limit(np.array([left, right]))
    assert left.get_ylim()[1] < 2
    assert [text.get_text() for text in right.texts] == ["50"]
    assert not left.texts


def test_the_axis_of_distributions_ends_with_the_trained_cells(make_run):
    [board] = boards(StoredRun(make_run()))
    worst = max(board.run.per_image(record).lpips.max() for record in board.completed)
    rows = [distributions._row(board, *place) for place in board.ranked()] + distributions._references(board)
    assert worst < distributions._limit(rows) < 1.1 * worst < min(row.scores.mean() for row in rows[-3:])


def test_outline_encloses_all_colours():
    steps = np.linspace(0, 1, 9)
    colors = to_ab(np.stack(np.meshgrid(steps, steps, steps), axis=-1).reshape(-1, 3))
    outline = gamut_outline()
    angles = np.arctan2(outline[:, 1], outline[:, 0])
    order = np.argsort(angles)
    reach = np.interp(
        np.arctan2(colors[:, 1], colors[:, 0]), angles[order], np.hypot(*outline[order].T), period=2 * np.pi
    )
    assert (np.hypot(*colors.T) <= reach + 0.2).all()


def test_ab_and_grey_are_those_of_the_pictures_that_networks_see():
    torch = pytest.importorskip("torch")
    from registry.color import rgb_to_lab

    rgb = np.random.default_rng(0).integers(0, 256, (4, 4, 3), dtype=np.uint8)
    lab = rgb_to_lab(torch.tensor(rgb / 255).permute(2, 0, 1)[None])[0].permute(1, 2, 0).numpy()
    np.testing.assert_allclose(to_ab(rgb / 255), lab[..., 1:], atol=1e-3)
    grey = to_grey(rgb)
    assert (grey == grey[..., :1]).all()
    seen = rgb_to_lab(torch.tensor(grey / 255).permute(2, 0, 1)[None])[0, 0].numpy()
    np.testing.assert_allclose(seen, lab[..., 0], atol=0.3)


@pytest.mark.parametrize("text", ["l1", "huber + 0.1*vgg", "x" * 300, "unet(n_down=4, num_filters=8)", "a " * 90])
@pytest.mark.parametrize(("width", "lines"), [(6, 3), (18, 3), (22, 1)])
def test_labels_fit(text, width, lines):
    parts = label(text, width, lines).split("\n")
    assert len(parts) <= lines
    assert max(map(len, parts)) <= width


def test_file_names_tell_long_specs_apart():
    names = {file_name("pictures", "faces", f"{'x' * 200}{n}") for n in range(3)}
    assert len(names) == 3
    assert max(map(len, names)) < 120


def test_lines_differ_where_colours_begin_again():
    names = [f"loss {n}" for n in range(2 * len(PALETTE))]
    lines = [tuple(line_of(name, names).values()) for name in names]
    assert len(set(lines)) == len(lines)
    assert [line.get_linestyle() for line in loss_lines(names, names)] == [style for _, style in lines]
