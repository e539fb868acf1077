from types import SimpleNamespace

import pytest

from bench.comparable import check_same_pictures, check_same_plugins
from bench.records import DataSummary, Transfer, write_record
from registry.errors import UserError
from registry.plugins import Plugin


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


@pytest.mark.parametrize("status", ["failed", "skipped"])
def test_a_plugin_may_be_mended_after_its_cells_failed(tmp_path, make_record, status):
    cells = [SimpleNamespace(plugins=(Plugin("mine.py", "now = 1"),))]
    write_record(tmp_path / "cells" / "abc", make_record("abc", status=status, plugins={"mine.py": "before"}))
    check_same_plugins(tmp_path, cells, set())
    write_record(tmp_path / "cells" / "def", make_record("def", plugins={"mine.py": "before"}))
    with pytest.raises(UserError, match=r"The plugin mine\.py is not as it was"):
        check_same_plugins(tmp_path, cells, set())
    check_same_plugins(tmp_path, cells, {"def"})
