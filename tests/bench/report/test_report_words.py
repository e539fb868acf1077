import pytest
from markdown_it import MarkdownIt

from bench.report import markdown
from bench.report.legend import COLORS_RATIO, HEADLINES, LEGEND, RATIO, TABLE
from registry import METRICS


@pytest.mark.parametrize(
    "text", ["a|b", "*a*", "_a_", "<b>&amp;", "[a](b)", "`a`", "~~a~~", "snake_case_name", "a\\|b"]
)
@pytest.mark.parametrize("write", [markdown.escape, markdown.code])
def test_any_name_is_shown_as_it_is(text, write):
    table = markdown.table(["head", "other"], [[write(text), "x"]])
    tokens = MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(f"{table}\n")
    cell = [token for token in tokens if token.type == "inline"][2]
    assert "".join(part.content for part in cell.children if part.type in ("text", "code_inline")) == text


def test_lists_read_well():
    assert markdown.join([]) == ""
    assert markdown.join(["a"]) == "a"
    assert markdown.join(["a", "b", "c"]) == "a, b and c"
    assert markdown.count(1, "loss", "losses") == "1 loss"
    assert markdown.count(1200, "cell") == "1,200 cells"


def test_names_in_prose_are_in_code_type_and_all_else_is_escaped():
    assert markdown.prose("the share `imbalance` of *all*, which") == "the share `imbalance` of &#42;all&#42;, which"
    assert markdown.prose("one ` alone") == "one &#96; alone"


def test_the_legend_describes_every_metric_as_it_is_measured():
    assert set(LEGEND) == {*METRICS, RATIO, COLORS_RATIO}
    assert {*HEADLINES, *TABLE} <= set(LEGEND)
    for name in METRICS:
        measured, told = METRICS[name].factory(), LEGEND[name]
        assert (told.unit, told.best) == (measured.unit, measured.best), name
