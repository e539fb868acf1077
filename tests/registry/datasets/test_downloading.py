"""Downloads: torchvision's own, with the network replaced, refused or really absent."""

import shutil
import socket
import sys
import urllib.error
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from layouts import make_celeba, make_flowers102

from registry import DATASETS
from registry.datasets.downloading import find_folder
from registry.datasets.flowers102 import Flowers102
from registry.errors import UnavailableError

celeba, flowers102 = DATASETS["celeba"].factory, DATASETS["flowers102"].factory

FLOWERS = {"train": range(1, 9), "validation": range(9, 11), "test": range(11, 31)}


def refuse(*_, **__):
    raise urllib.error.URLError("Name or service not known")


@pytest.fixture
def offline(monkeypatch):
    monkeypatch.setattr("torchvision.datasets.utils._get_redirect_url", refuse)
    monkeypatch.setattr("torchvision.datasets.celeba.download_file_from_google_drive", refuse)


@pytest.fixture
def server(tmp_path, monkeypatch):
    """Torchvision's own code of Flowers102 from here on, with small archives in place of the published ones."""
    from torchvision.datasets import Flowers102 as Theirs
    from torchvision.datasets.utils import calculate_md5

    served = make_flowers102(tmp_path / "served", *FLOWERS.values())
    shutil.make_archive(str(served / "102flowers"), "gztar", served, "jpg")
    (served / "102flowers.tar.gz").rename(served / "102flowers.tgz")
    files = {kind: (name, calculate_md5(served / name)) for kind, (name, _) in Theirs._file_dict.items()}
    monkeypatch.setattr(Theirs, "_file_dict", files)
    monkeypatch.setattr(Theirs, "_download_url_prefix", served.as_uri() + "/")
    monkeypatch.setattr("torchvision.datasets.utils._get_redirect_url", lambda url, **_: url)
    asked = []

    def retrieve(url, path, **_):
        asked.append(Path(url).name)
        shutil.copyfile(served / Path(url).name, path)

    monkeypatch.setattr("torchvision.datasets.utils._urlretrieve", retrieve)
    return asked


def test_a_download_lays_everything_where_it_belongs_once(tmp_path, server):
    data = flowers102(str(tmp_path / "data"), download=True)
    assert {split: len(keys) for split, keys in data.keys().items()} == {"train": 8, "validation": 2, "test": 20}
    assert data.read("image_00001.jpg", 8).shape == (8, 8, 3)
    assert sorted(server) == ["102flowers.tgz", "imagelabels.mat", "setid.mat"]
    visible = {path.name for path in (tmp_path / "data/flowers-102").iterdir() if not path.name.startswith(".")}
    assert visible == {"jpg", "setid.mat", "imagelabels.mat"}
    assert not (tmp_path / "data/flowers-102/.download").exists()
    assert flowers102(str(tmp_path / "data")).revision == data.revision
    flowers102(str(tmp_path / "data"), download=True)
    assert len(server) == 3


@pytest.fixture
def drive(tmp_path, monkeypatch):
    """Torchvision's own code of CelebA from here on, with a small archive in place of Google Drive's."""
    served = make_celeba(tmp_path / "served", FLOWERS, {number: number for number in range(1, 31)})
    shutil.make_archive(str(served / "img_align_celeba"), "zip", served, "img_align_celeba")
    rows = "\n".join(["30", "one two", *(f"{number:06d}.jpg 0 0" for number in range(1, 31))])
    for name in ("list_attr_celeba.txt", "list_bbox_celeba.txt", "list_landmarks_align_celeba.txt"):
        (served / name).write_text(rows)
    asked = []

    def retrieve(_, folder, name, __):
        if not (Path(folder) / name).exists():
            asked.append(name)
            shutil.copy(served / name, folder)

    monkeypatch.setattr("torchvision.datasets.celeba.download_file_from_google_drive", retrieve)
    monkeypatch.setattr("torchvision.datasets.celeba.check_integrity", lambda path, _: Path(path).exists())
    return asked


def test_celeba_arrives_as_torchvision_unpacks_it(tmp_path, drive):
    data = celeba(str(tmp_path), download=True)
    assert {split: len(keys) for split, keys in data.keys().items()} == {"train": 8, "validation": 2, "test": 20}
    assert (tmp_path / "celeba/identity_CelebA.txt").exists()
    assert "img_align_celeba.zip" in drive


def test_an_interrupted_unpacking_is_not_taken_for_a_whole_one(tmp_path, drive, monkeypatch):
    def stop(archive):
        half = Path(archive).with_suffix("")
        half.mkdir()
        shutil.copy(tmp_path / "served/celeba/img_align_celeba/000001.jpg", half)
        raise KeyboardInterrupt

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr("torchvision.datasets.celeba.extract_archive", stop)
        celeba(str(tmp_path), download=True)
    with pytest.raises(UnavailableError, match="is not there"):
        celeba(str(tmp_path))
    data = celeba(str(tmp_path), download=True)
    assert all(data.file(key).exists() for keys in data.keys().values() for key in keys)
    assert drive.count("img_align_celeba.zip") == 1  # whole, it is used again


def test_of_two_downloads_at_once_one_is_made(tmp_path, drive):
    with ThreadPoolExecutor(2) as threads:
        data = list(threads.map(lambda _: celeba(str(tmp_path), download=True), range(2)))
    assert data[0].revision == data[1].revision
    assert len(drive) == 6


@pytest.mark.usefixtures("server")
def test_a_damaged_download_is_refused_and_fetched_again(tmp_path, monkeypatch):
    with monkeypatch.context() as patched, pytest.raises(UnavailableError, match="corrupted"):
        patched.setattr(
            "torchvision.datasets.utils._urlretrieve", lambda _, path, **__: Path(path).write_bytes(b"half")
        )
        flowers102(str(tmp_path), download=True)
    with pytest.raises(UnavailableError):
        flowers102(str(tmp_path))
    assert len(flowers102(str(tmp_path), download=True).keys()["test"]) == 20


def test_an_archive_that_is_there_is_not_fetched_again(tmp_path, server):
    (tmp_path / "flowers-102").mkdir()
    shutil.copy(tmp_path / "served/flowers-102/102flowers.tgz", tmp_path / "flowers-102")
    assert len(flowers102(str(tmp_path), download=True).keys()["test"]) == 20
    assert sorted(server) == ["imagelabels.mat", "setid.mat"]
    assert (tmp_path / "flowers-102/102flowers.tgz").exists()


@pytest.mark.usefixtures("server")
def test_what_a_person_put_there_is_left_alone(tmp_path):
    folder = make_flowers102(tmp_path, FLOWERS["validation"], FLOWERS["train"], FLOWERS["test"])
    shutil.rmtree(folder / "jpg")
    assert len(flowers102(str(tmp_path), download=True).keys()["validation"]) == 8


@pytest.mark.usefixtures("offline")
@pytest.mark.parametrize(
    ("create", "parts"),
    [(celeba, ("img_align_celeba.zip", "list_eval_partition.txt")), (flowers102, ("102flowers.tgz", "setid.mat"))],
    ids=["celeba", "flowers102"],
)
def test_offline_one_sentence_says_what_to_put_where(tmp_path, create, parts):
    with pytest.raises(UnavailableError, match=r"cannot be downloaded \(.*Name or service not known") as caught:
        create(str(tmp_path), download=True)
    message = str(caught.value)
    assert all(part in message for part in (*parts, str(tmp_path), "published at"))
    assert "\n" not in message
    assert not list(tmp_path.rglob(".download"))
    with pytest.raises(UnavailableError, match="is not there"):
        create(str(tmp_path))


@pytest.mark.usefixtures("offline")
def test_data_that_is_there_needs_no_network(tmp_path):
    make_celeba(tmp_path, FLOWERS)
    assert len(celeba(str(tmp_path), download=True).keys()["test"]) == 20


def test_without_gdown_the_message_names_it(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "gdown", None)
    with pytest.raises(UnavailableError, match="pip install gdown"):
        celeba(str(tmp_path), download=True)


def test_a_folder_that_cannot_be_written_is_said(tmp_path):
    (tmp_path / "data").write_bytes(b"")
    with pytest.raises(UnavailableError, match="Not a directory"):
        flowers102(str(tmp_path / "data"), download=True)


def test_the_folder_is_found_by_what_is_in_it(tmp_path):
    layout = Flowers102.layout
    inside = tmp_path / "flowers-102"
    assert find_folder(layout, tmp_path) == inside
    (tmp_path / "102flowers.tgz").touch()
    assert find_folder(layout, tmp_path) == tmp_path
    inside.mkdir()
    assert find_folder(layout, tmp_path) == tmp_path
    (inside / "setid.mat").touch()
    assert find_folder(layout, tmp_path) == inside


def _connected() -> bool:
    try:
        socket.create_connection(("www.robots.ox.ac.uk", 443), timeout=3).close()
    except OSError:
        return False
    return True


@pytest.mark.timeout(150)
def test_a_real_attempt_without_network_says_what_to_put_where(tmp_path):
    if _connected():
        pytest.skip("this machine has network: the download would really start")
    with pytest.raises(UnavailableError, match="Oxford 102 Flowers cannot be downloaded") as caught:
        flowers102(str(tmp_path), download=True)
    assert str(tmp_path / "flowers-102") in str(caught.value)
