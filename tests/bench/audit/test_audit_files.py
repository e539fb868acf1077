"""Facts of picture files, against hashlib and what was written."""

import hashlib
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from bench.audit.files import inspect_files


def _facts(*paths):
    return inspect_files(paths, lambda *_: None)


@pytest.fixture
def photograph(tmp_path, colored):
    path = tmp_path / "photograph.jpg"
    Image.fromarray(colored(0)).resize((50, 40)).save(path)
    return path


def test_size_format_and_content(photograph):
    (facts,) = _facts(photograph)
    content = photograph.read_bytes()
    assert facts == (50, 40, "JPEG", len(content), hashlib.blake2b(content, digest_size=16).hexdigest())


def test_size_is_that_stored_before_any_rotation(tmp_path, colored):
    path = tmp_path / "rotated.jpg"
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(colored(0)).resize((50, 40)).save(path, exif=exif)
    assert _facts(path)[0][:2] == (50, 40)


def test_a_truncated_file_has_a_size_and_a_text_file_none(photograph, tmp_path):
    truncated, text, empty = (tmp_path / name for name in ("truncated.jpg", "text.jpg", "empty.png"))
    truncated.write_bytes(photograph.read_bytes()[:-200])
    text.write_text("no picture")
    empty.touch()
    sizes = [(one.width, one.height, one.format) for one in _facts(truncated, text, empty)]
    assert sizes == [(50, 40, "JPEG"), (None, None, None), (None, None, None)]
    assert _facts(empty)[0].bytes == 0


def test_a_file_that_is_not_there_has_no_facts(tmp_path):
    assert _facts(tmp_path / "none.png") == [(None, None, None, None, None)]


def test_a_picture_too_large_to_be_decoded_has_its_size(tmp_path):
    chunks = (b"IHDR" + struct.pack(">IIBBBBB", 60_000, 50_000, 8, 2, 0, 0, 0), b"IDAT", b"IEND")
    framed = [struct.pack(">I", len(one) - 4) + one + struct.pack(">I", zlib.crc32(one)) for one in chunks]
    path = tmp_path / "huge.png"
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(framed))
    assert _facts(path)[0][:3] == (60_000, 50_000, "PNG")


def test_many_files_keep_their_order(tmp_path):
    paths = []
    for width in range(1, 301):
        paths.append(tmp_path / f"{width}.png")
        Image.fromarray(np.zeros((2, width, 3), np.uint8)).save(paths[-1])
    told = []
    facts = inspect_files(paths, lambda done, total: told.append((done, total)))
    assert [one.width for one in facts] == list(range(1, 301))
    assert told[-1] == (300, 300)
