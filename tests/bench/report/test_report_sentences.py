import re

import pytest

from bench.report import words
from bench.report.entries import collect
from bench.report.findings import findings
from bench.report.lead import lead
from bench.report.learning import learning
from bench.report.stored import StoredRun

BEST = "synthetic-faces"


def _answers(folder):
    return {dataset: found.answers for dataset, found in findings(StoredRun(folder)).items()}


def _lpips(folder):
    return _answers(folder)[BEST][0].text


def _lead(folder):
    return lead(collect(StoredRun(folder)), _answers(folder))


def _table(rows):
    """LPIPS of each architecture (letters) with each loss; baselines are worse."""
    return lambda a, loss, *_: rows.get((a, loss), 1.9)


def test_the_winner_is_named_with_its_lead(make_run):
    text = _lpips(make_run())
    assert text.startswith(
        "**LPIPS** (lower is better): `unet` + `l1` (0.1000) beats `unet` + `l2` (0.1100) by 0.0100 "
    )
    assert "more than the pictures alone vary." in text
    # Means 0.105 and 0.205, 0.15 and 0.16: variances of 0.005 and 0.00005, and no interplay.
    assert "The architecture matters more: 99 % of the variance, the loss 1 %." in text


def test_answers_are_short(make_run):
    for one in _answers(make_run(seeds=(0, 1, 2), architectures=("unet", "unet-resnet18", "smp")))[BEST]:
        assert len(one.text.split()) <= 60, one.text


def test_other_records_make_another_sentence(make_run):
    values = {("unet-resnet18", "l2"): 0.05, ("unet", "l1"): 0.3}
    text = _lpips(make_run(lpips=lambda a, loss, *_: values.get((a, loss), 0.2)))
    assert "`unet-resnet18` + `l2` (0.0500) beats" in text


def test_a_small_but_clear_lead_is_shown_with_enough_digits(make_run):
    text = _lpips(make_run(losses=("l1",), lpips=lambda a, *_: {"unet": 0.2, "unet-resnet18": 0.20002}.get(a, 0.9)))
    assert "(0.20000) beats `unet-resnet18` + `l1` (0.20002) by 0.00002" in text


def test_the_pictures_can_be_too_few_to_tell(make_run):
    folder = make_run(losses=("l1",))
    for path in folder.glob("cells/*/per_image.csv"):
        lines = path.read_text().splitlines()
        header, rows = lines[0], [line.split(",") for line in lines[1:]]
        # Larger in every second cell, the noise no longer cancels between cells.
        if "unet-resnet18" in (path.parent / "record.json").read_text():
            rows = [[row[0], str(0.2 + 15 * (float(row[1]) - 0.2)), *row[2:]] for row in rows]
        path.write_text("\n".join([header, *(",".join(row) for row in rows)]))
    text = _lpips(folder)
    assert (
        "`unet` + `l1` (0.1000) **cannot be told** from `unet-resnet18` + `l1` (0.2000); the difference is 0.1000"
        in text
    )
    assert re.search(r"\(95 % interval -[\d.]+ to [\d.]+, p 0\.\d+ among all pairs\)", text)
    assert "beats" not in text


def test_the_loss_can_matter_more(make_run):
    folder = make_run(lpips=lambda a, loss, *_: {"l1": 0.1, "l2": 0.4}.get(loss, 0.9) + 0.01 * len(a))
    assert "The loss matters more" in _lpips(folder)
    assert _lead(folder).startswith("**The loss matters more than the architecture.** Of 3 comparisons")
    assert "the loss moves the metric more in 3 (all clear)" in _lead(folder)


def test_one_choice_alone_is_no_clear_answer(make_run):
    values = {(a, loss): 0.2 + 0.1 * (a != "unet") + 0.5 * (loss == "vgg") for a in ("unet", "smp") for loss in
              ("l1", "l2", "vgg")}  # fmt: skip
    folder = make_run(architectures=("unet", "smp"), losses=("l1", "l2", "vgg"), lpips=_table(values))
    text = _lpips(folder)
    assert "The loss matters more" in text
    assert "only because of `vgg`: " in text
    assert "hanging on `vgg` alone" in _lead(folder)
    assert not re.search(r"\*\*[^*]*LPIPS", _lead(folder))
    values |= {("unet", "l2"): 0.9, ("smp", "l2"): 1.0}
    folder = make_run("other", architectures=("unet", "smp"), losses=("l1", "l2", "vgg"), lpips=_table(values))
    assert "The loss matters more: " in _lpips(folder)


def test_nothing_is_bold_where_nothing_is_clear(make_run):
    folder = make_run(lpips=lambda _, loss, *__: 0.5 if loss else 0.9)
    assert "cannot be told from this run" in _lead(folder)
    told = "Whether the architecture (0 % of the variance) or the loss (0 %) matters more cannot be told."
    assert told in _lpips(folder)


def test_lazy_networks_are_no_answer(make_run):
    folder = make_run(lpips=lambda *_: 1.5)
    assert _lead(folder).startswith("**None of these networks learned to colour better than one constant colour")


def test_a_data_set_that_was_not_learned_does_not_count(make_run):
    folder = make_run(
        datasets=(BEST, "synthetic-flowers"),
        lpips=lambda a, loss, data, _: 1.5 if data != BEST else 0.1 + 0.3 * (a == "unet") + 0.01 * (loss == "l1"),
    )
    assert "On `synthetic-flowers` no network learned to colour better" in _lead(folder)
    assert "Of the 3 comparisons that could be made (of 6:" in _lead(folder)


def test_comparisons_that_cannot_be_made_are_counted(make_run):
    folder = make_run(
        datasets=(BEST, "synthetic-flowers"),
        status=lambda _, loss, data, __: "missing" if loss and data != BEST else "completed",
    )
    assert "Of the 3 comparisons that could be made (of 6:" in _lead(folder)


def test_one_loss_leaves_nothing_to_weigh(make_run):
    folder = make_run(losses=("l1",))
    assert "cannot be weighed against each other" in _lead(folder)
    assert "matters more" not in _lpips(folder)


def test_one_cell_is_not_called_a_winner(make_run):
    text = _lpips(make_run(architectures=("unet",), losses=("l1",)))
    assert "beats" not in text
    assert "only trained cell" in text


def test_a_baseline_that_is_as_good_is_named(make_run):
    text = _lpips(make_run(lpips=lambda a, *_: {"color-table": 0.01, "ceiling": 0.0}.get(a, 0.5)))
    assert "**Untrained `color-table` does no worse** (0.0100)." in text


def test_imbalance_has_an_interval_too(make_run):
    found = _answers(make_run())[BEST][2]
    assert found.text.startswith("**ab imbalance** (best is the truth's 0.400): ")
    assert found.gap.low < found.gap.high
    assert found.axes.ranges is not None


def test_several_seeds_are_tested_too(make_run):
    assert "more than seeds and pictures alone vary" in _lpips(make_run(seeds=(0, 1, 2)))


def test_a_missing_cell_cuts_the_table_for_the_axes(make_run):
    text = _lpips(
        make_run(
            losses=("l1", "l2", "vgg"),
            status=lambda a, loss, *_: "failed" if (a, loss) == ("unet", "vgg") else "completed",
        )
    )
    assert "Among the 4 cells that form a full table, the architecture matters more" in text


@pytest.mark.parametrize(("best", "told"), [(4, "In 4 of 4 cells the validation loss was lowest"), (2, "")])
def test_training_that_was_not_finished_is_said(make_run, best, told):
    folder = make_run()
    for path in folder.glob("cells/*/history.csv"):
        head, *rows = path.read_text().splitlines()
        place = head.split(",").index("validation_loss")
        cells = [row.split(",") for row in rows]
        for number, row in enumerate(cells, start=1):
            row[place] = str(1 + abs(number - best))
        path.write_text("\n".join([head, *(",".join(row) for row in cells)]) + "\n")
    run = StoredRun(folder)
    found = learning(run, collect(run)[BEST])
    assert found.caveat.startswith(told)
    assert bool(found.caveat) == bool(told)
    assert ("over-fitting shows in none" if told else "over-fitting shows in 4") in found.answer


def test_caveats_fit_what_there_is(make_run):
    run = StoredRun(make_run(architectures=("unet",), losses=("l1",), lpips=lambda *_: 1.5))
    entries = collect(run)[BEST]
    told = " ".join(words.caveats(run, entries))
    assert "The one trained row has a skill of 0 or below: it is no better" in told
    assert words.one_seed(entries).startswith("It was trained once (seed 0)")


def test_missing_cells_and_seeds_are_counted(make_run):
    ends = {("l1", 1): "missing", ("l2", 1): "failed"}
    run = StoredRun(
        make_run(
            seeds=(0, 1), losses=("l1", "l2", "vgg"), status=lambda _, loss, __, s: ends.get((loss, s), "completed")
        )
    )
    told = " ".join(words.caveats(run, collect(run)[BEST]))
    assert "Values are means over the seeds 0 and 1; 4 rows have fewer of them." in told
    assert "Of 12 trained cells, these are missing: 2 failed and 2 not run yet." in told
    assert "over seeds and test pictures; that of rows with one seed and of references is over test" in words.reading(
        collect(run)[BEST]
    )
