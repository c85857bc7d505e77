from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crawler.pages.wattpad import KIND_WATTPAD
from tests.crawler.pages.site_pages import SAMPLES, check, read, sample, survives
from tests.fixture_folders import cases


@pytest.mark.parametrize("case", cases("wattpad"), ids=lambda case: case.name)
def test_fixtures(case):
    check(KIND_WATTPAD, case)


PIECES = st.sampled_from(
    [
        '<p data-p-id="1">',
        "<pre>",
        '<script>window.prefetched = {"a":',
        '<script>window.prefetched = {"id":12,"title":"x","group":{}}</script>',
        '<div class="story-info">',
        '<span class="comment-marker">',
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
    survives(KIND_WATTPAD, "".join(pieces), "https://www.wattpad.com/12-x")


def test_json_nested_beyond_reason_is_passed_over():
    nested = '{"a":' * 100_000
    page = f"<p data-p-id='1'>Words.</p><script>window.prefetched = {nested}</script>"
    (work,) = read(KIND_WATTPAD, page)
    assert work.chapters[0].text == "Words."


@pytest.mark.skipif(not SAMPLES.exists(), reason="no samples here")
def test_samples():
    (part,) = read(KIND_WATTPAD, sample("wattpad/FanFicFare__wattpadcom_api_chapter_return.html"))
    # 3,958 where each tag counts as a space; seven stand within words or before a full stop
    assert len(part.chapters[0].text.split()) == 3951
