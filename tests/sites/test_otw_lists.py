"""The lists of the test archive: order, filters, paginators, the cap; and our parsers read them."""

import pytest

from crawler.pages import otw_blurb, otw_index, otw_outcomes
from tests.crawler.pages.otw_pages import kind_of, provenance
from tests.sites.client import get
from tests.sites.compare import differences
from tests.sites.otw import Archive
from tests.sites.otw_frame import tag_path
from tests.sites.otw_ids import work_id_of
from tests.sites.otw_works import TAG
from tests.sites.reading import LIST, ids, listing, searched, walk


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
    for target in ("/", "/nowhere", "/users/login"):
        assert kind_of(get(archive, target).page) is otw_outcomes.KIND_OUTCOME
    assert kind_of(get(archive, "/works/40000007/navigate").page) is otw_index.KIND_INDEX
