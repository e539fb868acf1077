"""Pictures left out: counted, and the first of them named, wherever a person reads of them."""

import io
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from rich.console import Console

from bench.left_out import count_left_out, name_few
from bench.preparation import prepare_all
from bench.progress import Display
from bench.records import DatasetRecord
from bench.report.inventory import dataset_rules, datasets_table, left_out
from registry.errors import UserError


def test_few_are_named_and_the_rest_counted():
    many = [f"{i}.jpg: torn" for i in range(10_000)]
    lines = name_few(many, ["g.jpg: grey"], "list.json")
    assert lines[0] == "unreadable: 0.jpg: torn"
    assert lines[-2:] == ["unreadable: 9,995 more, all in list.json", "grey: g.jpg: grey"]
    assert len(lines) == 7
    assert name_few([], many[:5], "list.json") == [f"grey: {one}" for one in many[:5]]


def test_counts_tell_grey_from_unreadable():
    assert count_left_out(0, 0) == "0"
    assert count_left_out(1200, 1100) == "1,200 (1,100 grey, 100 unreadable)"


class _Run:
    def __init__(self, **changes):
        facts = {"name": "photos", "revision": "1", "split_hash": "abc", "n_train": 3, "n_validation": 1, "n_test": 1}
        facts |= {"image_size": 64, "split_rule": "By hand.", "resize_rule": "Cropped."}
        self.datasets = {"photos": DatasetRecord(**facts | changes)}


def test_the_report_says_how_many_were_grey_and_names_few():
    pictures = ["torn.jpg: it is empty", *(f"{i}.jpg: less than 1%" for i in range(200))]
    run = _Run(left_out=201, left_out_grey=200, min_chroma=6, left_out_pictures=pictures)
    assert "201 (200 grey, 1 unreadable)" in datasets_table(run)
    assert dataset_rules(run)[0].endswith(
        "Grey pictures, with a chroma of 6 on less than 1% of their pixels, are left out."
    )
    lines = left_out(run)
    assert len(lines) == 7
    assert "unreadable: torn.jpg" in lines[0] and "grey: 0.jpg" in lines[1]
    assert "195 more, all in datasets/photos/dataset.json" in lines[-1]


def test_records_of_before_are_of_unreadable_pictures():
    run = _Run(left_out=1, left_out_pictures=["torn.jpg: it is empty"])
    assert "1 (0 grey, 1 unreadable)" in datasets_table(run)
    assert dataset_rules(run)[0].endswith("Cropped.")
    assert len(left_out(run)) == 1 and "unreadable: torn.jpg" in left_out(run)[0]


@pytest.fixture
def photos(tmp_path):
    folder = tmp_path / "photos"
    folder.mkdir()
    for seed in range(90):
        noise = np.random.default_rng(seed).integers(0, 256, (12, 10, 3), dtype=np.uint8)
        Image.fromarray(noise if seed < 80 else noise[..., 0]).save(folder / f"{seed}.png")
    (folder / "torn.png").write_bytes(b"torn")
    return folder


def test_prepare_says_where_and_what_and_then_that_it_is_done(photos, capsys):
    prepare_all([f"folder(path={photos})"], 32, 2)
    first = capsys.readouterr().out.splitlines()
    assert "prepared 91 pictures in" in first[0] and first[0].endswith("pictures/s")
    folder = first[1].removeprefix("  in ")
    keys = json.loads(Path(folder, "manifest.json").read_text())["split_keys"]
    counts = ", ".join(f"{len(keys[split])} {split}" for split in ("train", "validation", "test"))
    assert first[2] == f"  {counts}, of 32 x 32 pixels"
    assert first[3] == "  left out: 11 (10 grey, 1 unreadable)"
    assert first[4].startswith("    unreadable: torn.png: it is empty")
    assert first[-1] == f"    grey: 5 more, all in {folder}/manifest.json"
    prepare_all([f"folder(path={photos})"], 32, 2)
    again = capsys.readouterr().out.splitlines()
    assert again[0].endswith("was prepared already") and again[1:] == first[1:]
    prepare_all([f"folder(path={photos}, min_chroma=0)"], 32, 1)
    assert "left out: 1 (0 grey, 1 unreadable)" in capsys.readouterr().out


def test_a_wrong_spec_is_refused_before_any_work(photos, capsys):
    with pytest.raises(UserError, match="Unknown data set 'foldr'"):
        prepare_all([f"folder(path={photos})", "foldr(path=x)"], 32, 1)
    assert capsys.readouterr().out == ""


def test_bars_show_a_rate():
    console = Console(file=io.StringIO(), force_terminal=True, width=120)
    with Display(console) as display:
        task = display.task("preparing photos")
        for done in range(0, 50, 10):
            task(done, 100)
        display.bars.refresh()
    assert "/s" in console.file.getvalue()
