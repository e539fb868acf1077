"""Whether what is read is what was written: a digest that costs a tenth of the writing."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from typing import Any

import torch
from torch import Tensor

_WORD = 8
"""Bytes that are added up at a time."""


def digest_of(content: Any) -> str:
    """A digest of nested mappings, lists and tuples of tensors and plain values.

    Of a tensor it has the sum of the words of its memory, which any change of one word changes: that is as fast as
    memory is read, where a cryptographic hash, and the CRC of a zip file, take longer than the writing.
    """
    digest = hashlib.sha256()
    for path, value in _leaves(content, ""):
        text = _describe(value) if isinstance(value, Tensor) else repr(value)
        digest.update(f"{path}={text}\n".encode())
    return digest.hexdigest()


def _leaves(content: Any, path: str) -> Iterator[tuple[str, Any]]:
    if isinstance(content, Mapping):
        for key, value in content.items():
            yield from _leaves(value, f"{path}.{key}")
    elif isinstance(content, list | tuple):
        for place, value in enumerate(content):
            yield from _leaves(value, f"{path}[{place}]")
    else:
        yield path, content


def _describe(tensor: Tensor) -> str:
    # The memory and not the values, so that neither layout nor type matters, and nothing is copied.
    storage = tensor.untyped_storage()
    content = torch.empty(0, dtype=torch.uint8, device=tensor.device).set_(storage)
    whole = len(content) // _WORD * _WORD
    words, rest = content[:whole].view(torch.int64).sum(), content[whole:].sum()
    return f"{tensor.dtype}{list(tensor.shape)}{tensor.stride()}:{int(words)}+{int(rest)}"
