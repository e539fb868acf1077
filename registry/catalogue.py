"""The four registries; the rooms of this package fill them."""

from registry.registry import Registry

ARCHITECTURES = Registry("architecture", "bench.architectures")
LOSSES = Registry("loss", "bench.losses")
DATASETS = Registry("data set", "bench.datasets")
METRICS = Registry("metric", "bench.metrics")
