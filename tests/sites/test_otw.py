"""The test archive shows the works that it says it holds, and our parsers read every kind of their pages."""

import pytest

from crawler.pages import otw_blurb
from schemas.work import Work
from tests.crawler.pages.otw_pages import provenance
from tests.sites.client import get
from tests.sites.compare import differences
from tests.sites.otw import Archive
from tests.sites.otw_ids import work_id_of
from tests.sites.reading import WHOLE, reason_of, work_of

# Works


def test_every_work_page_reads_as_the_archive_says(archive):
    read = 0
    for work_id in archive.ids("ok", "noindex", "tdm"):
        reply = get(archive, f"/works/{work_id}{WHOLE}")
        assert reply.status == 200
        work = work_of(reply.page)
        assert differences(work, archive.expected(work_id)) == []
        assert work.part_number is None
        read += 1
    assert read == 378


def test_the_works_are_of_all_kinds(archive):
    told = [archive.expected(work_id) for work_id in archive.ids("ok")]
    assert {work["language"] for work in told} == {"en", "es", "fr", "de", "ru", "zh"}
    assert {work["rating_raw"] for work in told} == {
        "General Audiences",
        "Teen And Up Audiences",
        "Mature",
        "Explicit",
        "Not Rated",
    }
    assert {work["status_raw"] for work in told} == {"Complete", "Completed", "Updated"}
    assert {relation["kind"] for work in told for relation in work["related"]} == {
        "inspired",
        "inspired_by",
        "translated_as",
        "translation_of",
    }
    kinds = {author.get("kind") for work in told for author in work["authors"]}
    assert kinds == {"user", "anonymous", "orphaned", None}
    assert max(len(work["authors"]) for work in told) == 2
    assert max(len(work["series"]) for work in told) == 2
    assert max(work["n_chapters_source"] for work in told) == 30
    assert any(work["n_chapters_planned"] is None for work in told)
    assert any(work["n_chapters_source"] == 1 and work["n_chapters_planned"] == 3 for work in told)
    for field in ("gifts", "collections", "summary", "notes_before", "notes_after"):
        assert {bool(work[field]) for work in told} == {True, False}, field
    parts = [chapter for work in told for chapter in work["chapters"] if chapter["number"]]
    for field in ("title", "summary", "notes_before", "notes_after", "authors"):
        assert {bool(chapter[field]) for chapter in parts} == {True, False}, field
    counts = [work["engagement"] for work in told]
    assert {count["kudos"] == 0 for count in counts} == {True, False}


def test_the_stated_words_are_the_words_of_the_text(archive):
    for work_id in archive.ids("ok")[:120]:
        told = archive.expected(work_id)
        text = " ".join(text for chapter in told["chapters"] for text in chapter["paragraphs"])
        if told["language"] == "zh":
            assert sum(char not in "，。 " for char in text) == told["n_words_source"]
        else:
            assert len(text.split()) == told["n_words_source"]


def test_work_n_of_a_seed_is_always_the_same_and_another_seed_has_others():
    small, large, other = Archive(works=10), Archive(works=100_000), Archive(seed=2, works=10)
    for work_id in ("40000000", "40000021", "40000063"):
        one = small.expected(work_id)
        assert one == large.expected(work_id)
        assert one["chapters"] != other.expected(work_id)["chapters"]


def test_a_work_of_thirty_thousand_words_and_the_last_of_a_hundred_thousand_works():
    with Archive(works=100_000, words=(30_000, 30_000), outcomes={}) as archive:
        last = work_id_of(99_999)
        work = work_of(get(archive, f"/works/{last}{WHOLE}").page)
        assert work.n_words_source == 30_000
        assert differences(work, archive.expected(last)) == []
        assert get(archive, f"/works/{work_id_of(100_000)}").status == 404


def test_an_archive_of_another_name(archive):
    with Archive(works=20, host="squidgeworld.org", outcomes={}) as served:
        work = work_of(get(served, f"/works/40000007{WHOLE}").page)
        assert (work.source, work.url) == ("squidgeworld", "https://squidgeworld.org/works/40000007")
        assert differences(work, served.expected("40000007")) == []


# Chapters


def chaptered(archive: Archive, least: int = 3) -> str:
    return next(
        work_id
        for work_id in archive.ids("ok")
        if not archive.is_adult(work_id) and archive.expected(work_id)["n_chapters_source"] >= least
    )


def test_a_chaptered_work_leads_to_its_first_chapter_and_a_one_shot_does_not(archive):
    work_id = chaptered(archive)
    first = archive.expected(work_id)["chapters"][0]
    reply = get(archive, f"/works/{work_id}")
    assert reply.status == 302
    assert reply.location == f"/works/{work_id}/chapters/{first['source_chapter_id']}"
    bare = get(archive, f"/chapters/{first['source_chapter_id']}")
    assert (bare.status, bare.location) == (302, reply.location)
    single = next(i for i in archive.ids("ok") if archive.expected(i)["n_chapters_planned"] == 1)
    assert get(archive, f"/works/{single}?view_adult=true").status == 200


@pytest.mark.parametrize("place", [1, 2, -1])
def test_a_page_of_one_chapter_is_a_part(archive, place):
    work_id = chaptered(archive)
    told = archive.expected(work_id)
    chapter = told["chapters"][place - 1 if place > 0 else place]
    work = work_of(get(archive, f"/works/{work_id}/chapters/{chapter['source_chapter_id']}").page)
    assert work.part_number == chapter["number"]
    first, last = place == 1, chapter["number"] == told["n_chapters_source"]
    alone = told | {
        "chapters": [chapter],
        "summary": told["summary"] if first else None,
        "notes_before": told["notes_before"] if first else None,
        "notes_after": told["notes_after"] if last else None,
    }
    for field in ("gifts", "related"):  # they stand with the notes
        del alone[field]
    assert differences(work, alone) == []


def test_the_index_of_chapters_has_their_days_and_no_adult_gate(archive):
    adult = next(i for i in archive.ids("ok") if archive.is_adult(i) and len(archive.expected(i)["chapters"]) > 3)
    index = otw_blurb.read_navigate(get(archive, f"/works/{adult}/navigate").page)
    told = archive.expected(adult)
    assert (index.work_id, index.title) == (adult, told["title"])
    found = [(entry.number, entry.chapter_id, entry.title, str(entry.published_date)) for entry in index.chapters]
    assert found == [
        (chapter["number"], chapter["source_chapter_id"], chapter["title"], chapter["published_date"])
        for chapter in told["chapters"]
    ]
    assert found[0][3] == told["published_date"]
    assert found[-1][3] == told["updated_date"]


# Outcomes


def test_an_adult_work_asks_first_and_shows_its_blurb(archive):
    work_id = next(i for i in archive.ids("ok") if archive.is_adult(i))
    reply = get(archive, f"/works/{work_id}?view_full_work=true")
    assert reply.status == 200
    assert reason_of(reply.page) == "adult_gate"
    (work,) = otw_blurb.read_listing(reply.page, provenance()).works
    assert differences(work, archive.expected_blurb(work_id)) == []
    agreed = get(archive, f"/works/{work_id}{WHOLE}")
    assert agreed.headers["set-cookie"].startswith("view_adult=true")
    with_cookie = get(archive, f"/works/{work_id}?view_full_work=true", Cookie="view_adult=true")
    assert work_of(with_cookie.page).source_work_id == work_id


def test_works_that_a_guest_may_not_see(archive):
    restricted, hidden, deleted, unrevealed = (
        archive.ids(outcome)[0] for outcome in ("restricted", "hidden", "deleted", "unrevealed")
    )
    reply = get(archive, f"/works/{restricted}{WHOLE}")
    assert reply.status == 302
    assert reply.location == f"/users/login?restricted=true&return_to=%2Fworks%2F{restricted}"
    assert reason_of(get(archive, reply.location).page) == "restricted"
    reply = get(archive, f"/works/{hidden}{WHOLE}")
    assert (reply.status, reply.location) == (302, f"/users/login?return_to=%2Fworks%2F{hidden}")
    assert reason_of(get(archive, reply.location).page) == "hidden"
    reply = get(archive, f"/works/{deleted}{WHOLE}")
    assert (reply.status, reason_of(reply.page)) == (404, "deleted")
    reply = get(archive, f"/works/{unrevealed}{WHOLE}")
    assert (reply.status, reason_of(reply.page)) == (200, "unrevealed")
    for path in ("/works/1", "/works/40000001", "/nowhere"):
        assert get(archive, path).status == 404


def test_reservations_are_stated_in_the_page_or_in_the_headers(archive):
    noindex = archive.ids("noindex")[0]
    assert "noindex" in work_of(get(archive, f"/works/{noindex}{WHOLE}").page).provenance.flags
    stated = set()
    for work_id in archive.ids("tdm"):
        reply = get(archive, f"/works/{work_id}{WHOLE}")
        in_headers = reply.headers.get("tdm-reservation") == "1"
        in_page = '<meta name="tdm-reservation" content="1">' in reply.text
        assert in_headers != in_page
        stated.add(in_headers)
    assert stated == {True, False}


def test_a_gate_that_stays_shut_is_an_outcome_of_its_own():
    with Archive(works=10, outcomes={"adult": 1.0}) as archive:
        assert reason_of(get(archive, f"/works/40000000{WHOLE}").page) == "adult_gate"


def test_expectations_name_fields_of_records():
    told = Archive(works=10).expected("40000000")
    assert set(told) - set(Work.model_fields) == {"language", "complete", "updated_at"}
