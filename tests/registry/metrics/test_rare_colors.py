import numpy as np
import pytest
import torch

from registry.color import Colors
from registry.metrics.rare_colors import RareAbError, rare_bins


def _picture(pixels):
    """One picture, a pixel per (a, b)."""
    ab = torch.tensor(pixels, dtype=torch.float32).T.view(1, 2, 1, -1)
    return Colors(torch.full((1, 1, 1, ab.shape[-1]), 60.0), ab)


# Of eight pixels six are grey and two have rare colours: a quarter.
TRUTH = [(0, 0)] * 6 + [(40, 20), (-30, 50)]


def _measured(*pairs):
    metric = RareAbError()
    for prediction, truth in pairs:
        metric.update(_picture(prediction), _picture(truth))
    return metric


def test_rare_pixels_alone_count_by_hand():
    prediction = [(9, 9)] * 6 + [(30, 20), (-20, 30)]
    metric = _measured((prediction, TRUTH))
    # Errors of (10 + 0) / 2 and (10 + 20) / 2 against grey's 30 and 40.
    assert metric.compute() == pytest.approx(20 / 70)
    assert {name: each.tolist() for name, each in metric.per_image().items()} == {
        "_sum": pytest.approx([20 / 8]),
        "_grey_sum": pytest.approx([70 / 8]),
    }


def test_rare_is_what_is_rare_in_all_pictures_together():
    # By itself the second picture's blue would be common.
    metric = _measured((TRUTH, TRUTH), ([(0, 0)] * 8, [(0, 0)] * 6 + [(0, -60)] * 2))
    assert metric.compute() == pytest.approx((0 + 60) / (70 + 60))


def test_perfect_is_0_and_grey_is_1():
    assert _measured((TRUTH, TRUTH)).compute() == 0
    assert _measured(([(0, 0)] * 8, TRUTH)).compute() == 1


def test_predictions_do_not_choose_the_pixels():
    one, other = (_measured((prediction, TRUTH)) for prediction in ([(50, 50)] * 8, [(0, 0)] * 8))
    assert one.per_image()["_grey_sum"].tolist() == other.per_image()["_grey_sum"].tolist()


def test_without_a_rarity_there_is_no_value():
    assert torch.isnan(_measured(([(0, 0)] * 2, [(0, 0), (40, 20)])).compute())
    assert torch.isnan(_measured(([(0, 0)] * 2, [(40, 20)] * 2)).compute())


def test_rare_bins_hold_at_most_a_quarter_and_no_more_fits():
    random = np.random.default_rng(0)
    for _ in range(50):
        counts = torch.tensor(random.integers(0, 1000, 30) * random.integers(0, 2, 30), dtype=torch.float64)
        rare = rare_bins(counts)
        share = counts[rare].sum() / counts.sum()
        assert share <= 0.25 < share + counts[~rare].min() / counts.sum()
        assert counts[rare].max() <= counts[~rare].min()


def test_batches_change_nothing():
    random = np.random.default_rng(1)
    pairs = [(random.uniform(-80, 80, (64, 2)), random.normal(0, 25, (64, 2))) for _ in range(4)]
    whole = RareAbError()
    whole.update(*(Colors(torch.zeros(4, 1, 1, 64), torch.cat([_picture(p[n]).ab for p in pairs])) for n in (0, 1)))
    assert _measured(*pairs).compute() == whole.compute()
