import numpy as np
import pytest
import torch

from bench.evaluation import evaluate
from bench.supply import batches
from registry import METRICS
from registry.errors import UnavailableError

PICTURES = np.random.default_rng(0).integers(0, 256, (6, 8, 8, 3)).repeat(4, 1).repeat(4, 2).astype(np.uint8)
KEYS = [f"picture-{index}" for index in range(6)]


@pytest.fixture(scope="module", autouse=True)
def _weights():
    try:
        METRICS["lpips"].factory()
    except UnavailableError as error:
        pytest.skip(str(error))


def _evaluate(predict, batch_size=4):
    truth = batches(PICTURES, batch_size, "cpu")
    return evaluate(predict, truth, KEYS, train_mean_ab=torch.tensor([3.0, 4.0]), device="cpu")


def test_the_truth_scores_best_in_every_metric():
    result = _evaluate(lambda truth: truth.ab)
    expected = {
        "lpips": 0, "ab_mae": 0, "ciede2000": 0, "psnr": 100, "ssim": 1, "skill": 1, "ab_js": 0,
        "chroma_ratio": 1, "dispersion_ratio": 1, "out_of_gamut": 0,
    }  # fmt: skip
    for name, value in expected.items():
        assert result.metrics[name].value == pytest.approx(value, abs=1e-6), name
    for name, value in result.truth.items():
        assert result.metrics[name].value == pytest.approx(value, rel=1e-6), name
    assert set(result.truth) >= {"colorfulness", "ab_imbalance", "ab_effective_colors", "ab_gini", "chroma"}


def test_the_mean_color_has_no_skill_and_grey_no_color():
    lazy = _evaluate(lambda truth: torch.tensor([3.0, 4.0]).view(1, 2, 1, 1).expand_as(truth.ab))
    assert lazy.metrics["skill"].value == pytest.approx(0, abs=1e-9)
    assert lazy.metrics["ab_imbalance"].value == pytest.approx(1)
    grey = _evaluate(lambda truth: torch.zeros_like(truth.ab))
    assert grey.metrics["chroma_ratio"].value == 0
    assert grey.metrics["constant_color_share"].value is None


def test_values_do_not_depend_on_the_batches():
    def half(truth):
        return truth.ab / 2

    one, other = _evaluate(half, batch_size=2), _evaluate(half, batch_size=5)
    for name, measurement in one.metrics.items():
        assert measurement.value == pytest.approx(other.metrics[name].value, rel=1e-5), name


def test_per_image_values_average_to_the_metric_and_name_their_picture():
    result = _evaluate(lambda truth: truth.ab / 2)
    assert result.per_image["picture"].tolist() == KEYS
    for name in ("lpips", "colorfulness", "ab_mae", "ciede2000", "psnr", "ssim", "chroma", "out_of_gamut"):
        values = result.per_image[name]
        assert values.mean() == pytest.approx(result.metrics[name].value), name
        assert values.std(ddof=1) / np.sqrt(6) == pytest.approx(result.metrics[name].stderr), name
    assert result.per_image["colorfulness_truth"].mean() == pytest.approx(result.truth["colorfulness"])
    skill = 1 - result.per_image["skill_mse"].sum() / result.per_image["skill_lazy_mse"].sum()
    assert skill == pytest.approx(result.metrics["skill"].value)


def test_the_distribution_counts_every_pixel():
    colors = _evaluate(lambda truth: truth.ab).colors
    assert colors.ab.sum() == colors.chroma.sum() == PICTURES[..., 0].size
    by_picture = np.concatenate(colors.bins)
    assert by_picture.sum(axis=1).tolist() == [32 * 32] * 6


def test_the_bins_by_picture_give_the_imbalance(tmp_path):
    result = _evaluate(lambda truth: truth.ab / 2)
    result.colors.save(tmp_path / "colors.npz")
    counts = np.load(tmp_path / "colors.npz")["bins"]
    p = counts.sum(axis=0) / counts.sum()
    imbalance = 1 + (p[p > 0] * np.log(p[p > 0])).sum() / np.log(counts.shape[1])
    assert imbalance == pytest.approx(result.metrics["ab_imbalance"].value)
