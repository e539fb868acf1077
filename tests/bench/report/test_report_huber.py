"""Where Huber becomes L1 and where L2, on made-up runs whose truth is known."""

import json

import pytest

from bench.report.entries import collect
from bench.report.huber_sweep import crossing, huber_delta, sweeps, told
from bench.report.render import render
from bench.report.stored import StoredRun

DELTAS = {"huber(delta=1)": 1, "huber(delta=3)": 3, "huber": 10, "huber(delta=30)": 30, "huber(delta=100)": 100}
LOSSES = ("l1", *DELTAS, "l2")
TRUE = {"l1": 0.2, "l2": 0.3, 1: 0.2, 3: 0.2, 10: 0.25, 30: 0.3, 100: 0.3}
TITLE = "## The delta of Huber"


def _lpips(true, noise=0.002):
    """Values around those of each delta; seeds move each loss its own way, by 0 on average."""

    def lpips(_, loss, __, seed):
        if loss is None:
            return 0.9
        seed_effect = noise * ((seed + LOSSES.index(loss)) % 3 - 1)
        return true[DELTAS.get(loss, loss)] + seed_effect

    return lpips


def _sweeps(folder):
    run = StoredRun(folder)
    [entries] = collect(run).values()
    return {one.metric: one for one in sweeps(run, entries)}


@pytest.fixture
def make_sweep(make_run):
    def make(name="made-up", true=TRUE, noise=0.002, **keywords):
        keywords = {"losses": LOSSES, "seeds": (0, 1, 2), "lpips": _lpips(true, noise), **keywords}
        return make_run(name, **keywords)

    return make


def test_a_known_course_is_told(make_sweep):
    sentence = told(_sweeps(make_sweep())["lpips"])
    assert sentence.startswith("**LPIPS**: up to a delta of 3 Huber cannot be told from L1 (a difference above 0.0")
    assert "; from a delta of 30 on Huber cannot be told from L2 (" in sentence
    assert " With a delta of 10 it differs from both. " in sentence
    nearer = "clearly nearer to L1 with a delta of 1 or 3 and clearly nearer to L2 with a delta of 30 or 100."
    assert f"{nearer} It is as far from L1 as from L2 at a delta of about " in sentence


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({1: 0.22}, "with a delta of 3 Huber cannot be told from L1"),
        ({1: 0.22, 3: 0.22}, "at every delta Huber differs from L1"),
        ({10: 0.3, 3: 0.3, 1: 0.3}, "at no delta can Huber be told from L2"),
        ({100: 0.35}, "with a delta of 30 Huber cannot be told from L2"),
        ({"l2": 0.2}, "the means of L1 and L2 themselves cannot be told apart"),
    ],
)
def test_other_courses_are_told_as_they_are(make_sweep, changes, words):
    assert words in told(_sweeps(make_sweep(true=TRUE | changes))["lpips"])


def test_the_numbers_are_means_of_the_stored_ones(make_sweep):
    found = _sweeps(make_sweep(architectures=("unet", "unet-resnet18")))["lpips"]
    assert [step.delta for step in found.steps] == [1, 3, 10, 30, 100]
    assert [step.value.value for step in found.steps] == pytest.approx([0.2, 0.2, 0.25, 0.3, 0.3])
    assert [step.from_l1.value for step in found.steps] == pytest.approx([0, 0, 0.05, 0.1, 0.1], abs=1e-9)
    assert [step.from_l2.value for step in found.steps] == pytest.approx([-0.1, -0.1, -0.05, 0, 0], abs=1e-9)
    assert (found.l1.value, found.l2.value, found.apart.value) == pytest.approx((0.2, 0.3, 0.1))
    assert found.steps[2].near_l1.value == pytest.approx(0.05, abs=0.003)
    assert crossing(found) == pytest.approx(10, rel=0.1)
    assert found.apart.covers == "seeds and pictures"


def test_one_number_in_the_records_changes_the_sentence(make_sweep):
    folder = make_sweep()
    before = told(_sweeps(folder)["lpips"])
    for path in folder.glob("cells/*/record.json"):
        record = json.loads(path.read_text())
        if record["loss"] == "huber(delta=3)":
            record["metrics"]["lpips"]["value"] += 0.03
            path.write_text(json.dumps(record))
    after = told(_sweeps(folder)["lpips"])
    assert "up to a delta of 3 " in before
    assert "up to a delta of 1 " in after
    assert "With a delta of 3 or 10 it differs from both." in after


def test_the_page_has_it_only_with_three_deltas_beside_both(make_sweep, tmp_path):
    pages = {
        name: render(make_sweep(name, losses=losses, seeds=(0,)), tmp_path / name).read_text()
        for name, losses in {
            "all": LOSSES,
            "two deltas": ("l1", "l2", "huber", "huber(delta=3)"),
            "no l2": LOSSES[:-1],
        }.items()
    }
    assert {name for name, page in pages.items() if TITLE in page} == {"all"}
    assert (tmp_path / "all" / "figures" / "huber-synthetic-faces.png").exists()
    assert "[The delta of Huber](#the-delta-of-huber)" in pages["all"]
    assert "over pictures." in pages["all"]


def test_a_delta_that_did_not_end_is_left_out(make_sweep):
    folder = make_sweep(status=lambda _, loss, *__: "failed" if loss == "huber(delta=30)" else "completed")
    assert [step.delta for step in _sweeps(folder)["lpips"].steps] == [1, 3, 10, 100]


@pytest.mark.parametrize(
    ("loss", "delta"), [("huber", 10), ("huber(delta=3)", 3), ("l1", None), ("huber + 0.1*vgg", None), ("gone", None)]
)
def test_only_huber_alone_has_a_delta(loss, delta):
    assert huber_delta(loss) == delta
