"""``python -m bench compare`` as it is called."""

import subprocess
import sys
from pathlib import Path

import pytest

from bench.cli import main

ROOT = Path(__file__).parents[3]


@pytest.fixture
def compare(monkeypatch, capsys):
    """Call it; gives exit status, output and errors."""

    def call(*arguments):
        monkeypatch.setattr(sys, "argv", ["bench", "compare", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        return ended.value.code, *capsys.readouterr()

    return call


@pytest.fixture
def runs(make_run, tmp_path, monkeypatch):
    """The folder, which is the current one, of runs a and b, of which b is worse by 0.02."""

    def lpips(shift):
        return lambda _, loss, *__: 0.9 if loss is None else 0.2 + shift

    make_run("a", lpips=lpips(0))
    make_run("b", lpips=lpips(0.02))
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("gates", "status"),
    [
        ([], 0),
        (["lpips > +0.03"], 0),
        (["lpips > +0.01"], 1),
        (["lpips > 9%"], 1),
        (["lpips > 11%"], 0),
        (["mean lpips > 0.01"], 1),
        (["lpips > 0.03", "lpips >= 0"], 1),
    ],
)
@pytest.mark.usefixtures("runs")
def test_a_gate_gives_its_exit_status(compare, gates, status):
    ended, output, errors = compare("a", "b", *(part for gate in gates for part in ("--fail-if", gate)))
    assert ended == status
    assert output.startswith("# Comparison of runs: a → b\n")
    assert errors.startswith("tripped: ") if status else errors == ""


@pytest.mark.usefixtures("runs")
def test_what_tripped_is_said_in_a_line(compare):
    _, output, errors = compare("a", "b", "--fail-if", "lpips > 0.01")
    assert errors == "tripped: lpips > 0.01: +0.02 for unet with l1 on synthetic-faces, and 3 more\n"
    assert "- `lpips > 0.01` **tripped**\n  - +0.02 for `unet` with `l1`" in output


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["a", "b", "--fail-if", "lpips"], "error: --fail-if 'lpips' cannot be read"),
        (["a", "b", "--fail-if", "lpisp > 0"], "did you mean 'lpips'"),
        (["a", "b", "--metric", "beauty"], "error: --metric 'beauty': no cell has it"),
        (["a", "c"], "error: No run 'c' in results: there are a, b."),
        (["a", "b", "--output", "/dev/null/page.md"], "error: Cannot write to /dev/null"),
        (["a", "b", "--output", "own.md"], "is not a comparison of this program; choose another file"),
    ],
)
def test_a_wrong_call_ends_in_one_line_and_status_2(runs, compare, arguments, message):
    (runs / "own.md").write_text("# Mine\n")
    ended, output, errors = compare(*arguments)
    assert (ended, output) == (2, "")
    assert message in errors
    assert errors.count("\n") == 1
    assert (runs / "own.md").read_text() == "# Mine\n"


def test_the_page_goes_to_a_file_and_again_over_itself(runs, compare):
    _, page, _ = compare("results/a", "results/b")
    for _ in range(2):
        ended, output, _ = compare("results/a", "results/b", "--output", "pages/page.md")
        assert (ended, output) == (0, "pages/page.md\n")
        assert (runs / "pages" / "page.md").read_text() == page


def test_the_sample_run_with_itself_is_zero_everywhere_without_pytorch():
    code = (
        "import sys; from bench.cli import app\n"
        "try: app(sys.argv[1:])\n"
        "except SystemExit as end: assert not end.code, end.code\n"
        "assert not {'torch', 'matplotlib'} & set(sys.modules)"
    )
    gates = [part for sign in "<>" for part in ("--fail-if", f"lpips {sign} 0")]
    call = [sys.executable, "-c", code, "compare", "sample", "sample", *gates]
    done = subprocess.run(call, capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == 0, done.stderr
    rows = [line.split(" | ") for line in done.stdout.splitlines() if line.endswith("| the same |")]
    assert len(rows) == 3 * 32
    assert {tuple(row[5:7]) for row in rows} == {("0", "0 to 0")}
    assert "Nothing that the records say" in done.stdout
