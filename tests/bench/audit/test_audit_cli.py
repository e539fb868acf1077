"""``python -m bench audit`` as a user meets it."""

import re
import subprocess
import sys

import numpy as np
import pytest
from page_checks import check
from PIL import Image

from bench.cli import main

SMALL = "synthetic-faces(n_train=6, n_validation=2, n_test=2)"


def _call(monkeypatch, tmp_path, *arguments):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["bench", "audit", *arguments])
    with pytest.raises(SystemExit) as ended:
        main()
    return ended.value.code


def test_an_audit_of_two_data_sets_prints_its_page(tmp_path):
    flowers = "synthetic-flowers(n_train=6, n_validation=2, n_test=2)"
    command = [sys.executable, "-m", "bench", "audit", SMALL, flowers, "--image-size", "32", "--workers", "1"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    page = tmp_path / done.stdout.strip()
    assert page.parent.parent.name == "reports"
    assert check(page) == 4
    assert "drawn 10" in page.read_text()


def test_a_folder_of_photographs_with_a_damaged_one(tmp_path, monkeypatch, colored):
    photos = tmp_path / "my photos"
    photos.mkdir()
    for number in range(50):
        Image.fromarray(colored(number)).save(photos / f"{number}.png")
    Image.fromarray(np.zeros((40, 48, 3), np.uint8)).save(photos / "black.png")
    (photos / "torn.png").write_bytes((photos / "1.png").read_bytes()[:300])
    assert _call(monkeypatch, tmp_path, "folder(path=my photos)", "--output", "here", "--image-size", "32") == 0
    text = (tmp_path / "here" / "audit.md").read_text()
    assert re.search("52 pictures: 1 unreadable(,| and) 1 grey", text)
    assert "48 × 40" in text and "`torn.png`" in text


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["celebb"], "Unknown data set 'celebb'"),
        ([SMALL, SMALL], "is named twice"),
        (["folder(path=none)"], "does not exist"),
        ([SMALL, "--reports-dir", "/dev/null/x"], "choose another folder with --reports-dir"),
        ([SMALL, "--output", "taken"], "was not written by an audit"),
    ],
)
def test_wrong_calls_end_in_one_line_and_status_2(tmp_path, monkeypatch, capsys, arguments, message):
    (tmp_path / "taken").mkdir()
    (tmp_path / "taken" / "audit.md").write_text("# Mine")
    assert _call(monkeypatch, tmp_path, *arguments) == 2
    output, errors = capsys.readouterr()
    assert output == "" and message in errors
    assert errors.startswith("error: ") and errors.count("\n") == 1


def test_a_size_that_is_no_size_is_refused(tmp_path, monkeypatch, capsys):
    assert _call(monkeypatch, tmp_path, SMALL, "--image-size", "0") == 2
    assert "--image-size" in capsys.readouterr().err
