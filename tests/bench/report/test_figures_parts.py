"""What figures work out for themselves."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from bench.report.cost import pareto_front
from bench.report.curves import overfit
from bench.report.lab import gamut_outline, to_ab, to_grey
from bench.report.style import file_name, label


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
