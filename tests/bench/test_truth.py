"""True pictures that are kept from cell to cell."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from bench import truth
from bench.truth import true_batches


def _data(name="one", n=7, size=16, seed=0):
    pictures = np.random.default_rng(seed).integers(0, 256, (n, size, size, 3), dtype=np.uint8)
    return SimpleNamespace(folder=Path(name), pictures=lambda split: {"test": pictures}[split])


@pytest.fixture(autouse=True)
def nothing_kept():
    truth._kept.clear()
    yield
    truth._kept.clear()


def _all(data, batch_size=3):
    return list(true_batches(data, batch_size, "cpu"))


def _rgb8(found):
    return torch.cat([batch.rgb8 for batch in found]).numpy()


def test_what_was_worked_out_is_there_again():
    calls = []

    def work(pictures):
        calls.append(pictures)
        return pictures.chroma

    data = _data()
    first = [batch.once(work) for batch in true_batches(data, 3, "cpu")]
    again = [batch.once(work) for batch in true_batches(data, 3, "cpu")]
    assert len(calls) == 3
    assert all(one is other for one, other in zip(first, again, strict=True))


def test_sizes_of_batches_and_data_sets_are_kept_apart():
    one, other = _data("one", seed=0), _data("other", seed=1)
    for data, size in [(one, 3), (other, 3), (one, 4), (other, 3), (one, 3)]:
        assert [len(batch.L) for batch in _all(data, size)] == ([3, 3, 1] if size == 3 else [4, 3])
        assert np.array_equal(_rgb8(_all(data, size)), data.pictures("test"))


@pytest.mark.parametrize("batches_that_fit", [0, 1, 2, 3])
def test_as_many_are_kept_as_there_is_room_for(monkeypatch, batches_that_fit):
    data = _data(n=9)
    [*_, batch] = _all(data)
    truth._kept.clear()
    monkeypatch.setattr(truth, "_KEPT_BYTES", batch.kept_bytes * batches_that_fit + 1)
    first, again = _all(data), _all(data)
    assert [one is other for one, other in zip(first, again, strict=True)] == [n < batches_that_fit for n in range(3)]
    assert np.array_equal(_rgb8(again), data.pictures("test"))


def test_what_was_asked_for_longest_ago_makes_room(monkeypatch):
    one, other, third = (_data(name, n=3) for name in ("one", "other", "third"))
    [batch] = _all(one)
    monkeypatch.setattr(truth, "_KEPT_BYTES", batch.kept_bytes * 2)
    _all(other)
    assert _all(one) == [batch]
    _all(third)
    assert _all(one) == [batch]
    assert [key[0].name for key in truth._kept] == ["third", "one"]


def test_an_unfinished_pass_keeps_what_it_saw():
    data = _data()
    passing = true_batches(data, 3, "cpu")
    first = next(passing)
    next(passing)
    assert _all(data)[0] is first
    assert np.array_equal(_rgb8(_all(data)), data.pictures("test"))
