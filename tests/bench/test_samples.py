import numpy as np
import pytest
from PIL import Image

from bench.samples import extreme_indices, sample_indices, save_strip


@pytest.mark.parametrize(
    ("n_test", "count", "expected"), [(10, 3, [0, 4, 9]), (2, 8, [0, 1]), (1, 4, [0]), (256, 2, [0, 255])]
)
def test_samples_are_spread_evenly(n_test, count, expected):
    assert sample_indices(n_test, count) == expected


def test_extremes_are_best_median_and_worst():
    assert extreme_indices(np.array([0.3, 0.1, 0.5, 0.2, 0.4])) == [1, 0, 2]
    assert extreme_indices(np.array([0.3])) == [0, 0, 0]


def test_a_strip_holds_the_pictures_side_by_side_without_loss(tmp_path):
    pictures = np.random.default_rng(0).integers(0, 256, (3, 5, 5, 3), dtype=np.uint8)
    save_strip(tmp_path / "samples" / "strip.png", pictures)
    assert np.array_equal(np.asarray(Image.open(tmp_path / "samples" / "strip.png")), np.concatenate(pictures, axis=1))
