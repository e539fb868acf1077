"""The page ``docs/metrics.md``, made from the legend that reports have.

Write it again after a change of the legend: ``python -m bench.report.metrics_page > docs/metrics.md``.
"""

from __future__ import annotations

import sys

from bench.report.entries import RATIOS
from bench.report.legend import HEADLINES, LEGEND, Metric
from bench.report.markdown import code, escape, join, table
from bench.report.provenance import CONVENTIONS

WORKS = {
    "Gini 1912": "C. Gini: *Variabilità e mutabilità*. Bologna, 1912.",
    "CIE 1976": "CIE 15: *Colorimetry*, the CIE 1976 L\\*a\\*b\\* colour space.",
    "Hill 1973": "M. O. Hill: Diversity and evenness: a unifying notation and its consequences. *Ecology* 54(2), "
    "1973. [doi:10.2307/1934352](https://doi.org/10.2307/1934352)",
    "Murphy 1988": "A. H. Murphy: Skill scores based on the mean square error and their relationships to the "
    "correlation coefficient. *Monthly Weather Review* 116(12), 1988.",
    "Lin 1991": "J. Lin: Divergence measures based on the Shannon entropy. *IEEE Transactions on Information Theory* "
    "37(1), 1991. [doi:10.1109/18.61115](https://doi.org/10.1109/18.61115)",
    "CIE 142-2001": "CIE 142-2001: *Improvement to industrial colour-difference evaluation*.",
    "Hasler and Süsstrunk 2003": "D. Hasler, S. Süsstrunk: Measuring colourfulness in natural images. *Human Vision "
    "and Electronic Imaging VIII*, SPIE 5007, 2003. [doi:10.1117/12.477378](https://doi.org/10.1117/12.477378)",
    "Wang et al. 2004": "Z. Wang, A. C. Bovik, H. R. Sheikh, E. P. Simoncelli: Image quality assessment: from error "
    "visibility to structural similarity. *IEEE Transactions on Image Processing* 13(4), 2004. "
    "[doi:10.1109/TIP.2003.819861](https://doi.org/10.1109/TIP.2003.819861)",
    "Sharma et al. 2005": "G. Sharma, W. Wu, E. N. Dalal: The CIEDE2000 color-difference formula: implementation "
    "notes, supplementary test data, and mathematical observations. *Color Research and Application* 30(1), 2005. "
    "[doi:10.1002/col.20070](https://doi.org/10.1002/col.20070)",
    "Zhang et al. 2016": "R. Zhang, P. Isola, A. A. Efros: Colorful image colorization. *ECCV*, 2016. "
    "[arXiv:1603.08511](https://arxiv.org/abs/1603.08511)",
    "Zhang et al. 2018": "R. Zhang, P. Isola, A. A. Efros, E. Shechtman, O. Wang: The unreasonable effectiveness of "
    "deep features as a perceptual metric. *CVPR*, 2018. [arXiv:1801.03924](https://arxiv.org/abs/1801.03924)",
}
"""The works that the legend names as sources, by the way it names them, in the order of their years."""


def metrics_page() -> str:
    """The whole page, in Markdown."""
    return "\n\n".join([_head(), _overview(), *map(_section, LEGEND), _works()]) + "\n"


def _head() -> str:
    headlines = join([_link(LEGEND[name]) for name in HEADLINES])
    return "\n".join(
        [
            "<!-- Made from bench/report/legend.py by: python -m bench.report.metrics_page > docs/metrics.md -->",
            "",
            "# What the metrics measure, and how they mislead",
            "",
            f"No metric sees everything, so read several. A report leads with {headlines}; a metric without a unit is "
            "a pure number. References that are not trained (grey, the mean colour, a table from lightness to colour, "
            "and a ceiling) have the same metrics in every table: a value says little before it is compared with "
            "theirs. Where the best value is the truth's own, tables show that beside it.",
            "",
            "What holds for all of them:",
            "",
            *(f"- {escape(text)}" for text in CONVENTIONS),
        ]
    )


def _overview() -> str:
    rows = [[_link(one), code(name), escape(one.values)] for name, one in LEGEND.items()]
    ratios = join([f"{code(ratio)} is {code(of)} / {code(of + '_truth')}" for ratio, of in RATIOS.items()])
    names = f"Names are those of options and of the columns of {code('results.csv')}, in which {ratios}."
    return f"{names}\n\n{table(['metric', 'name', 'values'], rows)}"


def _section(name: str) -> str:
    one = LEGEND[name]
    lines = {
        "Name": code(name),
        "Formula": escape(one.formula),
        "Values": escape(one.values) + (f"; in {one.unit}" if one.unit else ""),
        "Source": escape(one.source),
        "How to misread it": escape(one.misleads),
    }
    return "\n".join([f"## {one.label}", "", *(f"- **{title}:** {text}" for title, text in lines.items())])


def _works() -> str:
    return "\n".join(["## Sources", "", *(f"- **{name}.** {work}" for name, work in WORKS.items())])


def _link(one: Metric) -> str:
    return f"[{one.label}](#{one.label.lower().replace(' ', '-')})"


if __name__ == "__main__":
    sys.stdout.buffer.write(metrics_page().encode())  # the same bytes on every system
