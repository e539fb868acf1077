"""All figures of made-up runs: they exist, can be read, and say what the numbers say."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import matplotlib
import numpy as np
import pytest
from PIL import Image

from bench.report.figures import draw_figures
from bench.report.stored import StoredRun

KINDS = {"headline", "shares", "comparison", "curves", "colors", "cost", "distribution", "pictures"}
LONG = "l1 + 0.5*saturation(target=truth) + 0.25*histogram(bins=10, smooth=true)"


def drawn(run: Path, tmp_path: Path):
    return draw_figures(StoredRun(run), tmp_path / "figures")


def check(figures) -> None:
    assert len({figure.path for figure in figures}) == len(figures)
    for figure in figures:
        with Image.open(figure.path) as image:
            pixels = np.asarray(image.convert("RGB"))
        assert 200 <= pixels.shape[1] <= 1800, figure.path.name
        assert 100 <= pixels.shape[0] <= 3000, figure.path.name
        assert pixels.std() > 5, f"{figure.path.name} is empty"
        assert figure.path.name.isascii()
        assert " " not in figure.path.name
        assert figure.title
        assert figure.caption.endswith(".")
        assert figure.alt.endswith(".")


def test_a_whole_run_has_every_kind_for_every_data_set(make_run, tmp_path):
    figures = drawn(make_run(datasets=["synthetic-faces", "synthetic-flowers"]), tmp_path)
    check(figures)
    for dataset in ("synthetic-faces", "synthetic-flowers"):
        assert {figure.section for figure in figures if figure.dataset == dataset} == KINDS


def test_alt_texts_name_the_best_cell_with_its_number(make_run, tmp_path):
    figures = drawn(
        make_run(lpips=lambda a, loss, *_: 0.123 if (a, loss) == ("unet-resnet18", "l2") else 0.4), tmp_path
    )
    alt = {figure.section: figure.alt for figure in figures}
    assert "LPIPS: best 0.123 (unet-resnet18, l2)" in alt["headline"]
    assert figures[0].title == "unet-resnet18 on synthetic-faces"
    assert "unet-resnet18 · l2 0.123" in next(one.alt for one in figures if one.title.startswith("LPIPS of each"))
    assert "unet-resnet18 with l2 (LPIPS 0.123" in alt["cost"]
    assert "truth" in alt["colors"]


def test_holes_are_named_and_nothing_else_is_lost(make_run, tmp_path):
    ends = {("unet", "l2"): "failed", ("unet-resnet18", "l1"): "skipped", ("unet-resnet18", "vgg"): "missing"}
    run = make_run(losses=["l1", "l2", "vgg"], status=lambda a, loss, *_: ends.get((a, loss), "completed"))
    figures = drawn(run, tmp_path)
    check(figures)
    # Without a table of two by two cells there are no shares.
    assert {figure.section for figure in figures} == KINDS - {"shares"}
    sheet = next(figure for figure in figures if figure.title == "unet on synthetic-faces")
    assert "Without pictures: l2." in sheet.alt


def test_seeds_are_averaged(make_run, tmp_path):
    run = make_run(seeds=[0, 1], lpips=lambda *cell: 0.2 + 0.1 * (cell[3] or 0) + (cell[1] == "l2"))
    figures = drawn(run, tmp_path)
    check(figures)
    assert any("best 0.250 (unet, l1)" in figure.alt for figure in figures if figure.section == "headline")


@pytest.mark.parametrize("epochs", [1, 3])
def test_one_cell_has_figures_but_no_comparison_of_costs(make_run, tmp_path, epochs):
    figures = drawn(make_run(architectures=["unet"], losses=["l1"], baselines=[], epochs=epochs), tmp_path)
    check(figures)
    assert {figure.section for figure in figures} == KINDS - {"cost", "shares", "comparison"}
    assert any(figure.title.startswith("Early") for figure in figures) == (epochs > 1)


@pytest.mark.parametrize("keywords", [{"architectures": ["grey"], "losses": []}, {"status": lambda *_: "failed"}])
def test_nothing_to_compare_gives_no_figure(make_run, tmp_path, keywords):
    assert drawn(make_run(**keywords), tmp_path) == []
    assert not (tmp_path / "figures").exists()


def test_a_run_of_which_nothing_ended_yet_gives_no_figure(make_run, tmp_path):
    assert drawn(make_run(status=lambda *_: "missing"), tmp_path) == []


def test_strange_and_long_names_and_many_losses(make_run, tmp_path):
    losses = ["$x_1$*a", "a|b<b>`c`", LONG, *(f"loss{n}" for n in range(9))]
    figures = drawn(make_run(architectures=["unet"], losses=losses, datasets=["folder(path=/a b/ü|<i>$_$)"]), tmp_path)
    check(figures)
    assert sum(figure.path.name.startswith("curves-") for figure in figures) == 3


def test_figures_leave_matplotlib_as_it_was_and_need_no_torch(make_run, tmp_path):
    before = dict(matplotlib.rcParams)
    run = make_run()
    drawn(run, tmp_path)
    assert dict(matplotlib.rcParams) == before
    code = (
        "import sys; from pathlib import Path; from bench.report.figures import draw_figures; "
        "from bench.report.stored import StoredRun; draw_figures(StoredRun(Path(sys.argv[1])), Path(sys.argv[2])); "
        "assert 'torch' not in sys.modules and 'matplotlib.backends.backend_tkagg' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code, str(run), str(tmp_path / "again")], check=True)


def test_a_second_drawing_gives_the_same_bytes(make_run, tmp_path):
    run = make_run()
    first = {figure.path.name: figure.path.read_bytes() for figure in drawn(run, tmp_path)}
    second = {figure.path.name: figure.path.read_bytes() for figure in drawn(run, tmp_path)}
    assert first == second
