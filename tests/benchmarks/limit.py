"""The limit: what a network costs by itself, with nothing of the harness around it.

Forward, backward and optimiser step on tensors that are on the device already, at the best precision and layout.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F

from bench.environment import resolve_precision
from registry import ARCHITECTURES
from registry.spec import parse_component


def bare_step(
    architecture: str, batch_size: int, image_size: int, device: str, *, compiled: bool = False
) -> Callable[[], None]:
    """A training step of an architecture on one and the same batch; compiled, on a GPU, with CUDA graphs."""
    network = parse_component(ARCHITECTURES, architecture).create()
    network = network.to(device=device, memory_format=torch.channels_last).train()
    optimizer = torch.optim.AdamW(network.parameters(), lr=1e-4, fused=True)
    lightness = torch.rand(batch_size, 1, image_size, image_size, device=device) * 2 - 1
    lightness = lightness.contiguous(memory_format=torch.channels_last)
    truth = torch.rand(batch_size, 2, image_size, image_size, device=device) - 0.5
    run = network
    if compiled:
        run = torch.compile(network, dynamic=False, mode="reduce-overhead" if device == "cuda" else "default")
    low = resolve_precision("auto", device) == "bfloat16"

    def step() -> None:
        with torch.autocast(device, dtype=torch.bfloat16, enabled=low):
            output = run(lightness)
        loss = F.l1_loss(output.float(), truth)
        loss.backward()
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)

    return step
