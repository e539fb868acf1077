"""Losses: ``loss(prediction: Colors, target: Colors) -> scalar``, differentiable everywhere."""

from typing import Annotated, Any, Literal

from registry.catalogue import LOSSES
from registry.spec import Nested, parse_component


class _LossSpec:
    """Pydantic's hook: text becomes the canonical spec of a loss."""

    @classmethod
    def __get_pydantic_core_schema__(cls, *_: Any) -> Any:
        from pydantic_core import core_schema

        def canonical(text: str) -> Nested:
            return Nested(parse_component(LOSSES, text).text)

        return core_schema.no_info_after_validator_function(canonical, core_schema.str_schema())


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


@LOSSES.register("rebalanced")
def rebalanced(loss: Annotated[str, _LossSpec], uniform: float = 0.5, sigma: float = 5.0) -> Any:
    """A pixel loss with rare colours weighted up (Zhang et al. 2016)."""
    from registry.losses.rebalanced import Rebalanced

    return Rebalanced(parse_component(LOSSES, loss).create(), loss, uniform, sigma)
