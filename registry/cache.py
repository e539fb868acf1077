"""Where everything that can be made or fetched again is kept."""

import os
from pathlib import Path

import platformdirs

CACHE_VARIABLE = "COLORIZATION_BENCH_CACHE"
"""Environment variable that names another folder than the user's own cache."""


def cache_root() -> Path:
    """The folder that $COLORIZATION_BENCH_CACHE names, or the user's own cache; not created here."""
    chosen = os.environ.get(CACHE_VARIABLE)
    return Path(chosen) if chosen else Path(platformdirs.user_cache_dir("colorization-bench"))
