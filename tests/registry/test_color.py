import numpy as np
import pytest
import torch
from skimage import color as skimage_color

from registry.color import Colors, lab_to_rgb, rgb_to_lab


def _random_rgb8(n=4, size=32, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(0, 256, (n, size, size, 3), generator=generator, dtype=torch.uint8)


def _channels_last(tensor):
    return tensor.permute(0, 2, 3, 1).numpy()


@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float64, 1e-9), (torch.float32, 2e-4)])
def test_lab_is_that_of_scikit_image(dtype, tolerance):
    rgb = (_random_rgb8().to(dtype) / 255).permute(0, 3, 1, 2)
    reference = skimage_color.rgb2lab(_channels_last(rgb.double()))
    np.testing.assert_allclose(_channels_last(rgb_to_lab(rgb)), reference, atol=tolerance)


@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float64, 1e-9), (torch.float32, 1e-5)])
def test_rgb_is_that_of_scikit_image_within_the_gamut(dtype, tolerance):
    lab = skimage_color.rgb2lab(_random_rgb8().numpy())
    ours = lab_to_rgb(torch.from_numpy(lab).permute(0, 3, 1, 2).to(dtype))
    np.testing.assert_allclose(_channels_last(ours), skimage_color.lab2rgb(lab), atol=tolerance)


def test_every_8_bit_grey_and_primary_survives_the_round_trip():
    levels = torch.arange(256, dtype=torch.uint8)
    grey = levels[:, None].expand(256, 3)
    ramps = torch.cat([grey * torch.tensor(mask, dtype=torch.uint8) for mask in np.ndindex(2, 2, 2)])
    pictures = ramps.view(1, -1, 1, 3)
    truth = Colors.from_rgb8(pictures)
    assert torch.equal(truth.with_ab(truth.ab).rgb8, pictures)


def test_conversion_is_differentiable_and_exact_by_finite_differences():
    lab = torch.tensor([[0.0, 0, 0], [100, 0, 0], [50, 90, -90], [5, 60, 60], [55, 5, 10]], dtype=torch.float64)
    lab = lab.view(-1, 3, 1, 1) + 1e-3
    assert torch.autograd.gradcheck(lab_to_rgb, lab.requires_grad_(), eps=1e-7, atol=1e-4)


@pytest.mark.parametrize("lab", [(0, 0, 0), (100, 0, 0), (100, 40, -30), (0, -30, 60), (50, 150, -150)])
def test_gradients_live_at_black_at_white_and_out_of_gamut(lab):
    ab = torch.tensor(lab[1:], dtype=torch.float32).view(1, 2, 1, 1).requires_grad_()
    lightness = torch.full((1, 1, 1, 1), float(lab[0]))
    (Colors(lightness, ab).rgb * torch.tensor([1.0, 2, 3]).view(1, 3, 1, 1)).sum().backward()
    assert torch.isfinite(ab.grad).all()
    assert (ab.grad != 0).all()


def test_conversion_keeps_full_precision_under_autocast():
    rgb = (_random_rgb8().float() / 255).permute(0, 3, 1, 2)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        inside = rgb_to_lab(rgb)
    assert torch.equal(inside, rgb_to_lab(rgb))


def test_the_viewed_picture_is_clipped_and_in_8_bit_steps():
    colors = Colors(torch.full((1, 1, 8, 8), 60.0), torch.randn(1, 2, 8, 8) * 100)
    steps = colors.viewed * 255
    assert colors.viewed.min() >= 0
    assert colors.viewed.max() <= 1
    assert torch.equal(steps, steps.round())


def test_looking_up_8_bit_values_gives_the_lab_of_working_them_out():
    every = torch.arange(2**24).view(16, 1024, 1024)
    for colors in every.split(1):
        rgb8 = torch.stack((colors >> 16, colors >> 8 & 255, colors & 255), dim=-1).to(torch.uint8)
        looked_up = Colors.from_rgb8(rgb8)
        worked_out = rgb_to_lab(rgb8.permute(0, 3, 1, 2).float() / 255)
        torch.testing.assert_close(torch.cat((looked_up.L, looked_up.ab), dim=1), worked_out, rtol=0, atol=1e-4)


def test_what_is_worked_out_once_is_counted_as_memory():
    colors = Colors.from_rgb8(_random_rgb8(n=2, size=8))
    plane = 2 * 8 * 8 * 4
    assert colors.kept_bytes == 6 * plane  # Lab, of which L and ab are views, and the viewed picture
    chroma = colors.once(lambda pictures: [pictures.ab.norm(dim=1)])[0]
    assert colors.kept_bytes == 6 * plane + chroma.nbytes
