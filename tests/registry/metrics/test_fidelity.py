import numpy as np
import pytest
import torch
from noisy_pictures import noisy_colors, noisy_pictures
from skimage.color import deltaE_ciede2000, lab2rgb
from skimage.metrics import peak_signal_noise_ratio

from registry.color import Colors
from registry.metrics.ciede2000 import ciede2000
from registry.metrics.fidelity import AbMae, Ciede2000, OutOfGamut, Psnr

# Sharma, Wu and Dalal 2005, table 1: the pairs that tell wrong implementations from right ones.
SHARMA = [
    ((50.0000, 2.6772, -79.7751), (50.0000, 0.0000, -82.7485), 2.0425),
    ((50.0000, -1.3802, -84.2814), (50.0000, 0.0000, -82.7485), 1.0000),
    ((50.0000, 0.0000, 0.0000), (50.0000, -1.0000, 2.0000), 2.3669),
    ((50.0000, 2.4900, -0.0010), (50.0000, -2.4900, 0.0009), 7.1792),
    ((50.0000, 2.4900, -0.0010), (50.0000, -2.4900, 0.0011), 7.2195),
    ((50.0000, -0.0010, 2.4900), (50.0000, 0.0009, -2.4900), 4.8045),
    ((50.0000, 2.5000, 0.0000), (73.0000, 25.0000, -18.0000), 27.1492),
    ((60.2574, -34.0099, 36.2677), (60.4626, -34.1751, 39.4387), 1.2644),
    ((22.7233, 20.0904, -46.6940), (23.0331, 14.9730, -42.5619), 2.0373),
    ((90.8027, -2.0831, 1.4410), (91.1528, -1.6435, 0.0447), 1.4441),
    ((2.0776, 0.0795, -1.1350), (0.9033, -0.0636, -0.5514), 0.9082),
]


@pytest.mark.parametrize(("one", "other", "difference"), SHARMA)
def test_ciede2000_on_published_pairs(one, other, difference):
    def pixel(lab):
        return torch.tensor(lab, dtype=torch.float64).view(1, 3, 1, 1)

    assert ciede2000(pixel(one), pixel(other)).item() == pytest.approx(difference, abs=5e-5)
    assert ciede2000(pixel(other), pixel(one)).item() == pytest.approx(difference, abs=5e-5)


def test_ciede2000_is_that_of_scikit_image():
    rng = np.random.default_rng(0)
    one, other = (rng.uniform([0, -90, -90], [100, 90, 90], (64, 64, 3)) for _ in range(2))
    ours = ciede2000(*(torch.from_numpy(lab).permute(2, 0, 1)[None] for lab in (one, other)))
    np.testing.assert_allclose(ours[0].numpy(), deltaE_ciede2000(one, other), atol=1e-8)


def test_psnr_is_that_of_scikit_image():
    truth, noisy = noisy_pictures()
    expected = [peak_signal_noise_ratio(one, other) for one, other in zip(truth, noisy, strict=True)]
    prediction, target = noisy_colors()
    np.testing.assert_allclose(Psnr().measure(prediction, target).numpy(), expected, rtol=1e-5)


def test_psnr_of_equal_pictures_is_finite():
    truth, _ = noisy_colors()
    assert Psnr().measure(truth, truth).tolist() == [100] * 3


def test_ab_mae_and_mean_difference_by_hand():
    lightness = torch.full((1, 1, 1, 2), 60.0)
    target = Colors(lightness, torch.zeros(1, 2, 1, 2))
    prediction = Colors(lightness, torch.tensor([[3.0, -1.0], [0.0, 4.0]]).view(1, 2, 1, 2))
    assert AbMae().measure(prediction, target).item() == 2
    viewed = [np.rint(np.clip(lab2rgb([[[60.0, 3, 0], [60, -1, 4]]]), 0, 1) * 255) / 255]
    from skimage.color import rgb2lab

    grey = np.rint(lab2rgb([[[60.0, 0, 0], [60, 0, 0]]]) * 255) / 255
    expected = deltaE_ciede2000(rgb2lab(viewed[0]), rgb2lab(grey)).mean()
    assert Ciede2000().measure(prediction, target).item() == pytest.approx(expected, abs=1e-3)


def test_out_of_gamut_counts_what_srgb_cannot_show():
    lightness = torch.tensor([50.0, 50.0, 0.0, 100.0]).view(1, 1, 1, 4)
    ab = torch.tensor([[0.0, 120.0, 30.0, 0.0], [0.0, -120.0, 0.0, 0.0]]).view(1, 2, 1, 4)
    prediction = Colors(lightness, ab)
    assert OutOfGamut().measure(prediction, prediction).item() == 0.5
