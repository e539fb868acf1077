"""Networks from L to ab, and baselines that need no training.

A network is an ``nn.Module`` from L in [-1, 1], ``(N, 1, H, W)``, to ab / 110, ``(N, 2, H, W)``. Its attribute
``size_multiple`` says which multiple of pixels H and W must be. A baseline is a `baselines.Baseline`.
"""

from typing import Any, Literal

from registry.catalogue import ARCHITECTURES

Weights = Literal["none", "imagenet"]


@ARCHITECTURES.register("unet")
def unet(
    n_down: int = 6,
    num_filters: int = 32,
    down: Literal["stride", "maxpool"] = "stride",
    dropout: float = 0.5,
) -> Any:
    """Custom U-Net: n_down halvings, num_filters widths doubling up to 8 times as many (Ronneberger 2015)."""
    from registry.architectures.unet import Unet

    return Unet(n_down=n_down, num_filters=num_filters, down=down, dropout=dropout)


@ARCHITECTURES.register("unet-resnet18")
def unet_resnet18(weights: Weights = "none") -> Any:
    """U-Net with a ResNet-18 encoder, from segmentation-models-pytorch."""
    return smp("resnet18", weights)


@ARCHITECTURES.register("unet-resnet34")
def unet_resnet34(weights: Weights = "none") -> Any:
    """U-Net with a ResNet-34 encoder, from segmentation-models-pytorch."""
    return smp("resnet34", weights)


@ARCHITECTURES.register("unet-resnet50")
def unet_resnet50(weights: Weights = "none") -> Any:
    """U-Net with a ResNet-50 encoder, from segmentation-models-pytorch."""
    return smp("resnet50", weights)


@ARCHITECTURES.register("smp")
def smp(encoder: str, weights: Weights = "none") -> Any:
    """U-Net with any encoder that segmentation-models-pytorch has."""
    from registry.architectures.segmentation_models import EncoderUnet

    return EncoderUnet(encoder, weights)


@ARCHITECTURES.register("grey", trained=False)
def grey() -> Any:
    """Baseline: no colour at all."""
    from registry.architectures.baselines import Grey

    return Grey()


@ARCHITECTURES.register("mean-color", trained=False)
def mean_color() -> Any:
    """Baseline: the training set's mean ab at every pixel."""
    from registry.architectures.baselines import MeanColor

    return MeanColor()


@ARCHITECTURES.register("color-table", trained=False)
def color_table(bins: int = 101) -> Any:
    """Baseline: a table from the lightness of a pixel to the training set's mean ab at it."""
    from registry.architectures.baselines import ColorTable

    return ColorTable(bins)


@ARCHITECTURES.register("ceiling", trained=False)
def ceiling() -> Any:
    """Ceiling: the true ab in whole Lab units, as 8-bit Lab files keep it."""
    from registry.architectures.baselines import Ceiling

    return Ceiling()
