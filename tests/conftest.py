"""What all tests share."""

import os

import pytest


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config):
    """Time nothing unless benchmarks are asked for by their folder: the ordinary run goes through each once."""
    asked = any("benchmarks" in argument for argument in config.invocation_params.args)
    if not asked and not config.option.benchmark_enable:
        config.option.benchmark_disable = True


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
