import math

import numpy as np
import pytest

from bench.report import axes, statistics
from bench.report.entries import Entry, Goal, collect, ranked
from bench.report.stored import StoredRun


def _grid(*pairs):
    return [Entry(architecture, loss, "data", ()) for architecture, loss in pairs]


FULL = _grid(("a", "l1"), ("a", "l2"), ("b", "l1"), ("b", "l2"))


def test_effects_of_an_additive_table_by_hand():
    found = axes.effects(FULL, [1.0, 2.0, 4.0, 5.0])
    # Means 1.5 and 4.5, and 2.5 and 3.5; there is no interplay to take off.
    assert (found.architecture, found.loss) == pytest.approx((math.sqrt(4.5), math.sqrt(0.5)))
    assert found.shares == pytest.approx((0.9, 0.1, 0.0))


def test_interplay_is_what_rows_and_columns_leave():
    found = axes.effects(FULL, [0.0, 1.0, 1.0, 0.0])
    assert found.shares == pytest.approx((0, 0, 1))
    assert (found.architecture, found.loss, found.leader) == (0, 0, None)


def test_more_losses_than_architectures_give_the_loss_no_start():
    rows = _grid(*((a, loss) for a in "abc" for loss in ("l1", "l2", "huber", "vgg")))
    draws = np.random.default_rng(0).normal(size=(2000, 12))
    leaders = [axes.effects(rows, draw).leader for draw in draws]
    # Ranges of means would name the loss in 69 % of draws of pure noise.
    assert abs(leaders.count("loss") - leaders.count("architecture")) < 0.12 * len(draws)


def test_what_interplay_gives_by_itself_is_taken_off():
    found = axes.effects(FULL, [0.0, 3.0, 3.0, 4.0])
    # Interplay: (0 - 3 - 3 + 4)^2 / 4 = 1; of each pair of means 1.5 and 3.5, a variance of 2 less 1 / 2.
    assert found.architecture == found.loss == pytest.approx(math.sqrt(1.5))


def test_effects_need_two_of_each_in_every_combination():
    assert axes.effects(FULL[:2], [1.0, 2.0]) is None
    assert axes.effects(FULL[:3], [1.0, 2.0, 3.0]) is None


def test_equal_values_have_no_effects():
    assert axes.effects(FULL, [1.0] * 4).shares == (0, 0, 0)


def test_an_incomplete_table_is_cut_to_a_full_one():
    rows = _grid(*((a, loss) for a in "abc" for loss in ("l1", "l2", "vgg")))[:-1]
    kept = axes.balanced(rows)
    assert len(kept) == 6
    assert axes.balanced(FULL) == FULL
    assert axes.balanced([]) == []


def test_a_bootstrap_agrees_with_the_normal_interval():
    random = np.random.default_rng(1)
    noise = random.normal(size=400)
    columns = np.stack([noise, noise + random.normal(0.1, 0.5, 400)], axis=1)
    redrawn = statistics._draws(400) @ columns
    gap = columns[:, 1] - columns[:, 0]
    interval = statistics.over_pictures(statistics.Redrawn(redrawn, redrawn), 0, 1, gap.mean())
    half = 1.96 * gap.std(ddof=1) / math.sqrt(400)
    assert interval.low == pytest.approx(gap.mean() - half, abs=0.01)
    assert interval.high == pytest.approx(gap.mean() + half, abs=0.01)


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
    assert estimate.stderr == pytest.approx(0.1 / math.sqrt(3))


def test_seed_interval_is_students(make_run):
    value = {("unet", 0): 0.10, ("unet", 1): 0.12, ("unet-resnet18", 0): 0.21, ("unet-resnet18", 1): 0.25}
    run = StoredRun(make_run(seeds=(0, 1), losses=("l1",), lpips=lambda *cell: value.get((cell[0], cell[3]), 0.9)))
    order = ranked(collect(run)["synthetic-faces"], "lpips")
    interval = statistics.over_seeds(Goal(False), "lpips", *order)
    # Gaps 0.11 and 0.13: mean 0.12, standard error 0.01, t(0.975; 1) = 12.706.
    assert interval.difference == pytest.approx(0.12)
    assert interval.low == pytest.approx(0.12 - 0.12706, abs=1e-4)
    assert not interval.clear


def _imbalance(counts):
    p = counts / counts.sum()
    return 1 + (p[p > 0] * np.log(p[p > 0])).sum() / math.log(len(p))


def test_imbalance_is_redrawn_with_the_truth_of_the_same_pictures(make_run):
    run = StoredRun(make_run(losses=("l1",)))
    order = ranked(collect(run)["synthetic-faces"], "ab_imbalance")
    redrawn = statistics.redraw(run, order, "ab_imbalance", Goal(None, 0.4))
    weights = statistics._draws(12)[7][:, None]
    predicted = _imbalance((weights * run.colors(order[1].completed[0]).bins).sum(axis=0))
    truth = _imbalance((weights * run.true_colors("synthetic-faces").bins).sum(axis=0))
    assert redrawn.values[7, 1] == pytest.approx(predicted)
    assert redrawn.distances[7, 1] == pytest.approx(abs(predicted - truth))


def test_without_stored_bins_nothing_is_redrawn(make_run):
    folder = make_run(losses=("l1",))
    next(folder.glob("cells/*/colors.npz")).unlink()
    run = StoredRun(folder)
    everything = collect(run)["synthetic-faces"]
    assert statistics.redraw(run, everything, "ab_imbalance", Goal(None, 0.4)) is None


def test_the_axes_must_differ_over_seeds_too(make_run):
    def lpips(a, loss, _, seed):
        return 0.9 if loss is None else 0.2 + 0.1 * (a == "unet") * (1 - 2 * seed) * 0.9 + 0.15 * (a == "unet")

    run = StoredRun(make_run(seeds=(0, 1), lpips=lpips))
    order = ranked(collect(run)["synthetic-faces"], "lpips")
    found = axes.compare(order, "lpips", statistics.redraw(run, order, "lpips", Goal(False)))
    assert found.effects.leader == "architecture"
    assert found.pictures.clear
    assert not found.seeds.clear
    assert found.verdict == "open"
