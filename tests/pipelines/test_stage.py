"""Segments are durable or not there; the ledger knows what counts."""

import errno

import pyarrow as pa
import pytest

from pipelines.errors import Incomplete, write_failure
from pipelines.ledger import InputRecord
from pipelines.prepare import prepare
from pipelines.stage import StagedWork, Staging, works_schema, write_segment
from tests.works import prose, work


def record(ref, sha256="a"):
    return InputRecord(ref, 10, 20, sha256, 1, 0)


@pytest.fixture
def staging(tmp_path):
    staging = Staging(tmp_path / "staging")
    yield staging
    staging.close()


def stage(staging, segment, *refs, sha256="a"):
    write_segment(staging.unfinished(segment), [], [])
    staging.commit(segment, [segment], "folder", [record(ref, sha256) for ref in refs], preparation="p", run=1)


def test_a_segment_counts_once_it_is_committed(staging):
    prepared = prepare(work([prose(1), prose(2)]))
    write_segment(staging.unfinished("s1"), [StagedWork("a.txt", prepared)], [])
    assert staging.ledger.segments() == []
    staging.commit("s1", ["s1"], "folder", [record("a.txt")], preparation="p", run=1)
    assert staging.ledger.segments() == ["s1"]
    assert staging.open("s1", "chapters").column("text").to_pylist() == [prose(1), prose(2)]
    assert staging.open("s1", "works").column("first_chapter").to_pylist() == [0]
    assert staging.ledger.known("folder") == {"a.txt": (10, 20, "p")}
    assert staging.ledger.known("another folder") == {}


def test_what_no_ledger_entry_names_is_discarded(staging):
    stage(staging, "s1", "a.txt")
    write_segment(staging.unfinished("s2"), [], [])  # killed before the rename
    write_segment(staging.segments_folder / "s3", [], [])  # killed between rename and acknowledgement
    assert staging.discard_unacknowledged() == 2
    assert [path.name for path in staging.segments_folder.iterdir()] == ["s1"]
    assert staging.ledger.segments() == ["s1"]


def test_changed_inputs_are_superseded_and_equal_ones_are_replaced(staging):
    stage(staging, "s1", "a.txt", "b.txt", sha256="old")
    stage(staging, "s2", "a.txt", sha256="new")
    stage(staging, "s3", "b.txt", sha256="old")
    assert set(staging.ledger.current()) == {("s2", "a.txt"), ("s3", "b.txt")}
    assert set(staging.ledger.superseded()) == {("s1", "a.txt")}


def test_a_failed_acknowledgement_leaves_the_ledger_as_it_was(staging):
    stage(staging, "s1", "a.txt")
    write_segment(staging.unfinished("s2"), [], [])
    with pytest.raises(AttributeError):
        staging.commit("s2", ["s2"], "folder", [record("b.txt"), None], preparation="p", run=1)
    assert staging.ledger.segments() == ["s1"]
    assert set(staging.ledger.known("folder")) == {"a.txt"}


def test_a_segment_that_cannot_be_written_is_not_there(tmp_path, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("pipelines.stage.os.fsync", full)
    with pytest.raises(Incomplete, match="no space left to write; free some and run the same command again"):
        write_segment(tmp_path / "segment", [], [])
    assert not (tmp_path / "segment").exists()


@pytest.mark.parametrize(
    "error",
    [
        OSError(errno.ENOSPC, "full"),
        OSError(errno.EDQUOT, "quota"),
        OSError("Error writing bytes: [errno 28] No space"),
    ],
)
def test_a_full_disk_is_called_so(error):
    assert "no space left" in str(write_failure(error, "x"))
    assert write_failure(error, "x").exit_status == 3


def test_another_failure_is_told_by_its_name():
    assert "cannot write: Read-only file system" in str(write_failure(OSError(errno.EROFS, "?"), "x"))


def test_rows_of_an_older_version_get_the_columns_that_it_did_not_know(staging):
    write_segment(staging.unfinished("s1"), [StagedWork("a.txt", prepare(work([prose(1)])))], [])
    staging.commit("s1", ["s1"], "folder", [record("a.txt")], preparation="p", run=1)
    path = staging.segments_folder / "s1" / "works.arrow"
    old = staging.open("s1", "works").drop_columns(["listed_chapters", "summary"])
    with pa.OSFile(str(path.with_suffix(".new")), "wb") as sink, pa.ipc.new_file(sink, old.schema) as writer:
        writer.write_table(old)
    path.with_suffix(".new").replace(path)
    table = staging.open("s1", "works")
    assert table.schema.names == works_schema().names
    assert (table.column("listed_chapters").to_pylist(), table.column("summary").to_pylist()) == ([[]], [None])
