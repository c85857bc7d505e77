from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crawler.pages.scribblehub import KIND_SCRIBBLEHUB
from tests.crawler.pages.site_pages import SAMPLES, check, read, sample, survives
from tests.fixture_folders import cases


@pytest.mark.parametrize("case", cases("scribblehub"), ids=lambda case: case.name)
def test_fixtures(case):
    check(KIND_SCRIBBLEHUB, case)


PIECES = st.sampled_from(
    [
        '<div id="chp_raw">',
        '<div class="wi_authornotes">',
        '<div class="wi_news">',
        '<div class="fic_title">',
        '<span title="Last updated: Foo 99, 2000">',
        '<div class="fic_stats"><span class="st_item"><span class="mb_stat">',
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
    survives(KIND_SCRIBBLEHUB, "".join(pieces), "https://www.scribblehub.com/read/1-x/chapter/2/")


@pytest.mark.skipif(not SAMPLES.exists(), reason="no samples here")
def test_samples():
    (series,) = read(KIND_SCRIBBLEHUB, sample("scribblehub/PyWebnovel__novel.html"))
    assert (series.source_work_id, series.title) == ("123456", "Creepy Story Club")
    assert [author.name for author in series.authors] == ["EnroItzal"]
    assert series.n_chapters_source == 259
    (part,) = read(KIND_SCRIBBLEHUB, sample("scribblehub/PyWebnovel__chapter_announcements.html"))
    assert part.chapters[0].title == "All my Chapters got Deleted!"
    assert part.chapters[0].notes_before
    assert part.chapters[0].notes_after
