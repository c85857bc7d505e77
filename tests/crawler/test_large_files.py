"""Large files of lines, read in parts, give what they give when they are read whole."""

import hashlib
import json
import os
import signal
import tempfile
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crawler import ingest as ingest_module
from crawler import large_files
from crawler.ingest import ingest
from crawler.ingest_tasks import stage_batch
from crawler.readers import formats
from crawler.readers.source import Source, Span, Unreadable
from crawler.scan import scan
from pipelines.build import build
from pipelines.corpus import Corpus
from pipelines.stage import Staging
from schemas.corpus import CorpusConfig
from tests.works import prose

FIRST = json.dumps({"id": "first", "title": "First", "text": "It was the first of all."})
ROWS = st.fixed_dictionaries(
    {},
    optional={
        "id": st.sampled_from(["1", "2"]),
        "title": st.sampled_from(["A", "B", ""]),
        "author": st.sampled_from(["x", "y"]),
        "chapter_number": st.sampled_from([1, 2, 3]),
        "text": st.sampled_from(["Rain fell on the moor.", "The fog came in.", "", "Nobody knew him there."]),
    },
).map(json.dumps)
BROKEN = st.sampled_from(["", "{", "[", "no JSON", '{"id": "1", "text": ', "17", '"é', "null"])
LINES = st.lists(st.one_of(ROWS, ROWS, ROWS, BROKEN, st.just("\ufeff" + FIRST)), max_size=14)


def read(path, span=None):
    return list(formats.read(Source(path, path.name, span=span)))


def spans(content, cuts):
    """Spans of a file that is cut at the ends of these lines."""
    lines = content.splitlines(keepends=True)
    edges = sorted({cut for cut in cuts if 0 < cut < len(lines)})
    starts, ends = [0, *edges], [*edges, None]
    return [
        Span(sum(map(len, lines[:start])), start + 1, None if end is None else end + 1)
        for start, end in zip(starts, ends, strict=True)
    ]


@settings(deadline=None)  # files are written
@given(LINES, st.lists(st.integers(1, 15), max_size=5), st.booleans())
def test_parts_give_what_the_whole_gives(lines, cuts, ends_with_newline):
    """Rows of one work stay together, broken lines are counted by their numbers, wherever it is cut."""
    content = ("\n".join([FIRST, *lines]) + "\n" * ends_with_newline).encode()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "works.jsonl")
        path.write_bytes(content)
        whole = read(path)
        if formats.reads_spans(Source(path, path.name)):
            assert [item for span in spans(content, cuts) for item in read(path, span)] == whole


@pytest.mark.parametrize(
    ("name", "content"),
    [
        (
            "pretty.json",
            json.dumps([{"title": "A", "text": "One."}, {"title": "B", "text": "Two."}], indent=1).encode(),
        ),
        ("wide.jsonl", f"{FIRST}\n{FIRST}\n".encode("utf-16")),
        ("mac.jsonl", f"{FIRST}\r{FIRST}\r".encode()),
        ("works.csv", b"title,text\nA,One.\nB,Two.\n"),
        ("story.txt", prose(1).encode()),
    ],
)
def test_other_files_are_not_read_in_parts(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    try:
        assert not formats.reads_spans(Source(tmp_path / name, name))
    except Unreadable:
        pytest.fail("each of them is read")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Two large files, as far as the ingest can tell."""
    for name, value in {"FIRST_BYTES": 2000, "LEAST_BYTES": 1500, "MOST_BYTES": 4000}.items():
        monkeypatch.setattr(large_files, name, value)
    monkeypatch.setattr(ingest_module, "MIN_LARGE_BYTES", 1000)
    path = tmp_path / "stories"
    path.mkdir()
    works = [{"id": n // 2, "title": f"Tale {n // 2}", "chapter": n % 2, "text": prose(n)} for n in range(60)]
    lines = [json.dumps(work) for work in works]
    lines[31:31] = ["{broken", ""]
    (path / "works.jsonl").write_text("\n".join(lines) + "\n")
    (path / "tale.txt").write_text("Title: A long tale\n\n" + "\n\n".join(prose(n) for n in range(20)))
    return path


def run(tmp_path, folder, name, jobs=2):
    """Ingest and build; the corpus, what the ledger knows, and the segments."""
    corpus = Corpus(tmp_path / name)
    with corpus.lock(), closing(Staging(corpus.staging)) as staging:
        counts = ingest(staging, str(folder), list(scan(folder)), CorpusConfig(), command="test", jobs=jobs)
        build(corpus, staging)
        inputs = staging.ledger._db.execute("SELECT ref, size, sha256, works, rejects FROM inputs ORDER BY ref")
        left = sorted(entry.name for entry in staging.segments_folder.iterdir())
        assert left == staging.ledger.segments()
        return corpus, list(inputs), left, replace(counts, bytes=0)


def files_of(corpus):
    folder = corpus.path / "v0001"
    return {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*.parquet")}


@pytest.mark.parametrize("jobs", [1, 3])
def test_an_ingest_in_parts_stages_the_same(tmp_path, folder, monkeypatch, jobs):
    corpus, inputs, segments, counts = run(tmp_path, folder, "parts", jobs)
    monkeypatch.setattr(ingest_module, "MIN_LARGE_BYTES", 2**40)
    whole, *others, _, same_counts = run(tmp_path, folder, "whole")
    assert (inputs, counts) == (*others, same_counts)
    assert files_of(corpus) == files_of(whole)
    assert len(segments) > 10
    lines = (folder / "works.jsonl").read_bytes()
    assert ("works.jsonl", len(lines), hashlib.sha256(lines).hexdigest(), 30, 1) in inputs
    assert pd.read_parquet(corpus.path / "latest" / "rejects").ref.tolist() == ["works.jsonl:32"]


def misbehave(task, notify):
    """As ``stage_batch``, but some parts end their worker, or are not sound."""
    if task.span is not None and task.number == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    return stage_batch(task, notify)


def unsound(task, notify):
    if task.span is not None and task.number == 3:
        task = replace(task, span=replace(task.span, start=-1))
    return stage_batch(task, notify)


@pytest.mark.parametrize("function", [misbehave, unsound])
def test_where_a_part_fails_the_file_is_read_whole(tmp_path, folder, monkeypatch, function):
    monkeypatch.setattr(ingest_module, "stage_batch", function)
    corpus, inputs, segments, _ = run(tmp_path, folder, "parts")
    assert not any(".p" in segment for segment in segments)
    monkeypatch.setattr(ingest_module, "MIN_LARGE_BYTES", 2**40)
    whole, others, *_ = run(tmp_path, folder, "whole")
    assert inputs == others
    assert files_of(corpus) == files_of(whole)
