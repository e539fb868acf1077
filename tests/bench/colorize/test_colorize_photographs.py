import os

import pytest

from bench.colorize.photographs import find_photographs
from registry.errors import UserError


@pytest.fixture
def files(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def make(*names):
        for name in names:
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_bytes(b"")
        return tmp_path

    return make


def outputs(folder, *paths, output="colorized"):
    return {
        str(one.path): str(one.output) for one in find_photographs([folder / path for path in paths], folder / output)
    }


def test_files_and_folders_keep_their_names_and_places(files, tmp_path):
    files("one.jpeg", "album/two.PNG", "album/more/three.tif", "album/notes.txt", "album/.hidden.jpg", "name")
    assert outputs(tmp_path, "one.jpeg", "album", "name") == {
        f"{tmp_path}/one.jpeg": "one.png",
        f"{tmp_path}/album/more/three.tif": "more/three.png",
        f"{tmp_path}/album/two.PNG": "two.png",
        f"{tmp_path}/name": "name.png",
    }


def test_a_photograph_named_twice_is_coloured_once(files, tmp_path):
    files("album/one.jpg")
    (tmp_path / "link").symlink_to(tmp_path / "album")
    assert len(outputs(tmp_path, "album", "album/one.jpg", "link")) == 1


@pytest.mark.parametrize(
    ("names", "calls", "expected"),
    [
        (("a/1.jpg", "b/1.jpg"), ("a", "b"), {"a/1.jpg.png", "b/1.jpg.png"}),
        (("a/1.jpg", "a/1.png"), ("a",), {"1.jpg.png", "1.png.png"}),
        (("a/1.jpg", "a/1.JPG", "a/x.gif"), ("a",), {"1.jpg.png", "1.JPG.png", "x.gif.png"}),
        (("a/1.jpg", "b/c/1.jpg"), ("a/1.jpg", "b/c/1.jpg"), {"a/1.jpg.png", "b/c/1.jpg.png"}),
    ],
)
def test_no_two_photographs_share_a_name(files, tmp_path, names, calls, expected):
    files(*names)
    assert set(outputs(tmp_path, *calls).values()) == expected


def test_what_was_coloured_before_is_not_coloured_again(files, tmp_path):
    files("album/1.jpg", "album/colorized/sheets/1.png")
    assert list(outputs(tmp_path, "album", output="album/colorized").values()) == ["1.png"]
    assert list(outputs(tmp_path, "album/colorized/sheets/1.png", output="album/colorized").values()) == ["1.png"]


def test_photographs_may_lie_in_the_folder_that_is_written_to(files, tmp_path):
    files("album/1.jpg", "album/more/2.jpg", "album/sheets/1.png", "album/unet-l1-synthetic-faces-seed0-0123abcd/1.png")
    assert list(outputs(tmp_path, "album", output="album").values()) == ["1.png", "more/2.png"]


def test_a_broken_link_is_left_for_the_reader_to_name_and_a_pipe_is_left_out(files, tmp_path):
    files("album/1.jpg")
    (tmp_path / "album" / "2.jpg").symlink_to(tmp_path / "none")
    os.mkfifo(tmp_path / "album" / "3.jpg")
    assert set(outputs(tmp_path, "album").values()) == {"1.png", "2.png"}
    with pytest.raises(UserError, match="neither a file nor a folder"):
        outputs(tmp_path, "album/3.jpg")


@pytest.mark.parametrize(
    ("path", "problem"), [("none", "no photograph or folder"), ("texts", "no photographs in it: files may end in jpg")]
)
def test_a_path_without_photographs_is_refused(files, tmp_path, path, problem):
    files("texts/notes.txt")
    with pytest.raises(UserError, match=problem):
        outputs(tmp_path, path)


def test_a_link_that_leads_to_itself_is_one_more_file_that_cannot_be_read(files, tmp_path):
    files("album/one.jpg")
    (tmp_path / "album/loop.jpg").symlink_to("loop.jpg")
    assert set(outputs(tmp_path, "album").values()) == {"loop.png", "one.png"}


def test_a_path_that_no_system_takes_is_told_in_a_sentence(tmp_path):
    with pytest.raises(UserError, match="leads nowhere: File name too long"):
        find_photographs([tmp_path / ("x" * 300)], tmp_path / "colorized")
