"""Which cells of two runs are compared, and which are told of."""

import json

from bench.compare.matching import match
from bench.report.stored import StoredRun


def _match(first, second):
    return match(StoredRun(first), StoredRun(second))


def _told(ends):
    return {(one.architecture, one.loss, one.seed, one.first, one.second) for one in ends}


def test_cells_match_by_what_they_are_whatever_their_ids(make_run):
    first, second = make_run("a"), make_run("b", epochs=9)
    for path in list(second.glob("cells/*/record.json")):
        record = json.loads(path.read_text())
        record["cell_id"] = f"other-{record['cell_id']}"
        path.write_text(json.dumps(record))
        path.parent.rename(path.parent.with_name(record["cell_id"]))
    found = _match(first, second)
    assert found.cells == 8
    assert found.ends == []
    for row in found.rows:
        for ours, theirs in zip(row.first, row.second, strict=True):
            assert ours.cell_id != theirs.cell_id
            assert (ours.architecture, ours.loss, ours.seed) == (theirs.architecture, theirs.loss, theirs.seed)


def test_only_seeds_that_both_have_are_compared(make_run):
    found = _match(make_run("a", seeds=(0, 1, 2)), make_run("b", seeds=(2, 1, 7)))
    trained = [row for row in found.rows if row.trained]
    assert [[record.seed for record in row.first] for row in trained] == [[1, 2]] * 4
    assert [[record.seed for record in row.second] for row in trained] == [[1, 2]] * 4
    assert {(one.seed, one.first, one.second) for one in found.ends} == {
        (0, "completed", None),
        (7, None, "completed"),
    }
    assert found.lost == [], "a seed that was not asked for is not lost"


def test_what_a_completed_and_b_was_to_is_lost_however_it_ended(make_run):
    ends = {("unet", "l1"): "failed", ("unet", "l2"): "skipped", ("unet-resnet18", "l1"): "missing"}
    found = _match(make_run("a"), make_run("b", status=lambda a, loss, *_: ends.get((a, loss), "completed")))
    assert _told(found.lost) == {
        ("unet", "l1", 0, "completed", "failed"),
        ("unet", "l2", 0, "completed", "skipped"),
        ("unet-resnet18", "l1", 0, "completed", "not run yet"),
    }
    assert found.lost == found.ends


def test_what_a_did_not_complete_is_not_lost(make_run):
    failing = make_run("a", status=lambda _, loss, *__: "failed" if loss == "l1" else "completed")
    found = _match(failing, make_run("b", losses=("l1", "huber")))
    assert found.lost == []
    assert _told(found.ends) == {
        (architecture, loss, 0, *ends)
        for architecture in ("unet", "unet-resnet18")
        for loss, ends in (
            ("l1", ("failed", "completed")),
            ("l2", ("completed", None)),
            ("huber", (None, "completed")),
        )
    }
