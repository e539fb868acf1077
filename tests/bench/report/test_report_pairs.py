"""Every pair of losses and of architectures, and the sentences about them."""

import json
import math

import numpy as np
import pytest
from statsmodels.stats.multitest import multipletests

from bench.report import evidence
from bench.report.findings import findings
from bench.report.pairs import Pair
from bench.report.statistics import Uncertainty
from bench.report.stored import StoredRun


def _found(folder):
    [found] = findings(StoredRun(folder)).values()
    return found


def _lpips(folder):
    return evidence.told(_found(folder))[0]


def test_every_pair_is_there_for_every_headline_metric(make_run):
    pairs = _found(make_run(architectures=("a", "b", "c"), losses=("l1", "l2", "huber", "vgg"))).pairs
    assert len(pairs) == 3 * (3 + 6)
    assert {pair.within for pair in pairs if pair.axis == "loss"} == {3}


def test_p_values_are_corrected_over_all_of_them(make_run):
    pairs = _found(make_run(seeds=(0, 1, 2))).pairs
    expected = multipletests([pair.gap.p() for pair in pairs], method="holm")[1]
    assert [pair.p for pair in pairs] == pytest.approx(expected)


def test_a_difference_is_that_of_means_over_the_other_axis(make_run):
    values = {("unet", "l1"): 0.1, ("unet", "l2"): 0.2, ("unet-resnet18", "l1"): 0.3, ("unet-resnet18", "l2"): 0.6}
    losses, architectures = _found(make_run(lpips=lambda a, loss, *_: values.get((a, loss), 0.9))).pairs[:2]
    assert (losses.better, losses.worse, losses.gap.value) == ("l1", "l2", pytest.approx(0.2))
    assert (architectures.better, architectures.gap.value) == ("unet", pytest.approx(0.3))
    assert losses.clear
    assert losses.wins == 1


def test_a_loss_missing_in_one_architecture_is_compared_in_the_others(make_run):
    pairs = _found(
        make_run(
            losses=("l1", "l2", "vgg"),
            status=lambda a, loss, *_: "failed" if (a, loss) == ("unet", "vgg") else "completed",
        )
    ).pairs
    within = {(pair.first, pair.second): pair.within for pair in pairs if pair.metric == "lpips"}
    assert within == {("l1", "l2"): 2, ("l1", "vgg"): 1, ("l2", "vgg"): 1, ("unet", "unet-resnet18"): 2}


def test_the_effect_size_is_cohens_d_of_paired_pictures():
    differences = np.random.default_rng(0).normal(0.4, 1, 50)
    variance = differences.var(ddof=1)
    gap = Uncertainty(differences.mean(), 0.0, variance / 50, 1, 50)
    pair = Pair("loss", "lpips", "l1", "l2", gap, None, 1)
    assert pair.effect == pytest.approx(differences.mean() / math.sqrt(variance))


def test_one_number_in_the_records_changes_the_sentence(make_run):
    folder = make_run(lpips=lambda _, loss, *__: {"l1": 0.1, "l2": 0.2}.get(loss, 0.9))
    assert _lpips(folder) == "**LPIPS**: `l1` beats `l2`; no two architectures differ clearly."
    for path in folder.glob("cells/*/record.json"):
        record = json.loads(path.read_text())
        if (record["architecture"], record["loss"]) == ("unet", "l2"):
            record["metrics"]["lpips"]["value"] = 0.01
            path.write_text(json.dumps(record))
    # Mean gaps of 0.1 and -0.09, and of 0 and -0.19: all cells see the same noise.
    assert _lpips(folder) == "**LPIPS**: `l1` beats `l2`; `unet` beats `unet-resnet18`."


@pytest.mark.parametrize(
    ("seeds", "told"), [((0,), "none beyond the pictures"), ((0, 1, 2), "claims about seeds and pictures like those")]
)
def test_what_claims_are_about_is_said(make_run, seeds, told):
    assert told in evidence.scope(_found(make_run(seeds=seeds)))


def test_a_difference_that_seeds_turn_round_is_not_clear(make_run):
    def lpips(_, loss, __, seed):
        return 0.9 if loss is None else 0.3 + (0.1 * (seed - 0.5) if loss == "l2" else 0)

    assert "No two losses differ clearly" in _lpips(make_run(seeds=(0, 1, 2), lpips=lpips))


def test_the_table_of_pairs_names_the_better_first(make_run):
    table = evidence.pairs_table(_found(make_run(lpips=lambda _, loss, *__: {"l1": 0.3, "l2": 0.2}.get(loss, 0.9))))
    row = next(line for line in table.splitlines() if "`l1`" in line and "LPIPS" in line)
    assert row.startswith("| LPIPS | **`l2`** | `l1` | 0.100")
    assert row.endswith("| 100 % |")


def test_the_table_of_shares_has_four_parts_with_several_seeds(make_run):
    one, several = (_found(make_run(f"of-{len(seeds)}", seeds=seeds)) for seeds in ((0,), (0, 1)))
    assert evidence.shares_table(one.answers).startswith("| metric | architecture | loss | interplay and seed |")
    assert evidence.shares_table(several.answers).startswith("| metric | architecture | loss | interplay | seed |")
