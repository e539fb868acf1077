"""What trips a gate."""

import math

import pytest
from edits import set_metric
from hypothesis import given
from hypothesis import strategies as st

from bench.compare.differences import differences
from bench.compare.gates import Gate, judge, read_gate
from bench.compare.matching import match
from bench.report.stored import StoredRun
from registry.errors import UserError

METRICS = ["lpips", "skill"]


@pytest.mark.parametrize(
    ("text", "gate"),
    [
        ("lpips > +0.01", ("lpips", ">", 0.01, False, False)),
        ("lpips>0", ("lpips", ">", 0.0, False, False)),
        (" skill <= -1e-3 ", ("skill", "<=", -0.001, False, False)),
        ("skill < -5%", ("skill", "<", -5.0, True, False)),
        ("mean lpips >= 2.5 %", ("lpips", ">=", 2.5, True, True)),
    ],
)
def test_gates_are_read(text, gate):
    assert read_gate(text, METRICS) == Gate(text.strip(), *gate)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "cannot be read: write METRIC > NUMBER"),
        ("lpips", "cannot be read"),
        ("lpips > ", "cannot be read"),
        ("lpips > much", "cannot be read"),
        ("lpips > nan", "cannot be read"),
        ("lpips > inf", "cannot be read"),
        ("lpips == 0", "cannot be read"),
        ("0.01 < lpips", "cannot be read"),
        ("median lpips > 0", "cannot be read"),
        ("lpip > 0", "did you mean 'lpips'"),
    ],
)
def test_what_is_no_gate_is_refused_in_one_sentence(text, message):
    with pytest.raises(UserError, match=message) as refused:
        read_gate(text, METRICS)
    assert "\n" not in str(refused.value)


values = st.floats(-1e6, 1e6, allow_nan=False)


@given(values, values, values, st.sampled_from([">", ">=", "<", "<="]))
def test_a_gate_trips_as_the_difference_says(before, after, limit, sign):
    expected = {
        ">": after - before > limit,
        ">=": after - before >= limit,
        "<": after - before < limit,
        "<=": after - before <= limit,
    }[sign]
    assert Gate("", "lpips", sign, limit).trips(before, after) == expected


@pytest.mark.parametrize(
    ("before", "after", "percent"),
    [
        (2.0, 2.1, 5.0),
        (-2.0, -1.9, 5.0),
        (2.0, 1.9, -5.0),
        (0.0, 0.0, 0.0),
        (0.0, 0.1, math.inf),
        (0.0, -1.0, -math.inf),
    ],
)
def test_percents_are_of_the_size_of_a(before, after, percent):
    assert Gate("", "lpips", ">", 0, percent=True).change(before, after) == pytest.approx(percent)


def _reasons(first, second, text):
    runs = StoredRun(first), StoredRun(second)
    matching = match(*runs)
    [judgement] = judge([read_gate(text, METRICS)], matching, differences(*runs, matching.rows, METRICS))
    assert judgement.tripped == bool(judgement.reasons)
    return list(judgement.reasons)


def _lpips(changed=None):
    return lambda a, loss, *_: 0.9 if loss is None else 0.3 if (a, loss) == changed else 0.2


def test_one_row_trips_a_gate_that_the_mean_does_not(make_run):
    first, second = make_run("a", lpips=_lpips()), make_run("b", lpips=_lpips(("unet", "l2")))
    assert _reasons(first, second, "lpips > 0.05") == ["+0.1 for `unet` with `l2` on `synthetic-faces`"]
    assert _reasons(first, second, "lpips > 40%") == ["+50 % for `unet` with `l2` on `synthetic-faces`"]
    assert _reasons(first, second, "mean lpips > 0.05") == []
    assert _reasons(first, second, "mean lpips > 0.02") == ["+0.025 on average over 4 rows"]
    assert _reasons(first, second, "lpips < 0") == []
    assert _reasons(second, first, "lpips < 0") == ["-0.1 for `unet` with `l2` on `synthetic-faces`"]


def test_what_trips_furthest_is_told_first(make_run):
    by_loss = {"l1": 0.3, "l2": 0.4}
    second = make_run("b", architectures=("unet",), lpips=lambda _, loss, *__: by_loss.get(loss, 0.9))
    reasons = _reasons(make_run("a", architectures=("unet",), lpips=_lpips()), second, "lpips > 0")
    assert reasons == [
        "+0.2 for `unet` with `l2` on `synthetic-faces`",
        "+0.1 for `unet` with `l1` on `synthetic-faces`",
    ]


def test_seeds_are_averaged_before_a_gate_looks(make_run):
    def second(_, loss, __, seed):
        return 0.9 if loss is None else 0.2 + (0.2 if (loss, seed) == ("l2", 0) else 0)

    runs = make_run("a", seeds=(0, 1), lpips=_lpips()), make_run("b", seeds=(0, 1), lpips=second)
    assert _reasons(*runs, "lpips > 0.15") == []
    assert (
        _reasons(*runs, "lpips > 0.05")[0]
        == "+0.1 for `unet` with `l2` on `synthetic-faces` (mean over the seeds 0 and 1)"
    )


def test_a_reference_trips_a_gate_of_any_row_alone(make_run):
    first, second = make_run("a"), set_metric(make_run("b"), "lpips", 1.0, architecture="grey", loss=None)
    assert _reasons(first, second, "lpips > 0.05") == ["+0.1 for `grey` on `synthetic-faces`"]
    assert _reasons(first, second, "mean lpips > 0") == []


def test_references_alone_hold_no_gate_where_something_was_trained(make_run):
    first, second = make_run("a", losses=("l1",)), make_run("b", losses=("l2",))
    reasons = _reasons(first, second, "lpips > 9")
    assert reasons[0] == "no trained cell that both runs completed has `lpips`"


def test_what_is_no_number_trips():
    assert Gate("", "lpips", ">", 0).trips(0.1, math.nan)
    assert Gate("", "lpips", "<", 0).trips(math.nan, 0.1)


def test_a_metric_of_two_words_can_be_named():
    assert read_gate("my-metric > 0", ["my-metric"]).metric == "my-metric"


@pytest.mark.parametrize("ended", ["failed", "skipped", "missing"])
@pytest.mark.parametrize("gate", ["lpips > 9", "mean lpips > 9"])
def test_a_cell_that_was_lost_trips_every_gate(make_run, ended, gate):
    second = make_run("b", status=lambda a, loss, *_: ended if (a, loss) == ("unet", "l1") else "completed")
    told = "not run yet" if ended == "missing" else ended
    assert _reasons(make_run("a"), second, gate) == [
        f"`unet` with `l1` on `synthetic-faces`, seed 0 was completed in A and is `{told}` in B"
    ]


def test_a_smaller_grid_loses_nothing(make_run):
    assert _reasons(make_run("a"), make_run("b", losses=("l1",)), "lpips > 9") == []


def test_a_value_that_was_lost_trips(make_run):
    second = set_metric(make_run("b"), "lpips", None, architecture="unet", loss="l1")
    assert _reasons(make_run("a"), second, "lpips > 9") == ["`unet` with `l1` on `synthetic-faces` has no value in B"]


def test_where_there_is_nothing_to_compare_a_gate_trips(make_run):
    first, second = make_run("a", losses=("l1",)), make_run("b", losses=("l2",))
    assert _reasons(first, second, "mean lpips > 9") == ["no trained cell that both runs completed has `lpips`"]
    assert _reasons(make_run("c", datasets=("x",)), make_run("d", datasets=("y",)), "lpips > 9") == [
        "no cell that both runs completed has `lpips`"
    ]
