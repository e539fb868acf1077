"""LaTeX tables, read back by a parser of LaTeX that takes nothing amiss in silence, and compiled where there is one."""

import json
import re
import shutil
import statistics
import subprocess

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pylatexenc.latex2text import LatexNodes2Text, MacroTextSpec, get_default_latex_context_db
from pylatexenc.latexwalker import LatexEnvironmentNode, LatexWalker

from bench.export.latex import escape, latex_tables
from bench.report.entries import collect
from bench.report.stored import StoredRun
from bench.report.tables import column
from registry.errors import UserError

ODD = ("unet(n_down=4, num_filters=8)", r"smp(encoder=a\b{c}_d%~^|&#$)")


def _export(folder, *arguments):
    return latex_tables(StoredRun(folder), *arguments)


def _environments(text):
    """Of tables: the parser raises where braces or environments are not closed."""
    nodes, _, _ = LatexWalker(text, tolerant_parsing=False).get_latex_nodes()
    found = [node for node in nodes if node.isNodeType(LatexEnvironmentNode)]
    assert [node.environmentname for node in found] == ["table"] * len(found)
    return found


def _inner(environment, name):
    [one] = [
        node for node in environment.nodelist if node.isNodeType(LatexEnvironmentNode) and node.environmentname == name
    ]
    return one


def _rows(environment):
    """Rows of cells, as they are written; every row must have as many cells as there are columns."""
    specification, *body, _ = _inner(environment, "tabular").latex_verbatim().splitlines()
    lines = [line.strip() for line in body]
    rules = [line for line in lines if re.fullmatch(r"\\(top|mid|bottom)rule|\\addlinespace", line)]
    assert (rules[0], rules[-1]) == (r"\toprule", r"\bottomrule")
    rows = [line for line in lines if line and line not in rules]
    assert all(row.endswith(r" \\") for row in rows)
    cells = [[cell.strip() for cell in re.split(r"(?<!\\)&", row.removesuffix(r"\\"))] for row in rows]
    columns = len(re.fullmatch(r"\\begin\{tabular\}\{@\{\}(l+r+)@\{\}\}", specification)[1])
    assert {len(row) for row in cells} == {columns}
    return cells


def _text(latex):
    known = get_default_latex_context_db()
    # As LaTeX prints them; the reader lacks some and takes the last for an accent.
    symbols = {"textless": "<", "textgreater": ">", "textbar": "|", "textasciicircum": "^"}
    more = [MacroTextSpec(name, letter) for name, letter in symbols.items()]
    known.add_context_category("symbols", macros=more, prepend=True)
    return LatexNodes2Text(latex_context=known).latex_to_text(latex)


def _numbers(cell):
    return [float(number) for number in re.findall(r"-?\d+\.\d+", cell)]


def test_every_value_stands_in_its_place_with_its_interval(make_run):
    run = make_run(datasets=("synthetic-faces", "synthetic-flowers"))
    environments = _environments(_export(run))
    assert len(environments) == 2
    for environment, entries in zip(environments, collect(StoredRun(run)).values(), strict=True):
        rows = _rows(environment)
        body = rows[2:-1]
        expected = [column(StoredRun(run), entries, name) for name in ("lpips", "colorfulness_ratio", "ab_imbalance")]
        ordered = [entry for entry in entries if entry.loss] + [entry for entry in entries if not entry.loss]
        architecture = None
        for entry, row in zip(ordered, body, strict=True):
            architecture = _text(row[0]) or architecture
            assert (architecture, _text(row[1])) == (entry.architecture, entry.loss or "–")
            for cell, one in zip(row[2:], expected, strict=True):
                [estimate] = [
                    value
                    for key, value in one.estimates.items()
                    if key.loss == entry.loss and key.architecture == entry.architecture
                ]
                assert _numbers(cell) == [round(estimate.value, one.decimals), round(estimate.half, one.decimals)]
        assert [_numbers(cell) for cell in rows[-1][2:]] == [[0.0], [1.0], [0.4]]


def test_the_best_trained_value_is_bold_and_the_second_underlined(make_run):
    def lpips(a, loss, *_):
        return {("unet", "l1"): 0.4, ("unet", "l2"): 0.3, ("unet-resnet18", "l1"): 0.2}.get(
            (a, loss), 0.9 if loss else 0.1
        )

    [environment] = _environments(_export(make_run(lpips=lpips), ["lpips"]))
    cells = [row[2] for row in _rows(environment)[2:-1]]
    assert [index for index, cell in enumerate(cells) if cell.startswith(r"$\mathbf{0.200}")] == [2]
    assert [index for index, cell in enumerate(cells) if cell.startswith(r"$\underline{0.300}")] == [1]
    assert sum("{" in cell for cell in cells) == 2, "a reference, however good, takes no part"


def test_heads_have_arrows_and_the_caption_says_what_they_mean(make_run):
    text = _export(make_run(), ["lpips", "psnr", "ab_imbalance"])
    [environment] = _environments(text)
    heads, goals = _rows(environment)[:2]
    assert heads == ["Architecture", "Loss", "LPIPS", "PSNR (dB)", "ab imbalance"]
    assert goals == ["", "", r"$\downarrow$", r"$\uparrow$", r"$\to$ truth"]
    for words in (
        "lower is better",
        "higher is better",
        "best is nearest to what follows",
        "interval over test pictures",
    ):
        assert words in text


def test_deviations_over_seeds_stand_in_brackets(make_run):
    values = {0: 0.10, 1: 0.14, 2: 0.12}
    run = make_run(seeds=tuple(values), losses=("l1",), lpips=lambda _, loss, __, seed: values[seed] if loss else 0.9)
    text = _export(run, ["lpips"], "seeds")
    [environment] = _environments(text)
    rows = _rows(environment)[2:]
    assert _numbers(rows[0][2]) == pytest.approx([statistics.mean(values.values()), statistics.stdev(values.values())])
    assert rows[0][2] == r"$\mathbf{0.120}$ ($0.020$)"
    assert rows[2][2] == "$0.900$", "a reference has no seeds"
    assert "Means over the seeds 0, 1 and 2, with standard deviations over seeds in brackets." in text


def test_an_interval_over_seeds_is_said_to_be_one(make_run):
    assert r"Means over the seeds 0 and 1, $\pm$ half of the 95\,\% interval over seeds and test pictures." in _export(
        make_run(seeds=(0, 1)), ["lpips"]
    )


def test_rows_that_did_not_complete_say_so(make_run):
    run = make_run(
        seeds=(0, 1), status=lambda a, loss, _, seed: "failed" if loss == "l2" and seed + (a == "unet") else "completed"
    )
    [environment] = _environments(_export(run))
    rows = {(_text(row[1])): row for row in _rows(environment)[2:6]}
    assert rows["l2 (failed)"][2:] == ["--"] * 3
    assert rows["l2 (1 of 2 seeds)"][2] != "--"


def test_odd_names_come_back_as_they_were(make_run):
    text = _export(make_run("odd_name%", architectures=ODD, datasets=("folder(path=a_b/c&d)",)))
    [environment] = _environments(text)
    assert [_text(row[0]) for row in _rows(environment)[2:6] if row[0]] == list(ODD)
    [label] = re.findall(r"\\label\{(.*)\}", text)
    assert re.fullmatch(r"tab:[A-Za-z0-9-]+", label)


@example("a--b---c")
@given(st.text(st.characters(min_codepoint=33, max_codepoint=126, exclude_characters="`'\"?!,"), min_size=1))
def test_escaped_text_prints_as_it_was(text):
    LatexWalker(escape(text), tolerant_parsing=False).get_latex_nodes()
    assert _text(escape(text)) == text


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((["beauty"],), "--metric 'beauty': no cell has it"),
        (((), "seeds"), "--spread seeds: no row of the run made-up has two seeds"),
    ],
)
def test_what_cannot_be_shown_is_refused(make_run, arguments, message):
    with pytest.raises(UserError, match=message):
        _export(make_run(), *arguments)


def test_a_run_without_completed_cells_is_refused(make_run):
    with pytest.raises(UserError, match="nothing for a table"):
        _export(make_run(status=lambda *_: "failed"))


def test_one_number_in_the_records_changes_the_table(make_run):
    run = make_run()
    before = _export(run)
    for path in run.glob("cells/*/record.json"):
        record = json.loads(path.read_text())
        if (record["architecture"], record["loss"]) == ("unet-resnet18", "l2"):
            record["metrics"]["lpips"]["value"] = 0.01
            path.write_text(json.dumps(record))
    after = _export(run)
    assert r"\mathbf{0.010}" not in before
    assert r"\mathbf{0.010}" in after


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="pdflatex is not installed")
def test_it_compiles_with_booktabs_alone(make_run, tmp_path):
    run = make_run(architectures=ODD, losses=("l1", "l1 + 0.1*vgg"), seeds=(0, 1))
    tables = _export(run, ["lpips", "psnr", "ab_imbalance", "colorfulness_ratio"]) + _export(run, (), "seeds")
    document = f"\\documentclass{{article}}\n\\usepackage{{booktabs}}\n\\begin{{document}}\n{tables}\\end{{document}}\n"
    (tmp_path / "paper.tex").write_text(document)
    call = ["pdflatex", "-halt-on-error", "-interaction=nonstopmode", "paper.tex"]
    done = subprocess.run(call, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    assert (tmp_path / "paper.pdf").stat().st_size > 1000
