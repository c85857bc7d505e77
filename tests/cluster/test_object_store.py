"""Corpora in an object store: the same bytes, safe from two writers, and from a machine that ends anywhere."""

import itertools
import json
import os
import subprocess
from contextlib import closing

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines import logged_ledger, remote_corpus, remote_segments
from pipelines.build import build
from pipelines.cluster import open_cluster
from pipelines.errors import CannotStart, Incomplete
from pipelines.logged_ledger import LoggedLedger
from pipelines.object_store import ObjectStore, open_store
from pipelines.remote_corpus import LOCK, RemoteCorpus
from schemas.manifest import Manifest
from tests.cluster.losses import lose_a_machine_once
from tests.cluster.machines import ROOT
from tests.cluster.making import contents, made, staged

pytestmark = pytest.mark.usefixtures("small_tasks", "cache")
numbers = itertools.count()


@pytest.fixture
def address(object_store):
    """Of a corpus that is not yet there."""
    return f"{object_store}/shelves/corpus-{next(numbers)}"


@pytest.fixture
def corpus(address):
    return opened(address)


def opened(address):
    """The corpus, as another command finds it; made if it is new."""
    RemoteCorpus.at(address).create()
    return RemoteCorpus.at(address)


def there(corpus, name):
    """Content of an object."""
    held = corpus.store.get(name)
    assert held is not None
    return held.content


def segments_there(corpus):
    return corpus.store.folders("staging/segments/")


def test_commands_make_the_same_bytes_there_as_in_a_folder(address, stories, by_one_machine, tmp_path):
    command = [ROOT / ".venv" / "bin" / "scrapy", "ingest", stories, "-c", address, "-j", "2"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert f"written   {address}/v0001" in done.stdout
    assert f'pd.read_parquet("{address}/v0001/works")' in done.stdout
    corpus = RemoteCorpus.at(address)
    manifest = Manifest.model_validate_json(there(corpus, "v0001/MANIFEST.json"))
    assert contents(manifest) == contents(by_one_machine)
    assert there(corpus, "CURRENT") == b"v0001\n"
    files = {name.removeprefix("v0001/") for name in corpus.store.names("v0001/")}
    assert files == {entry.path for entry in manifest.files} | {"MANIFEST.json", "README.md", "schema.json"}
    assert len(pd.read_parquet(f"{address}/v0001/works")) == 15


def test_a_cluster_that_loses_a_machine_makes_the_same_bytes_there(
    corpus, stories, by_one_machine, two_machines, monkeypatch, tmp_path
):
    lose_a_machine_once(monkeypatch, tmp_path / "lost")
    two_machines.add_worker()
    with open_cluster(two_machines.address) as cluster:
        manifest = made(corpus, stories, cluster)
    assert (tmp_path / "lost").exists()
    assert contents(manifest) == contents(by_one_machine)


def test_a_run_that_ends_between_segment_and_log_is_gone_on_with_by_another_machine(
    address, corpus, stories, by_one_machine, monkeypatch, tmp_path
):
    write, done = LoggedLedger._change, []

    def end_at_the_third(ledger, operation, *arguments):
        done.append(operation)
        if done.count("acknowledge") == 3:
            raise KeyboardInterrupt
        return write(ledger, operation, *arguments)

    monkeypatch.setattr(LoggedLedger, "_change", end_at_the_third)
    with pytest.raises(KeyboardInterrupt):
        staged(corpus, stories)
    monkeypatch.setattr(LoggedLedger, "_change", write)
    assert len(segments_there(corpus)) == 3
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache of another machine"))
    other = opened(address)
    with closing(other.open_staging()) as staging:
        assert len(staging.ledger.segments()) == 2
    assert contents(made(other, stories)) == contents(by_one_machine)
    with closing(other.open_staging()) as staging:
        assert segments_there(other) == staging.ledger.segments()


def test_a_ledger_that_ended_between_log_and_file_is_made_again(corpus, monkeypatch):
    with closing(corpus.open_staging()) as staging:
        run = staging.ledger.begin_run("test", {"tool": "1"})
        with monkeypatch.context() as patch:
            patch.setattr(LoggedLedger, "_do_forget", lambda *_: 1 / 0)
            with pytest.raises(ZeroDivisionError):
                staging.ledger.forget("here", ["a"])
    with closing(corpus.open_staging()) as staging:
        assert staging.ledger._last == 2
        assert staging.ledger._db.execute("SELECT run, command FROM runs").fetchall() == [(run, "test")]


def test_a_ledger_is_made_of_a_snapshot_and_what_came_after(address, corpus, stories, monkeypatch, tmp_path):
    monkeypatch.setattr(logged_ledger, "SNAPSHOT_ENTRIES", 1)
    staged(corpus, stories)
    (snapshot,) = corpus.store.names("staging/ledger/")
    with closing(corpus.open_staging()) as staging:
        staging.ledger.begin_run("later", {})
        expected = list(staging.ledger._db.iterdump())
    first = corpus.store.names("staging/log/")[0]
    corpus.store.delete([first])  # nobody needs it any more
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache of another machine"))
    with closing(opened(address).open_staging()) as staging:
        assert list(staging.ledger._db.iterdump()) == expected
        assert staging.ledger._last == int(snapshot[len("staging/ledger/") : -len(".sqlite")]) + 1


def test_a_log_with_a_gap_is_no_ledger(address, corpus, monkeypatch, tmp_path):
    with closing(corpus.open_staging()) as staging:
        for _ in range(3):
            staging.ledger.begin_run("test", {})
    corpus.store.delete(["staging/log/000000000002.json"])
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache of another machine"))
    with pytest.raises(CannotStart, match=f"^{address}/staging/log/: entry 2 of the log is missing$"):
        opened(address).open_staging()


def test_one_writer_at_a_time(address, corpus, monkeypatch, tmp_path):
    with corpus.lock():
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache of another machine"))
        other = opened(address)
        with pytest.raises(CannotStart, match=f"^{address}: process {os.getpid()} on .* is working on this corpus"):
            other.lock().__enter__()
    with other.lock():
        pass
    assert corpus.store.get(LOCK) is None


def test_a_writer_that_was_taken_for_dead_cannot_spoil_anything(address, corpus, monkeypatch, tmp_path):
    monkeypatch.setattr(remote_corpus, "STALE_SECONDS", -1)
    with corpus.lock(), closing(corpus.open_staging()) as mine:
        mine.ledger.begin_run("mine", {})
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache of another machine"))
        other = opened(address)
        with other.lock(), closing(other.open_staging()) as theirs:
            theirs.ledger.begin_run("theirs", {})
            with pytest.raises(Incomplete, match="another process has written to this corpus meanwhile"):
                mine.ledger.begin_run("mine again", {})
        theirs_written = [json.loads(there(corpus, n)) for n in corpus.store.names("staging/log/")]
        assert [entry["arguments"][0] for entry in theirs_written] == ["mine", "theirs"]


def test_a_request_that_was_done_although_its_answer_was_lost_is_done(corpus, monkeypatch):
    create = ObjectStore.create
    monkeypatch.setattr(ObjectStore, "create", lambda *arguments: create(*arguments) and create(*arguments))
    with closing(corpus.open_staging()) as staging:
        assert [staging.ledger.begin_run("test", {}) for _ in range(2)] == [1, 2]


def test_a_store_that_cannot_tell_who_came_first_is_refused(corpus, monkeypatch):
    monkeypatch.setattr(ObjectStore, "create", lambda self, name, content: self.put(name, content) or True)
    with pytest.raises(CannotStart, match="does not know conditional writes"):
        corpus.lock().__enter__()
    assert corpus.store.get(LOCK) is None


def test_a_version_counts_when_its_manifest_is_there_and_no_number_is_used_twice(
    corpus, stories, by_one_machine, monkeypatch
):
    staged(corpus, stories)
    finish = remote_corpus._RemoteVersion.finish

    def end(*_):
        raise KeyboardInterrupt

    with closing(corpus.open_staging()) as staging:
        monkeypatch.setattr(remote_corpus._RemoteVersion, "finish", end)
        with pytest.raises(KeyboardInterrupt):
            build(corpus, staging)
        monkeypatch.setattr(remote_corpus._RemoteVersion, "finish", finish)
        assert corpus.versions() == []
        assert "v0001/README.md" in corpus.store.names("v0001/")
        manifest = build(corpus, staging)
    assert (manifest.version, manifest.parent) == ("v0002", None)
    assert corpus.versions() == ["v0002"]
    assert corpus.store.names("v0001/") == ["v0001/BUILDING"]
    assert there(corpus, "CURRENT") == b"v0002\n"
    assert contents(manifest) == contents(by_one_machine)


def test_a_builder_that_was_taken_for_dead_cannot_finish(address, corpus, stories, by_one_machine):
    staged(corpus, stories)
    slow = corpus.new_version()
    with slow.open():
        slow.write_text("README.md", "of the slow one")
        other = opened(address)
        with closing(other.open_staging()) as staging:
            manifest = build(other, staging)
        with pytest.raises(Incomplete, match="another process has begun a version meanwhile"):
            slow.finish(manifest)
    assert (slow.name, manifest.version, other.versions()) == ("v0001", "v0002", ["v0002"])
    assert there(corpus, "CURRENT") == b"v0002\n"
    assert corpus.store.names("v0001/") == ["v0001/BUILDING"]


@pytest.mark.parametrize(
    ("where", "message"),
    [
        ("s3://shelf", "^s3://shelf: a corpus in an object store is named s3://BUCKET/NAME$"),
        ("s3://no-such-bucket/x", "^s3://no-such-bucket/x: the object store failed: .*NoSuchBucket"),
    ],
)
def test_what_cannot_be_is_told_in_one_line(object_store, where, message):
    with pytest.raises((CannotStart, Incomplete), match=message):
        RemoteCorpus.at(where)


@pytest.fixture(scope="session")
def tales(tmp_path_factory, object_store):
    """A table in a folder, and the same one in the store in batches of few rows."""
    folder = tmp_path_factory.mktemp("segment")
    texts = [f"{number} " * (1 + number % 7) for number in range(50)]
    table = pa.table({"number": pa.array(range(50), pa.int32()), "text": pa.array(texts, pa.large_string())})
    for name in ("chapters", "works"):
        with pa.ipc.new_file(str(folder / f"{name}.arrow"), table.schema) as writer:
            writer.write_table(table)
    store = open_store(f"{object_store}/tales")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(remote_segments, "BATCH_BYTES", 40)
        remote_segments.put_segment(store, folder, "s")
    return table, store.uri_of("staging/segments/s")


@settings(deadline=None, max_examples=40)
@given(st.lists(st.integers(0, 49), max_size=30))
def test_rows_of_the_store_are_those_of_the_folder(tales, rows):
    table, segment = tales
    taken = remote_segments.take(segment, "chapters", np.array(rows, dtype=np.int64))
    assert taken.equals(table.take(pa.array(rows, pa.int64())))
    columns = remote_segments.take(segment, "chapters", np.array(rows, dtype=np.int64), ("text",))
    assert columns.equals(table.select(["text"]).take(pa.array(rows, pa.int64())))


def test_whole_columns_of_the_store_are_those_of_the_folder(tales):
    table, segment = tales
    assert remote_segments.read_columns(segment, "chapters").equals(table)
    assert remote_segments.read_columns(segment, "chapters", ("text", "number")).equals(
        table.select(["text", "number"])
    )
    held = remote_segments._open(f"{segment}/chapters.arrow")
    assert held.reader.num_record_batches > 5
