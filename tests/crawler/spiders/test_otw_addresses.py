"""Addresses: what users name and paste, as robots.txt allows it."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from protego import Protego

from crawler.spiders.otw_addresses import (
    bookmarks_listing,
    collection_listing,
    encoded_tag,
    page_of,
    rewritten,
    series_listing,
    tag_listing,
    user_listing,
    work_number,
    work_page,
)
from pipelines.errors import WrongUsage

BASE = "https://archiveofourown.org/"
ROBOTS = Protego.parse(
    "User-agent: *\nDisallow: /works?\nDisallow: /works/search?\nDisallow: /autocomplete/\nDisallow: /downloads/\n"
    "Disallow: /external_works/\nDisallow: /bookmarks/search?\nDisallow: /people/search?\nDisallow: /tags/search?\n"
)


@pytest.mark.parametrize(
    ("tag", "encoded"),
    [
        ("Sherlock Holmes/John Watson", "Sherlock%20Holmes*s*John%20Watson"),
        ("Sherlock Holmes & John Watson", "Sherlock%20Holmes%20*a*%20John%20Watson"),
        ("What If...?", "What%20If*d**d**d**q*"),
        ("Slow Tide #2", "Slow%20Tide%20*h*2"),
        (
            "僕のヒーローアカデミア",
            "%E5%83%95%E3%81%AE%E3%83%92%E3%83%BC%E3%83%AD%E3%83%BC%E3%82%A2%E3%82%AB%E3%83%87%E3%83%9F%E3%82%A2",
        ),
    ],
)
def test_tags_are_encoded_as_the_archive_does(tag, encoded):
    assert encoded_tag(tag) == encoded
    assert tag_listing(BASE, tag) == f"{BASE}tags/{encoded}/works"


@pytest.mark.parametrize(
    ("pasted", "path"),
    [
        (
            (
                "https://archiveofourown.org/works?commit=Sort+and+Filter&work_search%5Bsort_column%5D=kudos_count"
                "&work_search%5Bother_tag_names%5D=&work_search%5Blanguage_id%5D=en&tag_id=Sherlock+Holmes*s*John+Watson"
            ),
            (
                "tags/Sherlock%20Holmes*s*John%20Watson/works?work_search%5Bsort_column%5D=kudos_count"
                "&work_search%5Blanguage_id%5D=en"
            ),
        ),
        (
            "https://archiveofourown.org/works?tag_id=Fluff&include_work_search%5Brating_ids%5D%5B%5D=10&page=7",
            "tags/Fluff/works?include_work_search%5Brating_ids%5D%5B%5D=10",
        ),
        (
            "https://archiveofourown.org/works?user_id=astolat&work_search%5Bcomplete%5D=T",
            "users/astolat/works?work_search%5Bcomplete%5D=T",
        ),
        ("https://www.archiveofourown.org/tags/Fluff/works?page=3", "tags/Fluff/works"),
        ("https://archiveofourown.org/tags/Fluff", "tags/Fluff/works"),
        ("https://archiveofourown.org/users/astolat/pseuds/astolat", "users/astolat/pseuds/astolat/works"),
        ("https://archiveofourown.org/collections/yuletide2010/works", "collections/yuletide2010/works"),
        ("https://archiveofourown.org/collections/yuletide2010", "collections/yuletide2010/works"),
        ("https://archiveofourown.org/series/123?page=2", "series/123"),
        ("https://archiveofourown.org/users/astolat/bookmarks", "users/astolat/bookmarks"),
    ],
)
def test_pasted_addresses_become_lists_that_robots_txt_allows(pasted, path):
    assert rewritten(pasted, BASE) == BASE + path
    assert ROBOTS.can_fetch(BASE + path, "fanthology")


@pytest.mark.parametrize(
    ("pasted", "says"),
    [
        ("https://archiveofourown.org/works/search?work_search%5Bquery%5D=x", "robots.txt forbids searches"),
        ("https://archiveofourown.org/works", "without a tag"),
        ("https://archiveofourown.org/downloads/1/x.epub", "robots.txt forbids downloads"),
        ("https://archiveofourown.org/works/123", "for single works: -a works="),
        ("https://squidgeworld.org/tags/Fluff/works", "this spider crawls archiveofourown.org"),
        ("tags/Fluff/works", "this spider crawls archiveofourown.org"),
        ("https://archiveofourown.org/media", "no list of works"),
    ],
)
def test_other_addresses_are_told_apart(pasted, says):
    with pytest.raises(WrongUsage, match=says):
        rewritten(pasted, BASE)


def test_lists_of_people_and_collections():
    assert user_listing(BASE, "a b/c") == f"{BASE}users/a%20b/pseuds/c/works"
    assert bookmarks_listing(BASE, "astolat") == f"{BASE}users/astolat/bookmarks"
    assert series_listing(BASE, "123") == series_listing(BASE, f"{BASE}series/123") == f"{BASE}series/123"
    assert collection_listing(BASE, "yuletide") == collection_listing(BASE, f"{BASE}collections/yuletide/works")
    with pytest.raises(WrongUsage, match="number of a series"):
        series_listing(BASE, "Mine")


def test_pages_and_works():
    assert page_of(f"{BASE}series/1", 1) == f"{BASE}series/1"
    assert page_of(f"{BASE}tags/X/works?a=b&page=2", 3) == f"{BASE}tags/X/works?a=b&page=3"
    assert work_page(BASE, "7") == f"{BASE}works/7?view_adult=true&view_full_work=true"
    assert ROBOTS.can_fetch(work_page(BASE, "7"), "fanthology")


@pytest.mark.parametrize(
    ("text", "number"),
    [
        (" 123 ", "123"),
        ("ao3:123", "123"),
        ("https://archiveofourown.org/works/123/chapters/4?view_adult=true#main", "123"),
        ("https://archiveofourown.org/collections/x/works/123", "123"),
        ("https://archiveofourown.org/works/123?view=9", "123"),
        ("https://archiveofourown.org/series/123", None),
        ("abc", None),
    ],
)
def test_numbers_of_works(text, number):
    assert work_number(text) == number


@settings(deadline=None)
@given(st.text(min_size=1, max_size=60).filter(lambda tag: tag.isprintable()))
def test_a_tag_stays_one_piece_of_a_path(tag):
    encoded = encoded_tag(tag)
    assert not set(encoded) & set("/?#& ")
    assert encoded.isascii()
