import io
import struct
import threading
import warnings
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms

from registry.datasets import decoding
from registry.datasets.base import UnreadablePictureError
from registry.datasets.decoding import decode

PHOTOS = Path(__file__).parents[3].parent / "shared/data/photos"
EXIF_ORIENTATION = 0x0112
EXTRA_SAMPLES = 338


def smooth(height: int, width: int) -> np.ndarray:
    """A colour gradient, (height, width, 3) uint8, that survives JPEG and palettes almost unchanged."""
    y, x = np.mgrid[0:height, 0:width]
    return np.stack((255 * x // width, 255 * y // height, 255 * (x + y) // (width + height)), axis=2).astype("u1")


def encoded(picture: Image.Image, kind: str, **options) -> io.BytesIO:
    file = io.BytesIO()
    picture.save(file, kind, **options)
    file.seek(0)
    return file


def lanczos(values: np.ndarray, size: int) -> np.ndarray:
    """Resize the first axis by the textbook: a windowed sinc as wide as the scale, weights summing to 1."""
    n = len(values)
    scale = max(n / size, 1.0)
    centres = (np.arange(size) + 0.5) * n / size
    distance = (np.arange(n)[None] + 0.5 - centres[:, None]) / scale
    weights = np.where(np.abs(distance) < 3, np.sinc(distance) * np.sinc(distance / 3), 0)
    return np.tensordot(weights / weights.sum(1, keepdims=True), values, axes=1)


def reference(rgb: np.ndarray, size: int) -> np.ndarray:
    height, width = rgb.shape[:2]
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    return squashed(rgb[top : top + side, left : left + side], size)


def squashed(rgb: np.ndarray, size: int) -> np.ndarray:
    """Across first, then down."""
    across = np.clip(lanczos(rgb.astype(float).transpose(1, 0, 2), size), 0, 255).round()
    return np.clip(lanczos(across.transpose(1, 0, 2), size), 0, 255).round()


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 90), st.integers(1, 90), st.integers(1, 48), st.integers(0, 2**32 - 1))
def test_agrees_with_a_crop_and_lanczos_by_the_textbook(height, width, size, seed):
    rgb = np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)
    got = decode(encoded(Image.fromarray(rgb), "PNG"), size)
    assert got.shape == (size, size, 3) and got.dtype == np.uint8
    # Pillow rounds between the two directions in fixed point: one step, times weights that add up to over 1.
    assert np.abs(got.astype(float) - reference(rgb, size)).max() <= 2


@settings(max_examples=15, deadline=None)
@given(st.integers(1, 90), st.integers(1, 90), st.integers(1, 48), st.integers(0, 2**32 - 1))
def test_squash_agrees_with_lanczos_of_the_whole_picture_by_the_textbook(height, width, size, seed):
    rgb = np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)
    got = decode(encoded(Image.fromarray(rgb), "PNG"), size, "squash")
    assert got.shape == (size, size, 3) and got.dtype == np.uint8
    # Between the directions values are clipped, and which one Pillow takes first depends on its version.
    turned = rgb.transpose(1, 0, 2)
    either = squashed(rgb, size), squashed(turned, size).transpose(1, 0, 2)
    assert min(np.abs(got - expected).max() for expected in either) <= 2


@pytest.mark.parametrize("resize", ["crop", "squash"])
def test_large_jpegs_are_made_square_by_the_same_rule(resize, monkeypatch):
    file = encoded(Image.fromarray(smooth(600, 900)), "JPEG", quality=95)
    whole = decode(file, 40, resize).astype(float)
    file.seek(0)
    monkeypatch.setattr(decoding, "_LARGE_PIXELS", 0)
    drafted = decode(file, 40, resize).astype(float)
    assert np.abs(drafted - whole).max() <= 4
    corner = {"crop": 255 * 150 / 900, "squash": 0}[resize]  # red grows with x: where does the picture start?
    assert abs(whole[0, 0, 0] - corner) < 12


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "BMP", "TIFF", "GIF"])
def test_every_kind_of_file_can_be_squashed(kind):
    rgb = smooth(40, 60)
    options = {"JPEG": {"quality": 98, "subsampling": 0}, "WEBP": {"lossless": True}}.get(kind, {})
    got = decode(encoded(Image.fromarray(rgb), kind, **options), 20, "squash").astype(float)
    expected = decode(encoded(Image.fromarray(rgb), "PNG"), 20, "squash").astype(float)
    assert np.abs(got - expected).max() <= {"JPEG": 4, "GIF": 20}.get(kind, 0)


def test_real_photographs_agree_with_the_textbook():
    if not PHOTOS.is_dir():
        pytest.skip("the photographs of shared/data are not on this machine")
    for path in sorted(PHOTOS.glob("*.png"))[:2]:
        with Image.open(path) as picture:
            rgb = np.asarray(picture)
        assert np.abs(decode(path, 64).astype(float) - reference(rgb, 64)).max() <= 1


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "BMP", "TIFF", "GIF"])
def test_every_kind_of_file_gives_the_picture(kind):
    rgb = smooth(40, 60)
    options = {"JPEG": {"quality": 98, "subsampling": 0}, "WEBP": {"lossless": True}}.get(kind, {})
    got = decode(encoded(Image.fromarray(rgb), kind, **options), 20).astype(float)
    allowed = {"JPEG": 4, "GIF": 20}.get(kind, 1)
    assert np.abs(got - reference(rgb, 20)).max() <= allowed


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_the_camera_rotation_is_undone(orientation, kind):
    upright = smooth(31, 44)
    # What a viewer undoes, by the EXIF standard: where row 0 and column 0 of the file are seen.
    stored = {
        1: upright,
        2: upright[:, ::-1],
        3: upright[::-1, ::-1],
        4: upright[::-1],
        5: upright.transpose(1, 0, 2),
        6: upright.transpose(1, 0, 2)[::-1],
        7: upright.transpose(1, 0, 2)[::-1, ::-1],
        8: upright.transpose(1, 0, 2)[:, ::-1],
    }[orientation]
    exif = Image.Exif()
    exif[EXIF_ORIENTATION] = orientation
    file = encoded(Image.fromarray(np.ascontiguousarray(stored)), kind, exif=exif)
    assert np.array_equal(decode(file, 31), upright[:, 6:37])


@pytest.mark.parametrize("exif", [b"Exif\0\0broken", b"Exif\0\0II*\0\xff\xff\xff\xff", b""])
def test_a_broken_exif_block_does_not_cost_the_picture(exif):
    assert decode(encoded(Image.fromarray(smooth(16, 16)), "JPEG", exif=exif), 16).shape == (16, 16, 3)


def test_orientation_of_no_meaning_is_ignored():
    exif = Image.Exif()
    exif[EXIF_ORIENTATION] = 99
    file = encoded(Image.fromarray(smooth(8, 8)), "PNG", exif=exif)
    assert np.array_equal(decode(file, 8), smooth(8, 8))


@pytest.mark.parametrize("mode", ["1", "L", "P", "CMYK"])
def test_colour_modes(mode):
    picture = Image.fromarray(smooth(24, 24)).convert(mode)
    file = encoded(picture, "TIFF")
    assert np.array_equal(decode(file, 24), np.asarray(picture.convert("RGB")))


def test_a_cmyk_jpeg_is_not_a_negative():
    red = Image.new("CMYK", (16, 16), (0, 255, 255, 0))
    assert np.abs(decode(encoded(red, "JPEG", quality=95), 4).astype(int) - (255, 0, 0)).max() <= 6


@pytest.mark.parametrize(
    "values",
    [
        np.linspace(0, 65535, 256).astype(np.uint16),
        np.linspace(0, 65535, 256).astype(np.int32),
        np.linspace(0, 255, 256).astype(np.int32),
        np.linspace(0, 2**31 - 1, 256).astype(np.int32),
        np.linspace(0, 1, 256).astype(np.float32),
        np.linspace(0, 255, 256).astype(np.float32),
        np.linspace(0, 65535, 256).astype(np.float32),
    ],
    ids=[
        "16 bits",
        "16 of 32 bits",
        "8 of 32 bits",
        "31 bits",
        "float to 1",
        "float to 255",
        "float to 65535",
    ],
)
def test_deep_grey_is_scaled_and_not_clipped(values):
    file = encoded(Image.fromarray(values.reshape(16, 16)), "TIFF")
    expected = np.arange(256).reshape(16, 16, 1).repeat(3, axis=2)
    assert np.abs(decode(file, 16).astype(int) - expected).max() <= 1


def test_16_bit_png_is_scaled_exactly():
    values = np.random.default_rng(0).integers(0, 65536, (16, 16), dtype=np.uint16)
    got = decode(encoded(Image.fromarray(values), "PNG"), 16)
    assert np.array_equal(got[..., 0], np.round(values / 257))


@pytest.mark.parametrize("value", [-1.0, 1e9, np.nan, np.inf])
def test_floats_without_a_known_white_are_refused(value):
    values = np.full((8, 8), 0.5, dtype=np.float32)
    values[3, 3] = value
    with pytest.raises(UnreadablePictureError, match="white is unknown"):
        decode(encoded(Image.fromarray(values), "TIFF"), 8)


def test_lab_tiffs_are_converted():
    red = Image.new("LAB", (8, 8), (round(53 * 2.55), 80 + 128, 67 + 128))
    assert np.abs(decode(encoded(red, "TIFF"), 8).astype(int) - (255, 0, 0)).max() <= 12


def test_a_mode_without_a_way_to_rgb_is_refused_by_name():
    tiff = encoded(Image.new("LA", (8, 8)), "TIFF").getvalue()
    # The entry of one short says 2, alpha beside grey; 1 is alpha that grey is multiplied by.
    entry = struct.pack("<HHI", EXTRA_SAMPLES, 3, 1)
    assert entry + b"\2" in tiff
    with pytest.raises(UnreadablePictureError, match="colour mode La"):
        decode(io.BytesIO(tiff.replace(entry + b"\2", entry + b"\1")), 8)


def test_transparency_is_laid_on_white():
    alpha = np.array([[0, 128], [255, 64]], dtype=np.uint8)
    rgba = np.dstack((np.zeros((2, 2, 3), np.uint8), alpha))
    expected = (255 - alpha)[..., None].repeat(3, axis=2)
    for picture in (Image.fromarray(rgba), Image.fromarray(rgba).convert("LA")):
        assert np.abs(decode(encoded(picture, "PNG"), 2).astype(int) - expected).max() <= 1


@pytest.mark.parametrize("transparency", [0, bytes([0, 255])])
def test_transparent_palette_colours_are_white(transparency):
    picture = Image.new("P", (2, 1))
    picture.putpalette([10, 20, 30, 200, 100, 50])
    picture.putpixel((1, 0), 1)
    picture = picture.resize((4, 2), Image.Resampling.NEAREST).crop((1, 0, 3, 2))
    got = decode(encoded(picture, "PNG", transparency=transparency), 2)
    assert got[:, 0].tolist() == [[255, 255, 255]] * 2
    assert got[:, 1].tolist() == [[200, 100, 50]] * 2


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG", "TIFF"])
def test_of_an_animation_the_first_frame_is_taken(kind):
    frames = [Image.new("RGB", (8, 8), color) for color in ("red", "lime", "blue")]
    options = {"lossless": True} if kind == "WEBP" else {}
    file = encoded(frames[0], kind, save_all=True, append_images=frames[1:], **options)
    assert decode(file, 4)[0, 0].tolist() == [255, 0, 0]


def wide_gamut_profile() -> bytes:
    """sRGB's profile with the columns of red and green exchanged: a profile whose effect cannot be missed."""
    data = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    for place in range(132, 132 + 12 * int.from_bytes(data[128:132], "big"), 12):
        name = bytes(data[place : place + 4])
        data[place : place + 4] = {b"rXYZ": b"gXYZ", b"gXYZ": b"rXYZ"}.get(name, name)
    return bytes(data).replace("sRGB".encode("utf-16-be"), "odd ".encode("utf-16-be"))


def test_an_embedded_profile_is_applied():
    rgb = smooth(16, 16)
    expected = rgb[..., [1, 0, 2]].astype(int)
    for picture in (Image.fromarray(rgb), Image.fromarray(rgb).convert("RGBA")):
        got = decode(encoded(picture, "PNG", icc_profile=wide_gamut_profile()), 16)
        assert np.abs(got - expected).max() <= 3


@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
@pytest.mark.parametrize(
    "profile",
    [
        b"no profile",
        wide_gamut_profile()[:200],
        ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes(),
    ],
    ids=["text", "cut off", "sRGB"],
)
def test_a_profile_that_is_broken_or_srgb_or_not_of_the_mode_changes_nothing(mode, profile):
    picture = Image.fromarray(smooth(16, 16)).convert(mode)
    file = encoded(picture, "TIFF", icc_profile=profile)
    assert np.array_equal(decode(file, 16), np.asarray(picture.convert("RGB")))


def test_a_single_pixel_is_a_picture():
    assert (decode(encoded(Image.new("RGB", (1, 1), (9, 8, 7)), "PNG"), 5) == (9, 8, 7)).all()


@pytest.mark.parametrize("content", [b"", b"Dear reader, this is no picture.", b"\xff\xd8\xff", b"GIF89a", b"%!PS\n"])
def test_what_is_no_picture_is_refused(tmp_path, content):
    (tmp_path / "text.jpg").write_bytes(content)
    with pytest.raises(UnreadablePictureError, match="empty, damaged or no JPEG, PNG"):
        decode(tmp_path / "text.jpg", 8)


def test_a_missing_file_is_refused_with_the_reason(tmp_path):
    with pytest.raises(UnreadablePictureError, match="No such file"):
        decode(tmp_path / "gone.jpg", 8)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "BMP", "TIFF", "GIF"])
def test_a_truncated_picture_is_refused(kind):
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    whole = encoded(Image.fromarray(noise), kind).getvalue()
    with pytest.raises(UnreadablePictureError):
        decode(io.BytesIO(whole[: len(whole) // 2]), 8)


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(["JPEG", "PNG", "WEBP", "BMP", "TIFF", "GIF"]),
    st.lists(st.tuples(st.integers(0, 400), st.integers(0, 255)), max_size=6),
)
def test_damaged_bytes_never_raise_anything_else(kind, changes):
    damaged = bytearray(encoded(Image.fromarray(smooth(12, 12)), kind).getvalue())
    for place, value in changes:
        damaged[place % len(damaged)] = value
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(decoding, "MAX_PIXELS", 10**6)
        try:
            assert decode(io.BytesIO(bytes(damaged)), 8).shape == (8, 8, 3)
        except UnreadablePictureError as error:
            assert str(error)


def test_a_decompression_bomb_is_refused_before_it_is_unpacked():
    # A GIF's first ten bytes say how large it is.
    bomb = bytearray(encoded(Image.new("P", (8, 8)), "GIF").getvalue())
    bomb[6:10] = b"\xff\xff\xff\xff"
    with pytest.raises(UnreadablePictureError, match="65535 x 65535 pixels, more than 500,000,000"):
        decode(io.BytesIO(bytes(bomb)), 8)


def test_large_pictures_are_decoded_without_pillows_warning_and_its_limit_stays(monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 50)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert decode(encoded(Image.new("RGB", (9, 9)), "PNG"), 4).shape == (4, 4, 3)
        with pytest.raises(UnreadablePictureError):
            decode(io.BytesIO(b""), 4)
    assert Image.MAX_IMAGE_PIXELS == 50


def test_a_very_large_jpeg_is_shrunk_while_it_is_decoded(monkeypatch):
    rgb = smooth(700, 900)
    whole = encoded(Image.fromarray(rgb), "JPEG", quality=95)
    exact = decode(whole, 16).astype(int)
    whole.seek(0)
    sizes = []
    load = Image.Image.crop
    monkeypatch.setattr(Image.Image, "crop", lambda self, box: sizes.append(self.size) or load(self, box))
    monkeypatch.setattr(decoding, "_LARGE_PIXELS", 10**5)
    assert np.abs(decode(whole, 16).astype(int) - exact).max() <= 2
    assert set(sizes) == {(113, 88)}


def in_mode(mode: str, height: int, width: int) -> Image.Image:
    """A smooth picture; where the mode has transparency, it grows from left to right."""
    rgb = Image.fromarray(smooth(height, width))
    if mode == "I;16":
        return Image.fromarray(np.asarray(rgb.convert("L")).astype(np.uint16) * 257)
    if mode in ("RGBA", "LA"):
        rgb.putalpha(rgb.getchannel("R"))
    return rgb.quantize(256) if mode == "P" else rgb.convert(mode)


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L", "LA", "P", "1", "I;16"])
@pytest.mark.parametrize("resize", ["crop", "squash"])
def test_large_pictures_are_averaged_first_a_strip_at_a_time(mode, resize, monkeypatch):
    file = encoded(in_mode(mode, 1003, 1310), "PNG")
    exact = decode(file, 40, resize).astype(int)
    monkeypatch.setattr(decoding, "_LARGE_PIXELS", 0)
    shrunk = []
    for pixels in (10**3, 10**4, 10**7):
        monkeypatch.setattr(decoding, "_STRIP_PIXELS", pixels)
        file.seek(0)
        shrunk.append(decode(file, 40, resize))
    # Dithered pictures are full of noise, which the two filters take out differently.
    assert np.abs(shrunk[0] - exact).max() <= {"P": 8, "1": 40}.get(mode, 3)
    assert np.array_equal(shrunk[0], shrunk[1]) and np.array_equal(shrunk[0], shrunk[2])


@pytest.mark.parametrize("orientation", range(1, 9))
def test_large_pictures_are_turned_as_all_are(orientation, monkeypatch):
    exif = Image.Exif()
    exif[0x0112] = orientation
    file = encoded(Image.fromarray(smooth(600, 900)), "PNG", exif=exif)
    exact = decode(file, 20).astype(int)
    monkeypatch.setattr(decoding, "_LARGE_PIXELS", 0)
    file.seek(0)
    assert np.abs(decode(file, 20) - exact).max() <= 3


def test_white_is_that_of_the_whole_picture_and_not_of_a_strip(monkeypatch):
    values = np.full((400, 400), 200, dtype=np.int32)
    values[300:] = 65535
    monkeypatch.setattr(decoding, "_LARGE_PIXELS", 0)
    monkeypatch.setattr(decoding, "_STRIP_PIXELS", 4000)
    got = decode(encoded(Image.fromarray(values), "TIFF"), 8)
    assert (got[:3] <= 2).all() and (got[7:] >= 250).all()


def test_threads_get_the_same_pictures():
    files = [encoded(Image.fromarray(smooth(20 + i, 30)), "PNG").getvalue() for i in range(8)]
    expected = [decode(io.BytesIO(file), 8) for file in files]
    got = [None] * len(files)

    def work(place):
        got[place] = decode(io.BytesIO(files[place]), 8)

    threads = [threading.Thread(target=work, args=(place,)) for place in range(len(files))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(np.array_equal(a, b) for a, b in zip(got, expected, strict=True))
