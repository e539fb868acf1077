"""The page of a comparison: every sentence follows from the stored numbers."""

import pytest
from edits import add_to_pictures, each_record, set_metric
from page_checks import check, tables

from bench.compare.run import compare


def _lpips(value=0.2):
    return lambda a, loss, *_: 0.9 if loss is None else value if (a, loss) == ("unet", "l2") else 0.2


def _answer(page, label="LPIPS"):
    [line] = [line for line in page.splitlines() if line.startswith(f"- **{label}**")]
    return line.removeprefix("- ")


def test_one_number_in_the_records_changes_the_sentence(make_run):
    first, second = make_run("a", lpips=_lpips()), make_run("b", lpips=_lpips())
    assert _answer(compare(first, second).page) == "**LPIPS** (↓): the same to the last digit in all 4 trained rows."
    set_metric(second, "lpips", 0.3, architecture="unet", loss="l2")
    assert _answer(compare(first, second).page).startswith(
        "**LPIPS** (↓): of 4 trained rows, B is clearly **worse** in 1 (`unet` with `l2`: +0.1000); the rest: 3 the "
        "same to the last digit. On average B − A is +0.0250"
    )
    set_metric(second, "lpips", 0.1, architecture="unet", loss="l2")
    assert "of 4 trained rows, B is clearly **better** in 1 (`unet` with `l2`: -0.1000)" in _answer(
        compare(first, second).page
    )


def test_better_and_worse_rows_are_counted_and_the_furthest_named_first(make_run):
    shifts = {("unet", "l1"): -0.02, ("unet", "l2"): 0.05, ("unet-resnet18", "l1"): 0.1}

    def moved(a, loss, *_):
        return 0.9 if loss is None else 0.2 + shifts.get((a, loss), 0)

    assert _answer(compare(make_run("a", lpips=_lpips()), make_run("b", lpips=moved)).page).startswith(
        "**LPIPS** (↓): of 4 trained rows, B is clearly **better** in 1 (`unet` with `l1`: -0.0200) and clearly "
        "**worse** in 2 (`unet-resnet18` with `l1`: +0.1000; `unet` with `l2`: +0.0500); the rest: 1 the same to the "
        "last digit. On average B − A is +0.0325"
    )


def test_a_single_row_is_spoken_of_as_one(make_run):
    alone = {"architectures": ("unet",), "losses": ("l1",)}
    first, second = make_run("a", lpips=_lpips(), **alone), make_run("b", lpips=_lpips(), **alone)
    assert _answer(compare(first, second).page) == "**LPIPS** (↓): the same to the last digit in the one trained row."
    set_metric(second, "lpips", 0.3, architecture="unet", loss="l1")
    told = "**LPIPS** (↓): of 1 trained row, B is clearly **worse** in it (`unet` with `l1`: +0.1000)."
    assert _answer(compare(first, second).page) == told


def test_noise_is_not_called_a_change(make_run):
    first, second = make_run("a"), make_run("b")
    add_to_pictures(second, "lpips", 1e-3)
    assert "none of 4 trained rows is clearly better or worse in B. On average" in _answer(compare(first, second).page)


def test_references_that_differ_are_warned_of(make_run):
    second = set_metric(make_run("b"), "lpips", 0.5, architecture="grey", loss=None)
    assert "**Untrained `grey` differs too: the pictures, or the way of measuring, have changed.**" in _answer(
        compare(make_run("a"), second).page
    )


@pytest.mark.parametrize(
    ("seeds", "told"),
    [
        ((0,), "They cover other pictures like these, not other seeds"),
        ((0, 1), "They cover other pictures and other seeds"),
    ],
)
def test_the_page_says_what_an_interval_covers(make_run, seeds, told):
    page = compare(make_run("a", seeds=seeds), make_run("b", seeds=seeds)).page
    assert told in page
    assert page.count("They cover") == 1


def test_other_test_pictures_are_warned_of(make_run):
    second = each_record(make_run("b"), lambda record: record["data"].update(revision="2"))
    page = compare(make_run("a"), second).page
    assert "**The test pictures of `synthetic-faces` are not the same in both runs**" in page
    assert "intervals are those of two independent test sets" in page
    assert "They cover" not in page


def test_the_page_is_whole_and_its_tables_have_every_row(make_run, tmp_path):
    odd = ("unet(n_down=4, num_filters=8)", "smp(encoder=a|b)")
    first = make_run("a", architectures=odd, seeds=(0, 1))
    second = make_run("b|c", architectures=odd, seeds=(0, 1), losses=("l1", "l1 + 0.1*vgg"), epochs=9)
    path = tmp_path / "page.md"
    path.write_text(compare(first, second, gates=["lpips > 0", "skill < -50%"]).page)
    assert check(path) == 0
    changed, *per_metric, ends = tables(path)
    assert changed[1:] == [["setting epochs", "4", "9"]]
    assert [len(table) for table in per_metric] == [1 + 2 + 1 + 4] * 4  # a head, trained rows, their mean, references
    assert per_metric[0][1][:3] == [odd[0], "l1", "0, 1"]
    assert [row[0] for row in per_metric[0]][-5:] == ["mean of 2 rows", "grey", "mean-color", "color-table", "ceiling"]
    assert {tuple(row[3:]) for row in ends[1:]} == {("0, 1", "completed", "–"), ("0, 1", "–", "completed")}


def test_metrics_asked_for_stand_in_place_of_the_headlines(make_run):
    run = make_run()
    page = compare(run, run, metrics=["psnr"], gates=["ssim < 0"]).page
    assert ("**PSNR (dB) ↑**" in page, "**SSIM ↑**" in page, "**LPIPS ↓**" in page) == (True, True, False)


def test_runs_with_nothing_in_common_still_say_what_changed(make_run):
    page = compare(make_run("a", datasets=("x",)), make_run("b", datasets=("y",), epochs=9)).page
    assert "0 cells of the same" in page
    assert "| setting epochs | 4 | 9 |" in page
    assert "Differences, cell by cell" not in page
