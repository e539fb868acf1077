"""U-Nets with the encoders of segmentation-models-pytorch (Iakubovskii 2019)."""

from __future__ import annotations

import segmentation_models_pytorch
from torch import Tensor, nn

from registry.architectures.head import ColorHead
from registry.architectures.loading import is_to_be_loaded
from registry.errors import UnavailableError, UserError
from registry.registry import choices

# Mean and standard deviation of ImageNet's luma in [0, 1], the scale pretrained encoders expect.
_IMAGENET_MEAN, _IMAGENET_STD = 0.449, 0.226


class EncoderUnet(nn.Module):
    """U-Net whose way down is a known encoder, from L in [-1, 1] to ab / 110.

    Args:
        encoder: A name that segmentation-models-pytorch knows; ``tu-NAME`` takes NAME from timm.
        weights: "imagenet" starts from pretrained weights, its first layer summed over the colour channels.

    Raises:
        UserError: No such encoder.
        UnavailableError: The pretrained weights cannot be had.
    """

    def __init__(self, encoder: str, weights: str = "none") -> None:
        super().__init__()
        known = segmentation_models_pytorch.encoders.get_encoder_names()
        if encoder not in known and not encoder.startswith("tu-"):
            raise UserError(f"Unknown encoder {encoder!r}: {choices(encoder, sorted(known))}.")
        self.pretrained = weights == "imagenet"
        fetched = "imagenet" if self.pretrained and not is_to_be_loaded() else None
        try:
            network = segmentation_models_pytorch.Unet(encoder, encoder_weights=fetched, in_channels=1, classes=2)
        except Exception as error:
            # Which exception a refused download raises depends on the hub's client and its version.
            if fetched is None:
                raise UserError(f"Cannot build a U-Net with the encoder {encoder!r}: {error}") from error
            raise UnavailableError(
                f"The ImageNet weights of {encoder!r} cannot be had on this machine "
                f"({type(error).__name__}: {str(error).strip().partition(chr(10))[0]}); "
                "connect it to the hub, put them into its local cache, or use weights=none."
            ) from error
        self.size_multiple = 2**5
        self.encoder = network.encoder
        self.decoder = network.decoder
        self.head = ColorHead(network.segmentation_head[0].in_channels)

    def forward(self, lightness: Tensor) -> Tensor:
        """Map ``(N, 1, H, W)`` in [-1, 1] to ab / 110, ``(N, 2, H, W)``."""
        if self.pretrained:
            lightness = ((lightness + 1) / 2 - _IMAGENET_MEAN) / _IMAGENET_STD
        return self.head(self.decoder(self.encoder(lightness)))
