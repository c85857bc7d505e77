from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crawler.pages.page import Refused
from crawler.pages.xenforo import KIND_XENFORO
from tests.crawler.pages.site_pages import SAMPLES, check, read, sample, survives
from tests.fixture_folders import cases


@pytest.mark.parametrize("case", cases("xenforo"), ids=lambda case: case.name)
def test_fixtures(case):
    check(KIND_XENFORO, case)


PIECES = st.sampled_from(
    [
        '<html id="XF">',
        '<article class="message message--post" data-author="a" data-content="post-1">',
        '<li class="message" id="post-2">',
        '<div class="bbWrapper">',
        '<blockquote class="messageText">',
        '<span class="threadmarkLabel">M</span>',
        '<div class="threadmarker">',
        '<h1 class="p-title-value">',
        '<abbr class="DateTime" data-time="99999999999">',
        '<a class="username">a</a>',
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
    survives(KIND_XENFORO, "".join(pieces), "https://forums.spacebattles.com/threads/x.1/page-2")


@pytest.mark.skipif(not SAMPLES.exists(), reason="no samples here")
def test_samples():
    (work,) = read(KIND_XENFORO, sample("xenforo/autopager__1.html"))
    assert work.title == "Marsh [CM13]"
    assert {author.name for author in work.authors} == {"Aaahh"}
    assert work.chapters[0].source_chapter_id == "14001047"
    with pytest.raises(Refused, match="who started the thread"):
        read(KIND_XENFORO, sample("xenforo/autopager__2.html"))
