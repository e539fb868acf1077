"""Losses: ``loss(prediction: Colors, target: Colors) -> scalar``, differentiable everywhere."""

from typing import Any, Literal

from registry.catalogue import LOSSES


@LOSSES.register("l1")
def l1() -> Any:
    """Mean absolute difference of ab / 110."""
    from registry.losses.pixel import L1

    return L1()


@LOSSES.register("l2")
def l2() -> Any:
    """Mean squared difference of ab / 110."""
    from registry.losses.pixel import L2

    return L2()


@LOSSES.register("huber")
def huber(delta: float = 10.0) -> Any:
    """Quadratic below delta, linear above (Huber 1964); delta in Lab units."""
    from registry.losses.pixel import Huber

    return Huber(delta)


@LOSSES.register("vgg")
def vgg(layers: tuple[str, ...] = ("relu1_2", "relu2_2", "relu3_3"), distance: Literal["l1", "l2"] = "l1") -> Any:
    """Distance of VGG16 features of the RGB pictures (Johnson et al. 2016)."""
    from registry.losses.perceptual import VggLoss

    return VggLoss(layers, distance)
