import numpy as np
import pytest
import torch

from bench.supply import TrainingSupply, batches
from registry.errors import UserError


def _pictures(n=10, size=4):
    return np.random.default_rng(0).integers(0, 256, (n, size, size, 3), dtype=np.uint8)


def _supply(pictures, seed=0, batch_size=3, horizontal_flip=False, crop_size=None, on_device=False):
    return TrainingSupply(
        pictures,
        batch_size=batch_size,
        seed=seed,
        crop_size=crop_size,
        horizontal_flip=horizontal_flip,
        device="cpu",
        on_device=on_device,
    )


def _which(pictures, colors):
    """Indices of the pictures of a batch."""
    found = colors.rgb8.numpy()
    return [next(i for i, one in enumerate(pictures) if np.array_equal(one, picture)) for picture in found]


def test_a_pass_shows_every_picture_at_most_once_and_the_next_in_another_order():
    pictures = _pictures(9)
    supply = _supply(pictures)
    passes = [
        [which for step in steps for which in _which(pictures, supply.batch(step))] for steps in (range(3), range(3, 6))
    ]
    assert sorted(passes[0]) == sorted(passes[1]) == list(range(9))
    assert passes[0] != passes[1]


def test_a_batch_depends_on_seed_and_step_alone():
    pictures = _pictures()
    forwards = [_supply(pictures, horizontal_flip=True).batch(step).viewed for step in range(7)]
    supply = _supply(pictures, horizontal_flip=True)
    backwards = [supply.batch(step).viewed for step in reversed(range(7))]
    assert all(torch.equal(one, other) for one, other in zip(forwards, reversed(backwards), strict=True))
    assert not torch.equal(_supply(pictures, seed=1).batch(0).viewed, forwards[0])


@pytest.mark.parametrize("crop_size", [None, 3])
@pytest.mark.parametrize("horizontal_flip", [False, True])
def test_batches_are_the_same_where_the_pictures_are_on_the_device(horizontal_flip, crop_size):
    options = {"horizontal_flip": horizontal_flip, "crop_size": crop_size}
    here, there = (_supply(_pictures(), on_device=on_device, **options) for on_device in (False, True))
    for step in range(9):
        assert torch.equal(here.batch(step).rgb8, there.batch(step).rgb8)
        assert torch.equal(here.batch(step).ab, there.batch(step).ab)


def test_about_half_of_the_pictures_are_mirrored():
    pictures = np.zeros((64, 2, 2, 3), dtype=np.uint8)
    pictures[:, :, 0] = 255
    supply = _supply(pictures, batch_size=64, horizontal_flip=True)
    mirrored = sum((supply.batch(step).viewed[:, 0, 0, 0] == 0).sum().item() for step in range(10))
    assert 0.4 < mirrored / 640 < 0.6


def test_mirroring_leaves_the_prepared_pictures_alone():
    pictures = _pictures()
    before = pictures.copy()
    _supply(pictures, horizontal_flip=True).batch(0)
    assert np.array_equal(pictures, before)


def _places(n=12, size=8, crop_size=5, **options):
    """Where each crop of 40 steps was taken, top and left, by pictures whose pixels tell their place."""
    y, x = np.mgrid[:size, :size]
    one = np.stack([y, x, np.zeros_like(x)], axis=2).astype(np.uint8)
    supply = _supply(np.repeat(one[None], n, axis=0), crop_size=crop_size, **options)
    crops = np.concatenate([supply.batch(step).rgb8.numpy() for step in range(40)])
    assert crops.shape[1:3] == (crop_size, crop_size)
    corners = crops[:, 0, 0, :2]
    for crop, (top, left) in zip(crops, corners, strict=True):
        assert np.array_equal(crop, one[top : top + crop_size, left : left + crop_size])
    return corners


def test_crops_are_whole_squares_from_every_place_equally_often():
    counts = np.zeros((4, 4))
    np.add.at(counts, tuple(_places(batch_size=12).T), 1)
    assert counts.sum() == 480
    expected = 480 / 16
    assert ((counts - expected) ** 2 / expected).sum() < 37.7  # chi-squared, 15 degrees of freedom, p = 0.001


def test_the_place_of_a_crop_depends_on_seed_and_step_alone():
    assert np.array_equal(_places(), _places())
    assert not np.array_equal(_places(), _places(seed=1))
    pictures = _pictures(size=8)
    supply, other = (_supply(pictures, crop_size=4, horizontal_flip=True) for _ in range(2))
    forwards = [supply.batch(step).viewed for step in range(7)]
    backwards = [other.batch(step).viewed for step in reversed(range(7))]
    assert all(torch.equal(one, two) for one, two in zip(forwards, reversed(backwards), strict=True))


def test_crops_change_neither_the_order_nor_the_mirrored_pictures():
    pictures = _pictures(9, size=8)
    whole = _supply(pictures, horizontal_flip=True)
    same = _supply(pictures, horizontal_flip=True, crop_size=8)
    assert all(torch.equal(whole.batch(step).viewed, same.batch(step).viewed) for step in range(6))


def test_all_pictures_come_in_order():
    pictures = _pictures()
    seen = [batch.rgb8.numpy() for batch in batches(pictures, 4, "cpu")]
    assert [len(one) for one in seen] == [4, 4, 2]
    assert np.array_equal(np.concatenate(seen), pictures)


def test_a_batch_larger_than_the_training_set_is_refused():
    with pytest.raises(UserError, match="set batch_size to at most 2"):
        _supply(_pictures(2))
