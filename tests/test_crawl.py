"""Crawls from the first request to the dataset, against an archive on the loopback interface."""

from datetime import date

import pandas as pd
import pytest

from tests.crawls import command, crawl, fetched, requests, status, table
from tests.sites.otw import Archive

OUTCOME = {"ok": "ok", "noai": "ok", "noindex": "opted_out", "tdm": "opted_out", "adult": "adult_gate"}


@pytest.fixture
def archive():
    shares = {"noindex": 0.1, "tdm": 0.1, "noai": 0.1, "adult": 0.1, "restricted": 0.1, "unrevealed": 0.05}
    with Archive(seed=3, works=50, words=(60, 400), outcomes=shares) as served:
        yield served


def plain(value):
    """Values of a table as JSON has them."""
    if hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return {name: plain(item) for name, item in value.items() if item is not None}
    if isinstance(value, date):
        return value.isoformat()
    return None if value is None or value is pd.NaT or value != value else value  # noqa: PLR0124 - NaN


def assert_works_equal(corpus, archive, ids):
    """The dataset holds these works and no others, each field as the archive has it."""
    assert sorted(table(corpus, "works").source_work_id) == sorted(ids)
    assert_works_equal_but_gone(corpus, archive, ids)


def assert_works_equal_but_gone(corpus, archive, ids):
    """These works of the dataset are, field by field, what the archive has."""
    works = table(corpus, "works").set_index("source_work_id")
    chapters = table(corpus, "chapters")
    by_work = dict(iter(chapters.groupby("work_id")))
    for work_id in ids:
        row, told = works.loc[work_id], archive.expected(work_id)
        for name in (
            "title",
            "url",
            "rating_raw",
            "status_raw",
            "language_raw",
            "summary",
            "published_date",
            "updated_date",
            "n_words_source",
            "n_chapters_source",
            "n_chapters_planned",
        ):
            assert plain(row[name]) == told[name], (work_id, name)
        for name in (
            "fandoms",
            "relationships",
            "characters",
            "freeforms",
            "warnings_raw",
            "categories_raw",
            "gifts",
            "collections",
        ):
            assert plain(row[name]) == told[name], (work_id, name)
        assert plain(row["series"]) == told["series"]
        assert plain(row["related"]) == [{k: v for k, v in item.items() if v is not None} for item in told["related"]]
        assert plain(row["authors"]) == [author["name"] for author in told["authors"]]
        assert {name: row[name] for name in told["engagement"]} == told["engagement"]
        assert row["language_declared"].partition("-")[0] == told["language"].partition("-")[0]
        rows = by_work[f"ao3:{work_id}"].sort_values("chapter_index")
        assert row["n_chapters"] == len(rows) == len(told["chapters"])
        for (_, chapter), stated in zip(rows.iterrows(), told["chapters"], strict=True):
            for name in ("number", "title", "summary", "notes_before", "notes_after", "source_chapter_id", "url"):
                assert plain(chapter[name]) == stated[name], (work_id, name)
            shown = [chapter.text[block["start"] : block["end"]] for block in chapter.blocks]
            assert " ".join(" ".join(shown).split()) == " ".join(" ".join(stated["paragraphs"]).split())


def test_a_crawl_asks_once_for_each_work_and_holds_what_the_archive_holds(archive, tmp_path):
    corpus = tmp_path / "johnlock"
    ran = crawl(archive, corpus)
    assert (ran.status, ran.stderr) == (0, "")
    listed = archive.listed()
    assert requests(archive) == {"robots": 1, "listing": -(-len(listed) // 20), "work": len(listed)}
    assert {r.user_agent for r in archive.requests} == {"fanthology/0.1.0 (+me@uni.example)"}
    expected = {work_id: OUTCOME[archive.outcome(work_id)] for work_id in listed}
    assert status(corpus)["outcomes"] == pd.Series(expected).value_counts().to_dict()
    assert_works_equal(corpus, archive, [work_id for work_id in listed if expected[work_id] == "ok"])
    rejects = table(corpus, "rejects")
    assert dict(zip(rejects.work_id, rejects.reason, strict=True)) == {
        f"ao3:{work_id}": outcome for work_id, outcome in expected.items() if outcome != "ok"
    }
    since = len(archive.requests)
    assert crawl(archive, corpus).status == 0
    assert requests(archive, since) == {"robots": 1, "listing": -(-len(listed) // 20)}  # refusals are not asked again
    assert status(corpus)["outcomes"] == pd.Series(expected).replace("ok", "unchanged").value_counts().to_dict()


@pytest.fixture
def small():
    """An archive without surprises, of so few works that a test is short."""
    with Archive(seed=5, works=25, words=(60, 150), outcomes={}) as served:
        yield served


def test_a_crawl_again_after_changes_and_deletions_fetches_the_changed_and_marks_the_gone(small, tmp_path):
    assert crawl(small, tmp_path / "c").status == 0
    ids = small.ids()
    for work_id in ids[3:9]:
        small.change(work_id)
    for work_id in ids[20:23]:
        small.delete(work_id)
    since = len(small.requests)
    assert crawl(small, tmp_path / "c").status == 0
    assert requests(small, since) == {"robots": 1, "listing": 2, "work": 6}
    assert sorted(fetched(small, since)) == ids[3:9]
    told = status(tmp_path / "c")
    assert told["outcomes"] == {"ok": 6, "unchanged": 16, "deleted": 3}
    assert told["crawls"][-1]["changes"] == {"gone": 3, "updated": 6}
    assert [work["work_id"] for work in told["missing"]] == [f"ao3:{work_id}" for work_id in ids[20:23]]
    works = table(tmp_path / "c", "works").set_index("source_work_id")
    assert len(works) == 25  # what is gone is kept
    gone = works.loc[ids[20:23], "last_seen_at"]
    assert gone.max() < works.loc[ids[:20], "last_seen_at"].min()
    assert_works_equal_but_gone(tmp_path / "c", small, [i for i in ids if i not in ids[20:23]])
    engagement = table(tmp_path / "c", "engagement")
    assert engagement.groupby("work_id").size().to_dict() == {
        f"ao3:{work_id}": 1 if work_id in ids[20:23] else 2 for work_id in ids
    }


def test_a_list_of_works_is_not_fetched_again_unless_asked(small, tmp_path):
    ids = small.ids()
    named = tmp_path / "ids.txt"
    named.write_text(
        f"# mine\n{ids[4]}\nhttps://archiveofourown.org/works/{ids[7]}/chapters/1\nao3:{ids[9]}, {ids[4]}\n99\n"
    )
    ran = crawl(small, tmp_path / "c", works=named)
    assert ran.status == 0, ran.stderr
    assert fetched(small) == [ids[4], ids[7], ids[9], "99"]
    assert status(tmp_path / "c")["outcomes"] == {"ok": 3, "deleted": 1}
    since = len(small.requests)
    assert crawl(small, tmp_path / "c", works=named).status == 0
    assert fetched(small, since) == ["99"]
    since = len(small.requests)
    assert crawl(small, tmp_path / "c", works=named, refresh=True).status == 0
    assert fetched(small, since) == [ids[4], ids[7], ids[9], "99"]


def test_max_works_takes_the_first_of_the_list(small, tmp_path):
    assert crawl(small, tmp_path / "c", tag=small.tag, max_works=7).status == 0
    assert fetched(small) == small.listed()[:7]
    assert requests(small) == {"robots": 1, "listing": 1, "work": 7}
    since = len(small.requests)
    assert crawl(small, tmp_path / "c", tag=small.tag, max_works=7).status == 0
    assert requests(small, since) == {"robots": 1, "listing": 1}


def test_metadata_only_costs_a_request_for_twenty_works(small, tmp_path):
    assert crawl(small, tmp_path / "c", tag=small.tag, text=False).status == 0
    assert requests(small) == {"robots": 1, "listing": 2}
    works = table(tmp_path / "c", "works").set_index("source_work_id")
    assert sorted(works.index) == small.ids()
    for work_id in small.ids():
        told = small.expected_blurb(work_id)
        for name in ("title", "summary", "updated_date", "n_words_source", "freeforms", "status_raw"):
            assert plain(works.loc[work_id, name]) == told[name]
    since = len(small.requests)
    assert crawl(small, tmp_path / "c").status == 0  # now with text: metadata alone is not enough
    assert requests(small, since) == {"robots": 1, "listing": 2, "work": 25}
    assert table(tmp_path / "c", "works").n_chapters.min() >= 1


def test_a_dry_run_tells_what_it_would_take_from_one_request_and_makes_nothing(small, tmp_path):
    ran = crawl(small, None, tag=small.tag, dry_run=True, settings={"CORPUS": str(tmp_path / "c"), "DOWNLOAD_DELAY": 0})
    assert ran.status == 0, ran.stderr
    assert ran.stdout.startswith("25 works, 28 requests, 0.0 hours")
    assert requests(small) == {"robots": 1, "listing": 1}
    assert list(tmp_path.iterdir()) == []


def test_the_web_archive_of_a_crawl_gives_the_same_works(archive, tmp_path):
    assert crawl(archive, tmp_path / "c", tag=archive.tag, chapter_dates=True).status == 0
    for work_id in archive.ids("ok")[5:15]:
        archive.change(work_id)
    gone, locked = archive.ids("ok")[20:22]
    for work_id, outcome in ((gone, "deleted"), (locked, "restricted")):
        archive.delete(work_id, listed=True)
        archive.become(work_id, outcome)
        archive.touch(work_id)
    settings = {"WARC_MAX_SIZE": 20_000}  # several files
    assert crawl(archive, tmp_path / "c", tag=archive.tag, chapter_dates=True, settings=settings).status == 0
    warcs = list((tmp_path / "c" / "staging" / "warc").iterdir())
    assert len(warcs) > 3
    ran = command("ingest", tmp_path / "c" / "staging" / "warc", "-c", tmp_path / "copy", "-j", "1")
    assert ran.status == 0, ran.stderr
    apart = {"works": ["path", "first_seen_at", "last_seen_at"], "chapters": []}
    for name, columns in apart.items():
        ours, theirs = (table(tmp_path / corpus, name).drop(columns=columns) for corpus in ("c", "copy"))
        for column in ours.columns:
            assert ours[column].astype(str).tolist() == theirs[column].astype(str).tolist(), (name, column)
    dates = table(tmp_path / "copy", "chapters").published_date
    assert dates.notna().all()
    assert {"opted_out", "deleted", "restricted", "adult_gate"} <= set(table(tmp_path / "copy", "rejects").reason)
    works = table(tmp_path / "copy", "works").set_index("source_work_id")
    assert works.loc[[gone, locked]].n_chapters.min() >= 1  # what was held is kept
    assert sorted(works[works.ai_opt_out].index) == archive.ids("noai")
    assert {gone: "deleted", locked: "restricted"}.items() <= {
        work["url"].rpartition("/")[2]: work["outcome"] for work in status(tmp_path / "c")["missing"]
    }.items()
