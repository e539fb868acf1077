import hashlib
import pickle
from dataclasses import replace

import numpy as np
import pytest
from layouts import make_flowers102
from scipy.io import savemat

from registry.datasets.decoding import decode
from registry.datasets.flowers102 import Flowers102
from registry.errors import UnavailableError, UserError

NUMBERS = {"train": range(41, 51), "validation": range(51, 61), "test": range(1, 41)}


def flowers102(root, split="official", **parameters):
    defaults = {"limit": None, "download": False, "resize": "crop", "min_chroma": 2.0}
    return Flowers102(str(root), split, **defaults | parameters)


def names(numbers):
    return [f"image_{number:05d}.jpg" for number in numbers]


@pytest.fixture
def folder(tmp_path):
    return make_flowers102(tmp_path, *NUMBERS.values())


def test_the_split_file_decides(folder):
    data = flowers102(folder.parent)
    assert data.keys() == {split: names(numbers) for split, numbers in NUMBERS.items()}
    picture = folder / "jpg/image_00044.jpg"
    assert np.array_equal(data.read("image_00044.jpg", 16), decode(picture, 16))
    assert np.array_equal(pickle.loads(pickle.dumps(data)).read("image_00044.jpg", 16), decode(picture, 16))
    assert flowers102(folder).keys() == data.keys()


def test_swapped_trains_on_the_official_test_split_and_says_so(folder):
    official, swapped = flowers102(folder), flowers102(folder, "swapped")
    assert swapped.keys()["train"] == official.keys()["test"]
    assert swapped.keys()["test"] == official.keys()["train"]
    assert swapped.keys()["validation"] == official.keys()["validation"]
    assert "training and test swapped" in swapped.split_rule
    assert "swapped" not in official.split_rule
    assert swapped.revision != official.revision


def test_limit_takes_its_share_of_every_split(folder):
    everything, chosen = flowers102(folder), flowers102(folder, limit=12)
    assert {split: len(keys) for split, keys in chosen.keys().items()} == {"train": 2, "validation": 2, "test": 8}
    assert all(set(keys) < set(everything.keys()[split]) for split, keys in chosen.keys().items())
    assert "12 are used" in chosen.split_rule
    assert all(len(keys) == 1 for keys in flowers102(folder, limit=3).keys().values())


def test_the_revision_follows_the_split_file_and_the_pictures(folder):
    first = flowers102(folder).revision
    assert flowers102(folder).revision == first
    numbers = dict(zip(("trnid", "valid", "tstid"), map(list, NUMBERS.values()), strict=True))
    numbers["trnid"][0], numbers["valid"][0] = numbers["valid"][0], numbers["trnid"][0]
    savemat(folder / "setid.mat", numbers)
    second = flowers102(folder).revision
    assert second != first
    with (folder / "jpg/image_00044.jpg").open("ab") as file:
        file.write(b"\0")
    assert flowers102(folder).revision != second


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "is no MATLAB file"),
        (b"<html>Not found</html>" * 20, "is no MATLAB file"),
        ({"trnid": [1], "valid": [2]}, "is no MATLAB file with trnid, valid and tstid"),
        ({"trnid": [1], "valid": [2], "tstid": ["three"]}, "is no MATLAB file with"),
        ({"trnid": [1, 2], "valid": [2], "tstid": [3]}, "lists picture 2 twice"),
        ({"trnid": [1], "valid": [], "tstid": [3]}, "no picture into the validation split"),
        ({"trnid": [1], "valid": [2], "tstid": [8190]}, r"1 of the 3 pictures .* such as image_08190\.jpg"),
    ],
    ids=["empty", "page", "lacking", "text", "twice", "without", "unknown"],
)
def test_a_damaged_split_file_is_refused(folder, content, problem):
    if isinstance(content, bytes):
        (folder / "setid.mat").write_bytes(content)
    else:
        savemat(folder / "setid.mat", content)
    with pytest.raises(UserError, match=problem) as caught:
        flowers102(folder)
    assert "\n" not in str(caught.value)


def test_what_is_missing_is_said_with_where_it_belongs(folder, tmp_path):
    with pytest.raises(
        UnavailableError, match=r"unpack 102flowers\.tgz to a folder jpg and put setid\.mat in"
    ) as caught:
        flowers102(tmp_path / "none")
    assert str(tmp_path / "none" / "flowers-102") in str(caught.value)
    (folder / "setid.mat").unlink()
    with pytest.raises(UnavailableError, match=r"is not there: put setid\.mat in") as caught:
        flowers102(tmp_path)
    assert "102flowers.tgz" not in str(caught.value)


def test_the_published_split_file_is_known_by_its_checksum(folder, monkeypatch):
    from torchvision.datasets import Flowers102 as Theirs

    layout = Flowers102.layout
    assert Theirs._file_dict["setid"] == (layout.split_file, layout.split_file_md5)
    assert Theirs._file_dict["image"][0] == layout.archive
    assert "not the published file" in flowers102(folder).split_rule
    digest = hashlib.md5((folder / "setid.mat").read_bytes()).hexdigest()
    monkeypatch.setattr(Flowers102, "layout", replace(layout, split_file_md5=digest))
    assert flowers102(folder).split_rule.startswith("The official splits of Oxford 102 Flowers, 1,020 / 1,020 / 6,149")


def test_torchvision_reads_the_same_splits(folder, monkeypatch):
    from torchvision.datasets import Flowers102 as Theirs

    savemat(folder / "imagelabels.mat", {"labels": np.ones((1, 60), dtype=np.uint8)})
    monkeypatch.setattr("torchvision.datasets.flowers102.check_integrity", lambda *_: True)
    ours = flowers102(folder).keys()
    for split, theirs in {"train": "train", "validation": "val", "test": "test"}.items():
        assert [path.name for path in Theirs(folder.parent, theirs)._image_files] == ours[split]
