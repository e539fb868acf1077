"""Metrics of predicted pictures on the test set; formulas and sources stand with each class."""

from typing import Any

from registry.catalogue import METRICS


@METRICS.register("lpips")
def lpips() -> Any:
    """Perceptual distance by AlexNet features, v0.1 (Zhang et al. 2018)."""
    from registry.metrics.lpips import Lpips

    return Lpips()


@METRICS.register("colorfulness")
def colorfulness() -> Any:
    """Colorfulness M3 of the viewed picture (Hasler and Suesstrunk 2003)."""
    from registry.metrics.colorfulness import Colorfulness

    return Colorfulness()


@METRICS.register("ab_imbalance")
def ab_imbalance() -> Any:
    """1 - H(p) / ln Q of the pooled ab histogram: 0 is even, 1 is one colour."""
    from registry.metrics.ab_histogram import AbImbalance

    return AbImbalance()


@METRICS.register("ab_effective_colors")
def ab_effective_colors() -> Any:
    """exp(H(p)) of the pooled ab histogram: how many equally frequent bins are as diverse."""
    from registry.metrics.ab_histogram import AbEffectiveColors

    return AbEffectiveColors()


@METRICS.register("ab_gini")
def ab_gini() -> Any:
    """Gini coefficient of the pooled ab histogram: 0 is even, towards 1 is one colour."""
    from registry.metrics.ab_histogram import AbGini

    return AbGini()


@METRICS.register("ab_js")
def ab_js() -> Any:
    """Jensen-Shannon divergence in bits between the ab histograms of prediction and truth."""
    from registry.metrics.ab_histogram import AbJensenShannon

    return AbJensenShannon()


@METRICS.register("chroma")
def chroma() -> Any:
    """Mean distance from grey, E|ab|."""
    from registry.metrics.collapse import Chroma

    return Chroma()


@METRICS.register("chroma_ratio")
def chroma_ratio() -> Any:
    """Mean chroma of the prediction over that of the truth: 0 is grey, 1 is as colourful as the truth."""
    from registry.metrics.collapse import ChromaRatio

    return ChromaRatio()


@METRICS.register("dispersion_ratio")
def dispersion_ratio() -> Any:
    """Spread of ab round its mean, prediction over truth: 0 is a single colour."""
    from registry.metrics.collapse import DispersionRatio

    return DispersionRatio()


@METRICS.register("constant_color_share")
def constant_color_share() -> Any:
    """|E ab|^2 / E|ab|^2: the share of the colour that one constant ab carries."""
    from registry.metrics.collapse import ConstantColorShare

    return ConstantColorShare()


@METRICS.register("skill")
def skill() -> Any:
    """1 - MSE / MSE of the training set's mean colour: 0 is lazy, 1 is perfect."""
    from registry.metrics.collapse import Skill

    return Skill()


@METRICS.register("ab_mae")
def ab_mae() -> Any:
    """Mean absolute error of a and b."""
    from registry.metrics.fidelity import AbMae

    return AbMae()


@METRICS.register("rare_ab_error")
def rare_ab_error() -> Any:
    """Absolute error of a and b on the rarest quarter of the true colours, over that of grey."""
    from registry.metrics.rare_colors import RareAbError

    return RareAbError()


@METRICS.register("ciede2000")
def ciede2000() -> Any:
    """Mean colour difference CIEDE2000 (CIE 142-2001) of the viewed pictures."""
    from registry.metrics.fidelity import Ciede2000

    return Ciede2000()


@METRICS.register("psnr")
def psnr() -> Any:
    """Peak signal-to-noise ratio of the viewed picture; high, because the true L is shared."""
    from registry.metrics.fidelity import Psnr

    return Psnr()


@METRICS.register("ssim")
def ssim() -> Any:
    """Structural similarity of the viewed picture (Wang et al. 2004); high, because the true L is shared."""
    from registry.metrics.ssim import Ssim

    return Ssim()


@METRICS.register("out_of_gamut")
def out_of_gamut() -> Any:
    """Share of pixels whose predicted colour sRGB cannot show."""
    from registry.metrics.fidelity import OutOfGamut

    return OutOfGamut()
