"""Pages of no known origin, and what the reader of pages mends before any kind sees them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.pages.body_plain import ODD
from crawler.pages.ffnet_refusals import _title
from crawler.pages.page import Page
from crawler.readers.epub_markup import MANY_TAGS, flattened, has_many_tags
from crawler.readers.html import _page, _page_as_it_is
from crawler.readers.source import Source
from tests.fixture_folders import cases, check


@pytest.mark.parametrize("case", cases("html"), ids=lambda case: case.name)
def test_fixtures(case):
    check(case)


@given(st.integers(-3, 3), st.sampled_from(["", "\u00e9", "\U0001f600", "&lt;"]))
def test_tags_are_counted_in_bytes_as_in_text(more, text):
    html = "<i>" * (MANY_TAGS + more) + text
    assert has_many_tags(html.encode()) == (html.count("<") > MANY_TAGS) == (flattened(html) is not html)


PIECES = (
    *(
        b"<p>",
        b"fog",
        b"\n",
        b"\xc3\xa9",
        b"\xe2\x80\x9c",
        b"\xc3\xa2\xe2\x82\xac\xe2\x84\xa2",
        b"\xc3",
        b"\xa9",
        b"\0",
    ),
    *(b"\xef\xbb\xbf", b"\xff\xfe", b"\xf0\x9f\x98\x80", b"\xed\xa0\x80", b"\x7f", b"\xc2\xa0", b"\x85", b"\\n", b"\r"),
    *(b'<meta charset="windows-1251">', b"\xcf\xf0\xe8", b"\xd0\x9f\xd1\x80", b"\xe2\x80\xa8", b"<" * 4001),
)
BYTES = st.lists(st.sampled_from(PIECES), max_size=12).map(b"".join)


@given(BYTES)
def test_what_is_told_of_bytes_alone_is_what_their_characters_say(raw):
    found = _page_as_it_is(Source(Path("a.html"), "a.html", content=raw))
    if found is not None:
        page, *known = found
        assert (page.html, *known) == (raw.decode("utf-8"), "utf-8", "utf-8", ())
        whole, *told = _page(Source(Path("a.html"), "a.html", content=raw))
        assert (whole.html, whole.utf8, *told) == (page.html, page.utf8, *known)
        assert not page.is_plain or ODD.search("".join(char for char in page.html if char >= "\x7f")) is None


TITLES = st.lists(
    st.sampled_from(
        [
            "<title>",
            "<TITLE a=b>",
            "<t\u0131tle>",
            "</title>",
            ">",
            "<title ",
            "x" * 210,
            "\u0416" * 310,
            "Fog",
            "<",
            "ti",
        ]
    ),
    max_size=6,
).map("".join)


@given(TITLES)
def test_the_title_of_the_bytes_is_that_of_the_characters(html):
    found = re.search(r"(?i)<title[^>]{0,200}>([^<]{0,300})", html)
    assert _title(Page(html)) == (found[1] if found else None)
