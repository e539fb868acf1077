"""The page as a whole: its numbers, its words, and where it is written."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from page_checks import check, tables

from bench.report.legend import LEGEND, RATIO
from bench.report.render import render


def test_a_run_has_tables_pictures_and_links_that_hold(page):
    path = page(datasets=("synthetic-faces", "synthetic-flowers"))
    assert path.name == "report.md"
    assert check(path) > 4


def test_numbers_equal_those_in_results_csv(page, tmp_path):
    path = page()
    stored = pd.read_csv(tmp_path / "results" / "made-up" / "results.csv")
    header, *rows = next(one for one in tables(path) if one[0][:2] == ["architecture", "loss"])
    names = {f"{one.title}": name for name, one in LEGEND.items()}
    compared = 0
    for row in rows:
        if row[0] == "truth":
            continue
        loss = stored.loss.isna() if row[1] == "–" else stored.loss == row[1]
        record = stored[(stored.architecture == row[0]) & loss].iloc[0]
        for head, shown in zip(header[2:], row[2:], strict=True):
            name = names[head.rsplit(" ", 2 if "→" in head else 1)[0]]
            value = record.colorfulness / record.colorfulness_truth if name == RATIO else record[name]
            number, _, error = shown.partition("\u00a0±\u00a0")
            decimals = len(number.partition(".")[2])
            assert number == f"{value:.{decimals}f}"
            if error and f"{name}_stderr" in record and record[f"{name}_stderr"] == record[f"{name}_stderr"]:
                # t(0.975; 11) = 2.201 for twelve pictures.
                assert float(error) == pytest.approx(2.201 * record[f"{name}_stderr"], abs=10.0**-decimals)
            compared += 1
    assert compared == 8 * len(header[2:])


def test_best_is_bold_second_underlined_references_italic(page):
    text = page().read_text()
    row = next(line for line in text.splitlines() if line.startswith("| unet | l1 |"))
    assert row.startswith("| unet | l1 | **0.1")
    assert "| unet | l2 | <u>0.1" in text
    assert re.search(r"\| \*color-table\* \| – \| \*0\.8", text)


def test_exactly_equal_rows_share_a_place(page):
    def lpips(_architecture, loss, *_):
        return 0.9 if loss is None else {"l1": 0.1, "l2": 0.1, "huber": 0.2, "vgg": 0.3}[loss]

    text = page(architectures=("unet",), losses=("l1", "l2", "huber", "vgg"), lpips=lpips).read_text()
    assert [row[2][:2] for row in _trained(text)] == ["**", "**", "0.", "0."]


def _trained(text):
    lines = text[text.index("| architecture | loss | LPIPS") :].split("\n\n")[0].splitlines()[2:]
    return [row for line in lines if not (row := line.strip("| ").split(" | "))[0].startswith("*")]


def test_every_column_has_a_direction(page):
    for table in tables(page()):
        if table[0][:2] == ["architecture", "loss"] and "best epoch" not in table[0]:
            assert all(re.search(r"[↓↑→]", head) for head in table[0][2:])


def test_one_seed_makes_no_claim_beyond_itself(page):
    assert "no claim beyond these pictures and this seed is possible" in page().read_text()


def test_several_seeds_are_means_over_seeds(page):
    text = page(seeds=(0, 1)).read_text()
    assert "Values are means over the seeds 0 and 1" in text
    assert "half of a 95 % interval over seeds and test pictures" in text


def test_the_answer_comes_first_then_pictures_then_tables(page):
    text = page(datasets=("synthetic-faces", "synthetic-flowers")).read_text()
    places = [
        text.index(part) for part in ("Compared here", "**LPIPS**", "no claim beyond", "![", "## Tables", "## How")
    ]
    assert places == sorted(places)
    assert text.index("![Heat maps") < text.index("## Tables")


def test_more_of_the_same_is_folded(page):
    text = page().read_text()
    sheets = re.findall(r"(<details>\n<summary>[^\n]*</summary>\n\n)?(?:\*\*[^\n]*\*\*\n\n)?!\[Sheet", text)
    assert sheets[0] == ""
    assert any(sheets)


def test_names_are_explained_with_their_parameters(page):
    text = page(
        architectures=("unet", "smp(encoder=resnet18, weights=imagenet)"), losses=("l1 + 0.1*vgg", "x")
    ).read_text()
    assert "n_down = 6" in text
    assert "Starts from weights trained on the photographs of ImageNet." in text
    assert "0.1 × `vgg`: Distance of VGG16 features" in text
    assert "| loss | `x` | not known to this installation |" in text
    assert re.search(r"`synthetic-faces` \(drawn by the program, \d+ × \d+ pixels, 12 test pictures\)", text)


def test_what_this_installation_lacks_is_explained_as_the_records_have_it(make_run, tmp_path):
    run = make_run("own", losses=("l1", "vivid(strength=2)", "0.5*l2 + vivid"))
    for path in run.glob("cells/*/record.json"):
        record = json.loads(path.read_text())
        if record["loss"] and "vivid" in record["loss"]:
            record["descriptions"] = {"loss vivid": "L1 that counts colour more", "metric lpips": "not asked for"}
            path.write_text(json.dumps(record))
    text = render(run, tmp_path / "report").read_text()
    assert "| loss | `vivid(strength=2)` | L1 that counts colour more With strength=2. |" in text
    assert "| loss | `0.5*l2 + vivid` | `vivid`: L1 that counts colour more |" in text


def test_the_best_epoch_stands_beside_what_training_on_did(page, make_run, tmp_path):
    text = page().read_text()
    assert "4 of 4 cells trained on past the best epoch by validation loss" in text
    run = make_run("one-epoch", epochs=1)
    assert "best epoch by validation" not in render(run, tmp_path / "other").read_text()


def test_the_split_hash_says_what_it_covers(page):
    text = page(datasets=("synthetic-faces", "synthetic-flowers")).read_text()
    assert "Data sets whose pictures have the same names share it." in text


def test_cells_that_ran_at_once_are_said(page):
    assert "up to 8 cells at once" in page().read_text()


def test_an_older_report_is_replaced(make_run, tmp_path):
    run, output = make_run(), tmp_path / "report"
    output.mkdir()
    (output / "notes.txt").write_text("mine")
    render(run, output)
    before = (output / "report.md").read_text()
    render(run, output)
    assert (output / "report.md").read_text() == before
    assert sorted(path.name for path in output.iterdir()) == ["figures", "notes.txt", "report.md"]


def test_the_commands_are_those_of_the_run(page):
    text = page(name="two words").read_text()
    assert "python -m bench run --grid 'results/two words/grid.yaml' --name 'two words'" in text
    assert "python -m bench report 'two words'" in text


def test_no_pytorch_on_the_way_of_the_report(make_run, tmp_path):
    run = make_run()
    code = (
        "import sys; from bench.cli import app\n"
        "try: app(sys.argv[1:])\n"
        "except SystemExit as end: assert not end.code, end.code\n"
        "assert 'torch' not in sys.modules, 'PyTorch was imported'"
    )
    call = [sys.executable, "-c", code, "report", str(run), "--output", str(tmp_path / "report")]
    done = subprocess.run(call, capture_output=True, text=True, cwd=Path(__file__).parents[3], check=False)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "report" / "report.md").is_file()


def test_a_plugin_is_named_and_stands_in_the_call_that_makes_the_run_again(make_run, tmp_path):
    folder = make_run()
    for path in folder.glob("cells/*/record.json"):
        record = json.loads(path.read_text())
        if record["loss"]:
            record["plugins"] = {"my loss.py": "0123456789abcdef", "colour-losses": "1.2 fedcba9876543210"}
            path.write_text(json.dumps(record))
    page = render(folder, tmp_path / "report").read_text()
    [call] = [line for line in page.splitlines() if line.startswith("python -m bench run")]
    assert call.endswith("--plugin 'my loss.py'")
    assert "| Plugins | `colour-losses` (1.2 fedcba987654), `my loss.py` (0123456789ab) |" in page
