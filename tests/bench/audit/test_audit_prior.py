"""The colour prior, against scikit-image, NumPy and SciPy, and against numbers worked out by hand."""

import math

import numpy as np
import pytest
import torch
from scipy.stats import entropy
from skimage.color import rgb2lab

from bench.audit.prior import measure
from bench.audit.resampling import GROUPS, Groups, ratio
from registry.ab_bins import reachable_bins


def _measure(pictures):
    return measure(pictures, "test", lambda _: None)


@pytest.fixture(scope="module")
def pictures():
    # Mostly muted, as photographs are, so that the bins differ much in size.
    generator = np.random.default_rng(0)
    grey = generator.integers(20, 236, (150, 16, 16, 1))
    return np.clip(grey + generator.normal(0, 25, (150, 16, 16, 3)) * [1.5, 1, 0.5], 0, 255).astype(np.uint8)


@pytest.fixture(scope="module")
def measured(pictures):
    return _measure(pictures)


@pytest.fixture(scope="module")
def lab(pictures):
    return rgb2lab(pictures / 255)


@pytest.fixture(scope="module")
def reference_bins(lab):
    """Cells of 10 Lab units with centres at multiples of 10, and how many pixels they hold."""
    return np.unique(np.round(lab[..., 1:] / 10).reshape(-1, 2), axis=0, return_counts=True)


def test_bin_measures_agree_with_scipy(measured, reference_bins):
    prior, q = measured[0], len(reachable_bins())
    _, counts = reference_bins
    nats = entropy(counts)
    assert prior.effective_colors.value == pytest.approx(math.exp(nats), rel=1e-3)
    assert prior.imbalance.value == pytest.approx(1 - nats / math.log(q), rel=1e-3)
    p = np.pad(counts / counts.sum(), (0, q - len(counts)))
    gini = np.abs(p[:, None] - p[None]).mean() / 2 / p.mean()
    assert prior.gini.value == pytest.approx(gini, rel=1e-3)


def test_dominant_colour_and_its_surroundings(measured, reference_bins, lab):
    prior = measured[0]
    centres, counts = reference_bins
    assert prior.dominant == tuple(10 * centres[counts.argmax()])
    assert prior.dominant_share == pytest.approx(counts.max() / counts.sum(), abs=1e-4)
    near = np.hypot(*np.moveaxis(lab[..., 1:] - prior.dominant, -1, 0)) <= 10
    assert prior.near_dominant.value == pytest.approx(near.mean(), abs=1e-4)


def test_means_agree_with_scikit_image(measured, lab, pictures):
    prior, values = measured
    chroma = np.hypot(lab[..., 1], lab[..., 2]).reshape(len(lab), -1)
    np.testing.assert_allclose(values.chroma, chroma.mean(axis=1), atol=1e-3)
    # Of 256 pixels 1 % are at least three.
    np.testing.assert_allclose(values.peak_chroma, np.sort(chroma)[:, -3], atol=1e-3)
    assert prior.chroma.value == pytest.approx(chroma.mean(), abs=1e-3)
    np.testing.assert_allclose(prior.mean, lab.reshape(-1, 3).mean(axis=0), atol=1e-3)
    r, g, b = np.moveaxis(pictures.reshape(len(pictures), -1, 3).astype(float), -1, 0)
    rg, yb = r - g, (r + g) / 2 - b
    colorfulness = np.sqrt(rg.var(1) + yb.var(1)) + 0.3 * np.sqrt(rg.mean(1) ** 2 + yb.mean(1) ** 2)
    np.testing.assert_allclose(values.colorfulness, colorfulness, rtol=1e-5)


def test_density_and_mean_colours_of_bins_account_for_all_pixels(measured, lab, pictures):
    prior = measured[0]
    assert prior.ab.sum() == prior.bins.sum() == pictures[..., 0].size
    edges = np.arange(-120, 121, 2)
    expected, *_ = np.histogram2d(lab[..., 1].ravel(), lab[..., 2].ravel(), [edges, edges])
    assert np.abs(prior.ab - expected).sum() <= 1e-3 * expected.sum()
    filled = prior.bins > 0
    assert np.isnan(prior.lab[~filled]).all()
    np.testing.assert_allclose(prior.lab[filled].T @ prior.bins[filled] / prior.bins.sum(), prior.mean)
    # The mean of a bin's pixels lies in the bin.
    assert np.abs(prior.lab[filled, 1:] - reachable_bins().numpy()[filled]).max() <= 5.001


def test_two_colours_by_hand():
    red_and_grey = np.full((4, 32, 32, 3), 128, dtype=np.uint8)
    red_and_grey[:3, :16] = (255, 0, 0)
    prior, values = _measure(red_and_grey)
    share = 3 / 8
    nats = -(share * math.log(share) + (1 - share) * math.log(1 - share))
    assert prior.effective_colors.value == pytest.approx(math.exp(nats))
    assert prior.dominant == (0, 0)
    assert prior.near_dominant.value == pytest.approx(1 - share)
    np.testing.assert_allclose(values.peak_chroma, [104.55] * 3 + [0], atol=0.05)  # red is a 80.1, b 67.2
    assert len(set(values.pixel_hash)) == 2


def test_one_picture_has_no_interval_and_equal_pictures_an_empty_one(pictures):
    single, _ = _measure(pictures[:1])
    assert math.isnan(single.imbalance.low) and math.isnan(single.chroma.high)
    equal, _ = _measure(np.repeat(pictures[:1], 5, axis=0))
    assert equal.imbalance.low == pytest.approx(equal.imbalance.value) == pytest.approx(equal.imbalance.high)


def test_interval_of_a_mean_is_the_normal_one(measured):
    prior, values = measured
    half = 1.96 * values.chroma.std(ddof=1) / np.sqrt(len(values.chroma))
    assert prior.chroma.high - prior.chroma.low == pytest.approx(2 * half, rel=0.12)


def test_interval_of_grouped_pictures_is_as_wide_as_of_single_ones():
    values = np.random.default_rng(1).gamma(2.0, size=3 * GROUPS + 7)
    groups = Groups(len(values), "many")
    assert groups.weights.shape[1] == GROUPS
    found = groups.mean(values)
    half = 1.96 * values.std(ddof=1) / np.sqrt(len(values))
    assert found.value == pytest.approx(values.mean())
    assert found.high - found.low == pytest.approx(2 * half, rel=0.12)


def test_intervals_of_samples_hold_the_value_of_all_pictures(pictures):
    from torch import from_numpy

    from registry.ab_bins import ab_counts
    from registry.color import Colors

    # Each picture in its own colours, so that few pictures hold few of all colours.
    tinted = np.clip(pictures[:, :8, :8] + np.random.default_rng(2).normal(0, 60, (150, 1, 1, 3)), 0, 255)
    counts = ab_counts(Colors.from_rgb8(from_numpy(tinted.astype(np.uint8)))).numpy()

    def colors(several):
        return np.exp(entropy(several, axis=-1))

    generator, all_of_them = np.random.default_rng(3), colors(counts.sum(axis=0))
    held = percentiles_held = 0
    for sample in range(100):
        drawn = counts[generator.choice(150, 40)]
        groups = Groups(40, str(sample))
        redrawn = colors(groups.weights @ drawn[np.argsort(groups.of)])
        found = groups.of_histogram(colors(drawn.sum(axis=0)), redrawn)
        held += found.low <= all_of_them <= found.high
        low, high = np.percentile(redrawn, [2.5, 97.5])
        percentiles_held += low <= all_of_them <= high
    assert held >= percentiles_held + 10
    assert held >= 60


def test_interval_of_a_ratio_by_hand():
    found = ratio(2.0, np.linspace(1, 3, 1001))
    assert (found.low, found.high) == (pytest.approx(4 / 2.95), pytest.approx(4 / 1.05))


def test_other_names_draw_other_resamples():
    assert (Groups(50, "faces").weights != Groups(50, "flowers").weights).any()
    assert (Groups(50, "faces").weights == Groups(50, "faces").weights).all()


def test_batches_change_nothing(measured, pictures, monkeypatch):
    monkeypatch.setattr("bench.audit.prior._PIXELS_AT_A_TIME", 7 * 16 * 16)
    prior, values = _measure(pictures)
    np.testing.assert_array_equal(values.pixel_hash, measured[1].pixel_hash)
    np.testing.assert_allclose(prior.redrawn_colors, measured[0].redrawn_colors)
    assert prior.near_dominant == measured[0].near_dominant


def test_progress_counts_every_picture_twice(pictures):
    seen = []
    measure(pictures, "test", seen.append)
    assert sum(seen) == 2 * len(pictures)


def test_it_computes_with_one_thread_and_leaves_their_number_as_it_was(pictures):
    before, seen = torch.get_num_threads(), []
    torch.set_num_threads(2)
    try:
        measure(pictures, "test", lambda _: seen.append(torch.get_num_threads()))
        assert set(seen) == {1} and torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)
