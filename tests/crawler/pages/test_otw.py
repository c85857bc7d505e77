"""Fixtures of OTW archives, and what holds for any page of them."""

import html as html_module
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crawler.pages.otw import KIND_WORK
from crawler.pages.otw_markup import Archive, archive_at, day, epoch_time, mended, number, work_at
from crawler.pages.page import REASONS, Page, Refused
from tests.crawler.pages.otw_pages import FIXTURES, KINDS, check_case, html_of, kind_of, outcome, provenance, read

CASES = sorted(path for path in FIXTURES.iterdir() if path.is_dir())
PIECES = [
    '<div id="workskin">', '<div class="preface group">', '<h2 class="title heading">', '<div id="chapters">',
    '<div class="chapter" id="chapter-1">', '<div class="userstuff module">', '<h3 class="landmark" id="work">',
    '<dl class="work meta group">', '<dd class="stats">', '<dl class="stats">', '<dd class="chapters">3/?',
    '<h3 class="byline heading">', '<a rel="author" href="/users/x/pseuds/y">', "</div>", "</a>", "</dl>", "<p>",
    '<div class="notes module">', '<ul class="associations"><li>For <a href="/users/z/gifts">', "</ul>",
    '<li class="work blurb group" id="work_1">', '<div class="header module">', '<h4 class="heading">',
    '<a href="/works/1">', "</h4>", '<dl class="tags">', "<dt>Stats:</dt><dd>Published: 2011-13-45 Words: 9",
    '<p class="message"><a href="https://archiveofourown.org/works/5">', '<div id="afterword">', '<div id="preface">',
    '<h2 class="heading">Chapter 99999999999: x</h2>', "Part 3 of ", '<a href="/series/7">', '<div id="main">',
    "[archived by ", "]", "Anonymous", "\0", "\ud800", "&#xD800;", "<blockquote class=userstuff>", "<p>Summary</p>",
    '<base href="http://[bad/works/1">', "<!-- updated_at=99999999999 -->", "\\n<\\/p>", '<p class="caution">adult',
    '<div id="endnotes1">', "text of a story", '<ol class="chapter index"><li><a href="/works/1/chapters/2">1. A',
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_fixture(case: Path) -> None:
    check_case(case)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_work_pages_and_downloads_are_not_mistaken_for_one_another(case: Path) -> None:
    kind = kind_of(Page((case / "input.html").read_text("utf-8")))
    assert kind is not None
    group = case.name.partition("_")[0]
    names = {"download": "otw_download", "listing": "otw_listing", "work": "otw_work", "oneshot": "otw_work"}
    if group in names and case.name != "listing_empty":
        assert kind.name == names[group]


@given(st.lists(st.sampled_from(PIECES) | st.text(max_size=20), max_size=60).map("".join))
@settings(deadline=None, max_examples=300)
def test_any_page_gives_works_or_a_refusal(html: str) -> None:
    for kind in KINDS:
        page = Page(html)
        if kind.recognise(page):
            works = outcome(kind, page)
            assert works in REASONS if isinstance(works, str) else all(work.title for work in works)


WORDS = st.lists(st.from_regex(r"[a-zé]{1,8}", fullmatch=True), min_size=1, max_size=12)


@given(st.lists(st.lists(WORDS, min_size=1, max_size=4), min_size=1, max_size=4))
@settings(deadline=None, max_examples=60)
def test_no_word_is_lost_and_none_added(chapters: list[list[list[str]]]) -> None:
    story = "".join(
        f'<div class="chapter" id="chapter-{n}"><div class="chapter preface group"><h3 class="title">Chapter {n}</h3>'
        f'</div><div class="userstuff module"><h3 class="landmark heading" id="work">Chapter Text</h3>'
        + "".join(f"<p>{html_module.escape(' '.join(words))}</p>" for words in paragraphs)
        + "</div></div>"
        for n, paragraphs in enumerate(chapters, start=1)
    )
    (work,) = read(f'<div id="workskin"><h2 class="title">T</h2><div id="chapters">{story}</div></div>')
    assert [chapter.text.split() for chapter in work.chapters] == [
        [word for words in paragraphs for word in words] for paragraphs in chapters
    ]


@pytest.mark.parametrize("case", ["work_full", "download_2025_epub_joined", "listing_tag"])
def test_truncated_pages_give_what_is_left_or_a_refusal(case: str) -> None:
    html = html_of(case)
    for cut in range(0, len(html), 211):
        page = Page(html[:cut])
        for kind in KINDS:
            if kind.recognise(page):
                found = outcome(kind, page)
                assert found in REASONS if isinstance(found, str) else found


def test_nothing_else_is_recognised() -> None:
    for html in (
        "",
        "text",
        "<p>Chapters</p>",
        '<div id="main"><h1>Blog</h1><p>Archive</p></div>',
        "<li class='blurb'>",
    ):
        assert kind_of(Page(html)) is None


def test_a_million_tags_and_deep_nesting_cost_little() -> None:
    deep = '<div id="workskin"><div id="chapters"><div class="userstuff">' + "<b>" * 50_000 + "word"
    (work,) = KIND_WORK.read(Page(deep), provenance("deep.html"))
    assert work.chapters[0].text == "word"
    nested = '<dl class="tags"></dl><p class="message"></p>' + "<div>" * 5_000 + "<p>Summary</p>"
    page = Page(nested)
    assert kind_of(page) is not None
    with pytest.raises(Refused):
        read(nested)


def test_a_story_that_speaks_of_codes_is_no_error_page() -> None:
    html = html_of("work_chapter").replace("<p>Irene read", '<p class="caution">adult</p><p>Error 404: Irene read')
    (work,) = read(html)
    assert "Error 404: Irene read" in work.chapters[0].text


def test_address_of_the_page_says_the_work() -> None:
    (work,) = read(
        '<div id="chapters"><div class="userstuff"><p>x</p></div></div>', url="https://ao3.org/works/12/chapters/3"
    )
    assert (work.source, work.source_work_id, work.url) == ("ao3", "12", "https://archiveofourown.org/works/12")


def test_one_chapter_without_counts_is_a_part_by_its_index() -> None:
    html = html_of("work_chapter").replace("dl class", "div class")
    assert read(html)[0].part_number == 2


@pytest.mark.parametrize(
    ("text", "value"), [("1,234", 1234), ("?", None), ("", None), (None, None), ("1 234", 1234), ("٣", None), ("0", 0)]
)
def test_number(text: str | None, value: int | None) -> None:
    assert number(text) == value


def test_days_and_stamps() -> None:
    assert str(day("09 Jun 2025")) == "2025-06-09"
    assert str(day("2021-12-26")) == "2021-12-26"
    assert day("3 days ago") is None
    assert day("2021-02-30") is None
    assert epoch_time("1749454014") == "2025-06-09T07:26:54Z"
    assert epoch_time("x") is None


def test_archives_by_address() -> None:
    assert archive_at("http://www.archiveofourown.org/x") == Archive("ao3", "https://archiveofourown.org/")
    assert archive_at("https://otw.example.org/works/3") == Archive("otw-example-org", "https://otw.example.org/")
    assert work_at("https://otw.example.org/works/3?x") == ("otw-example-org", "3", "https://otw.example.org/works/3")
    assert archive_at("/works/3") is None
    assert archive_at("https://[bad") is None


def test_a_page_saved_as_a_string_is_unescaped() -> None:
    page, flags = mended(Page(r"<html>\n<div id=\"main\">\ud83d\ude00 caf\u00e9<\/div>"))
    assert flags == ("unescaped",)
    assert page.html == '<html>\n<div id="main">😀 café</div>'
