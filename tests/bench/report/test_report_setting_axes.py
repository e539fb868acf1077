"""A report on a grid with settings as an axis: what the settings did is told apart from what the loss did."""

import json

import numpy as np
import pandas as pd
import pytest
import yaml
from statsmodels.formula.api import ols
from statsmodels.stats.anova import anova_lm

from bench.compare.run import compare as compare_runs
from bench.report import variance
from bench.report.board import boards
from bench.report.entries import collect
from bench.report.findings import findings
from bench.report.labels import LabelledRun
from bench.report.render import render
from bench.report.stored import StoredRun
from bench.report.style import label
from bench.setting_axes import named_settings, plain_loss

RATES = {"learning_rate": [0.001, 0.0003]}
FIRST, SECOND = "l1, learning_rate=0.001", "l1, learning_rate=0.0003"


def _planted(by_architecture=0.0, by_loss=0.0, by_rate=0.0):
    """Mean LPIPS with an effect of each axis; seeds move each cell its own way, by 0 on average."""

    def lpips(architecture, loss, _, seed):
        if loss is None:
            return 0.9
        effects = by_architecture * (architecture == "unet") + by_loss * (plain_loss(loss) == "l2")
        effects += by_rate * (named_settings(loss) == "learning_rate=0.0003")
        return 0.2 + effects + 0.001 * ((seed + 2 * len(loss) + len(architecture)) % 3 - 1)

    return lpips


def _answer(run):
    [found] = findings(run).values()
    return found.answers[0]


@pytest.fixture
def make_rates(make_run):
    def make(name="made-up", **keywords):
        return make_run(name, **{"seeds": (0, 1, 2), "axes": RATES, **keywords})

    return make


def test_rows_are_losses_with_their_settings(make_rates):
    [entries] = collect(StoredRun(make_rates())).values()
    trained = [entry for entry in entries if entry.loss]
    assert [(entry.architecture, entry.loss) for entry in trained[:2]] == [("unet", FIRST), ("unet", SECOND)]
    assert len(trained) == 2 * 2 * 2
    assert all(len(entry.completed) == 3 for entry in trained)
    assert [len(entry.records) for entry in entries if not entry.loss] == [1] * 4


def test_what_has_not_ended_is_named_the_same(make_rates):
    run = StoredRun(make_rates(status=lambda _, loss, *__: "missing" if loss == SECOND else "completed"))
    [entries] = collect(run).values()
    assert {entry.loss: entry.pending for entry in entries if entry.pending} == {SECOND: (0, 1, 2)}


def test_one_value_leaves_names_as_they_were(make_rates):
    run = StoredRun(make_rates(axes={"learning_rate": [0.001]}))
    assert {record.loss for record in run.records if record.loss} == {"l1", "l2"}


def test_records_alone_tell_settings_apart(make_rates):
    """A grid that was cut back to one value leaves the other's cells in the folder."""
    folder = make_rates()
    text = (folder / "grid.yaml").read_text()
    (folder / "grid.yaml").write_text(text.replace("- 0.001\n  - 0.0003", "- 0.001"))
    assert {record.loss for record in StoredRun(folder).records if record.loss} == {
        f"{loss}, learning_rate={rate}" for loss in ("l1", "l2") for rate in ("0.001", "0.0003")
    }


def test_baselines_of_other_settings_are_one_row(make_rates):
    folder = make_rates()
    for path in list(folder.glob("cells/*/record.json")):
        record = json.loads(path.read_text())
        if record["loss"] is None:
            record |= {"cell_id": f"2{record['cell_id'][1:]}", "finished_at": "2030-01-01T00:00:00+00:00"}
            record["settings"]["learning_rate"] = 0.5
            (copy := folder / "cells" / record["cell_id"]).mkdir()
            (copy / "record.json").write_text(json.dumps(record))
    run = StoredRun(folder)
    assert sum(record.loss is None for record in run.records) == 4
    assert {record.finished_at[:4] for record in run.records if not record.loss} == {"2030"}
    assert run.varied == ("learning_rate",)


def test_short_names_and_settings_go_together(make_rates):
    run = LabelledRun(make_rates(architectures=("unet(num_filters=8)", "unet(n_down=4, num_filters=8)")))
    trained = [record for record in run.records if record.loss]
    assert (trained[0].architecture, trained[0].loss) == ("unet", FIRST)
    assert run.grid.losses == [FIRST, SECOND, *(one.replace("l1", "l2") for one in (FIRST, SECOND))]


def test_what_the_rate_did_is_not_taken_for_the_loss(make_rates):
    found = _answer(StoredRun(make_rates(lpips=_planted(by_architecture=0.05, by_rate=0.2)))).axes
    shares = dict(zip(found.names, found.effects.shares, strict=True))
    assert list(shares) == ["architecture", "loss", "learning_rate", "interplay", "seed"]
    assert shares["learning_rate"] == pytest.approx(0.04 / (0.04 + 0.0025), abs=0.01)
    assert shares["loss"] < 0.001
    assert (found.effects.leader, found.verdict) == ("architecture", "clear")


def test_the_loss_leads_where_it_does_whatever_the_rate_does(make_rates):
    found = _answer(StoredRun(make_rates(lpips=_planted(by_architecture=0.02, by_loss=0.1, by_rate=0.2)))).axes
    assert (found.effects.leader, found.verdict) == ("loss", "clear")


def test_three_components_are_those_of_statsmodels_mean_squares():
    random = np.random.default_rng(0)
    table = random.normal(size=(3, 4, 2, 5)) + np.arange(3)[:, None, None, None] + np.arange(4)[:, None, None]
    places = np.indices(table.shape).reshape(4, -1)
    frame = pd.DataFrame({"y": table.ravel(), "a": places[0], "b": places[1], "c": places[2]})
    anova = anova_lm(ols("y ~ C(a) * C(b) * C(c)", frame).fit())
    square = (anova["sum_sq"] / anova["df"]).to_dict()
    together = anova.loc[[name for name in anova.index if ":" in name]].sum()
    mixed = together["sum_sq"] / together["df"]
    expected = [
        (square["C(a)"] - mixed) / (4 * 2 * 5),
        (square["C(b)"] - mixed) / (3 * 2 * 5),
        (square["C(c)"] - mixed) / (3 * 4 * 5),
        (mixed - square["Residual"]) / 5,
        square["Residual"],
    ]
    assert variance.components(table, 3) == pytest.approx(np.clip(expected, 0, None))


@pytest.mark.parametrize("planted", [(1, 0.4, 0.7, 0.3), (0.2, 1, 2, 0.5)])
def test_planted_variances_of_three_axes_are_recovered_and_held_by_the_intervals(planted):
    random, draws, held, parts = np.random.default_rng(1), 200, np.zeros(3), np.zeros(5)
    shapes, true = ((3, 1, 1, 1), (1, 4, 1, 1), (1, 1, 3, 1)), np.array(planted) / sum(planted)
    for _ in range(draws):
        sides = []
        for value, shape in zip(planted[:3], shapes, strict=True):
            effect = random.normal(size=shape)
            effect -= effect.mean()
            sides.append(effect * np.sqrt(value / effect.var(ddof=1)))
        table = sum(sides) + np.sqrt(planted[3]) * random.normal(size=(3, 4, 3, 3))
        parts += variance.components(table, 3) / draws
        ranges, _ = variance.intervals(table, None)
        held += [low <= share <= high for (low, high), share in zip(ranges[:3], true, strict=False)]
    assert parts[[0, 1, 2, 4]] == pytest.approx(planted, rel=0.1)
    assert (held >= 0.9 * draws).all()


def test_two_axes_have_their_own_shares_and_pairs(make_run):
    def lpips(_, loss, __, seed):
        if loss is None:
            return 0.9
        return 0.2 + 0.1 * ("rate=0.0003" in loss) + 0.05 * ("batch_size=8" in loss) + 0.001 * seed

    run = StoredRun(make_run(axes={**RATES, "batch_size": [16, 8]}, seeds=(0, 1), lpips=lpips))
    [found] = findings(run).values()
    named = dict(zip(found.answers[0].axes.names, found.answers[0].axes.effects.shares, strict=True))
    assert list(named) == ["architecture", "loss", "learning_rate", "batch_size", "interplay", "seed"]
    assert named["learning_rate"] == pytest.approx(4 * named["batch_size"], rel=0.02)
    lpips_pairs = {pair.axis: pair for pair in found.pairs if pair.metric == "lpips"}
    assert lpips_pairs["batch_size"].gap.value == pytest.approx(0.05)
    assert lpips_pairs["learning_rate"].within == 2 * 2 * 2
    [board] = boards(run)
    assert len({label(loss, 24, 1) for loss in board.losses}) == len(board.losses) == 8


def test_what_a_rule_leaves_out_is_called_so(make_rates):
    folder = make_rates(status=lambda _, loss, *__: "missing" if loss == SECOND else "completed")
    [board] = boards(StoredRun(folder))
    assert board.state("unet", SECOND) == "not run"
    grid = yaml.safe_load((folder / "grid.yaml").read_text())
    grid["exclude"] = [{"loss": "l1", "learning_rate": 3e-4}]
    (folder / "grid.yaml").write_text(yaml.safe_dump(grid))
    [board] = boards(StoredRun(folder))
    assert board.state("unet", SECOND) == "left out"


def test_pairs_are_of_losses_alone_and_of_rates_alone(make_rates):
    run = StoredRun(make_rates(lpips=_planted(by_rate=0.1)))
    [found] = findings(run).values()
    lpips = {(pair.axis, pair.first, pair.second): pair for pair in found.pairs if pair.metric == "lpips"}
    assert set(lpips) == {
        ("loss", "l1", "l2"),
        ("architecture", "unet", "unet-resnet18"),
        ("learning_rate", "learning_rate=0.001", "learning_rate=0.0003"),
    }
    rate = lpips["learning_rate", "learning_rate=0.001", "learning_rate=0.0003"]
    assert rate.gap.value == pytest.approx(0.1, abs=0.002)
    assert rate.within == 2 * 2
    assert rate.clear
    assert not lpips["loss", "l1", "l2"].clear


def test_a_pair_is_compared_where_both_are(make_rates):
    """Losses that were trained with one rate only are compared within it."""
    run = StoredRun(make_rates(status=lambda _, loss, *__: "missing" if loss == SECOND else "completed"))
    [found] = findings(run).values()
    [loss] = [pair for pair in found.pairs if (pair.metric, pair.axis) == ("lpips", "loss")]
    assert loss.within == 2


def test_the_page_says_it_in_words(make_rates, tmp_path):
    folder = make_rates(lpips=_planted(by_architecture=0.05, by_rate=0.2))
    page = render(folder, tmp_path / "report").read_text()
    assert "2 losses (`l1` and `l2`) × 2 values of `learning_rate` (0.001 and 0.0003) on `synthetic-faces`" in page
    assert (
        "The architecture matters more than the loss: 6 % of the variance, the loss 0 %, `learning_rate` 94 %." in page
    )
    assert "`learning_rate=0.001` beats `learning_rate=0.0003`" in page
    assert "both within the same settings, two values of a setting within the same of all else" in page
    assert " `learning_rate` moves the metric more than either in 3 of 3." in page
    assert "| learning_rate | &#91;0.001, 0.0003&#93; |" in page
    assert page.count("| loss | `l1` |") == 1


def test_without_such_an_axis_the_page_does_not_speak_of_any(make_run, tmp_path):
    page = render(make_run(seeds=(0, 1, 2)), tmp_path / "report").read_text()
    assert "within the same settings" not in page
    assert " values of `" not in page


@pytest.mark.parametrize(
    ("losses", "told"),
    [
        (("l1", "rebalanced(l1)"), "`rebalanced(l1), learning_rate={0}` against `l1, learning_rate={0}` on "),
        (
            ("l1", "huber(delta=1)", "huber", "huber(delta=100)", "l2"),
            "Huber's delta on synthetic-faces, learning_rate={0}",
        ),
    ],
)
def test_sections_on_losses_keep_to_the_same_settings(make_rates, tmp_path, losses, told):
    page = render(make_rates(losses=losses), tmp_path / "report").read_text()
    for rate in ("0.001", "0.0003"):
        assert told.format(rate) in page
    assert "against `l1, learning_rate=0.001`" not in page.replace(told.format("0.001"), "")


def test_runs_with_and_without_the_axis_meet_at_its_value(make_rates):
    one = make_rates("one", axes={"learning_rate": [0.0003]})
    page = compare_runs(make_rates("both"), one).page
    assert "l1, learning_rate=0.0003" in page
    trained = [line for line in page.splitlines() if line.startswith("| unet") and "learning_rate=0.0003" in line]
    assert trained
    assert not [line for line in page.splitlines() if line.startswith("| unet | l1 |")]
