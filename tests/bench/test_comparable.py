import pytest

from bench.comparable import check_same_pictures
from bench.records import DataSummary, Transfer, write_record
from registry.errors import UserError


def test_pictures_that_changed_are_not_mixed_with_earlier_results(tmp_path, make_record):
    summary = DataSummary(
        name="photos", revision="first", split_hash="", n_train=1, n_validation=1, n_test=1, image_size=64,
        split_rule="", resize_rule="",
    )  # fmt: skip
    write_record(tmp_path / "cells" / "abc", make_record("abc", dataset="photos", data=summary))
    check_same_pictures(tmp_path, "photos", "first", set())
    check_same_pictures(tmp_path, "flowers", "second", set())
    with pytest.raises(UserError, match=r"pictures of photos are not those that .* was made with.*--rerun all"):
        check_same_pictures(tmp_path, "photos", "second", set())
    check_same_pictures(tmp_path, "photos", "second", {"abc"})


def test_pictures_that_cells_were_only_tested_on_count_too(tmp_path, make_record):
    transfer = {"photos": Transfer(revision="first", metrics={}, truth={})}
    write_record(tmp_path / "cells" / "abc", make_record("abc", transfer=transfer))
    check_same_pictures(tmp_path, "photos", "first", set())
    with pytest.raises(UserError, match="pictures of photos are not those"):
        check_same_pictures(tmp_path, "photos", "second", set())
