"""The page, its figures and its CSV files, of data sets with every fault and with odd names."""

import re
import shutil

import numpy as np
import pandas as pd
import pytest
from page_checks import check, tables
from PIL import Image

from bench.audit import words
from bench.audit.page import folder_name, refuse_foreign, write
from bench.audit.resampling import Estimate
from registry.datasets.base import SPLITS
from registry.errors import UserError

ODD = ("a b  c.png", "pipe|`tick`.png", "Blüte 花.png", "<b>&amp;$x$_*[link](x).png", "# head", "- item", "1. one")


@pytest.fixture
def faulty(made_up, colored, tmp_path):
    grey = np.full((32, 32, 3), 90, dtype=np.uint8)
    files = {}
    for number, name in enumerate(ODD[:4]):
        files[name] = tmp_path / f"{number}.png"
        Image.fromarray(colored(100 + number)).save(files[name])
    shutil.copy(files[ODD[1]], tmp_path / "copy.png")
    return made_up(
        train=files | {ODD[4]: grey, "torn|": "it | is `torn`"},
        validation={ODD[5]: grey},
        test={"a copy": tmp_path / "copy.png", ODD[6]: np.full((32, 32, 3), (120, 120, 105), np.uint8)},
    )


@pytest.fixture
def audits(faulty, made_up, audited):
    return [audited(faulty, "faulty(path=a|b)"), audited(made_up(), "clean")]


def test_the_page_is_whole_and_names_every_odd_picture(audits, tmp_path):
    page = write(audits, tmp_path / "audit")
    assert check(page) == 4
    text = page.read_text()
    assert "**Leak in <code>faulty(path=a&#124;b)</code>: 2 pictures in more than one split**" in text
    assert text.index("**Leak") < text.index("## Colours")
    assert "Copies across splits (2)" in text and "Copies within a split" not in text
    assert "the same file: <code>pipe&#124;&#96;tick&#96;.png</code> (train), `a copy` (test)" in text
    assert "<code>torn&#124;</code> (train): it &#124; is &#96;torn&#96;" in text
    assert "- `# head` (train): 0.0" in text and "- `1. one` (test): " in text
    assert "`clean`, 9 pictures: every picture can be read" in text


def test_tables_count_what_was_put_in(audits, tmp_path):
    _, splits, files = tables(write(audits, tmp_path / "audit"))
    # pictures, unreadable, grey, near-grey, copies, leaks
    assert [row[2:8] for row in splits[1:4]] == [
        ["9", "1", "1", "0", "2", "2"],
        ["4", "0", "1", "0", "1", "1"],
        ["5", "0", "0", "1", "1", "1"],
    ]
    assert files[1][1] == "32, 32, 32" and "PNG 5" in files[1][5]


def test_csv_files_hold_every_data_set_and_picture(audits, tmp_path):
    folder = write(audits, tmp_path / "audit").parent
    rows = pd.read_csv(folder / "audit.csv").set_index("dataset")
    assert list(rows.index) == ["faulty(path=a|b)", "clean"]
    assert rows.loc["faulty(path=a|b)", ["n_leak", "duplicate_groups", "n_unreadable"]].tolist() == [4, 2, 1]
    assert rows.loc["clean", "effective_colors"] == pytest.approx(audits[1].priors["train"].effective_colors.value)
    pictures = pd.read_csv(folder / "pictures.csv")
    assert len(pictures) == 18 + 9
    assert set(ODD) <= set(pictures["key"])
    assert pictures.set_index("key").loc["torn|", "reason"] == "it | is `torn`"


def test_writing_again_replaces_its_own_files_alone(audits, tmp_path):
    folder = tmp_path / "audit"
    write(audits, folder)
    (folder / "notes.txt").write_text("mine")
    (folder / "figures" / "mine.png").write_text("mine")
    page = write(audits[1:], folder)
    assert page.read_text().startswith("# What is in the data: `clean`\n")
    assert (folder / "notes.txt").read_text() == (folder / "figures" / "mine.png").read_text() == "mine"
    assert not list(folder.glob(".*"))


@pytest.mark.parametrize("name", ["audit.md", "audit.csv", "pictures.csv"])
def test_files_of_others_are_not_overwritten(tmp_path, name):
    (tmp_path / name).write_text("mine")
    for attempt in (lambda: refuse_foreign(tmp_path), lambda: write([], tmp_path)):
        with pytest.raises(UserError, match=f"{name} was not written by an audit; choose another folder with"):
            attempt()
    assert (tmp_path / name).read_text() == "mine"


def test_the_same_audit_gives_the_same_files(faulty, audited, tmp_path):
    one, two = (write([audited(faulty)], tmp_path / name).parent for name in ("one", "two"))
    for path in sorted(one.rglob("*.*")):
        assert path.read_bytes() == (two / path.relative_to(one)).read_bytes(), path.name


def test_a_single_picture_in_each_split_and_no_colour_at_all(made_up, audited, tmp_path):
    dataset = made_up()
    dataset.splits = {split: {split: np.full((32, 32, 3), 40 * i, np.uint8)} for i, split in enumerate(SPLITS)}
    dataset.pictures = {split: dataset.splits[split][split] for split in SPLITS}
    page = write([audited(dataset, "grey")], tmp_path / "audit")
    check(page)
    assert not re.search(r"\bnan\b", page.read_text(), re.IGNORECASE)


def test_long_lists_are_cut_and_say_where_the_rest_is(made_up, audited, tmp_path):
    torn = {f"torn {number:03}": "torn" for number in range(70)}
    page = write([audited(made_up(train=torn))], tmp_path / "audit")
    text = page.read_text()
    assert "Unreadable (70)" in text and "`torn 049`" in text and "`torn 050`" not in text
    assert "and 20 more lines: see `pictures.csv`" in text


def test_the_comparison_names_the_data_set_of_fewer_colours(made_up, audited):
    reds = {f"red {i}": np.full((32, 32, 3), (200, 20, 20), np.uint8) for i in range(40)}
    sentence = words.lead([audited(made_up(train=reds), "reds"), audited(made_up(), "all")]).splitlines()[-1]
    assert sentence.startswith("**`reds` is the more one-sided, `all` the more varied:**")


def test_equal_data_sets_are_not_told_apart(made_up, audited):
    sentence = words.lead([audited(made_up(), name) for name in ("one", "two")]).splitlines()[-1]
    assert sentence.startswith("**By how evenly they use colours the data sets cannot be told apart:**")


@pytest.mark.parametrize(
    ("rgb", "name"),
    [
        ((255, 0, 0), "red"),
        ((255, 165, 0), "orange"),
        ((255, 255, 0), "yellow"),
        ((0, 128, 0), "green"),
        ((0, 255, 255), "cyan"),
        ((0, 0, 255), "blue"),
        ((128, 0, 128), "purple"),
        ((255, 105, 180), "pink"),
        ((224, 172, 140), "muted orange"),
        ((128, 128, 128), "grey"),
    ],
)
def test_colours_have_their_plain_names(rgb, name):
    from skimage.color import rgb2lab

    _, a, b = rgb2lab(np.array(rgb) / 255)
    assert words.color_name(a, b) == name


def test_folder_names_stay_short_and_apart():
    assert folder_name(["synthetic-faces", "synthetic-flowers"]) == "audit-synthetic-faces-synthetic-flowers"
    long = [folder_name([f"folder(path={'x' * 90}{i})", "synthetic-faces"]) for i in range(2)]
    assert long[0] != long[1] and max(map(len, long)) <= 110


def test_a_share_of_one_in_a_thousand_is_not_nothing():
    assert words.percent(0.001) == "0.1 %" and words.percent(0.397) == "40 %"
    assert words._interval(Estimate(1.0, float("nan"), float("nan"))) == ""
