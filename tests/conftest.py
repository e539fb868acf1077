"""What all tests share."""

import os

import pytest


@pytest.fixture(autouse=True, scope="session")
def own_cache(tmp_path_factory):
    """Prepare data sets in a folder of this test run; pretrained weights stay in the user's cache."""
    from registry.cache import cache_root

    weights = cache_root() / "weights"
    weights.mkdir(parents=True, exist_ok=True)
    cache = tmp_path_factory.mktemp("cache")
    (cache / "weights").symlink_to(weights)
    before = os.environ.get("COLORIZATION_BENCH_CACHE")
    os.environ["COLORIZATION_BENCH_CACHE"] = str(cache)
    yield cache
    if before is None:
        del os.environ["COLORIZATION_BENCH_CACHE"]
    else:
        os.environ["COLORIZATION_BENCH_CACHE"] = before
