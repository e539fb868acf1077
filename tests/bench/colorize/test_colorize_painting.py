import io

import numpy as np
import pytest
from PIL import Image, ImageOps
from skimage.color import lab2rgb, rgb2lab

from bench.colorize.painting import paint, repaint, to_grey
from registry.datasets import whole_picture
from registry.datasets.whole_picture import WholePicture

ROUNDING = 0.3
"""Of L, in Lab units, by half an 8-bit step of red, green and blue each."""


def lightness(rgb8):
    return rgb2lab(np.asarray(rgb8))[..., 0]


def random_picture(height, width, channels=3, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (height, width, channels), dtype=np.uint8)


def saved(image, kind="PNG", **options):
    file = io.BytesIO()
    image.save(file, kind, **options)
    file.seek(0)
    return file


@pytest.mark.parametrize("spread", [5, 40, 200])
def test_the_lightness_of_every_pixel_stays_even_where_the_colour_does_not_exist(spread):
    rgb8 = random_picture(80, 90)
    rgb8[:10], rgb8[10:20] = 0, 255
    ab = np.random.default_rng(1).normal(0, spread, (2, 80, 90)).astype("f4")
    assert np.abs(lightness(repaint(rgb8, ab)) - lightness(rgb8)).max() < ROUNDING


def test_colours_that_exist_are_those_of_scikit_image():
    rgb8 = np.random.default_rng(0).integers(100, 180, (40, 50, 1), dtype=np.uint8).repeat(3, axis=2)
    ab = np.random.default_rng(1).uniform(-12, 12, (2, 40, 50)).astype("f4")
    expected = lab2rgb(np.concatenate((lightness(rgb8)[..., None], ab.transpose(1, 2, 0)), axis=2)) * 255
    assert np.abs(repaint(rgb8, ab) - expected).max() < 0.51


def test_of_colours_that_do_not_exist_the_hue_stays_and_as_much_chroma_as_there_is():
    rgb8 = np.full((1, 4, 3), 128, np.uint8)
    ab = np.array([[[150, 90, 0, -90]], [[0, 90, 150, -90]]], np.float32)
    painted = repaint(rgb8, ab)
    lab = rgb2lab(painted)
    turned = np.angle((lab[..., 1] + 1j * lab[..., 2]) / (ab[0] + 1j * ab[1]), deg=True)
    assert np.abs(turned).max() < 2
    assert ((painted <= 20) | (painted >= 250)).any(axis=2).all(), "each lies at the border of the gamut"


def test_black_stays_black_and_white_white():
    rgb8 = np.array([[[0, 0, 0], [255, 255, 255]]], np.uint8)
    assert np.array_equal(repaint(rgb8, np.full((2, 1, 2), 60, np.float32)), rgb8)


@pytest.mark.parametrize("strip", [1, 500, 10**6])
def test_strips_leave_no_seams(monkeypatch, strip):
    monkeypatch.setattr(whole_picture, "_STRIP_PIXELS", strip)
    picture = Image.new("RGB", (61, 97), (120, 120, 120))
    ab = np.random.default_rng(0).normal(0, 15, (2, 7, 5)).astype("f4")
    large = [Image.fromarray(plane).resize(picture.size, Image.Resampling.BICUBIC) for plane in ab]
    painted = np.asarray(paint(WholePicture(saved(picture)), ab)).astype(int)
    assert np.abs(painted - repaint(np.asarray(picture), np.stack(large))).max() <= 1


def test_colours_lie_where_the_network_put_them():
    ab = np.zeros((2, 2, 2), np.float32)
    ab[0, 0, 0], ab[1, 1, 1] = 60, 60  # red at the top left, yellow at the bottom right
    painted = paint(WholePicture(saved(Image.new("L", (200, 100), 128))), ab)
    a, b = rgb2lab(np.asarray(painted))[..., 1:].transpose(2, 0, 1)
    assert a[:30, :60].min() > 30 > a[70:].max()
    assert b[70:, 140:].min() > 30 > b[:30].max()


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "I;16", "F", "YCbCr"])
def test_every_mode_keeps_its_size_and_lightness(mode):
    grey = np.linspace(0, 255, 60 * 40).reshape(40, 60)
    if mode == "I;16":
        picture = Image.fromarray(np.round(grey * 257).astype(np.uint16))
    elif mode == "F":
        picture = Image.fromarray((grey / 255).astype(np.float32))
    else:
        picture = Image.fromarray(grey.round().astype(np.uint8)).convert(mode)
    whole = WholePicture(saved(picture, "PNG" if mode not in ("CMYK", "F", "YCbCr") else "TIFF"))
    painted = paint(whole, np.full((2, 3, 4), 20, np.float32))
    assert painted.size == (60, 40)
    expected = np.asarray(picture.convert("RGB")) if mode not in ("I;16", "F") else grey.round()[..., None].repeat(3, 2)
    assert np.abs(lightness(painted.convert("RGB")) - lightness(expected.astype(np.uint8))).max() < ROUNDING + 0.3


def test_transparency_is_kept_and_so_is_the_colour_beneath():
    rgba = random_picture(30, 40, 4)
    painted = paint(WholePicture(saved(Image.fromarray(rgba))), np.full((2, 4, 4), 10, np.float32))
    assert painted.mode == "RGBA"
    assert np.array_equal(np.asarray(painted)[..., 3], rgba[..., 3])
    assert np.abs(lightness(painted.convert("RGB")) - lightness(rgba[..., :3])).max() < ROUNDING


def test_of_an_animation_the_first_picture_is_coloured():
    frames = [Image.new("RGB", (20, 10), color) for color in ("white", "black")]
    file = saved(frames[0], "GIF", save_all=True, append_images=frames[1:])
    painted = paint(WholePicture(file), np.zeros((2, 1, 2), np.float32))
    assert np.asarray(painted.convert("RGB")).min() == 255


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_turned_photograph_comes_out_upright(orientation):
    stored = Image.fromarray(random_picture(20, 30).repeat(8, 0).repeat(8, 1))
    exif = Image.Exif()
    exif[0x0112] = orientation
    file = saved(stored, exif=exif)
    with Image.open(file) as opened:
        upright = ImageOps.exif_transpose(opened)
    file.seek(0)
    whole = WholePicture(file)
    painted = paint(whole, np.zeros((2, 4, 4), np.float32))
    assert painted.size == upright.size
    assert np.abs(lightness(painted) - lightness(upright)).max() < ROUNDING


def test_grey_has_the_lightness_of_the_original_and_no_colour():
    picture = random_picture(20, 30)
    grey = np.asarray(to_grey(Image.fromarray(picture)))
    assert np.ptp(grey.astype(int), axis=2).max() <= 1
    assert np.abs(lightness(grey) - lightness(picture)).max() < ROUNDING
