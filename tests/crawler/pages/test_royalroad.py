from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crawler.pages.royalroad import KIND_ROYALROAD
from tests.crawler.pages.site_pages import SAMPLES, check, read, sample, survives
from tests.fixture_folders import cases


@pytest.mark.parametrize("case", cases("royalroad"), ids=lambda case: case.name)
def test_fixtures(case):
    check(KIND_ROYALROAD, case)


PIECES = st.sampled_from(
    [
        '<div class="chapter-inner chapter-content">',
        '<div class="fiction-info">',
        '<span class="label">',
        '<div class="author-note">',
        '<table id="chapters"><tbody><tr>',
        '<a href="/fiction/1/x/chapter/9/z">',
        '<style>.a"b{display:none;speak:never}</style>',
        '<time unixtime="99999999999999">',
        'window.chapters = [{"id":1,"date":"9999-99-99"}];\n',
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
    survives(KIND_ROYALROAD, "".join(pieces), "https://www.royalroad.com/fiction/1/x/chapter/2/y")


def test_a_theft_notice_only_is_left_out_when_it_stands_in_the_chapter():
    page = (
        "<style>.aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa{display:none}</style>"
        '<div class="chapter-inner chapter-content"><p>One.</p></div>'
    )
    (work,) = read(KIND_ROYALROAD, page, ref="One.html")
    assert work.provenance.flags == ("title_from_file_name",)
    assert work.title == "One"


def test_classes_that_readers_can_open_are_no_theft_notices():
    page = (
        "<style>.spoiler-inner{display:none}</style>"
        '<div class="chapter-inner chapter-content"><p>One.</p><p class="spoiler-inner">Two.</p></div>'
    )
    (work,) = read(KIND_ROYALROAD, page)
    assert work.chapters[0].text == "One.\n\nTwo."


@pytest.mark.skipif(not SAMPLES.exists(), reason="no samples here")
def test_samples():
    (fiction,) = read(KIND_ROYALROAD, sample("royalroad/HTML-Scraper__sample_data_file.html"))
    assert (fiction.source_work_id, fiction.title) == ("10073", "The Wandering Inn")
    assert [author.name for author in fiction.authors] == ["pirateaba"]
    assert fiction.n_chapters_source == 276
    (part,) = read(KIND_ROYALROAD, sample("royalroad/readability__royal-road_source.html"))
    assert (part.source_work_id, part.title, part.authors[0].name) == ("63759", "Super Supportive", "Sleyca")
    assert part.chapters[0].source_chapter_id == "1449598"
    assert part.chapters[0].title == "ONE HUNDRED TWO: What kind of wordchain?"
    assert part.chapters[0].notes_after
    assert "hidden_paragraphs_left_out" in part.provenance.flags
