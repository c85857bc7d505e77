"""The test archive shows what it says it holds, and our parsers read every kind of its pages."""

from collections.abc import Iterator
from urllib.parse import urlencode

import pytest

from crawler.pages import otw, otw_blurb, otw_outcomes
from crawler.pages.otw_blurb import Listing
from crawler.pages.page import Page, Refused
from schemas.work import Work
from tests.crawler.pages.otw_pages import kind_of, provenance
from tests.sites.client import get
from tests.sites.compare import differences
from tests.sites.otw import Archive
from tests.sites.otw_frame import tag_path
from tests.sites.otw_ids import work_id_of
from tests.sites.otw_works import TAG

WHOLE = "?view_full_work=true&view_adult=true"
LIST = f"/tags/{tag_path(TAG)}/works"


@pytest.fixture(scope="module")
def archive() -> Iterator[Archive]:
    """An archive that no test changes."""
    with Archive(seed=1, works=400) as served:
        yield served


def work_of(page: Page) -> Work:
    kind = kind_of(page)
    assert kind is otw.KIND_WORK
    (work,) = kind.read(page, provenance())
    return work


def reason_of(page: Page) -> str:
    with pytest.raises(Refused) as caught:
        otw_outcomes.read(page, provenance())
    return caught.value.reason


def listing(archive: Archive, target: str) -> Listing:
    reply = get(archive, target)
    assert reply.status == 200
    return otw_blurb.read_listing(reply.page, provenance())


def walk(archive: Archive, target: str) -> list[Listing]:
    """All pages of a list, from page to page as a crawler goes."""
    found = []
    following: str | None = target
    while following:
        found.append(listing(archive, following))
        address = found[-1].next_url
        following = address and address.removeprefix(f"https://{archive.host}")
        assert len(found) < 100
    return found


def ids(pages: list[Listing]) -> list[str | None]:
    return [work.source_work_id for page in pages for work in page.works]


def searched(target: str = LIST, **filters: str) -> str:
    return f"{target}?{urlencode({f'work_search[{name}]': value for name, value in filters.items()})}"


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
    one = small.expected("40000021")
    assert one["title"] == large.expected("40000021")["title"]
    assert one["chapters"] == large.expected("40000021")["chapters"]
    assert one["chapters"] != other.expected("40000021")["chapters"]


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


# Lists


def test_a_list_shows_each_work_once_and_every_blurb_reads_right(archive):
    pages = walk(archive, LIST)
    assert [len(page.works) for page in pages] == [20] * 18 + [18]
    assert pages[0].heading == f"1 - 20 of 378 Works in {TAG}"
    assert pages[-1].heading == f"361 - 378 of 378 Works in {TAG}"
    assert ids(pages) == archive.listed()
    assert sorted(archive.listed()) == archive.ids("ok", "noindex", "tdm")
    for page in pages:
        for work in page.works:
            assert work.source_work_id is not None
            told = archive.expected_blurb(work.source_work_id)
            assert differences(work, told) == []
            assert page.stamps[work.source_work_id] == told["updated_at"]


def test_lists_are_sorted_by_the_day_of_change_unless_asked_otherwise(archive):
    days = [archive.expected_blurb(i)["updated_date"] for i in archive.listed()]
    assert days == sorted(days, reverse=True)
    by_creation = ids(walk(archive, searched(sort_column="created_at")))
    assert by_creation == sorted(archive.listed(), reverse=True)
    assert by_creation != archive.listed()
    upwards = ids(walk(archive, searched(sort_column="created_at", sort_direction="asc")))
    assert upwards == by_creation[::-1]


@pytest.mark.parametrize(
    ("filters", "fits"),
    [
        ({"language_id": "ru"}, lambda work: work["language"] == "ru"),
        ({"complete": "T"}, lambda work: work["complete"]),
        ({"complete": "F"}, lambda work: not work["complete"]),
        ({"words_from": "1000", "words_to": "2000"}, lambda work: 1000 <= work["n_words_source"] <= 2000),
        ({"date_from": "2010-01-10"}, lambda work: work["updated_date"] >= "2010-01-10"),
        ({"date_to": "2010-01-10"}, lambda work: work["updated_date"] <= "2010-01-10"),
        ({"rating_ids": "13"}, lambda work: work["rating_raw"] == "Explicit"),
        ({"other_tag_names": "Hurt/Comfort"}, lambda work: "Hurt/Comfort" in work["freeforms"]),
        ({"excluded_tag_names": "Wren"}, lambda work: "Wren" not in work["characters"]),
    ],
)
def test_filters_leave_the_works_that_fit(archive, filters, fits):
    found = ids(walk(archive, searched(**filters)))
    wanted = [work_id for work_id in archive.listed() if fits(archive.expected_blurb(work_id))]
    assert found == wanted
    assert 0 < len(found) < 378


@pytest.mark.parametrize("tag", ["Ada Marlowe/Wren", "Ada Marlowe & Wren", "Canon? What Canon?", "Vol. 2", "M/M"])
def test_tags_with_marks_have_their_lists(archive, tag):
    assert not set("/?&.#") & set(tag_path(tag))
    found = ids(walk(archive, f"/tags/{tag_path(tag)}/works"))
    assert found == archive.listed(tag) != []


def test_a_synonym_leads_to_its_tag_and_an_unknown_tag_nowhere(archive):
    reply = get(archive, "/tags/Tidal%20Clock/works")
    assert (reply.status, reply.location) == (302, LIST)
    assert get(archive, "/tags/Nobody%20Knows/works").status == 404


def test_pages_beyond_the_last_are_the_last(archive):
    assert ids([listing(archive, f"{LIST}?page=999")]) == archive.listed()[360:]
    assert listing(archive, f"{LIST}?page=999").next_url is None


def test_a_list_ends_at_the_cap_though_the_heading_counts_all():
    with Archive(works=150, max_results=100, outcomes={}) as archive:
        pages = walk(archive, LIST)
        assert (len(pages), pages[0].n_total) == (5, 150)
        assert ids(pages) == archive.listed()[:100]
        assert ids([listing(archive, f"{LIST}?page=6")]) == archive.listed()[80:100]


def test_both_kinds_of_paginators(archive):
    pagy = get(archive, LIST).text
    assert 'class="pagination actions pagy"' in pagy
    assert 'rel="next"' not in pagy
    assert 'title="pagination"' not in pagy
    old = get(archive, "/works/search?work_search%5Bquery%5D=").page
    assert 'class="pagination actions" title="pagination"' in old.html
    assert 'rel="next"' in old.html
    next_url = otw_blurb.read_listing(old, provenance()).next_url
    assert next_url == f"https://{archive.host}/works/search?work_search%5Bquery%5D=&page=2"


def test_a_series_lists_its_works_in_order_and_counts_only_what_is_seen(archive):
    pages = walk(archive, "/series/5000")
    found = ids(pages)
    members = [work_id_of(n) for n in range(1, 120, 4)]
    assert found == [i for i in members if archive.outcome(i) in ("ok", "noindex", "tdm")]
    assert len(pages) == 2
    assert len(found) < len(members) == 30
    last = found[-1]
    assert last is not None
    (seen, stored) = (archive.expected(last)["series"][0], archive.expected_blurb(last)["series"][0])
    assert (seen["position"], stored["position"]) == (len(found), members.index(last) + 1)
    assert seen["position"] < stored["position"]


def test_a_collection_lists_its_works_and_its_mysteries(archive):
    pages = walk(archive, "/collections/tide_fest_0/works")
    mysteries = archive.ids("unrevealed")
    assert sum(page.n_others for page in pages) == len(mysteries) == 5
    wanted = [i for i in archive.listed() if archive.expected(i)["collections"]]
    assert ids(pages) == wanted


def test_a_user_lists_what_is_signed_with_the_name(archive):
    told = {work_id: archive.expected(work_id) for work_id in archive.listed()}
    pair = next(work["authors"] for work in told.values() if len(work["authors"]) == 2)
    for name in (author["id"] for author in pair):
        found = ids(walk(archive, f"/users/{name}/works"))
        signed = [i for i, work in told.items() if name in [author["id"] for author in work["authors"]]]
        others = [told[i]["authors"] for i in found if i is not None and i not in signed]
        assert [i for i in found if i in signed] == signed != []
        assert all(author["name"].startswith("Old Hand") for (author,) in others)  # archived by the user
    assert get(archive, "/users/nobody_7/works").status == 404


def test_bookmarks_are_of_works_series_works_elsewhere_and_of_what_is_gone(archive):
    pages = walk(archive, "/users/lamp_24/bookmarks")
    assert [len(page.works) + page.n_others for page in pages] == [20, 20, 5]
    marked = [archive.bookmarked("lamp_24", place) for place in range(45)]
    assert marked.count(None) == 6
    seen = [work_id_of(n) for n in marked if n is not None]
    assert ids(pages) == [i for i in seen if archive.outcome(i) in ("ok", "noindex", "tdm")]


@pytest.mark.parametrize(
    "target", [LIST, "/works", "/series/5000", "/users/lamp_24/bookmarks", "/collections/tide_fest_0/works"]
)
def test_lists_are_known_as_lists(archive, target):
    page = get(archive, target).page
    assert kind_of(page) is otw_blurb.KIND_LISTING
    read = otw_blurb.KIND_LISTING.read(page, provenance())
    assert list(read) == list(otw_blurb.read_listing(page, provenance()).works) != []


def test_pages_without_works_are_known_by_their_frame(archive):
    for target in ("/", "/nowhere", "/users/login", "/works/40000007/navigate"):
        assert kind_of(get(archive, target).page) is otw_outcomes.KIND_OUTCOME


def test_expectations_name_fields_of_records():
    told = Archive(works=10).expected("40000000")
    assert set(told) - set(Work.model_fields) == {"language", "complete", "updated_at"}
