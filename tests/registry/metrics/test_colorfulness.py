import math

import numpy as np
import pytest
import torch

from registry.color import Colors
from registry.metrics.colorfulness import Colorfulness


def _score(rgb8):
    picture = Colors.from_rgb8(torch.tensor(rgb8, dtype=torch.uint8)[None])
    return Colorfulness().measure(picture).item()


def test_a_picture_half_red_half_cyan_by_hand():
    # rg is +255 and -255, yb +127.5 and -127.5: the means vanish only because the axes keep their signs.
    assert _score([[[255, 0, 0], [0, 255, 255]]]) == pytest.approx(math.hypot(255, 127.5))


def test_one_pure_color_has_no_spread():
    assert _score([[[255, 0, 0], [255, 0, 0]]]) == pytest.approx(0.3 * math.hypot(255, 127.5))


def test_grey_is_not_colourful():
    assert _score([[[0, 0, 0], [90, 90, 90]], [[255, 255, 255], [7, 7, 7]]]) == 0


def test_a_sepia_tone_scores_about_23():
    assert _score([[[112, 66, 20]] * 4] * 4) == pytest.approx(0.3 * math.hypot(46, 69), abs=1e-4)
    assert 20 < _score([[[112, 66, 20]]]) < 26


def test_formula_of_hasler_and_suesstrunk_on_random_pictures():
    rng = np.random.default_rng(0)
    rgb8 = rng.integers(0, 256, (3, 17, 19, 3), dtype=np.uint8)
    ours = Colorfulness().measure(Colors.from_rgb8(torch.from_numpy(rgb8))).numpy()
    for picture, score in zip(rgb8.astype(float), ours, strict=True):
        rg = picture[..., 0] - picture[..., 1]
        yb = 0.5 * (picture[..., 0] + picture[..., 1]) - picture[..., 2]
        spread = np.sqrt(np.std(rg) ** 2 + np.std(yb) ** 2)
        assert score == pytest.approx(spread + 0.3 * np.sqrt(rg.mean() ** 2 + yb.mean() ** 2), rel=1e-5)
