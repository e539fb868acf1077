"""What can be compared: architectures, losses, data sets and metrics, each by one name.

>>> from registry import LOSSES
>>> LOSSES["huber"].description
'Quadratic below delta, linear above (Huber 1964); delta in Lab units.'
"""

from registry.catalogue import ARCHITECTURES, DATASETS, LOSSES, METRICS
from registry.errors import UnavailableError, UserError
from registry.registry import Registry

__all__ = ["ARCHITECTURES", "DATASETS", "LOSSES", "METRICS", "Registry", "UnavailableError", "UserError"]

# Each room registers its components when it is imported; none of them loads PyTorch to do so.
from registry import architectures, datasets, losses, metrics  # noqa: F401
