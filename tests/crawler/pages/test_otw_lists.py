"""Lists, chapter indexes and downloads as spiders and the EPUB reader use them."""

from datetime import UTC, datetime

import pytest
from selectolax.lexbor import LexborHTMLParser

from crawler.pages.otw import KIND_WORK
from crawler.pages.otw_blurb import read_listing, read_navigate
from crawler.pages.otw_download import read_download_tree
from crawler.pages.page import Page, Refused
from tests.crawler.pages.otw_pages import html_of, provenance


def test_listing_for_spiders() -> None:
    listing = read_listing(Page(html_of("listing_tag")), provenance())
    assert [work.source_work_id for work in listing.works] == ["21", "22"]
    assert listing.next_url == "https://archiveofourown.org/tags/The%20Tempest/works?page=2"
    assert listing.heading == "1 - 20 of 12,345 Works in The Tempest"
    assert (listing.n_total, listing.n_others) == (12345, 1)
    assert listing.stamps == {"21": 1749454014}


def test_the_last_page_has_no_next() -> None:
    assert read_listing(Page(html_of("listing_series")), provenance()).next_url is None


def test_bookmarks_of_series_are_counted() -> None:
    assert read_listing(Page(html_of("listing_bookmarks")), provenance()).n_others == 3


def test_the_adult_gate_still_shows_a_blurb() -> None:
    (work,) = read_listing(Page(html_of("outcome_adult_gate")), provenance()).works
    assert work.title == "A Storm"


def test_index_of_chapters() -> None:
    index = read_navigate(Page(html_of("outcome_navigate")))
    assert (index.work_id, index.title, index.authors) == ("71", "The Fog, and What It Hid", ("quillpen",))
    first, second = index.chapters
    assert (first.number, first.title, first.chapter_id, str(first.published_date)) == (
        1,
        "Arrival",
        "901",
        "2019-02-28",
    )
    assert (second.number, second.title) == (2, None)
    assert second.url == "https://archiveofourown.org/works/71/chapters/902"


def test_index_of_a_login_page_is_refused() -> None:
    with pytest.raises(Refused, match="restricted"):
        read_navigate(Page(html_of("outcome_login_restricted")))


def test_a_container_fills_what_the_page_leaves_out() -> None:
    tree = LexborHTMLParser(
        '<div id="chapters"><h2 class="toc-heading">X</h2><div class="userstuff1"><p>Text.</p></div></div>'
    )
    work = read_download_tree(tree, provenance(), known={"title": "Lamps", "language_raw": "en", "freeforms": ()})
    assert (work.title, work.language_raw, work.chapters[0].text) == ("Lamps", "en", "Text.")


def test_a_page_states_more_than_its_container() -> None:
    tree = LexborHTMLParser(html_of("download_2009"))
    work = read_download_tree(tree, provenance(), known={"title": "Lamp", "language_raw": "en", "freeforms": ("a",)})
    assert (work.title, work.language_raw, work.freeforms) == ("The Lamp", "en", ("Lamps, lit", "Ash"))


def test_counts_are_dated_by_the_fetch() -> None:
    fetched = provenance().model_copy(update={"retrieved_at": datetime(2026, 1, 2, tzinfo=UTC)})
    (work,) = KIND_WORK.read(Page(html_of("work_full")), fetched)
    assert work.engagement_at == fetched.retrieved_at
    assert read_listing(Page(html_of("listing_series")), fetched).works[0].engagement_at == fetched.retrieved_at
