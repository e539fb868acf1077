import hashlib
import os
import pickle
import shutil
import time
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from registry.datasets.base import SPLITS, UnreadablePictureError
from registry.datasets.decoding import decode
from registry.datasets.folder import Folder
from registry.errors import UserError

FACES = Path(__file__).parents[3].parent / "shared/data/faces"


def fill(folder: Path, seeds, suffix: str = ".png") -> None:
    """Write one small picture a seed; none of these tests but those of `read` decode them."""
    for seed in seeds:
        (folder / f"{seed}{suffix}").write_bytes(f"picture {seed}".encode())


def splits_by_key(folder: Folder) -> dict[str, str]:
    return {key: split for split, keys in folder.keys().items() for key in keys}


def test_finds_nested_pictures_of_all_kinds_in_any_case_and_nothing_else(tmp_path):
    names = ["a.jpg", "b.JPEG", "c.Png", "d.webp", "e.BMP", "f.tif", "g.TIFF", "h.gif"]
    (tmp_path / "deep/er").mkdir(parents=True)
    (tmp_path / ".thumbnails").mkdir()
    for name in names:
        (tmp_path / name).write_bytes(name.encode())
        (tmp_path / "deep/er" / name).write_bytes(name.encode() + b"deep")
    for name in [".hidden.png", "._a.jpg", ".thumbnails/a.png", "notes.txt", "jpg", "raw.nef"]:
        (tmp_path / name).write_bytes(b"not one of them")
    os.mkfifo(tmp_path / "pipe.png")
    fill(tmp_path, range(100))
    found = set(splits_by_key(Folder(str(tmp_path))))
    assert found == {*names, *(f"deep/er/{name}" for name in names), *(f"{i}.png" for i in range(100))}


def test_links_to_folders_are_followed_once_even_in_circles(tmp_path):
    photos, elsewhere = tmp_path / "photos", tmp_path / "elsewhere"
    photos.mkdir()
    elsewhere.mkdir()
    fill(elsewhere, range(100))
    (photos / "a").symlink_to(elsewhere)
    (photos / "b").symlink_to(elsewhere)
    (elsewhere / "circle").symlink_to(photos)
    assert set(splits_by_key(Folder(str(photos)))) == {f"a/{i}.png" for i in range(100)}


@pytest.mark.parametrize(
    ("make", "problem"),
    [
        (lambda _: None, "does not exist"),
        (lambda path: path.write_bytes(b""), "is a file"),
        (lambda path: path.mkdir(), "has no pictures in it: files may end in jpg, jpeg, png"),
    ],
    ids=["missing", "file", "empty"],
)
def test_what_is_no_folder_of_pictures_is_refused_by_path(tmp_path, make, problem):
    path = tmp_path / "photos"
    make(path)
    with pytest.raises(UserError, match=problem) as caught:
        Folder(str(path))
    assert str(path) in str(caught.value)


def test_too_few_pictures_for_three_splits_are_refused_with_numbers(tmp_path):
    fill(tmp_path, range(2))
    shutil.copy(tmp_path / "0.png", tmp_path / "copy.png")
    with pytest.raises(UserError, match=r"only 3 pictures \(2 different\): about 50 different"):
        Folder(str(tmp_path)).keys()


def test_splits_are_about_80_10_10_and_disjoint(tmp_path):
    fill(tmp_path, range(2000))
    keys = Folder(str(tmp_path)).keys()
    assert list(keys) == list(SPLITS)
    assert sum(len(set(part)) for part in keys.values()) == 2000 == len(set().union(*keys.values()))
    shares = [len(keys[split]) / 2000 for split in SPLITS]
    assert np.abs(np.subtract(shares, (0.8, 0.1, 0.1))).max() < 0.03
    assert all(list(part) == sorted(part) for part in keys.values())


def test_the_split_is_by_the_documented_hash_of_the_content(tmp_path):
    fill(tmp_path, range(100))
    for key, split in splits_by_key(Folder(str(tmp_path))).items():
        digest = hashlib.blake2b((tmp_path / key).read_bytes(), digest_size=16).digest()
        share = int.from_bytes(digest[:8], "big") / 2**64
        assert split == ("train" if share < 0.8 else "validation" if share < 0.9 else "test")


def test_exact_duplicates_share_a_split_whatever_their_names(tmp_path):
    fill(tmp_path, range(200))
    (tmp_path / "copies").mkdir()
    for i in range(200):
        shutil.copy(tmp_path / f"{i}.png", tmp_path / f"copies/other name {i}.JPG")
    splits = splits_by_key(Folder(str(tmp_path)))
    assert all(splits[f"{i}.png"] == splits[f"copies/other name {i}.JPG"] for i in range(200))


@settings(max_examples=15, deadline=None)
@given(st.sets(st.integers(1000, 10**6), max_size=40))
def test_a_picture_stays_in_its_split_when_others_are_added(added):
    with TemporaryDirectory() as name:
        fill(Path(name), range(100))
        before = Folder(name)
        splits, revision = splits_by_key(before), before.revision
        fill(Path(name), added, suffix=".jpg")
        after = Folder(name)
        assert splits.items() <= splits_by_key(after).items()
        assert (after.revision == revision) == (not added)


def test_the_revision_follows_names_contents_and_the_limit_but_not_the_place(tmp_path):
    one = tmp_path / "one"
    one.mkdir()
    fill(one, range(60))
    shutil.copytree(one, tmp_path / "two")
    revision = Folder(str(one)).revision
    assert Folder(str(tmp_path / "two")).revision == revision
    assert Folder(str(one), limit=30).revision != revision
    (tmp_path / "two/0.png").rename(tmp_path / "two/renamed.png")
    assert Folder(str(tmp_path / "two")).revision != revision
    (one / "0.png").write_bytes(b"picture X")  # as long as before
    assert Folder(str(one)).revision != revision


def test_limit_takes_an_even_share_of_every_split(tmp_path):
    fill(tmp_path, range(1000))
    everything = splits_by_key(Folder(str(tmp_path)))
    smaller: set[str] = set()
    for limit in (3, 20, 100, 500):
        chosen = splits_by_key(Folder(str(tmp_path), limit=limit))
        assert len(chosen) == limit
        assert chosen.items() <= everything.items()
        counts = Counter(chosen.values())
        for split, total in Counter(everything.values()).items():
            assert abs(counts[split] - limit * total / 1000) <= 2
        assert len(smaller - set(chosen)) <= 2  # a larger limit goes on where a smaller one stopped
        smaller = set(chosen)
    assert splits_by_key(Folder(str(tmp_path), limit=5000)) == everything


@pytest.mark.parametrize("limit", [-1, 0, 2])
def test_a_limit_that_leaves_a_split_empty_is_refused(tmp_path, limit):
    with pytest.raises(UserError, match=f"limit={limit} is too small"):
        Folder(str(tmp_path), limit=limit)


def test_read_gives_the_picture_and_a_pickled_folder_does_too(tmp_path):
    picture = Image.effect_noise((30, 20), 60).convert("RGB")
    (tmp_path / "sub").mkdir()
    picture.save(tmp_path / "sub/a.png")
    folder = Folder(str(tmp_path))
    expected = decode(tmp_path / "sub/a.png", 8)
    assert np.array_equal(folder.read("sub/a.png", 8), expected)
    assert np.array_equal(pickle.loads(pickle.dumps(folder)).read("sub/a.png", 8), expected)


def test_a_broken_link_is_listed_and_unreadable(tmp_path):
    fill(tmp_path, range(60))
    (tmp_path / "broken.png").symlink_to(tmp_path / "gone.png")
    folder = Folder(str(tmp_path))
    assert "broken.png" in splits_by_key(folder)
    with pytest.raises(UnreadablePictureError, match="No such file"):
        folder.read("broken.png", 8)


def test_names_in_old_encodings_become_keys_that_can_be_written_as_utf_8(tmp_path):
    fill(tmp_path, range(60))
    Image.new("RGB", (4, 4), "red").save(tmp_path / "old.png")
    (tmp_path / "old.png").rename(tmp_path / os.fsdecode(b"caf\xe9.png"))
    folder = Folder(str(tmp_path))
    key = next(key for key in splits_by_key(folder) if "caf" in key)
    assert key.encode() == b"caf\\xe9.png"
    assert folder.read(key, 2).shape == (2, 2, 3)


def test_the_home_folder_and_relative_paths_are_understood(tmp_path, monkeypatch):
    (tmp_path / "my photos").mkdir()
    fill(tmp_path / "my photos", range(60))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    expected = Folder(str(tmp_path / "my photos")).revision
    assert Folder("~/my photos").revision == expected == Folder("my photos").revision


def test_real_pictures_are_hashed_quickly_and_once():
    if not FACES.is_dir():
        pytest.skip("the faces of shared/data are not on this machine")
    start = time.perf_counter()
    folder = Folder(str(FACES))
    assert sum(map(len, folder.keys().values())) == 2000
    first = time.perf_counter() - start
    assert first < 5  # 0.15 s on two idle cores; other work may share the machine
    start = time.perf_counter()
    assert Folder(str(FACES)).revision == folder.revision
    assert time.perf_counter() - start < 5
