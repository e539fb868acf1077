"""What each metric is: formula, range, source, and how it misleads."""

from __future__ import annotations

from dataclasses import dataclass

from bench.report.markdown import prose
from registry import METRICS

RATIO = "colorfulness_ratio"
COLORS_RATIO = "effective_colors_ratio"
HEADLINES = ("lpips", RATIO, "ab_imbalance")
TABLE = ("lpips", RATIO, "ab_imbalance", "skill", "chroma_ratio")


@dataclass(frozen=True)
class Metric:
    """A metric in words.

    Attributes:
        label: What tables call it.
        values: Range of the values, and what they mean.
        misleads: How a reader could be fooled by it.
        best: Value of a perfect prediction; None where it is the truth's own.
        unit: Empty for a pure number.
    """

    label: str
    formula: str
    values: str
    source: str
    misleads: str
    best: float | None = None
    unit: str = ""

    @property
    def title(self) -> str:
        """Label with unit."""
        return f"{self.label} ({self.unit})" if self.unit else self.label


_PROJECT = "this project"
LEGEND: dict[str, Metric] = {
    "lpips": Metric(
        "LPIPS",
        "weighted squared distance of AlexNet features (v0.1) of both pictures, averaged over places and layers",
        "0 (the same picture) to about 1",
        "Zhang et al. 2018",
        "A true L makes all values small: compare them with the grey baseline, not with values from other tasks. "
        "It forgives a wrong hue that looks natural, and it was learned on pictures larger than thumbnails.",
        best=0.0,
    ),
    "colorfulness": Metric(
        "colorfulness",
        "√(var rg + var yb) + 0.3 √(mean rg² + mean yb²), with rg = R − G and yb = (R + G)/2 − B in 0..255; mean "
        "over pictures",
        "0 grey, 15 slightly, 33 moderately, 59 quite, 109 extremely colourful; best is the truth's",
        "Hasler and Süsstrunk 2003",
        "It does not ask whether the colours are right. One sepia tone over a whole picture scores about 23, so "
        "it cannot see a collapse to the mean colour.",
    ),
    RATIO: Metric(
        "colorfulness ratio",
        "mean colorfulness of the predictions / mean colorfulness of the true pictures",
        "0 grey, 1 as colourful as the truth, above 1 gaudy",
        _PROJECT,
        "As colorfulness: a ratio of 1 with wrong colours is no success. Read it beside skill.",
        best=1.0,
    ),
    "ab_imbalance": Metric(
        "ab imbalance",
        "1 − H(p) / ln Q, with p the share of pixels in each of the Q = 261 ab bins of 10 Lab units that sRGB "
        "reaches, all test pictures together",
        "0 all colours equally often, 1 one single colour; best is the truth's",
        "normalised Shannon entropy; bins after Zhang et al. 2016",
        "The truth is itself uneven, so lower is not better: nearest to the truth is. It does not ask whether a "
        "colour is in the right place.",
    ),
    "skill": Metric(
        "skill",
        "1 − MSE / MSE of the training set's mean colour, on ab",
        "1 perfect, 0 no better than one constant colour (lazy), below 0 worse than that",
        "Murphy 1988",
        "It rewards averaging: where a colour cannot be known, the greyish mean of the guesses scores best.",
        best=1.0,
    ),
    "chroma_ratio": Metric(
        "chroma ratio",
        "mean distance from grey √(a² + b²) of the predictions / the same of the truth",
        "0 grey, 1 as far from grey as the truth",
        _PROJECT,
        "One constant colour can reach 1: read it beside the dispersion ratio.",
        best=1.0,
    ),
    "ab_mae": Metric(
        "ab MAE",
        "mean of |a − a'| and |b − b'| over pixels",
        "0 upwards; raw predictions, not clipped to what sRGB can show",
        "standard",
        "A greyish picture has a small error wherever the truth is greyish; its minimum is the median colour.",
        best=0.0,
        unit="Lab",
    ),
    "rare_ab_error": Metric(
        "rare colour error",
        "mean of |a − a'| and |b − b'| over the pixels whose true ab bin is rare, divided by that of grey; rare are "
        "the least frequent bins of the true test pictures that together hold at most a quarter of their pixels",
        "0 perfect, 1 as bad as grey, above 1 worse",
        "this project; bins after Zhang et al. 2016",
        "Rare in the test pictures, which need not be rare in training. Only a quarter of the pixels: a network that "
        "paints everything garish can do well here, so read it beside skill.",
        best=0.0,
    ),
    "ciede2000": Metric(
        "CIEDE2000",
        "mean colour difference ΔE00 of the pictures as they are seen",
        "0 upwards; about 1 is just noticeable",
        "CIE 142-2001; Sharma et al. 2005",
        "Made for patches side by side and differences below about 5; it rewards averaging as ab MAE does.",
        best=0.0,
        unit="dE00",
    ),
    "ab_effective_colors": Metric(
        "effective colours",
        "exp H(p) of the same ab bins",
        "1 one colour, up to 261; best is the truth's",
        "Hill 1973 (order 1)",
        "As ab imbalance, of which it is another form: wrong colours count as well as right ones.",
        unit="bins",
    ),
    COLORS_RATIO: Metric(
        "effective colours ratio",
        "effective colours of the predictions / those of the true pictures",
        "towards 0 a single colour, 1 as many colours as the truth",
        _PROJECT,
        "As effective colours: wrong ones count as well as right ones.",
        best=1.0,
    ),
    "ab_gini": Metric(
        "ab Gini",
        "Gini coefficient of the same ab bins",
        "0 all colours equally often, towards 1 one colour; best is the truth's",
        "Gini 1912",
        "Crowded near 1, because most bins are empty in any real picture.",
    ),
    "ab_js": Metric(
        "ab Jensen-Shannon",
        "Jensen-Shannon divergence of the predicted and the true ab bins, base 2",
        "0 the same colours equally often, 1 no colour in common",
        "Lin 1991",
        "Neighbouring bins count as wholly different, and places do not count at all.",
        best=0.0,
        unit="bit",
    ),
    "chroma": Metric(
        "chroma",
        "mean of √(a² + b²)",
        "0 grey; best is the truth's",
        "CIE 1976",
        "Says how much colour, not which.",
        unit="Lab",
    ),
    "dispersion_ratio": Metric(
        "dispersion ratio",
        "√(trace of the covariance of ab), prediction / truth",
        "0 one single colour, 1 as widely spread as the truth",
        _PROJECT,
        "Random colours reach 1 as well.",
        best=1.0,
    ),
    "constant_color_share": Metric(
        "constant colour share",
        "|mean ab|² / mean |ab|²",
        "0 colours balance each other, 1 one colour everywhere; best is the truth's",
        _PROJECT,
        "High for the truth too where a data set is mostly one colour; undefined for grey.",
    ),
    "psnr": Metric(
        "PSNR",
        "10 log10(1 / MSE) of RGB in 0..1, mean over pictures",
        "higher is nearer; at most 100",
        "standard",
        "High for everything, because the true L is shared; rewards averaging.",
        unit="dB",
    ),
    "ssim": Metric(
        "SSIM",
        "structural similarity, Gaussian window 11 × 11, sigma 1.5",
        "1 the same picture",
        "Wang et al. 2004",
        "Structure sits in L, which is shared: even grey pictures score high.",
        best=1.0,
    ),
    "out_of_gamut": Metric(
        "out of gamut",
        "share of pixels whose predicted colour sRGB cannot show",
        "0 to 1",
        _PROJECT,
        "Not an error in itself: the clipped colour may look right.",
        best=0.0,
    ),
}


def metric(name: str, stored: str | None = None) -> Metric:
    """A metric in words; one that came from elsewhere has its description, as it is known here or was stored."""
    if name in LEGEND:
        return LEGEND[name]
    unknown = "not described here"
    known = METRICS[name].description if name in METRICS else stored
    return Metric(name.replace("_", " "), prose(known) if known else unknown, unknown, unknown, unknown)
