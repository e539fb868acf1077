"""What benchmarks share: devices, a batch of pictures, and what their JSON says of the machine."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from compared import BATCH, SIZE, gpu_driver

from bench.environment import describe, resolve_precision, set_arithmetic
from registry.color import Colors


def pytest_benchmark_update_machine_info(machine_info: dict[str, Any]) -> None:
    """Processor, packages and, where there is one, the GPU with its driver."""
    device = "cuda" if torch.cuda.is_available() else "cpu"
    machine_info["bench"] = describe(device, resolve_precision("auto", device))
    if device == "cuda":
        machine_info["gpu_driver"] = gpu_driver()


@pytest.fixture(params=["cpu", pytest.param("cuda", marks=pytest.mark.gpu)])
def device(request: pytest.FixtureRequest) -> str:
    """Each device there is, with one processor thread as the cells of a grid have."""
    if request.param == "cuda" and not torch.cuda.is_available():
        pytest.skip("this machine has no GPU that PyTorch can use")
    before = torch.get_num_threads()
    set_arithmetic(threads=1)
    request.addfinalizer(lambda: torch.set_num_threads(before))
    return request.param


@pytest.fixture
def pictures() -> np.ndarray:
    """Noise, ``(n, S, S, 3)`` uint8: what is in a picture changes no time but that of rare branches."""
    return np.random.default_rng(0).integers(0, 256, (8 * BATCH, SIZE, SIZE, 3), dtype=np.uint8)


@pytest.fixture
def batch(pictures: np.ndarray, device: str) -> Colors:
    """A batch on the device."""
    return Colors.from_rgb8(torch.from_numpy(pictures[:BATCH]).to(device))


@pytest.fixture
def measure(device: str, benchmark: Any) -> Callable[..., None]:
    """Time some work on a number of pictures: warmed up, synchronised, and with images per second in its JSON."""

    def measured(work: Callable[[], object], pictures: int, rounds: int = 5) -> None:
        def synchronised() -> None:
            work()
            if device == "cuda":
                torch.cuda.synchronize()

        if device == "cuda":
            torch.cuda.reset_peak_memory_stats()
        benchmark.pedantic(synchronised, rounds=rounds, warmup_rounds=2 if benchmark.enabled else 0)
        benchmark.extra_info |= {"device": device, "precision": resolve_precision("auto", device)}
        if device == "cuda":
            benchmark.extra_info["peak_memory_bytes"] = torch.cuda.max_memory_allocated()
        if benchmark.stats:
            benchmark.extra_info["images_per_second"] = pictures / benchmark.stats.stats.median

    return measured
