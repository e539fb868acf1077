"""The habit: one cell trained by a plain script as tutorials have it, a process for each.

Pictures are read with PIL and converted by scikit-image one at a time in a DataLoader; float32, the default memory
layout; the evaluation converts and scores each picture by itself. Network, loss, steps and learning rate are those of
the harness's cell, so that the scores are comparable and only the way there differs.

    python habit.py PICTURES ARCHITECTURE LOSS SCORES.json [--epochs 6 --steps 16 --batch-size 16 --seed 0]

PICTURES has the folders train, validation and test.
"""

from __future__ import annotations

import argparse
import itertools
import json
import random
from pathlib import Path

import lpips
import numpy as np
import torch
from PIL import Image
from skimage.color import lab2rgb, rgb2lab
from skimage.metrics import peak_signal_noise_ratio, structural_similarity
from torch import nn
from torch.utils.data import DataLoader, Dataset

from registry import ARCHITECTURES, LOSSES, weights
from registry.color import Colors
from registry.losses.weighted_sum import WeightedSumLoss
from registry.spec import parse_component, parse_sum

Batch = tuple[torch.Tensor, torch.Tensor]


class PictureFolder(Dataset):
    """Pictures of a folder as L in [-1, 1], ``(1, H, W)``, and ab / 110, ``(2, H, W)``."""

    def __init__(self, folder: Path, flip: bool) -> None:
        self.paths = sorted(folder.glob("*.png"))
        self.flip = flip

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, index: int) -> Batch:
        picture = Image.open(self.paths[index]).convert("RGB")
        if self.flip and random.random() < 0.5:
            picture = picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
        lab = torch.from_numpy(rgb2lab(np.asarray(picture)).astype(np.float32)).permute(2, 0, 1)
        return lab[:1] / 50 - 1, lab[1:] / 110


def colors(lightness: torch.Tensor, ab: torch.Tensor) -> Colors:
    """What the losses of the registry take."""
    return Colors((lightness + 1) * 50, ab * 110)


def train(network: nn.Module, loss: nn.Module, pictures: Path, call: argparse.Namespace) -> None:
    """Train, validating after each epoch."""
    loaders = {
        split: DataLoader(
            PictureFolder(pictures / split, flip=split == "train"),
            batch_size=call.batch_size,
            shuffle=split == "train",
            drop_last=split == "train",
            num_workers=call.workers,
        )
        for split in ("train", "validation")
    }
    optimizer = torch.optim.AdamW(network.parameters(), lr=call.learning_rate)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, call.learning_rate, total_steps=call.epochs * call.steps)
    endless = itertools.chain.from_iterable(itertools.repeat(loaders["train"]))
    for epoch in range(call.epochs):
        network.train()
        for batch in itertools.islice(endless, call.steps):
            lightness, ab = (one.to(call.device) for one in batch)
            value = loss(colors(lightness, network(lightness)), colors(lightness, ab))
            optimizer.zero_grad()
            value.backward()
            optimizer.step()
            schedule.step()
        network.eval()
        with torch.no_grad():
            batches = ([one.to(call.device) for one in batch] for batch in loaders["validation"])
            values = [loss(colors(one, network(one)), colors(one, ab)).item() for one, ab in batches]
        print(f"epoch {epoch + 1}: loss {value.item():.4f}, validation loss {np.mean(values):.4f}")


@torch.no_grad()
def evaluate(network: nn.Module, folder: Path, device: str) -> dict[str, float]:
    """Mean scores over a folder, picture by picture."""
    distance = lpips_network().to(device)
    scores = []
    for lightness, ab in PictureFolder(folder, flip=False):
        predicted = network(lightness[None].to(device))[0].cpu()
        pair = [_rgb(lightness, one) for one in (predicted, ab)]
        scaled = [torch.from_numpy(rgb).float().permute(2, 0, 1)[None].to(device) * 2 - 1 for rgb in pair]
        scores.append(
            {
                "lpips": distance(*scaled).item(),
                "ab_mae": (predicted - ab).abs().mean().item() * 110,
                "colorfulness": colorfulness(pair[0] * 255),
                "psnr": peak_signal_noise_ratio(pair[1], pair[0], data_range=1),
                "ssim": structural_similarity(pair[1], pair[0], data_range=1, channel_axis=2),
            }
        )
    return {name: float(np.mean([one[name] for one in scores])) for name in scores[0]}


def _rgb(lightness: torch.Tensor, ab: torch.Tensor) -> np.ndarray:
    lab = torch.cat(((lightness + 1) * 50, ab * 110)).permute(1, 2, 0).double().numpy()
    return np.rint(lab2rgb(lab).clip(0, 1) * 255) / 255


def colorfulness(rgb: np.ndarray) -> float:
    """Hasler and Suesstrunk 2003, of ``(H, W, 3)`` in 0..255."""
    rg, yb = rgb[..., 0] - rgb[..., 1], (rgb[..., 0] + rgb[..., 1]) / 2 - rgb[..., 2]
    return float(np.hypot(rg.std(), yb.std()) + 0.3 * np.hypot(rg.mean(), yb.mean()))


def lpips_network() -> nn.Module:
    """The package's own, with AlexNet's weights as the harness has them: there is no hub to ask."""
    network = lpips.LPIPS(net="alex", pnet_rand=True, verbose=False)
    stored = weights.load("alexnet")
    state = {key: stored[f"features.{key.partition('.')[2]}"] for key in network.net.state_dict()}
    network.net.load_state_dict(state)
    return network.eval()


def main() -> None:
    """Train and score one cell."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pictures", type=Path)
    parser.add_argument("architecture")
    parser.add_argument("loss")
    parser.add_argument("scores", type=Path)
    parser.add_argument("--epochs", type=int, default=6)
    parser.add_argument("--steps", type=int, default=16)
    parser.add_argument("--batch-size", type=int, default=16)
    parser.add_argument("--learning-rate", type=float, default=1e-3)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--device", default="cpu")
    call = parser.parse_args()
    random.seed(call.seed)
    torch.manual_seed(call.seed)
    network = parse_component(ARCHITECTURES, call.architecture).create().to(call.device)
    train(network, WeightedSumLoss(parse_sum(LOSSES, call.loss)).to(call.device), call.pictures, call)
    network.eval()
    scores = evaluate(network, call.pictures / "test", call.device)
    call.scores.write_text(json.dumps(scores), encoding="utf-8")


if __name__ == "__main__":
    main()
