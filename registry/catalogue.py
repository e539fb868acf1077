"""The four registries; the rooms of this package fill them."""

from registry.registry import Registry

ARCHITECTURES = Registry("architecture")
LOSSES = Registry("loss")
DATASETS = Registry("data set")
METRICS = Registry("metric")
