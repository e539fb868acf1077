"""The reference of the metrics says what reports say."""

import re
from pathlib import Path

import pytest

from bench.report.legend import LEGEND
from bench.report.metrics_page import WORKS, metrics_page
from registry import METRICS

PAGE = Path(__file__).parents[3] / "docs" / "metrics.md"


def test_the_page_is_the_one_that_the_legend_gives():
    assert PAGE.read_text(encoding="utf-8") == metrics_page(), (
        "the legend has changed: run `python -m bench.report.metrics_page > docs/metrics.md`"
    )


@pytest.mark.parametrize("name", METRICS)
def test_every_metric_has_its_section(name):
    sections = re.split(r"^## ", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)
    (section,) = [one for one in sections if f"**Name:** `{name}`" in one]
    for line in ("Formula", "Values", "Source", "How to misread it"):
        assert re.search(rf"^- \*\*{line}:\*\* \S", section, re.MULTILINE), line


def test_every_work_that_a_metric_names_is_told_in_full_and_no_other():
    named = {work for one in LEGEND.values() for work in re.findall(r"[A-Z][\w ]+(?:et al\. )?[\d-]*\d{4}", one.source)}
    # "CIE 142-2001" and "Wang et al. 2004", without what stands before them in a sentence.
    assert named == set(WORKS)
