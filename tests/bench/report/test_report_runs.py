"""Runs of every kind give a page that holds."""

import json
import re

import pytest
from page_checks import check, tables

from bench.report.render import render
from registry.errors import UserError

NASTY = 'folder(path="a|b*c_d_<e>[f](g)`h`&amp;$i$.jpg")'


def test_names_with_markup_break_nothing(page):
    path = page(name="a+b _c_ ~d~", datasets=(NASTY,), architectures=("x|y*z*", "<b>w"), losses=("l|1", "`q` + [r](s)"))
    check(path)
    text = path.read_text()
    assert "<b>" not in re.sub(r"```.*?```", "", text, flags=re.DOTALL)
    scores = next(one for one in tables(path) if one[0][:2] == ["architecture", "loss"])
    assert scores[1][:2] == ["x|y*z*", "l|1"]


@pytest.mark.parametrize("ended", ["failed", "skipped", "missing"])
def test_a_run_without_a_completed_cell(page, ended):
    path = page(status=lambda *_: ended)
    check(path)
    text = path.read_text()
    assert "no trained cell" in text or "every trained cell that ended has failed" in text
    assert {"failed": "**failed**: ValueError: made up", "skipped": "**skipped**: made up", "missing": "not been run"}[
        ended
    ] in text


def test_only_the_baselines_are_done(page):
    path = page(status=lambda _, loss, *__: "missing" if loss else "completed")
    check(path)
    assert "0 of 4 trained cells completed" in path.read_text()


def test_a_half_done_run(page):
    path = page(seeds=(0, 1), status=lambda _, loss, __, seed: "missing" if seed == 1 and loss == "l2" else "completed")
    check(path)
    assert "(1 of 2 seeds)" in path.read_text()
    assert "seed 1 has **not been run yet**" in path.read_text()


def test_one_cell_alone(page):
    path = page(architectures=("unet",), losses=("l1",), baselines=())
    check(path)
    assert "1 of 1 trained cell completed" in path.read_text()


@pytest.mark.parametrize(
    ("crop_size", "told"),
    [(None, None), (32, "on random squares of 32 × 32 pixels of the training pictures")],
    ids=["whole", "crops"],
)
def test_the_page_says_what_the_networks_saw(make_run, tmp_path, crop_size, told):
    run = make_run(size=64)
    for path in run.glob("cells/*/record.json"):
        record = json.loads(path.read_text())
        record["settings"]["crop_size"] = crop_size
        path.write_text(json.dumps(record))
    path = render(run, tmp_path / "report")
    check(path)
    text = path.read_text()
    assert ("random squares" in text) == bool(told)
    assert told is None or f"{told}, validated and tested on whole pictures of 64 × 64" in text


def test_failures_show_in_the_table_and_with_their_traceback(page):
    path = page(status=lambda _, loss, *__: "failed" if loss == "l2" else "completed")
    check(path)
    text = path.read_text()
    assert "| unet | l2 *(failed)* | – |" in text
    assert "Traceback: made up" in text


def test_an_error_with_fences_and_paths_is_contained(make_run, tmp_path):
    run = make_run(status=lambda a, *_: "failed" if a == "unet" else "completed")
    for path in run.glob("cells/*/record.json"):
        record = json.loads(path.read_text())
        if record["status"] == "failed":
            trace = '````\n</details>\n| a |\n  File "/home/me/secret/bench/training.py", line 3\n'
            record["error"] |= {"message": "a | b\n| c <details>", "traceback": trace}
            path.write_text(json.dumps(record))
    page = render(run, tmp_path / "report")
    check(page)
    text = page.read_text()
    assert "`````text" in text
    assert "/home/me" not in text
    assert text.count("<details>") == text.count("</details>") - 2  # the two within fences


def test_mixed_code_is_said(make_run, tmp_path):
    run = make_run()
    for number, path in enumerate(sorted(run.glob("cells/*/record.json"))):
        record = json.loads(path.read_text())
        record["environment"]["git_sha"] = f"{number % 2}" * 40
        path.write_text(json.dumps(record))
    text = render(run, tmp_path / "report").read_text()
    assert "The cells of this run come from 2 states of the code" in text
    assert "commit `000000000000`" in text


def test_what_is_not_the_reports_is_left_alone(make_run, tmp_path):
    output = tmp_path / "paper"
    (output / "figures").mkdir(parents=True)
    (output / "figures" / "mine.png").touch()
    (output / "notes.txt").touch()
    render(make_run(), output)
    first = {path.name for path in (output / "figures").iterdir()}
    render(make_run("other", datasets=("synthetic-flowers",)), output)
    second = {path.name for path in (output / "figures").iterdir()}
    assert "mine.png" in first & second
    assert any("faces" in name for name in first)
    assert not any("faces" in name for name in second), "figures of the earlier report must go"
    assert (output / "notes.txt").exists()


def test_a_foreign_report_is_not_overwritten(make_run, tmp_path):
    (tmp_path / "report.md").write_text("My thesis.")
    with pytest.raises(UserError, match="not a report of this program"):
        render(make_run(), tmp_path)
    assert (tmp_path / "report.md").read_text() == "My thesis."


@pytest.mark.parametrize(
    "pattern",
    [
        "cells/*/history.csv",
        "cells/*/per_image.csv",
        "cells/*/colors.npz",
        "cells/*/samples/last.png",
        "datasets/*/dataset.json",
        "cells/*/record.json",
    ],
)
def test_a_damaged_file_is_named(make_run, tmp_path, pattern):
    folder = make_run()
    for damaged in folder.glob(pattern):
        damaged.write_bytes(b"")
    with pytest.raises(UserError, match=damaged.name):
        render(folder, tmp_path / "report")


@pytest.mark.parametrize("name", ["per_image.csv", "history.csv"])
@pytest.mark.parametrize("damage", ["fewer rows", "another table"])
def test_half_a_table_is_no_table(make_run, tmp_path, name, damage):
    run = make_run(architectures=("unet",), losses=("l1",))
    path = next(run.glob(f"cells/*/{name}"))
    lines = path.read_text().splitlines()
    path.write_text("\n".join(lines[:-1] if damage == "fewer rows" else ["a,b", *["1,2"] * (len(lines) - 1)]) + "\n")
    with pytest.raises(UserError, match=rf"{name} is damaged or of another version"):
        render(run, tmp_path / "report")
