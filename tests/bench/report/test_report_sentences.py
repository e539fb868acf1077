from bench.report.entries import collect
from bench.report.headlines import answers
from bench.report.lead import lead
from bench.report.stored import StoredRun


def _answers(folder):
    run = StoredRun(folder)
    return {dataset: answers(run, entries) for dataset, entries in collect(run).items()}


def _lpips(folder):
    return _answers(folder)["synthetic-faces"][0].text


def test_the_winner_is_named_with_its_lead(make_run):
    text = _lpips(make_run())
    assert text.startswith("**LPIPS ↓**: `unet` with `l1` is first with 0.1000 ± ")
    assert "The second, `unet` with `l2` (0.1100 ± " in text
    assert "is 0.0100 behind: **more** than the pictures alone vary" in text
    assert "The architecture moves it more than the loss (range of means 0.1000 against 0.0100)" in text


def test_other_records_make_another_sentence(make_run):
    values = {("unet-resnet18", "l2"): 0.05, ("unet", "l1"): 0.3}
    text = _lpips(make_run(lpips=lambda a, loss, *_: values.get((a, loss), 0.2)))
    assert "`unet-resnet18` with `l2` is first with 0.0500" in text


def test_the_pictures_can_be_too_few_to_tell(make_run):
    folder = make_run(losses=("l1",))
    for path in folder.glob("cells/*/per_image.csv"):
        lines = path.read_text().splitlines()
        header, rows = lines[0], [line.split(",") for line in lines[1:]]
        # Turned round in every second cell, the noise no longer cancels between cells.
        if "unet-resnet18" in (path.parent / "record.json").read_text():
            scores = [row[1] for row in rows][::-1]
            rows = [[row[0], str(float(score) - 0.1), *row[2:]] for row, score in zip(rows, scores, strict=True)]
        path.write_text("\n".join([header, *(",".join(row) for row in rows)]))
    assert "**not more** than the pictures alone vary" in _lpips(folder)


def test_the_loss_can_matter_more(make_run):
    found = _answers(make_run(lpips=lambda a, loss, *_: {"l1": 0.1, "l2": 0.4}.get(loss, 0.9) + 0.01 * len(a)))
    assert "The loss moves it more than the architecture" in found["synthetic-faces"][0].text
    assert lead(found).startswith("**The loss changes the pictures more than the architecture** in 3 of 3")


def test_one_loss_leaves_nothing_to_weigh(make_run):
    found = _answers(make_run(losses=("l1",)))
    assert "cannot be weighed against each other" in lead(found)
    assert "moves it more" not in found["synthetic-faces"][0].text


def test_one_cell_is_not_called_a_winner(make_run):
    text = _lpips(make_run(architectures=("unet",), losses=("l1",)))
    assert "is first" not in text
    assert "only trained cell" in text


def test_a_better_baseline_is_named(make_run):
    text = _lpips(make_run(lpips=lambda a, *_: {"color-table": 0.01, "ceiling": 0.0}.get(a, 0.5)))
    assert "**The untrained baseline `color-table` does better** (0.0100" in text


def test_pooled_metrics_say_that_pictures_cannot_tell(make_run):
    text = _answers(make_run())["synthetic-faces"][2].text
    assert text.startswith("**ab imbalance → truth**")
    assert "not known (it has one value for all of them)" in text


def test_several_seeds_are_tested_too(make_run):
    assert "than the seeds alone vary (95 % interval" in _lpips(make_run(seeds=(0, 1, 2)))


def test_a_missing_cell_cuts_the_table_for_the_axes(make_run):
    text = _lpips(
        make_run(
            losses=("l1", "l2", "vgg"),
            status=lambda a, loss, *_: "failed" if (a, loss) == ("unet", "vgg") else "completed",
        )
    )
    assert "Only the 4 cells that form a full table count for that." in text
