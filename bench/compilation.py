"""torch.compile for the network of a cell: where it pays for itself, and whether it works on this machine."""

from __future__ import annotations

from collections.abc import Callable

import torch

from bench.network import Predictor
from bench.settings import Settings

PAYS_FROM = 10_000
"""Optimiser steps on a GPU. An estimate, to be measured: a minute of compiling for six milliseconds less a step."""

_TRIED = 4
"""Steps that show whether it works: CUDA graphs warm up, record, and only then replay."""


def compile_where_it_pays(
    predictor: Predictor, settings: Settings, n_train: int, on_note: Callable[[str], None]
) -> str:
    """Have a network compiled for training, with CUDA graphs on a GPU, where the settings ask for it or it pays.

    That depends on the settings and the device alone, so that all cells of a run are treated alike. The network is
    left as it is, and is validated and tested as it is: only training steps are worth compiling for.

    Args:
        n_train: Pictures of the training set.
        on_note: Called with why it does not work, where nobody asked for it.

    Returns:
        What was done, for the record.

    Raises:
        Exception: Whatever PyTorch raises, where the settings ask for it.
    """
    steps = settings.epochs * (settings.steps_per_epoch or n_train // settings.batch_size)
    on_gpu = _on_gpu(predictor)
    if settings.compile == "never" or (settings.compile is None and not (on_gpu and steps >= PAYS_FROM)):
        return "no"
    predictor.compiled = torch.compile(
        predictor.network, dynamic=False, mode="reduce-overhead" if on_gpu else "default"
    )
    try:
        _try_out(predictor, settings)
    except Exception as error:
        predictor.compiled = None
        if settings.compile == "always":
            raise
        reason = f"{type(error).__name__}: {str(error).strip().partition(chr(10))[0]}"
        on_note(f"trains without torch.compile, which does not work here: {reason}")
        return f"no, torch.compile failed: {reason}"
    return "torch.compile with CUDA graphs" if on_gpu else "torch.compile"


def _on_gpu(predictor: Predictor) -> bool:
    return predictor.device == "cuda"


def _try_out(predictor: Predictor, settings: Settings) -> None:
    """Some steps without an optimiser, after which network and random numbers are as they were before."""
    network, device = predictor.network, predictor.device
    size = settings.crop_size or settings.image_size
    before = {name: buffer.clone() for name, buffer in network.named_buffers()}
    network.train()
    try:
        with torch.random.fork_rng(devices=[torch.cuda.current_device()] if device == "cuda" else []):
            for _ in range(_TRIED):
                lightness = torch.zeros(settings.batch_size, 1, size, size, device=device)
                predictor.predict(lightness).square().mean().backward()
                network.zero_grad(set_to_none=True)
    finally:
        network.zero_grad(set_to_none=True)
        for name, buffer in network.named_buffers():
            buffer.copy_(before[name])
