from dataclasses import replace

import numpy as np
import pytest
from skimage.color import rgb2lab

from registry.datasets import synthetic
from registry.datasets.base import SPLITS
from registry.datasets.flowers import KINDS, PAIR_SHARE, draw_flower
from registry.datasets.synthetic import SyntheticFaces, SyntheticFlowers
from registry.errors import UserError


def faces(n_train=4, n_validation=4, n_test=4, seed=0):
    return SyntheticFaces(n_train, n_validation, n_test, seed)


def flowers(n_train=4, n_validation=4, n_test=4, seed=0, imbalance=0.0):
    return SyntheticFlowers(n_train, n_validation, n_test, seed, imbalance)


def pictures(dataset, split, size=32):
    return np.stack([dataset.read(key, size) for key in dataset.keys()[split]])


def petals(kind, seed, size=48):
    """Lab and the petals' mask: only petals change with the hue."""
    # A kind turned by a whole circle is none of the pair of kinds that share a shape.
    lab, other = (
        draw_flower(np.random.default_rng(seed), replace(kind, hue=kind.hue + turn), size) for turn in (360, 180)
    )
    return lab, np.hypot(*(lab - other)[1:]) > 25


BOTH = pytest.mark.parametrize("make", [faces, flowers])


@BOTH
def test_pictures_are_of_the_asked_form_in_splits_of_the_asked_sizes(make):
    dataset = make(n_train=5, n_validation=3, n_test=2)
    assert [len(dataset.keys()[split]) for split in SPLITS] == [5, 3, 2]
    assert dataset.keys()["validation"][2] == "validation-00002"
    for size in (16, 17, 64, 100):
        picture = dataset.read("test-00001", size)
        assert picture.shape == (size, size, 3)
        assert picture.dtype == np.uint8


@BOTH
def test_a_picture_depends_on_seed_split_and_index_alone(make):
    expected = make().read("train-00003", 64)
    np.random.seed(5)
    state = np.random.get_state()[1].copy()
    other = make(n_train=40, n_test=9)
    other.read("train-00002", 64)
    np.testing.assert_array_equal(other.read("train-00003", 64), expected)
    np.testing.assert_array_equal(np.random.get_state()[1], state)


@BOTH
def test_no_picture_is_in_two_splits_or_under_two_seeds(make):
    found = [
        picture.tobytes()
        for seed in (0, 1)
        for split in SPLITS
        for picture in pictures(make(12, 12, 12, seed), split, 16)
    ]
    assert len(set(found)) == len(found) == 72


@BOTH
@pytest.mark.parametrize("small", [32, 64])
def test_each_size_shows_the_same_picture(make, small):
    dataset = make(n_test=9)
    large = pictures(dataset, "test", 128).astype(float)
    times = 128 // small
    averaged = large.reshape(9, small, times, small, times, 3).mean((2, 4))
    difference = np.abs(averaged - pictures(dataset, "test", small)).mean((1, 2, 3))
    assert difference.max() < 3
    assert large.std((1, 2)).min() > 10


def constant_color_share(dataset):
    ab = rgb2lab(pictures(dataset, "test"))[..., 1:].reshape(-1, 2)
    return (ab.mean(0) ** 2).sum() / (ab**2).sum(1).mean()


def test_faces_are_nearly_one_color():
    assert constant_color_share(faces(n_test=150)) > 0.6


def test_flowers_are_of_every_hue():
    assert constant_color_share(flowers(n_test=180)) < 0.25
    shares = np.zeros(12)
    for seed in range(270):
        lab, mask = petals(KINDS[seed % 9], seed, 32)
        hue = np.degrees(np.arctan2(lab[2], lab[1]))[mask] % 360
        shares += np.histogram(hue, np.arange(0, 361, 30))[0] / len(hue) / 270
    assert shares.min() > 0.045
    assert shares.max() < 0.13


def test_lightness_does_not_tell_the_hue():
    hues, lightness = [], []
    for seed in range(135):
        lab, mask = petals(KINDS[seed % 9], seed)
        hues.append(np.radians(KINDS[seed % 9].hue))
        lightness.append(lab[0][mask].mean())
    assert min(lightness) > 42
    assert max(lightness) < 78
    circle = np.stack((np.cos(hues), np.sin(hues), np.ones(len(hues))), axis=1)
    left = lightness - circle @ np.linalg.lstsq(circle, np.array(lightness), rcond=None)[0]
    assert 1 - left.var() / np.var(lightness) < 0.06


def test_the_hue_changes_the_color_of_petals_and_nothing_else():
    kind = KINDS[0]
    lab = draw_flower(np.random.default_rng(3), kind, 64)
    other = draw_flower(np.random.default_rng(3), replace(kind, hue=200), 64)
    np.testing.assert_array_equal(lab[0], other[0])
    _, mask = petals(kind, 3, 64)
    assert 0.15 < mask.mean() < 0.7


def test_some_flowers_look_alike_in_grey_and_have_either_of_two_hues():
    def alike(seed):
        one, two = (draw_flower(np.random.default_rng(seed), KINDS[i], 16) for i in (2, 6))
        return np.array_equal(one[0], two[0]) and not np.array_equal(one[1:], two[1:])

    assert np.mean([alike(seed) for seed in range(150)]) == pytest.approx(PAIR_SHARE, abs=0.12)
    assert 2 / len(KINDS) * PAIR_SHARE == pytest.approx(0.1)


@pytest.mark.parametrize("split", ["train", "validation"])
def test_imbalance_is_the_share_of_one_kind(split):
    even = pictures(flowers(180, 180), split, 16)
    only = pictures(flowers(180, 180, imbalance=1), split, 16)
    mixed = pictures(flowers(180, 180, imbalance=0.6), split, 16)
    kept, changed = (mixed == even).all((1, 2, 3)), (mixed == only).all((1, 2, 3))
    assert (kept | changed).all()
    assert (even == only).all((1, 2, 3)).sum() == 20
    assert changed.mean() == pytest.approx(0.6 + 0.4 / 9, abs=0.1)


def test_imbalance_leaves_the_test_split_alone():
    np.testing.assert_array_equal(pictures(flowers(imbalance=1.0), "test"), pictures(flowers(), "test"))


def test_the_revision_changes_with_every_parameter_and_with_the_drawing(monkeypatch):
    changes = [{}, {"n_train": 7}, {"n_validation": 7}, {"n_test": 7}, {"seed": 7}]
    revisions = [faces(**change).revision for change in changes]
    assert len(set(revisions)) == len(changes)
    changes.append({"imbalance": 0.5})
    revisions = [flowers(**change).revision for change in changes]
    assert len(set(revisions)) == len(changes)
    assert flowers().revision == flowers(imbalance=0).revision
    monkeypatch.setattr(synthetic, "DRAWING_VERSION", -1)
    assert flowers().revision not in revisions


@pytest.mark.parametrize(
    ("make", "wrong", "message"),
    [
        (faces, {"n_train": 0}, "n_train"),
        (flowers, {"n_validation": -1}, "n_validation"),
        (flowers, {"n_test": 0}, "n_test"),
        (faces, {"seed": -1}, "seed"),
        (flowers, {"imbalance": 1.1}, "between 0 and 1, not 1.1"),
        (flowers, {"imbalance": float("nan")}, "imbalance"),
    ],
)
def test_wrong_parameters_are_the_users_to_put_right(make, wrong, message):
    with pytest.raises(UserError, match=message):
        make(**wrong)


def test_reading_refuses_small_sizes_and_other_keys():
    with pytest.raises(UserError, match="at least 16, not 8"):
        faces().read("train-00000", 8)
    with pytest.raises(ValueError, match="no key"):
        faces().read("portrait-00000", 64)
