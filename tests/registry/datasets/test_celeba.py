import hashlib
import json
import pickle
import subprocess
import sys
import time
import tracemalloc
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from layouts import make_celeba

from registry.datasets.base import SPLITS, UnreadablePictureError
from registry.datasets.celeba import CelebA
from registry.datasets.decoding import decode
from registry.errors import UnavailableError, UserError

FACES = Path(__file__).parents[3].parent / "shared/data/faces"
SPLIT = {"train": range(1, 81), "validation": range(81, 91), "test": range(91, 111)}
PERSONS = {number: 1 + (number - 1) // 5 for number in range(1, 111)}


def celeba(root, limit=None, **parameters):
    return CelebA(str(root), **{"limit": limit, "download": False, "resize": "crop", "min_chroma": 2.0} | parameters)


def names(numbers):
    return [f"{number:06d}.jpg" for number in numbers]


@pytest.fixture
def folder(tmp_path):
    return make_celeba(tmp_path, SPLIT, PERSONS)


def test_the_partition_file_decides(folder):
    data = celeba(folder.parent)
    assert data.keys() == {split: names(numbers) for split, numbers in SPLIT.items()}
    picture = folder / "img_align_celeba/000095.jpg"
    assert data.file("000095.jpg") == picture
    assert np.array_equal(data.read("000095.jpg", 16), decode(picture, 16))
    assert np.array_equal(pickle.loads(pickle.dumps(data)).read("000095.jpg", 16), decode(picture, 16))


def test_the_root_may_be_the_folder_itself_and_its_place_does_not_matter(folder, tmp_path, monkeypatch):
    data = celeba(folder)
    assert data.keys() == celeba(tmp_path).keys()
    assert data.revision == celeba(tmp_path).revision
    (folder / "celeba").mkdir()  # an empty one of the same name inside is not it
    assert celeba(folder).folder == folder
    monkeypatch.setenv("HOME", str(tmp_path))
    assert celeba("~/celeba").folder == folder


@pytest.mark.parametrize(("end", "between"), [("\r\n", " "), ("  \n", "\t"), (" \r\n\r\n", "   ")])
def test_line_ends_and_spaces_do_not_matter(folder, end, between):
    expected = celeba(folder).keys()
    for name in ("list_eval_partition.txt", "identity_CelebA.txt"):
        text = (folder / name).read_text().replace(" ", between).replace("\n", end)
        (folder / name).write_bytes(b"\xef\xbb\xbf" + text.encode())
    assert celeba(folder).keys() == expected


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("000001.jpg 2", r"lists 000001.jpg twice, again in line 111"),
        ("000200.jpg 3", r"puts 000200.jpg into the split 3: allowed are 0 \(train\), 1 \(validation\) and 2 \(test\)"),
        ("000200.jpg", r"Line 111 of .* is '000200.jpg'"),
        ("000200.jpg one", "Line 111 of .* is '000200.jpg one'"),
        ("000200.jpg -1", "Line 111 of"),
        ("000200.jpg 1 2", "Line 111 of"),
        ("<html>\x00", "Line 111 of"),
    ],
)
def test_a_damaged_partition_is_refused_with_the_line(folder, line, problem):
    with (folder / "list_eval_partition.txt").open("a") as file:
        file.write(line + "\n")
    with pytest.raises(UserError, match=problem):
        celeba(folder)


def test_a_split_without_pictures_is_refused(tmp_path):
    make_celeba(tmp_path, {"train": range(1, 9), "validation": range(9, 11)})
    with pytest.raises(UserError, match="puts no picture into the test split"):
        celeba(tmp_path)


def test_a_person_in_two_splits_is_refused_by_number_with_a_picture_of_each(tmp_path):
    make_celeba(tmp_path, SPLIT, PERSONS | {95: 7})
    with pytest.raises(
        UserError, match=r"Identity 7 .* two splits \(000031.jpg in train and 000095.jpg in test\): use"
    ):
        celeba(tmp_path)


def test_all_persons_in_two_splits_are_counted(tmp_path):
    make_celeba(tmp_path, SPLIT, PERSONS | {85: 7, 86: 8, 95: 9})
    with pytest.raises(UserError, match=r"Identity 7 .*as are 2 others"):
        celeba(tmp_path)


def test_persons_are_checked_whatever_the_limit(tmp_path):
    make_celeba(tmp_path, SPLIT, PERSONS | {95: 7})
    with pytest.raises(UserError, match="Identity 7"):
        celeba(tmp_path, limit=3)


def test_a_picture_of_nobody_is_refused_and_no_identity_file_is_fine(folder):
    path = folder / "identity_CelebA.txt"
    path.write_text(path.read_text().replace("000007.jpg 2\n", ""))
    with pytest.raises(UserError, match=r"does not say who is on 000007.jpg"):
        celeba(folder)
    path.unlink()
    assert len(celeba(folder).keys()["train"]) == 80


def test_limit_takes_the_same_random_share_of_every_split(folder):
    everything = celeba(folder)
    before = {split: set() for split in SPLITS}
    for limit in (3, 11, 55, 109):
        data = celeba(folder, limit=limit)
        chosen = data.keys()
        assert sum(map(len, chosen.values())) == limit
        assert (
            f"{limit} are used, of every split the same share, chosen at random by a hash of seed 0" in data.split_rule
        )
        for split, numbers in SPLIT.items():
            assert abs(len(chosen[split]) - limit * len(numbers) / 110) < 2
            assert before[split] <= set(chosen[split]) <= set(everything.keys()[split])
        before = {split: set(keys) for split, keys in chosen.items()}
    assert celeba(folder, limit=110).keys() == everything.keys()
    assert celeba(folder, limit=110).split_rule == everything.split_rule


def test_a_limited_choice_is_by_the_documented_hash(tmp_path):
    make_celeba(tmp_path, SPLIT)
    order = sorted(
        names(SPLIT["train"]), key=lambda name: hashlib.blake2b(b"0/" + name.encode(), digest_size=8).digest()
    )
    assert celeba(tmp_path, limit=22).keys()["train"] == sorted(order[:16])


@pytest.mark.parametrize(
    ("parameters", "problem"),
    [
        ({"limit": 2}, "limit=2 is too small"),
        ({"min_chroma": -1.0}, r"min_chroma=-1.0 is no chroma"),
        ({"min_chroma": float("nan")}, "min_chroma=nan"),
        ({"min_chroma": float("inf")}, "min_chroma=inf"),
    ],
)
def test_parameters_out_of_range_are_refused(folder, parameters, problem):
    with pytest.raises(UserError, match=problem):
        celeba(folder, **parameters)


def test_what_is_missing_is_said_with_where_it_belongs(tmp_path):
    with pytest.raises(
        UnavailableError,
        match=r"unpack img_align_celeba\.zip to a folder img_align_celeba and put list_eval_partition\.txt in",
    ) as caught:
        celeba(tmp_path)
    assert str(tmp_path / "celeba") in str(caught.value)
    assert "download=true" in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_an_archive_that_is_still_packed_is_explained(folder):
    (folder / "img_align_celeba").rename(folder / "elsewhere")
    (folder / "img_align_celeba.zip").write_bytes(b"PK")
    with pytest.raises(
        UnavailableError, match=r"unpack img_align_celeba\.zip, which lies there still packed"
    ) as caught:
        celeba(folder)
    assert "list_eval_partition.txt" not in str(caught.value)


def test_a_broken_copy_is_refused_with_the_number_missing(folder):
    for number in (5, 6, 100):
        (folder / f"img_align_celeba/{number:06d}.jpg").unlink()
    with pytest.raises(UserError, match=r"3 of the 110 pictures .* such as 000005\.jpg"):
        celeba(folder)


def test_a_few_missing_pictures_are_left_to_be_named(folder):
    (folder / "img_align_celeba/000005.jpg").unlink()
    data = celeba(folder)
    assert "000005.jpg" in data.keys()["train"]
    with pytest.raises(UnreadablePictureError, match="it is missing"):
        data.read("000005.jpg", 8)


def test_a_file_where_the_folder_belongs_is_refused(folder):
    (folder / "img_align_celeba").rename(folder / "elsewhere")
    (folder / "img_align_celeba").write_bytes(b"")
    with pytest.raises(UserError, match="cannot be read"):
        celeba(folder)


def test_the_revision_follows_pictures_partition_and_parameters(folder):
    def revision(**parameters):
        return celeba(folder, **parameters).revision

    first = revision()
    assert revision() == first
    assert len({first, revision(limit=20), revision(resize="squash"), revision(min_chroma=0.0)}) == 4
    picture = folder / "img_align_celeba/000100.jpg"
    content = picture.read_bytes()
    picture.write_bytes(content + b"\0")
    assert revision() != first
    picture.unlink()
    assert revision() != first
    picture.write_bytes(content)
    assert revision() == first
    partition = folder / "list_eval_partition.txt"
    partition.write_text(partition.read_text().replace("000100.jpg 2", "000100.jpg 0"))
    (folder / "identity_CelebA.txt").unlink()
    assert revision() != first


def test_only_the_published_partition_is_called_official(folder, monkeypatch):
    assert "not the published file" in celeba(folder).split_rule
    digest = hashlib.md5((folder / "list_eval_partition.txt").read_bytes()).hexdigest()
    monkeypatch.setattr(CelebA, "layout", replace(CelebA.layout, split_file_md5=digest))
    assert celeba(folder).split_rule.startswith("The official partition")


def test_the_checksum_and_the_files_are_torchvisions():
    from torchvision.datasets import CelebA as Theirs

    layout = CelebA.layout
    checksums = {name: md5 for _, md5, name in Theirs.file_list}
    assert checksums[layout.split_file] == layout.split_file_md5
    assert {layout.archive, *layout.extras} <= set(checksums)
    assert layout.subfolder == Theirs.base_folder


def test_torchvision_reads_the_same_splits(folder, monkeypatch):
    """Its own loader, but for the checksums and the annotations that the small folder lacks."""
    from torchvision.datasets import CelebA as Theirs

    numbers = [f"{name} 0 0" for name in names(range(1, 111))]
    for name in ("list_bbox_celeba.txt", "list_landmarks_align_celeba.txt", "list_attr_celeba.txt"):
        (folder / name).write_text("\n".join(["110", "one two", *numbers]) + "\n")
    monkeypatch.setattr("torchvision.datasets.celeba.check_integrity", lambda *_: True)
    ours = celeba(folder).keys()
    for split, theirs in {"train": "train", "validation": "valid", "test": "test"}.items():
        assert list(Theirs(str(folder.parent), theirs).filename) == list(ours[split])


@pytest.mark.slow
def test_two_hundred_thousand_pictures_open_quickly_and_lightly(tmp_path):
    n = 202_599
    folder = tmp_path / "celeba/img_align_celeba"
    folder.mkdir(parents=True)
    for number in range(1, n + 1):
        (folder / f"{number:06d}.jpg").touch()
    ends = {"train": 162_770, "validation": 182_637, "test": n}
    lines = [f"{i:06d}.jpg {sum(i > end for end in ends.values())}\n" for i in range(1, n + 1)]
    (tmp_path / "celeba/list_eval_partition.txt").write_text("".join(lines))
    (tmp_path / "celeba/identity_CelebA.txt").write_text("".join(f"{i:06d}.jpg {i}\n" for i in range(1, n + 1)))
    start = time.perf_counter()
    data = celeba(tmp_path)
    assert data.revision
    seconds = time.perf_counter() - start
    print(f"opened in {seconds:.1f} s")
    assert Counter({split: len(keys) for split, keys in data.keys().items()}) == {
        "train": 162_770,
        "validation": 19_867,
        "test": 19_962,
    }
    tracemalloc.start()
    data = celeba(tmp_path)
    assert data.revision
    kept, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    print(f"{kept / 1e6:.0f} MB kept, {peak / 1e6:.0f} MB at most")
    assert peak < 300e6


@pytest.mark.slow
def test_two_thousand_real_faces_laid_out_as_celeba_prepare_and_train(tmp_path):
    if not FACES.is_dir():
        pytest.skip("the faces of shared/data are not on this machine")
    pictures = {int(path.stem): path for path in sorted(FACES.glob("*.jpg"))}
    numbers = list(pictures)
    splits = {"train": numbers[:1600], "validation": numbers[1600:1800], "test": numbers[1800:]}
    make_celeba(tmp_path, splits, {number: number // 50 for number in numbers}, pictures)
    command = [sys.executable, "-m", "bench", "run", "--grid", "smoke", "--name", "faces", "--loss", "l2"]
    command += ["--architecture", "unet(n_down=5, num_filters=8)", "--dataset", f"celeba(root={tmp_path})"]
    command += ["--set", "image_size=64", "--set", "crop_size=32", "--set", "steps_per_epoch=60"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    records = [json.loads(path.read_text()) for path in tmp_path.glob("results/faces/cells/*/record.json")]
    assert [record["status"] for record in records] == ["completed"] * 5
    (trained,) = [record for record in records if record["loss"]]
    assert trained["settings"]["crop_size"] == 32
    assert trained["data"]["n_train"] + trained["data"]["n_validation"] + trained["data"]["n_test"] > 1950
    assert trained["data"]["image_size"] == 64
    assert "list_eval_partition.txt" in trained["data"]["split_rule"]
    grey = next(record for record in records if record["architecture"] == "grey")
    assert trained["metrics"]["ab_mae"]["value"] < grey["metrics"]["ab_mae"]["value"]


def test_a_person_in_two_splits_ends_a_run_in_one_line(tmp_path):
    make_celeba(tmp_path, SPLIT, PERSONS | {95: 7})
    command = [sys.executable, "-m", "bench", "run", "--grid", "smoke", "--dataset", f"celeba(root={tmp_path})"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr.strip().splitlines()[-1].startswith("error: Identity 7 of CelebA is in two splits")
    assert "Traceback" not in done.stderr
