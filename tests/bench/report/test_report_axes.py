"""Variance components and which axis leads: by hand, against statsmodels, and on made-up results of known truth."""

import numpy as np
import pandas as pd
import pytest
from statsmodels.formula.api import ols
from statsmodels.stats.anova import anova_lm

from bench.report import axes, variance
from bench.report.entries import Entry, collect
from bench.report.findings import findings
from bench.report.stored import StoredRun


def _table(values):
    return np.array(values, dtype=float)[..., None]


def test_an_additive_table_by_hand():
    # Means 1.5 and 4.5, and 2.5 and 3.5; there is no interplay to take off.
    assert variance.components(_table([[1, 2], [4, 5]])) == pytest.approx([4.5, 0.5, 0])


def test_interplay_is_what_rows_and_columns_leave():
    found = variance.Effects(tuple(variance.components(_table([[0, 1], [1, 0]]))))
    assert found.shares == pytest.approx((0, 0, 1))
    assert found.leader is None


def test_what_interplay_gives_by_itself_is_taken_off():
    # Interplay: (0 - 3 - 3 + 4)^2 / 4 = 1; of each pair of means 1.5 and 3.5, a variance of 2 less 1 / 2.
    assert variance.components(_table([[0, 3], [3, 4]])) == pytest.approx([1.5, 1.5, 1])


def test_equal_values_have_no_effects():
    assert variance.Effects(tuple(variance.components(np.ones((2, 3, 2))))).shares == (0, 0, 0, 0)


def test_components_are_those_of_statsmodels_mean_squares():
    table = np.random.default_rng(0).normal(size=(3, 4, 5)) + np.arange(3)[:, None, None] + np.arange(4)[:, None]
    places = np.indices(table.shape).reshape(3, -1)
    frame = pd.DataFrame({"y": table.ravel(), "a": places[0], "b": places[1]})
    anova = anova_lm(ols("y ~ C(a) * C(b)", frame).fit())
    square = dict(zip(("a", "b", "ab", "seed"), anova["sum_sq"] / anova["df"], strict=True))
    expected = [
        (square["a"] - square["ab"]) / 20,
        (square["b"] - square["ab"]) / 15,
        (square["ab"] - square["seed"]) / 5,
        square["seed"],
    ]
    assert variance.components(table) == pytest.approx(np.clip(expected, 0, None))


def test_more_losses_than_architectures_give_the_loss_no_start():
    draws = np.random.default_rng(0).normal(size=(2000, 3, 4, 1))
    leaders = [variance.Effects(tuple(parts)).leader for parts in variance.components(draws).T]
    # Ranges of means would name the loss in 69 % of draws of pure noise.
    assert abs(leaders.count("loss") - leaders.count("architecture")) < 0.12 * len(draws)


def _planted(random, architecture, loss, seed, seeds):
    """Effects of exactly these variances, three architectures and four losses, and normal seeds."""
    sides = []
    for planted, shape in ((architecture, (3, 1, 1)), (loss, (1, 4, 1))):
        effect = random.normal(size=shape)
        effect -= effect.mean()
        sides.append(effect * np.sqrt(planted / effect.var() * (1 - 1 / effect.size)))
    return sum(sides) + np.sqrt(seed) * random.normal(size=(3, 4, seeds))


@pytest.mark.parametrize("ratio", [0.25, 1.0, 4.0])
def test_a_planted_ratio_of_variances_is_recovered(ratio):
    random = np.random.default_rng(0)
    found = np.mean([variance.components(_planted(random, ratio, 1, 0.3, 3)) for _ in range(300)], axis=0)
    assert found[0] / found[1] == pytest.approx(ratio, rel=0.1)
    assert found[3] == pytest.approx(0.3, rel=0.1)


def test_a_planted_interplay_is_recovered():
    random, found = np.random.default_rng(0), []
    for _ in range(300):
        interplay = random.normal(size=(3, 4, 1))
        interplay -= interplay.mean(axis=0)
        interplay -= interplay.mean(axis=1, keepdims=True)
        interplay *= np.sqrt(0.8 * 6 / (interplay**2).sum())
        found.append(variance.components(_planted(random, 1, 1, 0.3, 3) + interplay))
    assert np.mean(found, axis=0)[2:] == pytest.approx([0.8, 0.3], rel=0.1)


@pytest.mark.parametrize("seeds", [2, 3, 5])
def test_intervals_hold_the_planted_shares(seeds):
    random, covered, draws = np.random.default_rng(seeds), np.zeros(3), 200
    true = np.array([1, 0.4, 0, 0.3])
    for _ in range(draws):
        ranges, lead = variance.intervals(_planted(random, *true[[0, 1, 3]], seeds), None)
        hits = [low <= share <= high for (low, high), share in zip(ranges[:2], true / true.sum(), strict=False)]
        covered += [*hits, lead[0] <= np.sqrt(0.4) - 1 <= lead[1]]
    assert (covered >= 0.9 * draws).all()


@pytest.mark.parametrize(("chance", "left"), [(0, 2), (0.5, 1.5), (2, 0), (5, 0)])
def test_what_seeds_alone_give_the_means_is_taken_off_before_trainings_are_drawn(chance, left):
    pulled = variance._pull(np.array([[-1.0], [1.0]]), chance, 1)
    assert (pulled**2).sum() == pytest.approx(left)
    assert pulled[0] == -pulled[1]


def test_of_equal_axes_neither_is_called_ahead():
    random, called, draws = np.random.default_rng(0), 0, 200
    for _ in range(draws):
        _, (low, high) = variance.intervals(_planted(random, 0.5, 0.5, 0.3, 3), None)
        called += low > 0 or high < 0
    assert called <= 0.09 * draws


def test_an_incomplete_table_is_cut_to_a_full_one():
    full = [Entry(a, loss, "data", ()) for a in "ab" for loss in ("l1", "l2")]
    rows = [Entry(a, loss, "data", ()) for a in "abc" for loss in ("l1", "l2", "vgg")][:-1]
    assert len(axes.balanced(rows)) == 6
    assert axes.balanced(full) == full
    assert axes.balanced([]) == []


def test_two_of_each_are_needed(make_run):
    run = StoredRun(make_run(losses=("l1",)))
    [found] = findings(run).values()
    assert all(one.axes is None for one in found.answers)
    assert [entry.loss for entry in collect(run)["synthetic-faces"] if entry.loss] == ["l1", "l1"]


def test_the_axes_must_differ_over_seeds_too(make_run):
    def lpips(a, loss, _, seed):
        return 0.9 if loss is None else 0.3 + (0.1 * (1 - 2 * seed) + 0.1) * (a == "unet")

    [found] = findings(StoredRun(make_run(seeds=(0, 1), lpips=lpips))).values()
    one = found.answers[0].axes
    assert one.effects.leader == "architecture"
    assert one.verdict == "open"
