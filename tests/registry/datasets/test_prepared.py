import json
import multiprocessing
import pickle
import resource
import shutil
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import platformdirs
import pytest
from PIL import Image

from registry.ab_bins import reachable_bins
from registry.cache import cache_root
from registry.datasets.base import SPLITS, DataSet, UnreadablePictureError
from registry.datasets.folder import Folder
from registry.datasets.prepared import open_prepared, prepare
from registry.errors import UserError

REPOSITORY = Path(__file__).parents[3]
FACES = REPOSITORY.parent / "shared/data/faces"
SIZE = 8

# Run in processes of their own, which can be killed. Arguments: pictures, cache, seconds for each picture.
SLOW_PREPARATION = """
import sys, time
from pathlib import Path
from registry.datasets.folder import Folder
from registry.datasets.prepared import prepare

class Slow(Folder):
    def read(self, key, image_size):
        time.sleep(float(sys.argv[3]))
        return super().read(key, image_size)

def report(done, total):
    print(done, flush=True)

def wait():
    print("waiting", flush=True)

prepared = prepare(Slow(sys.argv[1]), "photos", 8, cache=Path(sys.argv[2]), progress=report, waiting=wait)
print(prepared.folder, flush=True)
"""


class Numbered(DataSet):
    """Pictures of one colour each, by number; some numbers cannot be read."""

    split_rule = "By number."
    resize_rule = "They are born square."
    revision = "1"

    def __init__(self, counts=(10, 3, 2), unreadable=(), color=False):
        self.counts = counts
        self.color = color
        self.unreadable = set(unreadable)
        self.reads = 0

    def keys(self):
        ends = np.cumsum((0, *self.counts))
        return {split: [str(i) for i in range(a, b)] for split, a, b in zip(SPLITS, ends[:-1], ends[1:], strict=True)}

    def read(self, key, image_size):
        self.reads += 1
        if int(key) in self.unreadable:
            raise UnreadablePictureError(f"number {key} is torn")
        picture = np.full((image_size, image_size, 3), int(key) % 256, dtype=np.uint8)
        if self.color:
            picture[..., 1] += 100
        return picture


@pytest.fixture(scope="module")
def photos(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("photos")
    for seed in range(80):
        noise = np.random.default_rng(seed).integers(0, 256, (12, 10, 3), dtype=np.uint8)
        Image.fromarray(noise).save(folder / f"{seed}.png")
    return folder


def numbers(prepared, split) -> list[int]:
    return prepared.pictures(split)[:, 0, 0, 0].tolist()


def assert_counts_to(total, told) -> None:
    counts = [done for done, _ in told]
    assert counts == sorted(set(counts)) and len(counts) > 2
    assert told[-1] == (total, total) and {of for _, of in told} == {total}


def start(photos: Path, cache: Path, seconds: float) -> subprocess.Popen:
    command = [sys.executable, "-c", SLOW_PREPARATION, str(photos), str(cache), str(seconds)]
    return subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.PIPE, text=True)


def test_pictures_come_by_split_in_the_order_of_their_keys(tmp_path):
    prepared = prepare(Numbered(), "numbers", SIZE, cache=tmp_path)
    for split, keys in Numbered().keys().items():
        assert prepared.keys(split) == keys
        assert prepared.pictures(split).shape == (len(keys), SIZE, SIZE, 3)
        assert prepared.pictures(split).dtype == np.uint8
        assert numbers(prepared, split) == list(map(int, keys))
    assert isinstance(prepared.pictures("test"), np.memmap)
    assert not prepared.pictures("train").flags.writeable
    assert prepared.folder.parent == tmp_path / "data"


def test_the_manifest_says_what_was_done(tmp_path):
    prepared = prepare(Numbered(unreadable=[4]), "numbers", SIZE, cache=tmp_path)
    manifest = json.loads((prepared.folder / "manifest.json").read_text())
    assert manifest["name"] == prepared.name == "numbers"
    assert manifest["revision"] == prepared.revision == "1"
    assert manifest["image_size"] == prepared.image_size == SIZE
    assert manifest["split_rule"] == prepared.split_rule == "By number."
    assert manifest["resize_rule"] == prepared.resize_rule == "They are born square."
    assert manifest["left_out"] == prepared.left_out
    assert prepared.left_out == [{"key": "4", "kind": "unreadable", "reason": "number 4 is torn"}]
    assert prepared.left_out_as("unreadable") == ["4: number 4 is torn"]
    assert prepared.left_out_as("grey") == []
    assert manifest["split_keys"]["test"] == ["13", "14"]
    assert manifest["split_hash"] == prepared.split_hash


def test_it_is_decoded_once_and_opened_by_folder_or_pickle(tmp_path):
    dataset = Numbered()
    first = prepare(dataset, "numbers", SIZE, cache=tmp_path)
    second = prepare(dataset, "numbers", SIZE, cache=tmp_path)
    assert dataset.reads == 15
    assert first == second == open_prepared(first.folder) == open_prepared(str(first.folder))
    assert len(pickle.dumps(first)) < 2000
    assert numbers(pickle.loads(pickle.dumps(first)), "test") == [13, 14]


@pytest.mark.parametrize(
    ("attribute", "value"),
    [
        ("revision", "2"),
        ("split_rule", "By number, backwards."),
        ("resize_rule", "They are squeezed."),
        ("min_chroma", 1.0),
    ],
)
def test_another_revision_split_or_filter_is_another_preparation(tmp_path, attribute, value):
    before = prepare(Numbered(), "numbers", SIZE, cache=tmp_path)
    changed = Numbered(color=True)
    setattr(changed, attribute, value)
    after = prepare(changed, "numbers", SIZE, cache=tmp_path)
    assert after.folder != before.folder
    assert changed.reads == 15
    assert getattr(after, attribute) == value
    assert prepare(Numbered(), "numbers", SIZE, cache=tmp_path).folder == before.folder


def test_another_name_or_size_is_another_preparation(tmp_path):
    calls = [("numbers", 8), ("others", 8), ("numbers", 16), ("numbers", 8)]
    folders = [prepare(Numbered(), name, size, cache=tmp_path).folder for name, size in calls]
    assert len(set(folders)) == 3 and folders[0] == folders[3]


def test_the_number_of_workers_is_not_part_of_the_key(tmp_path, photos):
    folder = Folder(str(photos))
    assert prepare(folder, "a", SIZE, cache=tmp_path) == prepare(folder, "a", SIZE, cache=tmp_path, workers=2)


def test_the_split_hash_is_of_the_keys_in_their_splits_alone(tmp_path):
    def split_hash(counts, name="numbers", size=SIZE, unreadable=()):
        return prepare(Numbered(counts, unreadable), name, size, cache=tmp_path / str(counts)).split_hash

    assert split_hash((10, 3, 2)) == split_hash((10, 3, 2), name="others", size=16)
    assert split_hash((10, 3, 2)) != split_hash((10, 2, 3))
    assert split_hash((10, 3, 2), name="less", unreadable=[4]) != split_hash((10, 3, 2))


@pytest.mark.parametrize("n", [10, 100, 1000])
def test_unreadable_pictures_are_left_out_and_the_file_fits_the_rest(tmp_path, n):
    # The header is written before the number of pictures is known, here with a digit more than at the end.
    prepared = prepare(Numbered((n - 2, 1, 1), unreadable=[0, 3]), "numbers", 2, cache=tmp_path)
    whole = np.load(prepared.folder / "pictures.npy")
    assert whole.shape == (n - 2, 2, 2, 3)
    assert numbers(prepared, "train") == [i % 256 for i in range(n - 2) if i not in (0, 3)]
    assert numbers(prepared, "test") == [(n - 1) % 256]
    assert [unreadable["key"] for unreadable in prepared.left_out] == ["0", "3"]


def test_a_split_without_a_readable_picture_is_refused_with_an_example(tmp_path):
    with pytest.raises(UserError, match="2 pictures of the test split can be used, 13: number 13 is torn"):
        prepare(Numbered(unreadable=[13, 14]), "numbers", SIZE, cache=tmp_path)
    assert not [path for path in (tmp_path / "data").iterdir() if path.is_dir()]


def test_a_data_set_that_gives_something_else_is_a_mistake_not_data(tmp_path):
    class Wrong(Numbered):
        def read(self, key, image_size):
            return super().read(key, image_size).astype(np.float32)

    with pytest.raises(TypeError, match=r"gave float32 \(8, 8, 3\), not uint8"):
        prepare(Wrong(), "numbers", SIZE, cache=tmp_path)
    assert not [path for path in (tmp_path / "data").iterdir() if path.is_dir()]


def test_progress_counts_to_the_end(tmp_path):
    told = []
    dataset = Numbered((100, 3, 2), unreadable=[4])
    prepare(dataset, "numbers", SIZE, cache=tmp_path, progress=lambda done, total: told.append((done, total)))
    assert_counts_to(105, told)


def test_several_processes_give_the_same_bytes(tmp_path, photos):
    shutil.copytree(photos, tmp_path / "photos")
    (tmp_path / "photos/torn.png").write_bytes(b"torn")
    folder = Folder(str(tmp_path / "photos"))
    one = prepare(folder, "photos", SIZE, cache=tmp_path / "one")
    told = []
    two = prepare(folder, "photos", SIZE, cache=tmp_path / "two", workers=2, progress=lambda *now: told.append(now))
    assert_counts_to(81, told)
    assert [unreadable["key"] for unreadable in two.left_out] == ["torn.png"]
    for name in ("pictures.npy", "manifest.json"):
        assert (one.folder / name).read_bytes() == (two.folder / name).read_bytes()


def test_after_a_kill_the_same_bytes_come_and_nothing_is_left_over(tmp_path, photos):
    with start(photos, tmp_path / "cache", 0.05) as killed:
        assert 0 < int(killed.stdout.readline()) < 80
        killed.kill()
    data = tmp_path / "cache/data"
    (leftover,) = data.glob("*.partial")
    with pytest.raises(UserError, match="no complete prepared data set"):
        open_prepared(leftover)
    redone = prepare(Folder(str(photos)), "photos", SIZE, cache=tmp_path / "cache")
    fresh = prepare(Folder(str(photos)), "photos", SIZE, cache=tmp_path / "fresh")
    for name in ("pictures.npy", "manifest.json"):
        assert (redone.folder / name).read_bytes() == (fresh.folder / name).read_bytes()
    assert [path for path in data.iterdir() if path.is_dir()] == [redone.folder]


def test_a_preparation_of_other_data_removes_the_leftovers_of_a_kill(tmp_path):
    leftover = tmp_path / "data/0123.partial"
    leftover.mkdir(parents=True)
    (leftover / "pictures.npy").write_bytes(b"half")
    prepared = prepare(Numbered(), "numbers", SIZE, cache=tmp_path)
    assert [path for path in (tmp_path / "data").iterdir() if path.is_dir()] == [prepared.folder]


def test_two_processes_at_once_prepare_once_and_leave_each_others_work_alone(tmp_path, photos):
    both = [start(photos, tmp_path, 0.01) for _ in range(2)]
    # Other data, prepared meanwhile, must not take the unfinished one for a leftover.
    while not list(tmp_path.glob("data/*.partial")):
        time.sleep(0.01)
    prepare(Numbered(), "numbers", SIZE, cache=tmp_path)
    told = [process.communicate()[0].split() for process in both]
    assert [process.returncode for process in both] == [0, 0]
    one, other = sorted(told, key=len, reverse=True)
    assert one[-2] == "80" and other == ["waiting", one[-1]]
    assert told[0][-1] == told[1][-1]
    assert open_prepared(told[0][-1]).name == "photos"


def test_workers_end_with_a_killed_parent(tmp_path):
    # A file and not -c: spawned workers import it. They leave their ids when they read.
    script = tmp_path / "parent.py"
    script.write_text(
        "import os, sys, time\n"
        "from pathlib import Path\n"
        "sys.path.insert(0, sys.argv[2])\n"
        "from registry.datasets.folder import Folder\n"
        "from registry.datasets.prepared import prepare\n"
        "class Slow(Folder):\n"
        "    def read(self, key, image_size):\n"
        "        (Path(sys.argv[1]) / str(os.getpid())).touch()\n"
        "        time.sleep(0.2)\n"
        "        return super().read(key, image_size)\n"
        "if __name__ == '__main__':\n"
        "    prepare(Slow(sys.argv[3]), 'photos', 8, cache=Path(sys.argv[4]), workers=2)\n"
    )
    ids, photos = tmp_path / "ids", tmp_path / "photos"
    ids.mkdir()
    photos.mkdir()
    for i in range(100):
        Image.new("RGB", (4, 4), (i, 2 * i, 0)).save(photos / f"{i}.png")
    parent = subprocess.Popen([sys.executable, script, ids, REPOSITORY, photos, tmp_path / "cache"])
    while len(list(ids.iterdir())) < 2:
        assert parent.poll() is None
        time.sleep(0.02)
    parent.kill()
    parent.wait()
    workers = [Path("/proc") / path.name for path in ids.iterdir()]
    deadline = time.monotonic() + 10
    while any(_runs(worker) for worker in workers) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not any(_runs(worker) for worker in workers)


def _runs(process: Path) -> bool:
    """Whether a process, by its folder below /proc, is there and no zombie."""
    try:
        return ") Z" not in (process / "stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False


@pytest.mark.parametrize("name", ["pictures.npy", "manifest.json"])
@pytest.mark.parametrize("content", [b"", b"{", None])
def test_damaged_preparations_are_done_again(tmp_path, name, content):
    prepared = prepare(Numbered(), "numbers", SIZE, cache=tmp_path)
    file = prepared.folder / name
    whole = file.read_bytes()
    if content is None:
        file.unlink()
    else:
        file.write_bytes(content)
    with pytest.raises(UserError, match="prepare it again"):
        open_prepared(prepared.folder)
    assert prepare(Numbered(), "numbers", SIZE, cache=tmp_path) == prepared
    assert file.read_bytes() == whole


def test_a_preparation_that_cannot_be_read_is_not_overwritten(tmp_path):
    prepared = prepare(Numbered(), "numbers", SIZE, cache=tmp_path)
    pictures = prepared.folder / "pictures.npy"
    pictures.rename(tmp_path / "elsewhere.npy")
    pictures.mkdir()  # not a file: reading it fails even for an administrator
    with pytest.raises(UserError, match="Cannot read the prepared data"):
        prepare(Numbered(), "numbers", SIZE, cache=tmp_path)
    assert prepared.folder.is_dir()


def test_what_was_never_prepared_cannot_be_opened(tmp_path):
    with pytest.raises(UserError, match="prepare it again"):
        open_prepared(tmp_path / "nothing")


def test_a_cache_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(UserError, match="COLORIZATION_BENCH_CACHE") as caught:
        prepare(Numbered(), "numbers", SIZE, cache=tmp_path / "file")
    assert str(tmp_path / "file") in str(caught.value)


def _prepare_on_a_small_disk(cache: Path, answer) -> None:
    # The system refuses to let files grow beyond this, as a full disk does.
    resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))
    try:
        prepare(Numbered((1000, 10, 10)), "numbers", SIZE, cache=cache)
    except UserError as error:
        answer.put(str(error))


def test_a_full_disk_is_one_sentence_and_leaves_nothing(tmp_path):
    context = multiprocessing.get_context("spawn")
    answer = context.SimpleQueue()
    process = context.Process(target=_prepare_on_a_small_disk, args=(tmp_path, answer))
    process.start()
    process.join()
    assert process.exitcode == 0
    message = answer.get()
    assert str(tmp_path) in message and "COLORIZATION_BENCH_CACHE" in message
    assert not [path for path in (tmp_path / "data").iterdir() if path.is_dir()]


def test_the_cache_is_the_users_or_the_one_of_the_environment(tmp_path, monkeypatch):
    monkeypatch.setenv("COLORIZATION_BENCH_CACHE", str(tmp_path / "chosen"))
    assert cache_root() == tmp_path / "chosen"
    assert prepare(Numbered(), "numbers", SIZE).folder.parent == tmp_path / "chosen/data"
    monkeypatch.delenv("COLORIZATION_BENCH_CACHE")
    assert cache_root() == Path(platformdirs.user_cache_dir("colorization-bench"))


def test_the_training_colours_are_those_of_scikit_image_and_are_stored(tmp_path, photos, monkeypatch):
    color = pytest.importorskip("skimage.color")
    monkeypatch.setattr("registry.datasets.prepared._PIXELS_AT_A_TIME", 5 * SIZE**2)
    prepared = prepare(Folder(str(photos)), "photos", SIZE, cache=tmp_path)
    ab = color.rgb2lab(np.array(prepared.pictures("train")))[..., 1:]
    assert np.abs(np.subtract(prepared.train_mean_ab, ab.mean(axis=(0, 1, 2)))).max() < 1e-3
    centres = reachable_bins().numpy()
    # Not where float32 and float64 may round to different bins.
    common = np.array(prepared.train_ab_counts).argsort()[-5:]
    for centre, count in zip(centres[common], np.array(prepared.train_ab_counts)[common], strict=True):
        assert count == pytest.approx((np.abs(ab - centre).max(axis=-1) < 5).sum(), rel=1e-3, abs=2)
    assert sum(prepared.train_ab_counts) == ab[..., 0].size
    stored = json.loads((prepared.folder / "train_colors.json").read_text())
    assert stored == {"mean_ab": list(prepared.train_mean_ab), "ab_counts": prepared.train_ab_counts}
    assert sorted(path.name for path in prepared.folder.iterdir()) == [
        "manifest.json",
        "pictures.npy",
        "train_colors.json",
    ]
    (prepared.folder / "train_colors.json").write_text('{"mean_ab": [1.5, -2.5], "ab_counts": [7]}')
    assert open_prepared(prepared.folder).train_mean_ab == (1.5, -2.5)


def test_real_faces_become_skin(tmp_path):
    if not FACES.is_dir():
        pytest.skip("the faces of shared/data are not on this machine")
    prepared = prepare(Folder(str(FACES), limit=300), "faces", 64, cache=tmp_path)
    assert prepared.left_out == []
    assert sum(len(prepared.pictures(split)) for split in SPLITS) == 300
    a, b = prepared.train_mean_ab
    assert 4 < a < 12 and 6 < b < 15
