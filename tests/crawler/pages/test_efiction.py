from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crawler.pages.efiction import KIND_EFICTION
from crawler.pages.page import Page
from tests.crawler.pages.site_pages import check, read, survives
from tests.fixture_folders import cases


@pytest.mark.parametrize("case", cases("efiction"), ids=lambda case: case.name)
def test_fixtures(case):
    check(KIND_EFICTION, case)


PIECES = st.sampled_from(
    [
        '<div id="story">',
        '<div class="chapter">',
        '<div class="notes">',
        '<div id="pagetitle">',
        '<div class="errortext">',
        '<a href="viewstory.php?sid=1">',
        '<div class="infobox">',
        '<span class="label">Rated:</span> ',
        '<div class="listbox">',
        '<select name="chapter"><option>',
        "</div>",
        "<p>",
        "</p>",
        "<br>",
        "<title>x</title>",
        "<h1>T</h1>",
        "<script>",
    ]
)
WORDS = st.text("abc <>&\n\0\u00e9", max_size=12)


@settings(deadline=None, max_examples=60)
@given(st.lists(PIECES | WORDS, max_size=14))
def test_any_page_gives_works_or_a_refusal(pieces):
    survives(KIND_EFICTION, "".join(pieces), "http://a.example.org/viewstory.php?sid=1&chapter=2")


def test_a_page_of_another_archive_is_not_recognised():
    assert not KIND_EFICTION.recognise(Page('<div id="story"><p>Words.</p></div>'))


def test_the_labels_of_a_book_in_a_story_stay_text():
    page = (
        '<a href="viewuser.php?uid=1">A</a><div id="pagetitle">The Note by A</div>'
        '<div id="story"><p>It said: <span class="label">Rated:</span> R.</p></div>'
    )
    (work,) = read(KIND_EFICTION, page)
    assert work.rating_raw is None
    assert work.chapters[0].text == "It said: Rated: R."
