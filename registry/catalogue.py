"""The four registries; the rooms of this package fill them."""

from registry.registry import Registry

_COLUMNS = (
    "architecture|batch_size|best_epoch|cell_id|dataset|horizontal_flip|images_per_second|learning_rate|loss|parameters|"
    "peak_memory_bytes|picture|reason|seed|status|weight_decay|seconds_.*|.*_(best|stderr|truth)"
)
"""What tables of scores tell beside a column for each metric."""

ARCHITECTURES = Registry("architecture", "bench.architectures")
LOSSES = Registry("loss", "bench.losses")
DATASETS = Registry("data set", "bench.datasets")
METRICS = Registry("metric", "bench.metrics", _COLUMNS)
