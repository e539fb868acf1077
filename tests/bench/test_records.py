import pytest

from bench.records import (
    Measurement,
    dataset_slug,
    read_record,
    read_records,
    write_record,
)
from bench.storage import StorageError, write_atomically
from registry.errors import UserError


def test_a_record_is_read_as_it_was_written(tmp_path, make_record):
    lpips = Measurement(value=0.125, n=8, stderr=0.01, higher_is_better=False)
    record = make_record(metrics={"lpips": lpips})
    write_record(tmp_path / "cells" / "abc", record)
    assert read_record(tmp_path / "cells" / "abc") == record
    assert [record.cell_id for record in read_records(tmp_path)] == ["abc"]


def test_a_cell_without_record_is_none(tmp_path):
    (tmp_path / "cells" / "abc").mkdir(parents=True)
    assert read_record(tmp_path / "cells" / "abc") is None
    assert list(read_records(tmp_path)) == []


def test_a_copy_of_a_cell_is_not_another_cell(tmp_path, make_record):
    for folder in ("abc", "abc (copy)"):
        write_record(tmp_path / "cells" / folder, make_record())
    assert len(list(read_records(tmp_path))) == 1


def test_a_damaged_record_is_named(tmp_path):
    (tmp_path / "record.json").write_text('{"cell_id": ')
    with pytest.raises(UserError, match=r"record.json cannot be read"):
        read_record(tmp_path)


@pytest.mark.parametrize("change", [{"started_at": "yesterday"}, {"finished_at": ""}])
def test_a_record_of_no_time_is_damaged(tmp_path, make_record, change):
    path = tmp_path / "record.json"
    path.write_text(make_record().model_copy(update=change).model_dump_json())
    with pytest.raises(UserError, match=r"record.json cannot be read"):
        read_record(tmp_path)


def test_what_cannot_be_listed_or_opened_is_not_taken_for_empty(tmp_path):
    (tmp_path / "cells").touch()
    with pytest.raises(UserError, match=r"cells is a file where a folder of cells should be"):
        list(read_records(tmp_path))
    (tmp_path / "record.json").mkdir()
    with pytest.raises(UserError, match=r"record.json cannot be read: Is a directory"):
        read_record(tmp_path)


def test_a_write_that_breaks_off_leaves_the_old_text(tmp_path, monkeypatch):
    path = tmp_path / "record.json"
    write_atomically(path, "old")
    with monkeypatch.context() as broken:
        broken.setattr("pathlib.Path.replace", lambda *_: (_ for _ in ()).throw(OSError("power cut")))
        with pytest.raises(StorageError, match="power cut"):
            write_atomically(path, "new")
    assert path.read_text() == "old"


def test_slugs_are_safe_and_distinct():
    names = ["synthetic-faces", "folder(path=a/b)", "folder(path=a b)", "folder(path=../..)", "é" * 300]
    slugs = [dataset_slug(name) for name in names]
    assert slugs[0] == "synthetic-faces"
    assert len(set(slugs)) == len(names)
    assert all(("/" not in slug and ".." not in slug.replace("...", "")) or slug for slug in slugs)
    assert all(len(slug) < 80 for slug in slugs)
