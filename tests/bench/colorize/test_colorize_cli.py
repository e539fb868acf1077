"""`colorize` as a user meets it: a process, its files, its output and its exit status."""

import io
import os
import signal
import struct
import subprocess
import sys

import numpy as np
import pytest
from harness import until
from PIL import Image, ImageOps
from rich.console import Console
from skimage.color import rgb2lab
from torch import nn

from bench.cli import main
from bench.colorize.cells import folder_name
from bench.colorize.run import colorize
from bench.progress import Display
from bench.records import Measurement
from registry.plugins import load_plugin, read_plugin, unload_plugin

TRAINED = ["--architecture", "unet(n_down=2, num_filters=8)", "--loss", "l2", "--dataset"]
TRAINED += ["synthetic-flowers(n_train=64, n_validation=8, n_test=8)", "--set", "learning_rate=1e-2"]


@pytest.fixture
def bench(tmp_path, monkeypatch, capsys):
    """Call the command line in a folder of its own: exit status, output, errors."""

    def call(*arguments):
        monkeypatch.chdir(tmp_path)
        monkeypatch.setattr(sys, "argv", ["bench", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            main()
        return ended.value.code or 0, *capsys.readouterr()

    return call


def odd_files(folder, width, height):
    """Four photographs, of which one is a text: a sepia print that lies on its side, and smaller ones."""
    folder.mkdir()
    y, x = np.mgrid[0:height, 0:width] / np.array([[[height]], [[width]]])
    grey = ((np.sin(19 * x) * np.cos(31 * y + 8 * x) + 1) * 0.35 + 0.3 * y).clip(0, 1)
    sepia = Image.fromarray((np.stack((grey**0.8, grey**0.95, grey**1.25), axis=2) * 255).astype(np.uint8))
    exif = Image.Exif()
    exif[0x0112] = 6
    sepia.save(folder / "sepia.jpg", exif=exif, quality=90)
    Image.fromarray((grey[::10, ::10] * 65535).astype(np.uint16)).save(folder / "deep.png")
    clear = sepia.reduce(10).convert("RGBA")
    clear.putalpha(Image.fromarray((x[::10, ::10] * 255).astype(np.uint8)))
    clear.save(folder / "transparent.png")
    (folder / "photo.jpg").write_text("this is no photograph\n")
    return folder


def small_photographs(folder, count, size=(90, 60)):
    folder.mkdir(exist_ok=True)
    for number in range(count):
        pixels = np.random.default_rng(number).integers(0, 256, (*size[::-1], 3), dtype=np.uint8)
        Image.fromarray(pixels).save(folder / f"{number:03}.png")
    return folder


def lightness(picture):
    return rgb2lab(np.asarray(picture.convert("RGB")))[..., 0]


@pytest.mark.slow
def test_four_odd_files_in_one_call_by_a_network_of_a_run(bench, tmp_path):
    status, _, errors = bench("run", "--grid", "smoke", *TRAINED, "--set", "epochs=8", "--name", "mine")
    assert status == 0, errors
    check_odd_files(bench, tmp_path, 4000, 3000)


def test_four_odd_files_in_one_call(bench, make_run, tmp_path):
    make_run()
    check_odd_files(bench, tmp_path, 400, 300)


def check_odd_files(bench, tmp_path, width, height):
    album = odd_files(tmp_path / "album", width, height)
    status, output, errors = bench("colorize", *sorted(album.iterdir()), "--run", "mine")
    assert status == 1
    [line] = errors.splitlines()
    assert line.startswith(f"not coloured: {album / 'photo.jpg'}: it is empty, damaged or no JPEG")
    assert output == ("3 photographs coloured by 1 cell, 1 could not be read; side by side: colorized/mine/sheets\n")
    folder = tmp_path / "colorized" / "mine"
    [colored] = [one for one in folder.iterdir() if one.name != "sheets"]
    for where in (colored, folder / "sheets"):
        assert sorted(file.name for file in where.iterdir()) == ["deep.png", "sepia.png", "transparent.png"]
    chroma = []
    for name in ("sepia.jpg", "deep.png", "transparent.png"):
        with Image.open(album / name) as opened:
            upright = ImageOps.exif_transpose(opened)
            if name == "deep.png":
                upright = Image.fromarray(np.round(np.asarray(upright) / 257).astype(np.uint8))
        with Image.open(colored / f"{name.rpartition('.')[0]}.png") as picture:
            assert picture.size == upright.size
            assert picture.mode == ("RGBA" if name == "transparent.png" else "RGB")
            assert np.abs(lightness(picture) - lightness(upright)).max() < 0.3
            if picture.mode == "RGBA":
                assert np.array_equal(np.asarray(picture)[..., 3], np.asarray(upright)[..., 3])
            chroma.append(np.linalg.norm(rgb2lab(np.asarray(picture.convert("RGB")))[..., 1:], axis=-1).mean())
    with Image.open(colored / "sepia.png") as sepia:
        assert sepia.size == (height, width)
    assert min(chroma) > 3, "there is colour"


def test_a_folder_whose_name_no_system_takes_is_told_in_a_sentence(bench, make_run, tmp_path):
    make_run()
    folder = small_photographs(tmp_path / "album", 1)
    status, _, errors = bench("colorize", folder, "--run", "mine", "--output", "y" * 300)
    assert status == 2
    assert errors.startswith("error: ")
    assert "File name too long" in errors
    assert errors.count("\n") == 1


def test_nothing_is_overwritten_unasked(bench, make_run, tmp_path):
    run = make_run(["l1", "l2"])
    folder = small_photographs(tmp_path / "album", 2)
    call = ["colorize", folder, "--run", "mine"]
    assert bench(*call)[0] == 0
    target = tmp_path / "colorized" / "mine"
    before = {file: file.read_bytes() for file in target.rglob("*.png")}
    assert len(before) == 6
    cells = [folder_name(record) for record in run.records if record.loss]
    assert {file.parent.name for file in before} == {"sheets", *cells}

    small_photographs(folder, 3)
    status, _, errors = bench(*call)
    assert status == 2
    assert errors.startswith("error: 6 of the 9 files to write exist already, the first is colorized/mine/")
    assert errors.endswith("give --overwrite to replace them, or another folder with --output.\n")
    assert {file: file.read_bytes() for file in target.rglob("*.png")} == before

    assert bench(*call, "--overwrite", "--size", "48")[0] == 0
    after = {file: file.read_bytes() for file in target.rglob("*.png")}
    assert len(after) == 9
    assert all(after[file] != content for file, content in before.items()), "at another size other colours"
    assert bench(*call, "--output", tmp_path / "else")[0] == 0


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["--run", "none"], "No run 'none' in results: there are mine"),
        (["--run", "mine", "--best", "lpip"], "did you mean 'lpips'"),
        (["--run", "mine", "--cell", "xyz"], "no cell's id begins so"),
        (["--run", "mine", "--output", "/dev/null/x"], "choose another folder with --output"),
        (["--run", "mine", "none.jpg"], "There is no photograph or folder 'none.jpg'"),
        (["--run", "mine", ""], "One of the photographs is an empty text"),
        (["--run", "mine", "--best", ""], "Unknown metric ''"),
    ],
)
def test_wrong_calls_end_in_one_line_and_write_nothing(bench, make_run, tmp_path, arguments, problem):
    make_run()
    status, output, errors = bench("colorize", small_photographs(tmp_path / "album", 1), *arguments)
    assert (status, output) == (2, "")
    assert errors.startswith("error: ")
    assert problem in errors
    assert errors.count("\n") == 1
    assert not (tmp_path / "colorized").exists()


def test_the_best_is_named_and_alone_colours(bench, make_run, tmp_path):
    run = make_run(["l1", "l2"], metrics=lambda cell: _lpips(cell.loss and {"l1": 0.3, "l2": 0.2}[cell.loss.text]))
    folder = small_photographs(tmp_path / "album", 1)
    call = ["colorize", folder, "--run", tmp_path / "results" / "mine", "--best", "lpips", "--output", "out"]
    status, _, errors = bench(*call)
    [best] = [record for record in run.records if record.loss == "l2"]
    assert status == 0
    assert errors == (
        f"best lpips, 0.2: unet(n_down=2, num_filters=4), l2, synthetic-faces, seed 0 ({best.cell_id[:8]})\n"
    )
    assert {one.name for one in (tmp_path / "out").iterdir()} == {"sheets", folder_name(best)}


def _lpips(value):
    return {"lpips": Measurement(value=value, n=8, higher_is_better=False)}


def test_a_mode_without_a_way_to_colours_is_named_and_the_others_are_done(bench, make_run, tmp_path):
    make_run()
    folder = small_photographs(tmp_path / "album", 1)
    Image.new("LA", (20, 10)).save(folder / "odd.tif")
    # The tag of what a second channel is: grey that was multiplied by its opacity instead of an opacity beside it.
    extra_samples = struct.pack("<HHI", 338, 3, 1)
    content = (folder / "odd.tif").read_bytes()
    assert extra_samples + b"\2" in content
    (folder / "odd.tif").write_bytes(content.replace(extra_samples + b"\2", extra_samples + b"\1"))
    status, output, errors = bench("colorize", folder, "--run", "mine")
    assert status == 1
    assert output.startswith("1 photograph coloured by 1 cell, 1 could not be read")
    assert errors == f"not coloured: {folder / 'odd.tif'}: its colour mode La is not supported: save it as RGB\n"
    assert [file.name for file in (tmp_path / "colorized" / "mine" / "sheets").iterdir()] == ["000.png"]


@pytest.mark.parametrize("overwrite", [[], ["--overwrite"]])
def test_a_photograph_of_the_call_is_never_written_over(bench, make_run, tmp_path, overwrite):
    run = make_run()
    [record] = [one for one in run.records if one.loss]
    (tmp_path / "out").mkdir()
    album = small_photographs(tmp_path / "out" / folder_name(record), 1)
    before = (album / "000.png").read_bytes()
    status, _, errors = bench("colorize", album / "000.png", "--run", "mine", "--output", "out", *overwrite)
    assert status == 2
    assert "is a photograph of this call and would be written over: give another --output." in errors
    assert (album / "000.png").read_bytes() == before


def test_a_name_as_long_as_the_system_takes_is_written_under(bench, make_run, tmp_path):
    make_run()
    folder = small_photographs(tmp_path / "album", 2)
    (folder / "000.png").rename(folder / f"{'x' * 251}.png")
    status, _, errors = bench("colorize", folder, "--run", "mine")
    assert (status, errors) == (0, "")
    assert len(list((tmp_path / "colorized" / "mine" / "sheets").iterdir())) == 2


def test_a_name_that_gets_too_long_leaves_its_photograph_out(bench, make_run, tmp_path):
    make_run()
    folder = small_photographs(tmp_path / "album", 1)
    # Both would be called x...x.png, so that all go by their whole names.
    for suffix in ("jpg", "png"):
        Image.new("RGB", (40, 40), "red").save(folder / f"{'x' * 251}.{suffix}")
    status, output, errors = bench("colorize", folder, "--run", "mine")
    assert status == 1
    assert output.startswith("1 photograph coloured by 1 cell, 2 could not be read")
    assert errors.count("its name is too long to write a coloured file under it") == 2


BROKEN = """
from torch import nn
from registry import ARCHITECTURES

class Network(nn.Module):
    def __init__(self, how):
        super().__init__()
        self.how, self.layer = how, nn.Conv2d(1, 2, 1)
        if how != "unsized":
            self.size_multiple = 1

    def forward(self, lightness):
        if self.how == "raises":
            raise RuntimeError("no colour today")
        return self.layer(lightness)[:, :, ::2]

@ARCHITECTURES.register("broken")
def broken(how: str = "works"):
    "A network of one's own."
    if how == "exits":
        raise SystemExit(0)
    return Network(how)
"""


@pytest.mark.parametrize(
    ("how", "problem"),
    [
        ("exits", "of broken.py cannot be built: RuntimeError: sys.exit(0) was called."),
        ("unsized", "has no size_multiple: give the network that attribute"),
        ("raises", "of broken.py cannot colour a photograph: RuntimeError: no colour today."),
        ("halves", "of broken.py cannot colour a photograph: ValueError: The network gave (1, 2, 16, 48)"),
    ],
)
def test_a_network_of_ones_own_that_fails_is_named(bench, make_run, tmp_path, how, problem):
    (tmp_path / "broken.py").write_text(BROKEN)
    plugin = read_plugin(tmp_path / "broken.py")
    load_plugin(plugin)
    try:
        make_run(architecture=f"broken(how={how})", network=nn.Conv2d(1, 2, 1), prefix="layer.")
        folder = small_photographs(tmp_path / "album", 1)
        status, _, errors = bench("colorize", folder, "--run", "mine", "--size", "32")
    finally:
        unload_plugin(plugin)
    assert status == 2
    assert problem in errors
    assert errors.count("\n") == 1


def test_progress_counts_the_cells_of_every_photograph(make_run, tmp_path):
    run = make_run(["l1", "l2"])
    told = []
    display = Display(Console(file=io.StringIO()))
    display.task = lambda _: lambda done, total: told.append((done, total))
    choice = {"cells": [], "best": None, "output": tmp_path / "out", "size": None, "device": "cpu", "overwrite": False}
    outcome = colorize([small_photographs(tmp_path / "album", 2)], run.folder, **choice, display=display)
    assert (outcome.colored, outcome.unreadable, outcome.cells) == (2, 0, 2)
    assert told == [(0, 4), (1, 4), (2, 4), (2, 4), (3, 4), (4, 4)]


def test_a_full_disk_ends_in_a_sentence_and_leaves_no_half_file(bench, make_run, tmp_path, monkeypatch):
    make_run()
    folder = small_photographs(tmp_path / "album", 2)

    def fill(_, path, **__):
        path.write_bytes(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Image.Image, "save", fill)
    status, _, errors = bench("colorize", folder, "--run", "mine")
    assert status == 2
    assert "No space left on device; make room there" in errors
    assert not [file for file in (tmp_path / "colorized").rglob("*") if file.is_file()]


@pytest.mark.parametrize("how", [signal.SIGINT, pytest.param(signal.SIGTERM, marks=pytest.mark.slow)])
def test_an_interruption_keeps_whole_files_alone(make_run, tmp_path, how):
    make_run()
    small_photographs(tmp_path / "album", 40, (700, 500))
    process = subprocess.Popen(
        [sys.executable, "-m", "bench", "colorize", "album", "--run", "mine", "--output", "out"],
        cwd=tmp_path,
        env=os.environ,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    try:
        until(lambda: list((tmp_path / "out").rglob("0*.png")))
        process.send_signal(how)
        _, errors = process.communicate(timeout=120)
    finally:
        process.kill()
    assert process.returncode == 130
    assert errors == "interrupted: what was finished is kept; the same command with --overwrite does all.\n"
    files = [file for file in (tmp_path / "out").rglob("*") if file.is_file()]
    assert 1 <= len(files) < 80
    for file in files:
        with Image.open(file) as picture:
            assert file.suffix == ".png"
            picture.load()


def test_a_network_of_a_plugin_colours_with_the_plugin(bench, tmp_path, make_run):
    path = tmp_path / "net.py"
    path.write_text(
        "from registry import ARCHITECTURES\n"
        "from registry.architectures.unet import Unet\n"
        "@ARCHITECTURES.register('mine')\n"
        "def mine():\n"
        "    'A network of my own.'\n"
        "    return Unet(n_down=1, num_filters=2)\n"
    )
    plugin = read_plugin(path)
    load_plugin(plugin)
    make_run(architecture="mine")
    unload_plugin(plugin)
    folder = small_photographs(tmp_path / "album", 1)
    status, _, errors = bench("colorize", folder, "--run", "mine")
    assert status == 2
    assert "comes from a plugin: give --plugin again" in errors
    status, _, errors = bench("colorize", folder, "--run", "mine", "--plugin", path)
    unload_plugin(plugin)
    assert (status, errors) == (0, "")
