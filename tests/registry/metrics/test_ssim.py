import numpy as np
import pytest
import torch
from noisy_pictures import noisy_colors, noisy_pictures
from skimage.metrics import structural_similarity
from torchmetrics.functional.image import structural_similarity_index_measure

from registry.color import Colors
from registry.metrics.ssim import Ssim


def test_ssim_is_that_of_scikit_image():
    truth, noisy = noisy_pictures()
    prediction, target = noisy_colors()
    ours = Ssim().measure(prediction, target).numpy()
    for one, other, value in zip(truth, noisy, ours, strict=True):
        expected = structural_similarity(
            one,
            other,
            channel_axis=2,
            gaussian_weights=True,
            sigma=1.5,
            use_sample_covariance=False,
            data_range=255,
        )
        assert value == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize("shape", [(32, 32), (40, 57)])
def test_ssim_is_that_of_torchmetrics(shape):
    drawn = np.random.default_rng(1).integers(0, 256, (2, 4, *shape, 3), dtype=np.uint8)
    prediction, target = (Colors.from_rgb8(torch.from_numpy(pictures)) for pictures in drawn)
    _, everywhere = structural_similarity_index_measure(
        prediction.viewed, target.viewed, data_range=1.0, reduction="none", return_full_image=True
    )
    # Its windows at the borders reach out of the picture.
    expected = everywhere[..., 5:-5, 5:-5].mean(dim=(1, 2, 3))
    np.testing.assert_allclose(Ssim().measure(prediction, target), expected, atol=1e-6)


def test_a_picture_is_like_itself():
    picture, _ = noisy_colors()
    np.testing.assert_allclose(Ssim().measure(picture, picture), 1, atol=1e-7)
