"""On what a cell ran: code, packages, processor; recorded so that figures can be compared."""

from __future__ import annotations

import os
import platform
import subprocess
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

import torch

_PACKAGES = (
    "lpips",
    "numpy",
    "pillow",
    "segmentation-models-pytorch",
    "timm",
    "torch",
    "torchmetrics",
    "torchvision",
)

_DETERMINISM = {
    "cpu": "The same cell gives the same numbers bit for bit on this processor with these packages and threads.",
    "cuda": "The seed fixes weights, order and dropout, but cuDNN and atomic additions may sum in another order each "
    "time: the same cell gives the same numbers up to rounding, which training enlarges.",
}


def resolve_precision(precision: str, device: str) -> str:
    """What "auto" means here: bfloat16 where the device has instructions for it, float32 elsewhere."""
    if precision != "auto":
        return precision
    if device == "cuda":
        return "bfloat16" if torch.cuda.is_bf16_supported(including_emulation=False) else "float32"
    # Without such instructions bfloat16 is emulated, several times slower than float32.
    return "bfloat16" if torch.ops.mkldnn._is_mkldnn_bf16_supported() else "float32"


def set_arithmetic(threads: int) -> None:
    """Have this process compute with so many processor threads, and in the whole of float32 on a GPU too."""
    torch.set_num_threads(threads)
    # Or float32 convolutions, LPIPS's among them, are rounded to ten bits on GPUs that are faster so.
    torch.backends.cudnn.allow_tf32 = False


def describe(device: str, precision: str) -> dict[str, Any]:
    """The environment of this process, ready for JSON; nothing is compiled till `bench.compilation` has done so."""
    return {
        **code_version(),
        "python": platform.python_version(),
        "torch": torch.__version__,
        "cuda": torch.version.cuda if device == "cuda" else None,
        "device": torch.cuda.get_device_name() if device == "cuda" else _processor(),
        "system": platform.platform(),
        "cores": os.cpu_count(),
        "memory_bytes": _memory(),
        "precision": precision,
        "compiled": "no",
        "threads": torch.get_num_threads(),
        "deterministic": device == "cpu",
        "determinism": _DETERMINISM[device],
        "packages": package_versions(),
    }


def package_versions() -> dict[str, str]:
    """Versions of the packages that decide a cell's numbers."""
    return {name: metadata.version(name) for name in _PACKAGES}


@cache
def code_version() -> dict[str, Any]:
    """Commit of the project's checkout and whether it is changed; None where it is not a checkout."""
    project = Path(__file__).parent.parent

    def ask(*arguments: str) -> str | None:
        try:
            answer = subprocess.run(["git", *arguments], cwd=project, capture_output=True, text=True, check=False)
        except OSError:
            return None
        return answer.stdout.strip() if answer.returncode == 0 else None

    sha = ask("rev-parse", "HEAD") if (project / ".git").exists() else None
    return {
        "git_sha": sha,
        "dirty": bool(ask("status", "--porcelain", "--untracked-files=no")) if sha else None,
    }


def _memory() -> int | None:
    """Bytes of main memory; None where the system does not tell."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return None


@cache
def _processor() -> str:
    """The processor's name as the system tells it."""
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        for line in cpuinfo.read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
