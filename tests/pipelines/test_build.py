"""From staged works to a version: what is kept, what is not and why, and that nothing is lost."""

import errno
from datetime import UTC, date, datetime

import pandas as pd
import pyarrow.parquet as pq
import pytest

from pipelines.errors import Incomplete
from schemas.tables import RejectRow
from tests.works import WorkCorpus, prose, work


@pytest.fixture
def corpus(tmp_path):
    return WorkCorpus(tmp_path / "corpus")


def rejects_of(corpus):
    return {(row.ref, row.stage, row.reason) for row in corpus.table("rejects").itertuples()}


def test_works_and_chapters_are_rows(corpus):
    corpus.stage(
        work([prose(1), prose(2)], title="Two Parts", source="ao3", source_work_id="12", fandoms=("Sherlock Holmes",)),
        work(prose(3), title="One Part", path="b.txt"),
    )
    manifest = corpus.build()
    works = corpus.table("works").set_index("title")
    assert works.loc["Two Parts", "work_id"] == "ao3:12"
    assert works.loc["One Part", "work_id"].startswith("file:")
    assert list(works.loc["Two Parts", "fandoms"]) == ["Sherlock Holmes"]
    assert works["dup_role"].tolist() == ["unique", "unique"]
    assert works["language"].tolist() == ["en", "en"]
    chapters = corpus.table("chapters")
    mine = chapters[chapters.work_id == "ao3:12"]
    assert mine.chapter_id.tolist() == ["ao3:12#0001", "ao3:12#0002"]
    assert mine.text.tolist() == [prose(1), prose(2)]
    assert works.loc["Two Parts", "n_words"] == mine.n_words.sum()
    assert (manifest.counts.staged, manifest.counts.kept, manifest.tables["chapters"].rows) == (2, 2, 3)


def test_partitions_are_site_and_language(corpus):
    corpus.stage(work(prose(1), source="ao3", source_work_id="1"))
    corpus.build()
    assert [
        path.parent.relative_to(corpus.corpus.path / "v0001").as_posix()
        for path in sorted((corpus.corpus.path / "v0001").rglob("*.parquet"))
    ] == [
        "chapters/site=ao3/lang=en",
        "duplicates",
        "engagement",
        "rejects",
        "works/site=ao3/lang=en",
    ]


def test_the_newest_revision_wins_whatever_the_order(tmp_path):
    old = work(prose(1), source="ao3", source_work_id="7", path="old.txt", updated_date=date(2020, 1, 1))
    new = work(
        prose(1) + "\n\nThe end.", source="ao3", source_work_id="7", path="new.txt", updated_date=date(2021, 1, 1)
    )
    digests = set()
    for number, order in enumerate([(old, new), (new, old)]):
        corpus = WorkCorpus(tmp_path / str(number))
        for item in order:
            corpus.stage(item)
        digests.add(corpus.build().digest)
        assert corpus.table("works").path.tolist() == ["new.txt"]
        assert rejects_of(corpus) == {("old.txt", "revision", "superseded")}
        assert corpus.table("rejects").detail.tolist() == ["replaced by the revision of 2021-01-01 in new.txt"]
    assert len(digests) == 1


def test_a_newer_record_without_text_never_takes_the_place_of_the_text(corpus):
    text = work(prose(1), source="ao3", source_work_id="7", path="story.html", updated_date=date(2020, 1, 1))
    listed = work([], source="ao3", source_work_id="7", path="list.html", updated_date=date(2024, 1, 1))
    corpus.stage(listed, text)
    corpus.build()
    assert corpus.table("works").path.tolist() == ["story.html"]
    assert corpus.table("rejects").detail.tolist() == ["without text; replaced by the text in story.html"]


def test_first_and_last_sight_span_the_revisions(corpus):
    for day in (3, 1, 2):
        seen = datetime(2024, 5, day, tzinfo=UTC)
        corpus.stage(work(prose(day), source="ao3", source_work_id="7", path=f"{day}.html", retrieved_at=seen))
    corpus.build()
    row = corpus.table("works").iloc[0]
    assert (row.path, row.first_seen_at.day, row.last_seen_at.day) == ("3.html", 1, 3)


def test_a_file_that_changed_replaces_what_it_was(corpus):
    corpus.stage(work(prose(1), title="Before"))
    corpus.stage(work(prose(2), title="After"))
    manifest = corpus.build()
    assert corpus.table("works").title.tolist() == ["After"]
    assert rejects_of(corpus) == {("a.txt", "revision", "superseded")}
    assert (manifest.counts.staged, manifest.counts.superseded, manifest.counts.kept) == (2, 1, 1)


def test_the_same_bytes_prepared_again_leave_no_trace(corpus):
    corpus.stage(work(prose(1)))
    corpus.stage(work(prose(1)))
    manifest = corpus.build()
    assert (manifest.counts.staged, manifest.counts.superseded, manifest.counts.kept) == (1, 0, 1)


def test_files_of_the_same_name_in_two_folders_are_two_works(corpus):
    corpus.stage(work(prose(1)), origin="stories")
    corpus.stage(work(prose(2)), origin="more stories")
    assert corpus.build().counts.kept == 2


def test_the_same_file_in_two_places_is_one_row_and_a_duplicate(corpus):
    corpus.stage(work(prose(1), path="z/copy.txt"), work(prose(1), path="a/story.txt"))
    manifest = corpus.build()
    assert corpus.table("works").path.tolist() == ["a/story.txt"]
    row = corpus.table("duplicates").iloc[0]
    assert (row.method, row.decision, row.path, row.other_path) == ("same_file", "merged", "z/copy.txt", "a/story.txt")
    assert row.work_id == row.other_work_id
    assert manifest.counts.merged == 1


def test_copies_are_marked_or_dropped(corpus):
    original = work(prose(1, 30), title="Original", updated_date=date(2001, 1, 1))
    repost = work(prose(1, 30) + "\n\nPlease review!", title="Repost", path="b.txt", updated_date=date(2002, 1, 1))
    corpus.stage(original, repost, work(prose(2), title="Other", path="c.txt"))
    corpus.build()
    works = corpus.table("works").set_index("title")
    assert works.dup_role.to_dict() == {"Original": "duplicate", "Repost": "representative", "Other": "unique"}
    assert works.loc["Original", "dup_cluster_id"] == works.loc["Repost", "dup_cluster_id"]
    assert works.loc["Other", "dup_cluster_id"] is None or pd.isna(works.loc["Other", "dup_cluster_id"])
    assert corpus.table("duplicates").decision.tolist() == ["marked"]

    corpus.configure('[dedup]\npolicy = "drop"\n')
    manifest = corpus.build()
    assert sorted(corpus.table("works").title) == ["Other", "Repost"]
    assert len(corpus.table("chapters")) == 2
    assert corpus.table("duplicates").decision.tolist() == ["dropped"]
    assert (manifest.version, manifest.parent, manifest.counts.dropped) == ("v0002", "v0001", 1)


def test_policy_rejects_with_a_reason(corpus):
    french = (
        "Holmes posa son violon et regarda longtemps la pluie qui tombait sur la rue. Il savait que la lettre "
        "viendrait ce soir, et que rien ne serait plus comme avant. Watson, lui, ne savait rien encore, et "
        "lisait tranquillement son journal au coin du feu. "
    )
    corpus.configure('[languages]\nwanted = ["English"]\n')
    corpus.stage(
        work("Too short to be a story.", path="short.txt"),
        work("asdf jkl; " * 2000, path="junk.txt"),
        work(french * 2, path="french.txt"),
        work(prose(1), path="kept.txt"),
    )
    manifest = corpus.build()
    assert rejects_of(corpus) == {
        ("short.txt", "policy", "too_short"),
        ("junk.txt", "policy", "junk_compression"),
        ("french.txt", "policy", "language_not_wanted"),
    }
    assert corpus.table("works").path.tolist() == ["kept.txt"]
    assert manifest.counts.rejects == {"junk_compression": 1, "language_not_wanted": 1, "too_short": 1}

    corpus.configure("[filters]\nmin_words = 0\nmin_compression_ratio = 0\n")
    assert corpus.build().counts.kept == 4


def test_staged_rejects_of_inputs_as_they_are_now_come_through(corpus):
    def refused(reason):
        return RejectRow(
            ref="bad.txt",
            work_id=None,
            source="file",
            stage="read",
            reason=reason,
            detail="…",
            format=None,
            raw_sha256=reason,
        )

    corpus.stage(rejects=[refused("empty")])
    corpus.stage(rejects=[refused("binary")])
    manifest = corpus.build()
    assert rejects_of(corpus) == {("bad.txt", "read", "binary")}
    assert manifest.counts.unreadable == 1
    assert corpus.table("works").empty
    assert corpus.table("chapters").empty


def test_everything_staged_is_accounted_for(corpus):
    corpus.configure('[dedup]\npolicy = "drop"\n')
    corpus.stage(
        work(prose(1), path="1.txt"),
        work(prose(1), path="2.txt"),
        work(prose(1) + "\n\nA line more.", path="3.txt"),
        work("Short.", path="4.txt"),
        work(prose(5), source="ao3", source_work_id="1", path="5.txt", updated_date=date(2001, 1, 1)),
        work(prose(6), source="ao3", source_work_id="1", path="6.txt", updated_date=date(2002, 1, 1)),
    )
    counts = corpus.build().counts
    assert counts.staged == 6
    assert counts.kept == counts.staged - counts.superseded - counts.merged - counts.rejected - counts.dropped == 2
    rejects = corpus.table("rejects")
    assert len(rejects) == counts.superseded + counts.rejected + counts.unreadable == 2


def test_equal_staging_gives_equal_bytes(tmp_path):
    items = [work(prose(n), path=f"{n}.txt", title=f"Case {n}") for n in range(12)]
    one, other = WorkCorpus(tmp_path / "one"), WorkCorpus(tmp_path / "other")
    one.stage(*items)
    for item in reversed(items):
        other.stage(item, origin="elsewhere")
    first, second, again = one.build(), other.build(jobs=2), one.build(jobs=2)
    assert first.digest == second.digest == again.digest
    assert first.files == second.files == again.files
    for entry in first.files:
        assert (one.corpus.path / "v0001" / entry.path).read_bytes() == (
            other.corpus.path / "v0001" / entry.path
        ).read_bytes()


def test_a_full_disk_while_copies_are_looked_for_is_one_line(corpus, monkeypatch):
    def refuse(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    corpus.stage(work(prose(1)))
    monkeypatch.setattr("pipelines.dedup.write_keys", refuse)
    with pytest.raises(Incomplete, match="staging/dedup: no space left to write"):
        corpus.build()
    assert not (corpus.corpus.path / "latest").exists()


def test_equal_files_of_two_versions_share_their_bytes(corpus):
    corpus.stage(work(prose(1)))
    first = corpus.build()
    corpus.build()
    for entry in first.files:
        files = [corpus.corpus.path / version / entry.path for version in ("v0001", "v0002")]
        assert files[0].samefile(files[1])


def test_pointers_follow_the_newest_version(corpus):
    corpus.stage(work(prose(1)))
    corpus.build()
    corpus.build()
    assert (corpus.corpus.path / "latest").resolve().name == "v0002"
    assert (corpus.corpus.path / "CURRENT").read_text() == "v0002\n"
    assert not list(corpus.corpus.path.glob(".v*"))


def test_files_say_what_they_are(corpus):
    corpus.stage(work(prose(1)))
    manifest = corpus.build()
    for entry in manifest.files:
        file = pq.ParquetFile(corpus.corpus.path / "v0001" / entry.path)
        table = entry.path.partition("/")[0]
        assert file.schema_arrow.metadata[b"fanthology.table"] == table.encode()
        assert all(field.metadata[b"description"] for field in file.schema_arrow)
        if file.metadata.num_row_groups:
            assert file.metadata.row_group(0).sorting_columns[0].column_index == 0
    works = next(entry for entry in manifest.files if entry.path.startswith("chapters"))
    text = pq.ParquetFile(corpus.corpus.path / "v0001" / works.path).metadata.row_group(0)
    column = next(text.column(i) for i in range(text.num_columns) if text.column(i).path_in_schema == "text")
    assert column.compression == "ZSTD"
    assert not column.has_dictionary_page
