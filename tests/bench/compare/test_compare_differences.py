"""Differences of two runs, against scipy and by hand."""

import math

import numpy as np
import pandas as pd
import pytest
from edits import add_to_pictures, each_record, scores, set_metric
from scipy.stats import t, ttest_rel
from statsmodels.stats.multitest import multipletests

from bench.compare.differences import differences, mean
from bench.compare.matching import match
from bench.report.stored import StoredRun

LOSS = {"l1": 0.1, "l2": 0.2}


def _lpips(shift=0.0):
    return lambda _, loss, *__: LOSS.get(loss, 0.8) + (shift if loss else 0)


def _found(first, second, *metrics):
    runs = StoredRun(first), StoredRun(second)
    return differences(*runs, match(*runs).rows, metrics or ["lpips"])


def _row(found, architecture="unet", loss="l1"):
    [one] = [one for one in found if (one.row.architecture, one.row.loss) == (architecture, loss)]
    return one


def test_a_run_with_itself_differs_in_nothing(make_run):
    run = make_run(seeds=(0, 1))
    found = _found(run, run, "lpips", "colorfulness_ratio", "ab_imbalance", "skill", "psnr", "ab_gini")
    assert len(found) == 6 * 8
    for one in found:
        assert (one.gap.value, one.gap.half or 0.0, one.verdict) == (0, 0, "the same")


def test_a_difference_is_b_minus_a(make_run):
    found = _found(make_run("a", lpips=_lpips()), make_run("b", lpips=_lpips(0.05)))
    for one in found:
        assert one.gap.value == pytest.approx(0.05 if one.row.trained else 0)
        assert one.verdict == ("worse" if one.row.trained else "the same")
    assert _row(_found(make_run("c", lpips=_lpips(-0.05)), make_run("d", lpips=_lpips()))).verdict == "worse"
    assert _row(_found(make_run("e", lpips=_lpips()), make_run("f", lpips=_lpips(-0.05)))).verdict == "better"


def test_with_one_seed_the_interval_is_that_of_paired_pictures(make_run):
    first, second = make_run("a", n_test=400), add_to_pictures(make_run("b", n_test=400), "lpips", 0.01)
    axes = {"architecture": "unet", "loss": "l2"}
    expected = ttest_rel(scores(second, "lpips", **axes), scores(first, "lpips", **axes)).confidence_interval()
    one = _row(_found(first, second), **axes)
    assert (one.pairing, one.gap.covers) == ("paired", "pictures")
    # The spread comes from 1,000 redrawn test sets, which know it to some percent.
    assert one.gap.half == pytest.approx((expected.high - expected.low) / 2, rel=0.08)


@pytest.mark.parametrize(
    "change", [{"revision": "other"}, {"split_hash": "other"}, {"image_size": 64}, {"resize_rule": "squash"}]
)
def test_other_test_pictures_are_not_paired(make_run, change):
    first, second = make_run("a", n_test=400), make_run("b", n_test=400)
    each_record(second, lambda record: record["data"].update(change))
    one = _row(_found(first, second))
    assert one.pairing == "apart"
    pictures = scores(first, "lpips", architecture="unet", loss="l1")
    # Two independent means: their variances add up.
    expected = t.ppf(0.975, 399) * math.sqrt(2 * pictures.var(ddof=1) / 400)
    assert one.gap.half == pytest.approx(expected, rel=0.08)


def test_records_that_do_not_say_what_they_were_tested_on_are_not_paired(make_run):
    first, second = (each_record(make_run(name), lambda record: record.update(data=None)) for name in "ab")
    assert {one.pairing for one in _found(first, second)} == {"apart"}


def test_pictures_of_other_names_are_not_paired_whatever_the_records_say(make_run):
    first, second = make_run("a"), make_run("b")
    for path in second.glob("cells/*/per_image.csv"):
        pd.read_csv(path).assign(picture=lambda table: "other-" + table["picture"]).to_csv(path, index=False)
    assert {one.pairing for one in _found(first, second, "lpips", "ab_imbalance")} == {"apart"}


def test_without_scores_of_single_pictures_there_is_no_interval(make_run):
    first, second = make_run("a", lpips=_lpips()), make_run("b", lpips=_lpips(0.05))
    for path in second.glob("cells/*/per_image.csv"):
        path.unlink()
    one = _row(_found(first, second))
    assert one.gap.value == pytest.approx(0.05)
    assert (one.pairing, one.gap.half, one.p, one.verdict) == ("pooled", None, None, "not known")


def test_seeds_are_replicates(make_run):
    shifts = {0: 0.01, 1: 0.03, 2: 0.02}

    def second(_, loss, __, seed):
        return LOSS.get(loss, 0.8) + (shifts[seed] if loss else 0)

    seeds = tuple(shifts)
    found = _found(make_run("a", seeds=seeds, lpips=_lpips()), make_run("b", seeds=seeds, lpips=second))
    one = _row(found)
    assert one.gap.value == pytest.approx(0.02)
    assert one.gap.covers == "seeds and pictures"
    # All pictures move alike: the seeds alone make the interval, which is Student's over three paired differences.
    assert one.gap.half == pytest.approx(t.ppf(0.975, 2) * np.std(list(shifts.values()), ddof=1) / math.sqrt(3))


def test_p_values_are_corrected_over_all_trained_rows_and_metrics(make_run):
    first = make_run("a", n_test=40)
    second = add_to_pictures(add_to_pictures(make_run("b", n_test=40), "lpips", 0.01), "psnr", 1, seed=1)
    found = _found(first, second, "lpips", "psnr")
    trained = [one for one in found if one.row.trained]
    expected = multipletests([one.further.p() for one in trained], method="holm")[1]
    assert [one.p for one in trained] == pytest.approx(expected)
    assert [one.p for one in found if not one.row.trained] == [None] * 8


@pytest.mark.parametrize(
    ("before", "after", "further", "verdict"),
    [(45, 60, 5, "worse"), (45, 52, -3, "better"), (60, 52, -8, "better"), (55, 40, 5, "worse")],
)
def test_where_the_truth_is_the_goal_nearer_is_better(make_run, before, after, further, verdict):
    runs = [
        set_metric(make_run(name), "colorfulness", value, architecture="unet", loss="l1")
        for name, value in (("a", before), ("b", after))
    ]
    one = _row(_found(*runs, "colorfulness"))  # of a truth of 50
    assert one.gap.value == pytest.approx(after - before)
    assert one.further.value == pytest.approx(further)
    assert one.verdict == verdict


def test_a_reference_that_differs_is_told_of_without_a_test(make_run):
    first = make_run("a")
    second = set_metric(make_run("b"), "lpips", 0.5, architecture="grey", loss=None)
    one = _row(_found(first, second), "grey", None)
    assert (one.verdict, one.p) == ("different", None)


def test_the_mean_over_rows_has_the_interval_of_all_pictures_together(make_run):
    first, second = make_run("a", n_test=400), add_to_pictures(make_run("b", n_test=400), "lpips", 0.01)
    trained = [one for one in _found(first, second) if one.row.trained]
    each = [
        scores(run, "lpips", architecture=one.row.architecture, loss=one.row.loss)
        for run in (second, first)
        for one in trained
    ]
    expected = ttest_rel(np.mean(each[:4], axis=0), np.mean(each[4:], axis=0)).confidence_interval()
    found = mean(trained)
    assert found.value == pytest.approx((expected.low + expected.high) / 2)
    assert found.half == pytest.approx((expected.high - expected.low) / 2, rel=0.08)


def test_rows_with_other_seeds_have_a_mean_without_an_interval(make_run):
    first = make_run("a", seeds=(0, 1), lpips=_lpips())

    def status(_, loss, __, seed):
        return "failed" if (loss, seed) == ("l2", 1) else "completed"

    second = make_run("b", seeds=(0, 1), lpips=_lpips(0.05), status=status)
    trained = [one for one in _found(first, second) if one.row.trained]
    assert {one.seeds for one in trained} == {(0, 1), (0,)}
    assert mean(trained).value == pytest.approx(0.05)
    assert mean(trained).half is None
