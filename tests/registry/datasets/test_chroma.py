import io
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from registry.datasets.base import DEFAULT_MIN_CHROMA
from registry.datasets.chroma import chroma_of, is_grey
from registry.datasets.decoding import decode

DATA = Path(__file__).parents[3].parent / "shared/data"
SEPIA = np.array([[0.393, 0.769, 0.189], [0.349, 0.686, 0.168], [0.272, 0.534, 0.131]])


def test_chroma_is_that_of_scikit_image():
    color = pytest.importorskip("skimage.color")
    picture = np.random.default_rng(0).integers(0, 256, (50, 40, 3), dtype=np.uint8)
    lab = color.rgb2lab(picture)
    assert np.abs(chroma_of(picture) - np.hypot(lab[..., 1], lab[..., 2]).reshape(-1)).max() < 2e-3


@settings(max_examples=200, deadline=None)
@given(st.integers(1, 40), st.floats(0, 1), st.floats(0.1, 60), st.integers(0, 2**32 - 1))
def test_the_short_cut_says_what_all_pixels_say(size, colored, min_chroma, seed):
    random = np.random.default_rng(seed)
    picture = np.repeat(random.integers(0, 256, (size, size, 1), dtype=np.uint8), 3, axis=2)
    chosen = random.random((size, size)) < colored**4  # mostly near the boundary of 1%
    picture[chosen] = random.integers(0, 256, (chosen.sum(), 3))
    exact = np.mean(chroma_of(picture) >= min_chroma) < 0.01
    assert is_grey(picture, min_chroma) == exact


def test_zero_keeps_every_picture():
    assert is_grey(np.zeros((8, 8, 3), np.uint8), 1e-6)
    assert not is_grey(np.zeros((8, 8, 3), np.uint8), 0)


def photographs():
    files = [*sorted(DATA.glob("faces/*.jpg"))[::40], *sorted(DATA.glob("flowers/*.jpg"))[::40]]
    if not files:
        pytest.skip("the pictures of shared/data are not on this machine")
    for file in files:
        with Image.open(file) as picture:
            yield np.asarray(picture.convert("RGB"), dtype=float)


def through_jpeg(pixels: np.ndarray) -> np.ndarray:
    file = io.BytesIO()
    Image.fromarray(pixels.clip(0, 255).round().astype(np.uint8)).save(file, "JPEG", quality=85)
    file.seek(0)
    return decode(file, 64)


def greyed(pixels: np.ndarray) -> np.ndarray:
    return (pixels @ (0.299, 0.587, 0.114))[..., None].repeat(3, axis=2)


def with_object(pixels: np.ndarray) -> np.ndarray:
    marked = greyed(pixels)
    side = round(0.15 * min(marked.shape[:2]))
    top, left = (length // 2 for length in marked.shape[:2])
    marked[top : top + side, left : left + side] = (200, 40, 40)
    return marked


NOISE = np.random.default_rng(0).normal(0, 4, (128, 128, 3))


@pytest.mark.parametrize(
    ("change", "grey"),
    [
        (greyed, True),
        (lambda pixels: greyed(pixels) + NOISE[: pixels.shape[0], : pixels.shape[1]], True),
        (lambda pixels: greyed(pixels) + np.array((4, 0, -4)), True),
        (lambda pixels: pixels, False),
        (with_object, False),
        (lambda pixels: pixels @ SEPIA.T, False),
    ],
    ids=["black and white", "with noise", "with a cast", "in colour", "with a small red object", "sepia"],
)
def test_the_default_tells_colour_from_its_absence_in_real_photographs(change, grey):
    told = [is_grey(through_jpeg(change(pixels)), DEFAULT_MIN_CHROMA) for pixels in photographs()]
    assert len(told) == 100
    assert told == [grey] * 100
