import io

import numpy as np
import pytest
import segmentation_models_pytorch
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from skimage.color import rgb2lab
from torch import nn

from bench.colorize.cells import weights_path
from bench.colorize.networks import Networks, predict, seen_size
from bench.network import Predictor
from registry.datasets.whole_picture import WholePicture
from registry.errors import UserError


class Pointwise(nn.Module):
    """Gives each pixel an ab of its lightness alone, and wants sizes of a multiple."""

    size_multiple = 16

    def __init__(self):
        super().__init__()
        self.seen = []

    def forward(self, lightness):
        self.seen.append(tuple(lightness.shape))
        assert lightness.shape[2] % 16 == lightness.shape[3] % 16 == 0
        return torch.cat((lightness, -lightness), dim=1) / 4


def whole(rgb8):
    file = io.BytesIO()
    Image.fromarray(rgb8).save(file, "PNG")
    return WholePicture(file)


@given(st.integers(1, 30_000), st.integers(1, 30_000), st.integers(16, 512))
def test_networks_see_the_whole_shape_at_the_size_they_know(width, height, shorter):
    seen = seen_size(width, height, shorter)
    assert min(seen) >= 1
    assert max(seen) <= 8 * shorter
    if max(width, height) <= 8 * min(width, height):
        assert min(seen) == shorter
    if min(seen) > 1:
        assert seen[0] / seen[1] == pytest.approx(width / height, rel=1 / min(seen))


@pytest.mark.parametrize(("height", "width"), [(32, 32), (33, 47), (50, 20), (1, 90), (90, 1)])
def test_ab_lies_over_the_pixels_it_was_predicted_for(height, width):
    rgb8 = np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)
    shorter = min(height, width)
    ab = predict(Predictor(Pointwise(), "cpu", "float32"), whole(rgb8), shorter)
    small = whole(rgb8).resized(*seen_size(width, height, shorter))
    scaled = rgb2lab(np.asarray(small))[..., 0] / 50 - 1
    assert ab.shape == (2, *scaled.shape)
    assert np.abs(ab - np.stack((scaled, -scaled)) / 4 * 110).max() < 0.01


def test_a_network_sees_at_most_one_multiple_more_than_the_photograph():
    network = Pointwise()
    predict(Predictor(network, "cpu", "float32"), whole(np.zeros((300, 400, 3), np.uint8)), 30)
    assert network.seen == [(1, 1, 32, 48)]


def test_networks_are_used_as_they_were_scored_without_dropout(make_run):
    run = make_run(architecture="unet(n_down=3, num_filters=4, dropout=0.9)")
    [record] = [one for one in run.records if one.loss]
    predictor = Networks(run.folder, [record], "cpu").of(record)
    picture = whole(np.random.default_rng(0).integers(0, 256, (40, 60, 3), dtype=np.uint8))
    first, second = (predict(predictor, picture, 32) for _ in range(2))
    assert np.array_equal(first, second)
    assert np.abs(first).max() > 5


def test_networks_beyond_the_memory_for_them_are_read_anew(make_run, monkeypatch):
    run = make_run(losses=["l1", "l2"])
    records = [one for one in run.records if one.loss]
    kept = Networks(run.folder, records, "cpu")
    assert all(kept.of(record) is kept.of(record) for record in records)
    monkeypatch.setattr("bench.colorize.networks._KEPT_BYTES", 0)
    read = Networks(run.folder, records, "cpu")
    assert read.of(records[0]) is not read.of(records[0])


@pytest.mark.parametrize("damage", [lambda path: path.write_bytes(path.read_bytes()[:200]), lambda path: path.unlink()])
def test_damaged_weights_are_named(make_run, damage):
    run = make_run()
    [record] = [one for one in run.records if one.loss]
    damage(weights_path(run.folder, record))
    with pytest.raises(UserError, match=r"model\.safetensors.*--rerun all"):
        Networks(run.folder, [record], "cpu")


def test_weights_of_another_architecture_are_refused(make_run):
    run = make_run(change=lambda record: record.model_copy(update={"architecture": "unet(n_down=2, num_filters=8)"}))
    [record] = [one for one in run.records if one.loss]
    record = record.model_copy(update={"architecture": "unet(n_down=2, num_filters=8)"})
    with pytest.raises(UserError, match="another version of its architecture"):
        Networks(run.folder, [record], "cpu")


def test_a_network_that_began_pretrained_needs_no_download(make_run, monkeypatch):
    build = segmentation_models_pytorch.Unet
    fetched = []

    def unet(encoder, encoder_weights, **arguments):
        fetched.append(encoder_weights)
        return build(encoder, encoder_weights=None, **arguments)

    monkeypatch.setattr(segmentation_models_pytorch, "Unet", unet)
    run = make_run(architecture="smp(encoder=mobilenet_v2, weights=imagenet)")
    [record] = [one for one in run.records if one.loss]
    network = Networks(run.folder, [record], "cpu").of(record).network
    assert fetched == ["imagenet", None], "as it was trained, and as it colours"
    assert network.pretrained, "and sees lightness on the scale that it was trained on"
