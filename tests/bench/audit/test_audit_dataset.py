"""What an audit finds in made-up data sets with known faults."""

import shutil

import numpy as np
from PIL import Image

from bench.audit.dataset import DRAWN


def _flags(audit):
    rows = audit.pictures
    return {key: flags for key, flags in zip(rows["key"], rows["flags"], strict=True) if flags}


def test_a_clean_set_has_no_flags(made_up, audited):
    audit = audited(made_up())
    assert _flags(audit) == {}
    assert audit.pictures["duplicate_group"].isna().all()
    assert {split: prior.n for split, prior in audit.priors.items()} == {"train": 3, "validation": 3, "test": 3}
    assert set(audit.pictures["format"]) == {DRAWN} and set(audit.pictures["width"]) == {32}


def test_copies_within_and_across_splits(made_up, audited, colored):
    audit = audited(made_up(train={"again": colored(0), "one": colored(90)}, test={"two": colored(90)}))
    assert _flags(audit) == {
        "train 0": "duplicate",
        "again": "duplicate",
        "one": "duplicate leak",
        "two": "duplicate leak",
    }
    groups = audit.pictures.dropna(subset=["duplicate_group"]).groupby("duplicate_group")["key"].apply(set)
    assert list(groups) == [{"train 0", "again"}, {"one", "two"}]


def test_one_key_in_two_splits_is_a_leak(made_up, audited, colored):
    audit = audited(made_up(train={"same": colored(90)}, validation={"same": colored(90)}))
    assert _flags(audit) == {"same": "duplicate leak"}
    assert len(audit.flagged("leak")) == 2


def test_a_copy_that_differs_by_a_single_value_is_none(made_up, audited, colored):
    other = colored(0)
    other[5, 5, 1] ^= 1
    assert _flags(audited(made_up(test={"other": other}))) == {}


def _with_color(chroma_pixels, color):
    """Grey but for so many pixels of a colour, of 32 x 32."""
    picture = np.full((32 * 32, 3), 120, dtype=np.uint8)
    picture[:chroma_pixels] = color
    return picture.reshape(32, 32, 3)


def test_grey_and_near_grey_by_one_in_a_hundred_pixels(made_up, audited):
    # 1 % of 1024 pixels are 11 at least. Red has a chroma of 104.55 and (120, 120, 102) one of 10.47.
    given = {
        "grey": _with_color(0, 0),
        "ten red pixels": _with_color(10, (255, 0, 0)),
        "eleven red pixels": _with_color(11, (255, 0, 0)),
        "pale": _with_color(1024, (120, 120, 102)),
    }
    audit = audited(made_up(train=given))
    assert _flags(audit) == {"grey": "grey", "ten red pixels": "grey", "pale": "near-grey"}
    peak = audit.pictures.set_index("key")["peak_chroma"]
    assert abs(peak["pale"] - 10.47) < 0.05 and abs(peak["eleven red pixels"] - 104.55) < 0.05


def test_pictures_that_runs_leave_out_as_grey_are_audited(made_up, audited):
    dataset = made_up(min_chroma=6.0, train={"grey": _with_color(0, 0)})
    audit = audited(dataset)
    assert dataset.min_chroma == 0
    assert _flags(audit) == {"grey": "grey"}
    assert audit.priors["train"].n == 4
    assert audit.min_chroma == 6.0


def test_unreadable_pictures_have_their_reason_and_shift_no_other(made_up, audited, tmp_path, colored):
    whole, damaged, text = (tmp_path / name for name in ("whole.png", "damaged.png", "text.png"))
    Image.fromarray(colored(50)).save(whole)
    damaged.write_bytes(whole.read_bytes()[:400])
    text.write_text("no picture")
    given = {"a damaged": damaged, "b text": text, "c said": "it is torn", "d whole": whole}
    audit = audited(made_up(validation=given))
    assert _flags(audit) == {"a damaged": "unreadable", "b text": "unreadable", "c said": "unreadable"}
    rows = audit.pictures.set_index("key")
    assert rows.loc["c said", "reason"] == "it is torn"
    assert (rows.loc["a damaged", "width"], rows.loc["d whole", "width"]) == (32, 32)
    assert np.isnan(rows.loc["b text", "mean_chroma"])
    red, green, blue = colored(50).reshape(-1, 3).T.astype(float)
    rg, yb = red - green, (red + green) / 2 - blue
    expected = np.sqrt(rg.var() + yb.var()) + 0.3 * np.hypot(rg.mean(), yb.mean())
    assert abs(rows.loc["d whole", "colorfulness"] - expected) < 1e-3


def test_the_same_pixels_in_another_file_are_a_copy(made_up, audited, tmp_path, colored):
    paths = {name: tmp_path / name for name in ("one.png", "copy.png", "other.bmp")}
    Image.fromarray(colored(60)).save(paths["one.png"])
    shutil.copy(paths["one.png"], paths["copy.png"])
    Image.fromarray(colored(60)).save(paths["other.bmp"])
    audit = audited(made_up(train=paths))
    assert set(_flags(audit)) == set(paths)
    rows = audit.pictures.set_index("key").loc[list(paths)]
    assert rows["duplicate_group"].nunique() == 1
    assert rows["content_hash"].nunique() == 2
