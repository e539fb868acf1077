from hypothesis import given
from hypothesis import strategies as st

from registry.datasets.picture_files import limited

sizes = st.lists(st.integers(1, 300), min_size=3, max_size=3)


def splits_of(counts):
    return {split: [f"{split} {i}" for i in range(n)] for split, n in zip("abc", counts, strict=True)}


@given(sizes, st.integers(3, 1000))
def test_every_split_gets_its_share_from_its_front(counts, limit):
    splits = splits_of(counts)
    chosen = limited(splits, limit)
    total = sum(counts)
    assert sum(map(len, chosen.values())) == min(limit, total)
    for split, keys in splits.items():
        assert chosen[split] == keys[: len(chosen[split])]
        assert len(chosen[split]) >= 1
        assert abs(len(chosen[split]) - min(limit, total) * len(keys) / total) < 3


@given(sizes, st.integers(3, 900))
def test_a_larger_limit_only_adds(counts, limit):
    fewer, more = (limited(splits_of(counts), one) for one in (limit, limit + 1))
    assert all(set(fewer[split]) <= set(more[split]) for split in fewer)


def test_the_published_sizes_of_celeba_are_shared_out_evenly():
    splits = splits_of((162_770, 19_867, 19_962))
    assert [len(keys) for keys in limited(splits, 2000).values()] == [1606, 197, 197]
