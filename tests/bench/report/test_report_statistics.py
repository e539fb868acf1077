"""Intervals and p-values on made-up results whose truth is known, and by hand."""

import math

import numpy as np
import pytest
from scipy.stats import binom, t, ttest_1samp
from statsmodels.api import OLS, add_constant
from statsmodels.stats.multitest import multipletests

from bench.report import sample, statistics
from bench.report.entries import Goal, collect, goal, ranked
from bench.report.sample import Sample
from bench.report.statistics import Uncertainty, averaged, contrast, slope_weights, uncertain
from bench.report.stored import StoredRun

PICTURES, DRAWS = 60, 400


def _paired(random, seeds, effect=0.0, of_seed=0.3, of_picture=1.0, own=1.0):
    """Differences of each picture and seed ``(pictures, seeds)``: two crossed random factors."""
    noise = own * random.normal(size=(PICTURES, seeds)) + of_picture * random.normal(size=(PICTURES, 1))
    return effect + noise + (of_seed * random.normal(size=seeds) if seeds > 1 else 0)


def _measured(differences, draws=None):
    redrawn = (sample._draws(PICTURES) if draws is None else draws) @ differences
    return uncertain(differences.mean(axis=0)[None], redrawn[:, None], PICTURES)


def _found(seeds, effect, **keywords):
    """In how many of all draws a difference is called clear, and in how many the interval holds the truth."""
    random = np.random.default_rng(seeds)
    found = [_measured(_paired(random, seeds, effect, **keywords)) for _ in range(DRAWS)]
    return sum(one.p() < 0.05 for one in found), sum(one.low <= effect <= one.high for one in found)


NOMINAL = binom.interval(0.99, DRAWS, 0.05)


@pytest.mark.parametrize("seeds", [1, 3, 5])
def test_no_effect_is_found_as_often_as_the_level_says(seeds):
    false, covered = _found(seeds, 0.0, of_picture=0.3)
    assert NOMINAL[0] <= false <= NOMINAL[1]
    assert covered == DRAWS - false


@pytest.mark.parametrize("seeds", [2, 3, 5])
@pytest.mark.parametrize("of", [{"of_seed": 0.0}, {"of_seed": 0.1}, {"of_picture": 0.0, "own": 0.2}])
def test_whatever_varies_the_level_is_never_exceeded(seeds, of):
    false, _ = _found(seeds, 0.0, **of)
    assert false <= NOMINAL[1]


@pytest.mark.parametrize("seeds", [2, 3, 5])
@pytest.mark.parametrize("spreads", [(1, 1, 1), (1, 0.5, 0.3)])
def test_several_places_hold_the_level_and_have_more_freedom(seeds, spreads):
    random = np.random.default_rng(0)
    found = [uncertain(np.array(spreads)[:, None] * random.normal(size=(3, seeds)), None, 0) for _ in range(DRAWS)]
    assert sum(one.p() < 0.05 for one in found) <= NOMINAL[1]
    assert all(seeds - 1 <= one.freedom <= 3 * (seeds - 1) for one in found)


def test_freedom_and_spread_of_several_places_by_hand():
    found = uncertain(np.array([[1.0, 3.0], [2.0, 4.0], [5.0, 5.0]]), None, 0)
    # Variances 2, 2 and 0 of two seeds each: (2 + 2) / (9 * 2), and (2 + 2)^2 / (2^2 + 2^2).
    assert (found.value, found.seeds, found.freedom) == pytest.approx((10 / 3, 2 / 9, 2))


def _alike(random, places=4, seeds=3, shared=0.7):
    """Differences ``(places, seeds)`` that a good or bad start moves all at once."""
    return shared * random.normal(size=seeds) + math.sqrt(1 - shared**2) * random.normal(size=(places, seeds))


@pytest.mark.parametrize("shared", [0.0, 0.3, 0.7, 1.0])
def test_places_that_start_alike_hold_the_level_however_much_they_share(shared):
    random = np.random.default_rng(0)
    found = [uncertain(averaged(_alike(random, shared=shared), "aaaa"), None, 0) for _ in range(DRAWS)]
    assert NOMINAL[0] <= sum(one.p() < 0.05 for one in found) <= NOMINAL[1]


def test_places_that_start_alike_would_exceed_it_as_draws_of_their_own():
    random = np.random.default_rng(0)
    found = [uncertain(_alike(random), None, 0) for _ in range(DRAWS)]
    assert sum(one.p() < 0.05 for one in found) > 1.5 * NOMINAL[1]


def test_averages_of_unequally_many_places_keep_the_mean():
    gaps = np.array([[1.0, 2.0], [3.0, 4.0], [8.0, 9.0]])
    found = averaged(gaps, ["a", "a", "b"])
    # Two of three places, and one: weighed by 4/3 and 2/3 of their means.
    assert found == pytest.approx(np.array([[2 * 4 / 3, 3 * 4 / 3], [8 * 2 / 3, 9 * 2 / 3]]))
    assert found.mean() == pytest.approx(gaps.mean())


@pytest.mark.parametrize("of", [{"of_seed": 0.0}, {"of_seed": 1.5, "own": 0.5}, {"of_picture": 0.0}])
def test_the_deviation_of_a_single_picture_by_a_single_seed(of):
    differences = _paired(np.random.default_rng(0), 5, **of)
    pictures, seeds = differences.shape
    # Of two crossed random factors, by their mean squares.
    means = differences.mean(axis=1), differences.mean(axis=0)
    rest = differences - means[0][:, None] - means[1] + differences.mean()
    own = (rest**2).sum() / ((pictures - 1) * (seeds - 1))
    between = [means[0].var(ddof=1) - own / seeds, means[1].var(ddof=1) - own / pictures]
    expected = math.sqrt(own + sum(max(0.0, part) for part in between))
    assert _measured(differences).single == pytest.approx(expected, rel=0.05)


def test_a_plain_hierarchical_bootstrap_would_exceed_it():
    random, false = np.random.default_rng(0), 0
    for _ in range(DRAWS):
        redrawn = sample._draws(PICTURES) @ _paired(random, 3, of_picture=0.3, own=0.3)
        means = np.take_along_axis(redrawn, random.integers(0, 3, redrawn.shape), axis=1).mean(axis=1)
        low, high = np.percentile(means, [2.5, 97.5])
        false += low > 0 or high < 0
    assert false > 2 * NOMINAL[1]


@pytest.mark.parametrize(("seeds", "effect"), [(1, 0.7), (3, 2.0), (5, 1.0)])
def test_a_planted_effect_is_found_and_covered(seeds, effect):
    found, covered = _found(seeds, effect)
    assert found > 0.9 * DRAWS
    assert covered >= DRAWS - NOMINAL[1]


def test_one_seed_is_a_paired_t_test_over_pictures():
    differences = _paired(np.random.default_rng(1), 1, effect=0.3)
    draws = np.random.default_rng(2).multinomial(PICTURES, [1 / PICTURES] * PICTURES, 20_000) / PICTURES
    found = _measured(differences, draws)
    expected = ttest_1samp(differences[:, 0], 0)
    interval = expected.confidence_interval(0.95)
    assert (found.low, found.high) == pytest.approx((interval.low, interval.high), abs=0.01)
    assert found.p() == pytest.approx(expected.pvalue, rel=0.1)
    assert found.covers == "pictures"


def test_seeds_alone_are_a_paired_t_test_over_seeds():
    # Gaps 0.11 and 0.13: mean 0.12, standard error 0.01, t(0.975; 1) = 12.706.
    found = uncertain(np.array([[0.11, 0.13]]), None, 0)
    assert (found.value, found.half) == pytest.approx((0.12, 0.12706), abs=1e-5)
    assert found.p() == pytest.approx(ttest_1samp([0.11, 0.13], 0).pvalue)
    assert found.covers == "seeds"
    assert found.low < 0 < found.high


@pytest.mark.parametrize(("seeds", "pictures"), [(0.5, 0.5), (0.01, 1.0), (1.0, 1e-6)])
def test_both_together_are_the_sum_of_two_ts(seeds, pictures):
    found = Uncertainty(1.7, seeds, pictures, 3, 20, 2)
    random = np.random.default_rng(0)
    drawn = math.sqrt(seeds) * random.standard_t(2, 400_000) + math.sqrt(pictures) * random.standard_t(19, 400_000)
    assert found.p() == pytest.approx((abs(drawn) >= 1.7).mean(), abs=0.002)
    assert found.half == pytest.approx(np.quantile(abs(drawn), 0.95), rel=0.02)


def test_without_any_spread_only_no_difference_could_be_chance():
    assert Uncertainty(0.1, 0.0, 0.0, 3, 20, 2).p() == 0
    assert Uncertainty(0.0, 0.0, 0.0, 3, 20, 2).p() == 1
    assert uncertain(np.array([[0.1]]), None, 0).half is None


def test_holm_by_hand():
    assert statistics.holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert statistics.holm([]) == []
    assert statistics.holm([0.2, 0.001]) == pytest.approx(multipletests([0.2, 0.001], method="holm")[1])


def test_distances_follow_the_goal():
    assert Goal(True).distance(2.0) == -2.0
    assert Goal(False).distance(2.0) == 2.0
    assert Goal(None, 0.5).distance(0.2) == pytest.approx(0.3)
    assert math.isnan(Goal(None).distance(0.2))


def test_seeds_are_averaged_and_give_the_error(make_run):
    lpips = {0: 0.1, 1: 0.2, 2: 0.3}
    run = StoredRun(make_run(seeds=(0, 1, 2), losses=("l1",), lpips=lambda *cell: lpips.get(cell[3], 0.9)))
    entry = ranked(collect(run)["synthetic-faces"], "lpips")[0]
    estimate = entry.estimate("lpips")
    assert estimate.value == pytest.approx(0.2)
    assert estimate.half == pytest.approx(t.ppf(0.975, 2) * 0.1 / math.sqrt(3))


def _sample(run, name="lpips"):
    entries = collect(run)["synthetic-faces"]
    records = [record for entry in entries if entry.loss for record in entry.completed]
    return Sample(run, records, name, goal(entries, name))


def test_a_difference_pairs_seeds_and_a_win_pairs_pictures(make_run):
    value = {("unet", 0): 0.10, ("unet", 1): 0.12, ("unet-resnet18", 0): 0.21, ("unet-resnet18", 1): 0.25}
    run = StoredRun(make_run(seeds=(0, 1), losses=("l1",), lpips=lambda *cell: value.get((cell[0], cell[3]), 0.9)))
    pair = [("unet", "l1")], [("unet-resnet18", "l1")]
    gap = _sample(run).difference(*pair)
    assert (gap.value, gap.n_seeds, gap.covers) == (pytest.approx(0.12), 2, "seeds and pictures")
    # The made-up pictures vary alike in all cells: nothing is left of them.
    assert gap.half == pytest.approx(0.12706, abs=1e-4)
    assert _sample(run).wins(*pair) == 1.0
    assert _sample(run).wins(*pair[::-1]) == 0.0


def _imbalance(counts):
    p = counts / counts.sum()
    return 1 + (p[p > 0] * np.log(p[p > 0])).sum() / math.log(len(p))


def test_imbalance_is_redrawn_with_the_truth_of_the_same_pictures(make_run):
    run = StoredRun(make_run(losses=("l1",)))
    found = _sample(run, "ab_imbalance")
    bins, true = run.colors(found.records[1]).bins, run.true_colors("synthetic-faces").bins
    weights = sample._draws(12)[7][:, None]
    predicted, truth = (_imbalance((weights * one).sum(axis=0)) for one in (bins, true))
    assert found.pictures.redrawn[7, 1] == pytest.approx(predicted)
    assert found.redrawn_distances[7, 1] == pytest.approx(abs(predicted - truth))
    assert found.each_distances[3, 1] == pytest.approx(abs(_imbalance(bins[3]) - _imbalance(true[3])))


def test_without_stored_bins_nothing_is_redrawn(make_run):
    folder = make_run(losses=("l1",))
    for path in folder.glob("cells/*/colors.npz"):
        path.unlink()
    found = _sample(StoredRun(folder), "ab_imbalance")
    assert found.pictures is None
    assert found.difference([("unet", "l1")], [("unet-resnet18", "l1")]).half is None


def test_a_slope_is_that_of_statsmodels():
    random = np.random.default_rng(0)
    doses, values = np.array([0, 0.4, 0.7, 0.9, 1]), random.normal(size=(2, 5, 3))
    found = contrast(values, None, 0, slope_weights(doses))
    x = np.broadcast_to(doses[:, None], values.shape).ravel()
    assert found.value == pytest.approx(OLS(values.ravel(), add_constant(x)).fit().params[1])


def test_a_contrast_by_hand():
    # Variances 2 and 8 over two seeds: (1 * 2 + 1 * 8) / 2, and 10^2 / (2^2 + 8^2) degrees of freedom.
    found = contrast(np.array([[[0.0, 2.0], [5.0, 9.0]]]), None, 0, [-1, 1])
    assert (found.value, found.seeds, found.freedom) == pytest.approx((6, 5, 100 / 68))


@pytest.mark.parametrize("seeds", [2, 3])
@pytest.mark.parametrize("shared", [0.0, 1.0])
def test_slopes_without_an_effect_are_found_no_more_often_than_promised(seeds, shared):
    random, draws = np.random.default_rng(seeds), 400
    weights = slope_weights([0, 0.4, 0.7, 0.9, 1])
    found = 0
    for _ in range(draws):
        # What a seed has at every dose alike is no response to the dose.
        values = random.normal(size=(1, 5, seeds)) + shared * random.normal(size=(1, 1, seeds))
        found += contrast(values, None, 0, weights).p() < 0.05
    assert found <= binom.ppf(0.975, draws, 0.05)
    assert shared or found >= binom.ppf(0.025, draws, 0.03)


def test_a_planted_slope_is_found_with_few_seeds():
    random, doses = np.random.default_rng(0), np.array([0, 0.4, 0.7, 0.9, 1])
    found = [
        contrast(-0.2 * doses[:, None] + 0.02 * random.normal(size=(1, 5, 2)), None, 0, slope_weights(doses))
        for _ in range(100)
    ]
    assert np.mean([one.p() < 0.05 for one in found]) > 0.9
    assert np.mean([one.low <= -0.2 <= one.high for one in found]) > 0.9
