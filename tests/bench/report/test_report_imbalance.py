"""Dose and response, remedy and cross-testing, on made-up records whose numbers are planted."""

import json

import numpy as np
import pandas as pd
import pytest
from statsmodels.stats.multitest import multipletests

from bench.records import Measurement, Record, Transfer, transfer_folder, write_record
from bench.report.board import boards
from bench.report.cross_testing import crossings, draw_cross_testing
from bench.report.dose_response import draw_dose_response
from bench.report.doses import responses, series, short_names
from bench.report.labels import LabelledRun
from bench.report.remedy import draw_remedy, remedies
from bench.report.stored import StoredRun

FLOWERS = [f"synthetic-flowers({dose})".replace("()", "") for dose in ("", "imbalance=0.5", "imbalance=1")]
FACES = "synthetic-faces"
LOSSES = ("l1", "l2", "rebalanced(l1)")
STEADY = {"skill": 0.5, "chroma_ratio": 0.8, "rare_ab_error": 0.6}


def _dose(record):
    return float(record.dataset.partition("imbalance=")[2].rstrip(")") or 0)


def _write_scores(folder, record, planted, lazy=100.0):
    """Every picture has the planted value, and seeds differ by a hair."""
    planted = {name: value + 0.001 * record.seed for name, value in planted.items()}
    table = pd.read_csv(folder / "per_image.csv")
    table["skill_mse"], table["skill_lazy_mse"] = lazy * (1 - planted["skill"]), lazy
    table["chroma"] = planted["chroma_ratio"] * table["chroma_truth"]
    table["rare_ab_error_sum"], table["rare_ab_error_grey_sum"] = planted["rare_ab_error"] * 10, 10.0
    table.to_csv(folder / "per_image.csv", index=False)
    return {
        name: Measurement(value=value, n=len(table), higher_is_better={"skill": True, "rare_ab_error": False}.get(name))
        for name, value in planted.items()
    }


@pytest.fixture
def imbalance_run(make_run):
    """A run over three doses and faces; ``plant`` gives what differs from `STEADY` in a record."""

    def make(plant=lambda _: {}, datasets=(*FLOWERS, FACES), seeds=(0, 1, 2), losses=LOSSES):
        folder = make_run(
            architectures=("unet",), losses=losses, datasets=datasets, seeds=seeds, baselines=["grey"],
            lpips=lambda *_: 0.2,
        )  # fmt: skip
        for path in folder.glob("cells/*/record.json"):
            record = Record.model_validate_json(path.read_text())
            if record.loss:
                record.metrics |= _write_scores(path.parent, record, STEADY | plant(record))
                write_record(path.parent, record)
        return folder

    return make


def _run(folder):
    run = StoredRun(folder)
    found = boards(run)
    return run, found, series(found)


def _dose_lines(folder, tmp_path):
    run, _, [one] = _run(folder)
    [figure] = draw_dose_response(run, one, tmp_path)
    assert figure.path.exists()
    return figure.verdicts + figure.lines


def test_a_curve_that_turns_is_told_by_its_turn_and_not_by_its_slope(imbalance_run, tmp_path):
    def plant(record):
        dose = _dose(record)
        return {"skill": 0.5 - 0.4 * dose, "chroma_ratio": {0: 0.8, 0.5: 0.5, 1: 0.9}[dose]}

    line = _dose_lines(imbalance_run(plant, losses=("l1",)), tmp_path)[0]
    assert line.startswith("`l1` **errs more**: from dose 0 to 1 skill goes from 0.50 to 0.10")
    assert "chroma ratio turns, from 0.80 over 0.50 to 0.90, so that its slope says nothing" in line


def test_where_rebalancing_costs_at_one_dose_its_mean_does_not_hide_it(imbalance_run, tmp_path):
    def plant(record):
        if record.loss != "rebalanced(l1)":
            return {}
        return {"rare_ab_error": 0.4, "skill": {0: 0.3, 0.5: 0.6, 1: 0.6}[_dose(record)]}

    run, found, several = _run(imbalance_run(plant, datasets=FLOWERS, losses=("l1", "rebalanced(l1)")))
    [figure] = draw_remedy(run, found, several, tmp_path)
    [line] = figure.verdicts
    assert "over 3 doses, **helps where colours are rare**" in line
    assert "; but on `synthetic-flowers, dose 0` skill falls by 0.20" in line


def test_data_sets_that_differ_in_the_dose_alone_form_a_series(imbalance_run):
    others = ["synthetic-flowers(n_test=8)", "synthetic-flowers(n_test=8, imbalance=0.2)"]
    _, found, several = _run(imbalance_run(datasets=(FLOWERS[2], FACES, *others, *FLOWERS[:2]), losses=("l1",)))
    assert [(one.name, one.doses) for one in several] == [
        ("synthetic-flowers", (0, 0.5, 1)),
        ("synthetic-flowers(n_test=8)", (0, 0.2)),
    ]
    [alone] = [one for one in several if one.name == "synthetic-flowers"]
    assert short_names([board.dataset for board in found], [alone])[FLOWERS[1]] == "synthetic-flowers, dose 0.5"
    assert short_names([board.dataset for board in found], [alone])[FACES] == "synthetic-faces"


def test_slopes_are_those_of_least_squares(imbalance_run):
    values = {0: 0.5, 0.5: 0.45, 1: 0.1}
    folder = imbalance_run(lambda record: {"skill": values[_dose(record)]} if record.loss == "l1" else {})
    run, _, [one] = _run(folder)
    found = {(part.loss, part.slope.name): part for part in responses(run, one)}
    slope = np.polyfit(list(values), list(values.values()), 1)[0]
    assert found["l1", "skill"].slope.by.value == pytest.approx(slope)
    assert [mean.value for mean in found["l1", "skill"].means] == pytest.approx([0.501, 0.451, 0.101])
    assert found["l2", "skill"].slope.by.value == pytest.approx(0)


def test_the_skill_at_every_dose_is_against_the_same_colour(imbalance_run):
    folder = imbalance_run()
    # As it is with real data: the mean colour of an imbalanced set is the worse guess.
    for path in folder.glob("cells/*/record.json"):
        record = Record.model_validate_json(path.read_text())
        if record.loss and _dose(record) == 1:
            table = pd.read_csv(path.parent / "per_image.csv")
            table["skill_lazy_mse"] = 200.0
            table.to_csv(path.parent / "per_image.csv", index=False)
            record.metrics["skill"].value = 0.75
            write_record(path.parent, record)
    run, _, [one] = _run(folder)
    for part in responses(run, one):
        if part.slope.name == "skill":
            assert part.means[2].value == pytest.approx(0.501)


def test_verdicts_say_who_gets_lazier_and_by_how_much(imbalance_run, tmp_path):
    def plant(record):
        lazy = {"skill": 0.5 - 0.4 * _dose(record), "rare_ab_error": 0.6 + 0.2 * _dose(record)}
        return {"l1": lazy, "l2": {"chroma_ratio": 0.8 + 0.1 * _dose(record)}}.get(record.loss, {})

    l1, l2, rebalanced, *rest = _dose_lines(imbalance_run(plant), tmp_path)
    assert l1.startswith("`l1` **errs more**: from dose 0 to 1 skill goes from 0.50 to 0.10 (slope -0.40\u00a0(")
    assert "rare colour error goes from 0.60 to 0.80 (slope +0.20" in l1
    assert l1.endswith("no clear change of chroma ratio and effective colours ratio.")
    assert l2.startswith("`l2` **gets no lazier**, rather the opposite: from dose 0 to 1 chroma ratio goes from 0.80")
    assert rebalanced.startswith("For `rebalanced(l1)` **no effect can be told**")
    assert rest[0] == "Slopes of skill go from -0.40 (`l1`) to +0.00 (`rebalanced(l1)`)."
    assert "over seeds and test pictures" in rest[1]


def test_a_verdict_says_what_speaks_against_it(imbalance_run, tmp_path):
    def plant(record):
        return {"skill": 0.5 - 0.4 * _dose(record), "chroma_ratio": 0.8 + 0.1 * _dose(record)}

    line = _dose_lines(imbalance_run(plant, losses=("l1",)), tmp_path)[0]
    assert line.startswith("`l1` **errs more**: from dose 0 to 1 skill goes from 0.50 to 0.10")
    assert "; against that, chroma ratio goes from 0.80 to 0.90" in line


def test_less_colour_and_more_error_are_told_apart(imbalance_run, tmp_path):
    def plant(record):
        return {"skill": 0.5 + 0.2 * _dose(record), "chroma_ratio": 0.8 - 0.3 * _dose(record)}

    line = _dose_lines(imbalance_run(plant, losses=("l1",)), tmp_path)[0]
    assert line.startswith("`l1` **gets lazier in part**: from dose 0 to 1 chroma ratio goes from 0.80 to 0.50")
    assert "; against that, skill goes from 0.50 to 0.70" in line


@pytest.mark.parametrize(("first", "last"), [(1.4, 1.1), (1.1, 1.4)])
def test_more_colour_than_the_truth_has_is_neither_lazy_nor_lively(imbalance_run, tmp_path, first, last):
    folder = imbalance_run(lambda record: {"chroma_ratio": first + (last - first) * _dose(record)}, losses=("l1",))
    line = _dose_lines(folder, tmp_path)[0]
    assert line.startswith(
        f"`l1` **gets no lazier**: from dose 0 to 1 chroma ratio goes from {first:.2f} to {last:.2f}"
    )
    assert line.endswith("beyond the truth's.")


@pytest.mark.parametrize(("middle", "since"), [(0.5, "dose 1"), (0.3, "dose 0.5")])
def test_a_verdict_says_from_which_dose_on_a_measure_differs(imbalance_run, tmp_path, middle, since):
    values = {0: 0.5, 0.5: middle, 1: 0.1}
    line = _dose_lines(imbalance_run(lambda one: {"skill": values[_dose(one)]}, losses=("l1",)), tmp_path)[0]
    assert f", clear from {since} on)" in line


def test_p_values_of_slopes_remedies_and_crossings_are_corrected_over_all_of_them(imbalance_run):
    random = np.random.default_rng(0)
    folder = imbalance_run(lambda _: {name: value + random.normal(0, 0.05) for name, value in STEADY.items()})
    run, found, [one] = _run(folder)
    slopes = [part.slope for part in responses(run, one)]
    since = [change for part in responses(run, one) for change in part.since]
    means = [part.mean for part in remedies(run, found, [one])]
    for changes in (slopes, since, means):
        raw = [change.by.p() for change in changes]
        corrected = [change.p for change in changes]
        assert corrected == pytest.approx(multipletests(raw, method="holm")[1])
        assert min(raw) < min(corrected)


def test_one_number_in_one_record_changes_the_verdict(imbalance_run, tmp_path):
    folder = imbalance_run(lambda record: {"chroma_ratio": 0.8 - 0.3 * _dose(record)} if record.loss == "l1" else {})
    assert _dose_lines(folder, tmp_path)[0].startswith("`l1` **gets lazier**: from dose 0 to 1 chroma ratio")
    [path] = [
        path
        for path in folder.glob("cells/*/record.json")
        if (record := json.loads(path.read_text()))["loss"] == "l1" and record["seed"] == 2
        and record["dataset"] == FLOWERS[2]
    ]  # fmt: skip
    record = json.loads(path.read_text())
    record["metrics"]["chroma_ratio"]["value"] = 0.9
    path.write_text(json.dumps(record))
    line = _dose_lines(folder, tmp_path)[0]
    assert line.startswith("For `l1` **no effect can be told**")
    # Of 0.5, 0.501 and 0.9.
    assert "chroma ratio goes from 0.80 to 0.63" in line


def test_what_learned_nothing_is_not_judged(imbalance_run, tmp_path):
    folder = imbalance_run(lambda record: {"skill": -0.1 - 0.3 * _dose(record)} if record.loss == "l2" else {})
    assert "`l2` **cannot be judged**: at dose 0 it was no better than one constant colour" in _dose_lines(
        folder, tmp_path
    )[1]  # fmt: skip


def test_with_one_seed_nothing_is_said_of_others(imbalance_run, tmp_path):
    assert "nothing is known of others" in _dose_lines(imbalance_run(seeds=(0,)), tmp_path)[-1]


def test_rebalancing_helps_where_the_numbers_say_so(imbalance_run, tmp_path):
    def plant(record):
        if record.loss != "rebalanced(l1)" or record.dataset == FACES:
            return {}
        return {"rare_ab_error": 0.5, "skill": 0.4 + 0.1 * (_dose(record) == 1)}

    run, found, several = _run(imbalance_run(plant))
    [figure] = draw_remedy(run, found, several, tmp_path)
    on_flowers, on_faces = figure.verdicts
    assert on_flowers.startswith(
        "`rebalanced(l1)` against `l1` on `synthetic-flowers`, over 3 doses, **helps where colours are rare, at the "
        "price of skill**: skill falls by 0.07 ("
    )
    assert "rare colour error falls by 0.10 (0.10 to 0.10)" in on_flowers
    assert on_faces.startswith("`rebalanced(l1)` against `l1` on `synthetic-faces` **changes nothing clearly**")
    [skill] = [one for one in remedies(run, found, several) if (one.where, one.mean.name) == (FLOWERS[0], "skill")]
    assert [change.by.value for change in skill.each.values()] == pytest.approx([-0.1, -0.1, 0])


def test_without_a_rebalanced_loss_there_is_no_remedy(imbalance_run, tmp_path):
    run, found, several = _run(imbalance_run(losses=("l1", "l2")))
    assert draw_remedy(run, found, several, tmp_path) == []


def _cross(folder, tested_on, skill):
    """Have networks trained on faces tested elsewhere."""
    for path in folder.glob("cells/*/record.json"):
        record = Record.model_validate_json(path.read_text())
        if record.loss and record.dataset.startswith(FACES):
            there = transfer_folder(path.parent, tested_on)
            there.mkdir(parents=True)
            for name in ("per_image.csv", "colors.npz"):
                (there / name).write_bytes((path.parent / name).read_bytes())
            metrics = record.metrics | _write_scores(there, record, STEADY | {"skill": skill})
            record.transfer[tested_on] = Transfer(revision="made-up1", metrics=metrics, truth=record.truth)
            write_record(path.parent, record)


def test_cross_testing_compares_with_networks_trained_there(imbalance_run, tmp_path):
    folder = imbalance_run()
    _cross(folder, FLOWERS[0], -0.2)
    run, found, several = _run(folder)
    [figure] = draw_cross_testing(run, found, several, tmp_path)
    line = figure.verdicts[0]
    assert line.startswith("Trained on `synthetic-faces` and tested on `synthetic-flowers, dose 0`, skill is -0.20 (")
    assert "against 0.50 of networks trained there" in line
    assert "All do no better than one constant colour; skill is clearly lower than at home with 3 of 3 losses." in line
    parts = crossings(run, found, FLOWERS[0], FLOWERS)
    behind = [part.behind.by.value for part in parts if part.name == "skill" and part.behind]
    assert behind == pytest.approx([-0.7] * 3)
    # The other doses have the same test pictures: they say nothing of others.
    assert {part.trained_on for part in parts} == {FLOWERS[0], FACES}


def test_what_was_scored_elsewhere_is_found_by_short_names_too(imbalance_run):
    faces, flowers = f"{FACES}(n_train=64)", f"{FLOWERS[0]}(n_train=64)"
    folder = imbalance_run(datasets=(faces, flowers), losses=("l1",), seeds=(0,))
    _cross(folder, flowers, 0.1)
    run = LabelledRun(folder)
    [record] = [one for one in run.records if one.transfer]
    assert list(record.transfer) == [FLOWERS[0]]
    assert len(run.per_image(record, FLOWERS[0])) == len(run.per_image(record))


def test_a_data_set_that_is_only_tested_on_has_no_home(imbalance_run, tmp_path):
    folder = imbalance_run(datasets=(FACES,), losses=("l1",))
    _cross(folder, "photos", 0.1)
    run, found, several = _run(folder)
    [figure] = draw_cross_testing(run, found, several, tmp_path)
    assert figure.verdicts == (
        "Trained on `synthetic-faces` and tested on `photos`, skill is 0.10 (`l1`). They paint 0.80 of the truth's "
        "chroma.",
    )


def test_the_page_has_the_section_only_where_there_is_something_to_say(page):
    assert "## Imbalance" not in page(datasets=(FACES, "synthetic-flowers")).read_text()


def test_the_page_of_an_imbalance_run_has_all_three_parts(imbalance_run, tmp_path):
    from bench.report.render import render

    folder = imbalance_run()
    _cross(folder, FLOWERS[0], 0.1)
    text = render(folder, tmp_path / "report").read_text()
    section = text.partition("## Imbalance")[2].partition("\n## ")[0]
    for title in ("Dose and response on synthetic-flowers", "Rare colours weighted up", "Tested on synthetic-flowers"):
        assert f"**{title}" in section
    assert "[Imbalance](#imbalance)" in text
    assert "| effective colours ratio → 1 |" in text
