import io

import numpy as np
import pytest
from PIL import Image

from registry.datasets import whole_picture
from registry.datasets.base import UnreadablePictureError
from registry.datasets.decoding import decode
from registry.datasets.whole_picture import WholePicture


def encoded(pixels, kind="PNG", mode=None, **options):
    file = io.BytesIO()
    image = Image.fromarray(pixels)
    (image.convert(mode) if mode else image).save(file, kind, **options)
    file.seek(0)
    return file


def noise(height, width, channels=3):
    return np.random.default_rng(0).integers(0, 256, (height, width, channels), dtype=np.uint8)


@pytest.mark.parametrize("strip", [1, 90, 1000, 10**6])
def test_strips_are_the_whole_picture_in_order(monkeypatch, strip):
    monkeypatch.setattr(whole_picture, "_STRIP_PIXELS", strip)
    pixels = noise(37, 45)
    tops, strips = zip(*WholePicture(encoded(pixels)).strips(), strict=True)
    heights = [one.height for one in strips]
    assert list(tops) == [sum(heights[:place]) for place in range(len(heights))]
    assert np.array_equal(np.concatenate([np.asarray(one) for one in strips]), pixels)
    assert max(heights) * 45 <= max(strip, 45)


def test_white_is_that_of_the_whole_picture_and_not_of_a_strip(monkeypatch):
    monkeypatch.setattr(whole_picture, "_STRIP_PIXELS", 1)
    values = np.array([[0, 100, 200], [0, 30_000, 65_535]], np.int32)
    file = io.BytesIO()
    Image.fromarray(values).save(file, "TIFF")
    rows = [np.asarray(strip)[0, :, 0].tolist() for _, strip in WholePicture(file).strips()]
    assert rows == [[0, 0, 1], [0, 117, 255]]


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "LA", "P", "CMYK"])
@pytest.mark.parametrize("orientation", [1, 6])
def test_shrunk_it_is_what_training_sees(mode, orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    # Even TIFF readers turn by EXIF only what Pillow has not turned itself.
    file = encoded(noise(60, 90), "TIFF" if mode == "CMYK" else "PNG", mode, exif=exif)
    small = WholePicture(file).resized(32, 32)
    file.seek(0)
    assert np.array_equal(np.asarray(small), decode(file, 32, "squash"))


def test_a_large_one_is_shrunk_as_in_training_too():
    file = encoded(np.tile(noise(64, 64, 1)[..., 0], (66, 66)))
    small = WholePicture(file).resized(48, 48)
    file.seek(0)
    assert np.array_equal(np.asarray(small), decode(file, 48, "squash"))


def test_only_what_is_transparent_has_an_opacity():
    rgba = noise(20, 30, 4)
    transparent, opaque = WholePicture(encoded(rgba)), WholePicture(encoded(rgba[..., :3].copy()))
    assert transparent.is_transparent
    assert not opaque.is_transparent
    assert np.array_equal(np.asarray(next(transparent.strips())[1]), rgba)


@pytest.mark.parametrize("content", [b"", b"this is text", encoded(noise(50, 50)).getvalue()[:2000]])
def test_what_is_no_whole_picture_is_refused(content):
    with pytest.raises(UnreadablePictureError):
        WholePicture(io.BytesIO(content))
