import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from skimage.color import lab2rgb, rgb2lab

from registry.datasets.drawing import Frame, lab_to_linear, lab_to_rgb8, noise, within_gamut


def test_colors_are_those_of_scikit_image():
    rgb = np.random.default_rng(0).uniform(0, 1, (64, 64, 3))
    lab = rgb2lab(rgb)
    found = lab_to_rgb8(lab.transpose(2, 0, 1).astype(np.float32))
    assert np.abs(found - lab2rgb(lab) * 255).max() < 0.6


@settings(deadline=None)
@given(st.floats(0, 100), st.floats(-360, 720), st.floats(0, 150))
def test_colors_kept_within_the_gamut_are_within_it(lightness, hue, chroma):
    lab = within_gamut(np.full((1, 1), lightness, np.float32), hue, chroma)
    linear = lab_to_linear(lab)
    assert linear.min() > -0.01
    assert linear.max() < 1.02
    assert np.hypot(*lab[1:]).item() <= chroma + 1e-3


def test_noise_is_smooth_centred_and_the_same_at_each_size():
    small, large = (noise(np.random.default_rng(1), (12, 12), size) for size in (48, 96))
    assert 0.6 < large.std() < 1.3
    assert abs(large.mean()) < 0.4
    assert np.abs(large.reshape(48, 2, 48, 2).mean((1, 3)) - small).max() < 0.05


@settings(deadline=None, max_examples=40)
@given(st.floats(0.016, 0.7), st.floats(0.016, 0.7), st.floats(-3, 3), st.floats(-0.2, 0.2))
def test_an_ellipse_covers_its_area(wide, high, angle, shift):
    mask = Frame(64, (shift, -shift), angle=angle).ellipse((0, 0), (wide, high))
    area, expected = mask.sum() * (2 / 64) ** 2, np.pi * wide * high
    assert area == pytest.approx(expected, rel=0.3, abs=0.0015)
