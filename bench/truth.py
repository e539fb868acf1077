"""The true test pictures, kept with what metrics worked out of them: they are the same for all cells of a data set."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable, Iterator

from bench.supply import batches
from registry.color import Colors
from registry.datasets.prepared import Prepared

_KEPT_BYTES = 2**28
"""Of a process. At 64 pixels a picture takes 0.4 MB, most of it for what AlexNet sees."""

_kept: OrderedDict[Hashable, list[Colors]] = OrderedDict()
"""By data set, batch size and device, the one asked for last at the end: the first batches of its test pictures."""


def true_batches(data: Prepared, batch_size: int, device: str) -> Iterator[Colors]:
    """The test pictures of a data set in order, in batches of at most ``batch_size``.

    What is worked out of a batch before the next is asked for is there again the next time, for as many of the
    batches as there is room for.
    """
    key = (data.folder, batch_size, device)
    kept = _kept.setdefault(key, [])
    _kept.move_to_end(key)
    yield from kept
    seen = sum(len(batch.L) for batch in kept)
    for batch in batches(data.pictures("test")[seen:], batch_size, device):
        yield batch
        if seen == sum(len(one.L) for one in kept) and _has_room_for(batch.kept_bytes):
            kept.append(batch)
        seen += len(batch.L)


def _has_room_for(more: int) -> bool:
    """Whether so many bytes can be kept, after forgetting data sets that have not been asked for in a while."""
    used = {key: sum(batch.kept_bytes for batch in several) for key, several in _kept.items()}
    while sum(used.values()) + more > _KEPT_BYTES and len(_kept) > 1:
        oldest, _ = _kept.popitem(last=False)
        del used[oldest]
    return sum(used.values()) + more <= _KEPT_BYTES
