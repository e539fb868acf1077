"""The page for a browser, read without one: it is whole, complete in itself, and says what the Markdown report says."""

import base64
import io
import json
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from html_checks import decoded, read_page
from page_checks import tables
from PIL import Image

from bench.commands.writing import write_report
from bench.report.html.page import html_page
from bench.report.lab import to_grey
from bench.report.page import content
from bench.report.render import read_formats, render_as
from bench.report.stored import StoredRun
from registry.errors import UserError

NASTY = "folder(path='<script>alert(1)</script> \"&amp; <img src=x onerror=alert(2)> </details> #side-by-side')"
ROOT = Path(__file__).parents[3]


@pytest.fixture
def without_figures(make_run, tmp_path):
    """A made-up run's page, for which nothing is drawn: that takes the longest."""

    def write(**keywords):
        return _write(make_run(**keywords), tmp_path)

    return write


def _write(folder, tmp_path):
    run = StoredRun(folder)
    path = tmp_path / "report.html"
    path.write_text(html_page(run, content(run, []), []), encoding="utf-8")
    return read_page(path), run


def _plain(text):
    return " ".join(text.split())


def test_it_has_the_tables_figures_and_headings_of_the_markdown_report(make_run, tmp_path):
    run = make_run(losses=("l1",), seeds=(0, 1))
    markdown, html = render_as(run, tmp_path / "report", ["md", "html"])
    page, text = read_page(html), markdown.read_text()
    assert [[list(map(_plain, row)) for row in one] for one in page.tables] == [
        [list(map(_plain, row)) for row in one] for one in tables(markdown)
    ]
    headings = re.findall(r"^##+ (.*)$", re.sub(r"```.*?```", "", text, flags=re.DOTALL), re.MULTILINE)
    assert [title.removesuffix(" #") for tag in ("h2", "h3") for title in page.texts[tag] if title] == [
        "Side by side",
        *(title for title in headings if not title.startswith("synthetic-")),
        *(title for title in headings if title.startswith("synthetic-")),
    ]
    assert len([one for one in page.values("src") if one]) == text.count("](figures/")
    assert len(page.texts["figcaption"]) == text.count("](figures/")
    assert page.texts["h1"] == ["Colorization benchmark: made-up"]


def test_pictures_are_the_stored_ones_pixel_for_pixel(without_figures):
    page, run = without_figures(losses=("l1", "l2"), n_test=12, sample_pictures=4)
    [shown] = page.pictures
    truth = run.true_samples("synthetic-faces")
    assert np.array_equal(decoded(shown["truth"]), np.concatenate(truth, axis=1))
    assert np.array_equal(decoded(shown["grey"]), np.concatenate(to_grey(truth), axis=1))
    assert shown["numbers"] == [0, 4, 7, 11]
    records = {(one.architecture, one.loss): one for one in run.records}
    assert [(cell["architecture"], cell["loss"]) for cell in shown["cells"]][:4] == [
        ("unet", "l1"),
        ("unet", "l2"),
        ("unet-resnet18", "l1"),
        ("unet-resnet18", "l2"),
    ]
    assert not any("as JPEG" in text for text in page.texts["p"])
    for cell in shown["cells"]:
        record = records[cell["architecture"], cell["loss"]]
        assert np.array_equal(decoded(cell["pictures"]), np.concatenate(run.samples(record), axis=1))
        assert cell["lpips"] == pytest.approx(run.per_image(record)["lpips"][[0, 4, 7, 11]].tolist(), abs=5e-5)


def test_large_pictures_are_kept_smaller_but_with_all_their_colour(without_figures):
    page, run = without_figures(architectures=("unet",), losses=("l1",), size=160, sample_pictures=2)
    [shown] = page.pictures
    for address in (shown["truth"], *(cell["pictures"] for cell in shown["cells"])):
        kind, _, data = address.partition(";base64,")
        assert kind == "data:image/jpeg"
        image = Image.open(io.BytesIO(base64.b64decode(data)))
        assert image.size == (320, 160)
        assert {factors[1:3] for factors in image.layer} == {(1, 1)}, "colour must not be subsampled"
    assert (
        np.abs(decoded(shown["truth"]).astype(float) - np.concatenate(run.true_samples("synthetic-faces"), 1)).mean()
        < 8
    )
    assert any("kept in the page as JPEG" in text for text in page.texts["p"])


def test_seeds_are_told_where_there_are_several(without_figures):
    page, _ = without_figures(seeds=(0, 3), baselines=("grey",), architectures=("unet",), losses=("l1",))
    [shown] = page.pictures
    assert [cell["seed"] for cell in shown["cells"]] == [0, 3, None]


def test_names_with_markup_stay_text(without_figures):
    page, _ = without_figures(
        name="<script>run", architectures=(NASTY, "</script>"), losses=("<u>l1</u>", "l2"), datasets=(NASTY,)
    )
    assert len(page.texts["script"]) == 2
    assert _plain(page.texts["h1"][0]) == "Colorization benchmark: <script>run"
    scores = next(one for one in page.tables if one[0][:2] == ["architecture", "loss"])
    assert scores[1][:2] == [NASTY, "<u>l1</u>"]
    assert NASTY in page.texts["h3"][0]
    assert page.pictures[0]["name"] == page.pictures[0]["cells"][0]["architecture"] == NASTY


def test_markup_in_a_failure_stays_text(make_run, tmp_path):
    run = make_run(status=lambda a, *_: "failed" if a == "unet" else "completed")
    for path in run.glob("cells/*/record.json"):
        record = json.loads(path.read_text())
        if record["status"] == "failed":
            trace = "````\n</details>\n<script>alert(1)</script>\n\n<img src=x onerror=alert(2)>\n"
            record["error"] |= {"message": "<img src=x onerror=alert(3)> <details>", "traceback": trace}
            path.write_text(json.dumps(record))
    page, _ = _write(run, tmp_path)
    assert any("<script>alert(1)</script>" in text for text in page.texts["pre"])
    assert any("ValueError: <img src=x onerror=alert(3)> <details>" in text for text in page.texts["li"])


def test_what_did_not_complete_is_a_hole_in_the_comparison(without_figures):
    page, _ = without_figures(status=lambda a, loss, *_: "failed" if (a, loss) == ("unet", "l2") else "completed")
    [shown] = page.pictures
    holes = [cell for cell in shown["cells"] if cell["pictures"] is None]
    assert [(cell["architecture"], cell["loss"], cell["missing"]) for cell in holes] == [("unet", "l2", "failed")]


@pytest.mark.parametrize("ended", ["failed", "skipped", "missing"])
def test_a_run_without_a_completed_cell_has_a_page(without_figures, ended):
    page, _ = without_figures(status=lambda *_: ended)
    assert {cell["missing"] for shown in page.pictures for cell in shown["cells"]} <= {ended}


def test_a_run_without_stored_pictures_has_a_page_without_the_comparison(make_run, tmp_path):
    run = make_run()
    for path in run.glob("datasets/*/truth.png"):
        path.unlink()
    page, _ = _write(run, tmp_path)
    assert page.pictures == []
    assert not any(title.startswith("Side by side") for title in page.texts["h2"])


def test_the_page_alone_leaves_nothing_beside_it_and_replaces_an_older_one(make_run, tmp_path):
    run, output = make_run(architectures=("unet",), losses=("l1",)), tmp_path / "report"
    first = render_as(run, output, ["html"])[0].read_text()
    assert render_as(run, output, ["html"])[0].read_text() == first
    assert [path.name for path in output.iterdir()] == ["report.html"]


def test_a_run_that_goes_on_writes_its_page_for_a_browser_again_where_there_is_one(make_run, tmp_path):
    run, reports = make_run(architectures=("unet",), losses=("l1",)), tmp_path / "reports"
    write_report(run, reports)
    page = reports / run.name / "report.html"
    assert not page.exists()
    render_as(run, page.parent, ["html"])
    whole = page.read_text()
    page.write_text(whole.replace("unet", "earlier"))
    write_report(run, reports)
    assert page.read_text() == whole
    page.write_text("My own page.")
    write_report(run, reports)
    assert page.read_text() == "My own page."


def test_a_foreign_page_is_not_overwritten(make_run, tmp_path):
    (tmp_path / "report.html").write_bytes(b"<!doctype html>\n<title>My thesis \xff</title>")
    with pytest.raises(UserError, match=r"report\.html is not a report of this program"):
        render_as(make_run(), tmp_path, ["md", "html"])
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith("report")] == ["report.html"]


def test_formats_are_read():
    assert read_formats("md") == ["md"]
    assert read_formats("html, md,html") == ["html", "md"]
    for wrong in ("pdf", "", "md,", "HTML"):
        with pytest.raises(UserError, match=r"no report format .*; --format takes md or html or md,html\."):
            read_formats(wrong)


def test_the_command_writes_the_page_without_pytorch(make_run, tmp_path):
    code = (
        "import sys; from bench.cli import app\n"
        "try: app(sys.argv[1:])\n"
        "except SystemExit as end: assert not end.code, end.code\n"
        "assert 'torch' not in sys.modules, 'PyTorch was imported'"
    )
    call = ["report", str(make_run()), "--output", str(tmp_path / "out"), "--format", "md,html"]
    done = subprocess.run([sys.executable, "-c", code, *call], capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == [str(tmp_path / "out" / name) for name in ("report.md", "report.html")]
    read_page(tmp_path / "out" / "report.html")
