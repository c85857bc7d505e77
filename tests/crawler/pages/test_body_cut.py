"""Pages parsed without their stories: the tree is that of the page, the text is what the walker finds."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from selectolax.lexbor import LexborHTMLParser

from crawler.pages import body_cut
from crawler.pages import page as pages
from crawler.pages.body import _taken, passage, plain, walked
from crawler.pages.body_cut import framed, last_paragraph
from crawler.readers.source import Source
from pipelines.clean import clean
from schemas.work import Work
from tests.crawler.pages.test_body import _PIECE
from tests.crawler.pages.test_body_source import _STORY
from tests.fixture_folders import read_all

FIXTURES = Path(__file__).parents[2] / "fixtures"
SAMPLES = Path(__file__).parents[4] / "shared" / "samples"
PAGES = sorted(path for root in (FIXTURES, SAMPLES) if root.exists() for path in root.rglob("*.htm*"))


@pytest.fixture
def _all_are_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(body_cut, "_LEAST", 1)


def _cleaned(found):
    return clean(found.text, blocks=found.blocks, spans=found.spans)


def _is_whole(source: str) -> bool:
    """Checks all that a frame promises; says whether there is one."""
    frame = framed(source.encode())
    if frame is None:
        return False
    tree = LexborHTMLParser(source)
    assert frame.filled(*frame.runs_in(frame.html or "")) == tree.html
    for run in frame.runs:
        assert _cleaned(_taken(run.found)) == _cleaned(walked(frame.markup_of(run)))
    for selector in ("body", "div.story", "blockquote"):
        for cut, node in zip(frame.css(selector), tree.css(selector), strict=True):
            assert _cleaned(passage(cut)) == _cleaned(walked(node.inner_html or ""))
            assert plain(cut) == plain(node)
    return True


_STORY_HERE = '<div class="story">\n<p>a <i>b</i></p>\n<p>c</p>\n</div>'


@pytest.mark.usefixtures("_all_are_cut")
@pytest.mark.parametrize(
    "page",
    [
        _STORY_HERE,
        f"<html><body><main><section><article>{_STORY_HERE}</article></section></main></body></html>",
        f"<p>unclosed{_STORY_HERE}",
        f"{_STORY_HERE}{_STORY_HERE}",
        '<div class="story"><h2>t</h2><p>a</p><p>b<br>c</p><p>d</p></div>',
        '<div class="story"><p class="MsoNormal" align="center">a</p><hr><p>b &amp; c</p></div>',
        f"<blockquote>{_STORY_HERE}</blockquote>",
        f"<table><tr><td>{_STORY_HERE}</td></tr></table>{_STORY_HERE}",
        f"<script>{_STORY_HERE}</script>{_STORY_HERE}",
        f"<i>{_STORY_HERE}</i>{_STORY_HERE}",
    ],
)
def test_stories_are_taken_out(page):
    assert _is_whole(page)


@pytest.mark.usefixtures("_all_are_cut")
@pytest.mark.parametrize(
    "page",
    [
        f"<i>{_STORY_HERE}</i>",
        f"<p><i>unclosed</p>{_STORY_HERE}",
        f"<!-- {_STORY_HERE} -->",
        f"<input value='{_STORY_HERE}'>",
        f"<textarea>{_STORY_HERE}",
        f"<script>{_STORY_HERE}",
        f"<svg><title>{_STORY_HERE}</title></svg>",
        f"<template>{_STORY_HERE}</template>",
        f"<select>{_STORY_HERE}</select>",
        "<table><p>a</p><p>b</p></table>",
        f"<frameset>{_STORY_HERE}",
        f"<plaintext>{_STORY_HERE}",
        f"<button>{_STORY_HERE}",
        '<p id="chapters">a</p>',
        '<p class="message">a</p>',
        "<p>a\u200bb</p>",
        "<p>a<i>b</p><p>c</i></p>",
        "<p>a</p>\n<p>b</p><span><p> <span></span></p>\n",
        "<p>a</p><span><p>b</span></p>c",
        "<p>a</p><p><span><i>b</span>c</i></p>",
        "<p>a</p><hr><span><p>b</p></span>",
        "<p>&nbsp;</p>",
    ],
)
def test_stories_stay_where_anything_else_has_a_say(page):
    assert not _is_whole(page)


@pytest.mark.usefixtures("_all_are_cut")
@settings(deadline=None, max_examples=600)
@given(
    st.sampled_from(["", "<b>", "<p><i>", "<center>", "<!-- ", "<h2>x</h2>", "<table>", "<td>", "<svg>", "<a href=x>"]),
    st.lists(st.tuples(_STORY, st.sampled_from(["", "<p>a<br>b</p>", "<i>", "</i>", "x", "<table>", "</div>"]))),
)
def test_pages_of_stories_are_whole(before, stories):
    _is_whole(before + "".join(f'<div class="story">{story}{after}</div>' for story, after in stories))


@pytest.mark.usefixtures("_all_are_cut")
@settings(deadline=None, max_examples=600)
@given(
    st.lists(
        st.one_of(_PIECE, st.sampled_from(["<p>a</p>\n<p>b</p>", "<p>", "</p>", "<p", "<", ">"])), max_size=25
    ).map("".join)
)
def test_any_page_is_whole(html):
    _is_whole(html.encode("utf-8", "replace").decode())


def test_the_last_paragraph_of_a_stand_in():
    story = "<p>word</p>\n" * 200 + "<p>Notes</p>"
    frame = framed(f"<div>{story}</div><p>x</p>".encode())
    assert frame is not None
    assert [last_paragraph(node).text() for node in frame.css("p")] == ["Notes", "x"]


def _read(path: Path) -> tuple[list[object], object]:
    works, rejects = read_all(Source(path, path.name))
    return [_told(work) for work in works], rejects


def _told(work: Work) -> object:
    texts = [clean(one.text, blocks=one.blocks, spans=one.spans) for one in work.chapters]
    return work.model_dump(exclude={"chapters": {"__all__": {"blocks", "spans", "text"}}}), texts


@pytest.mark.parametrize("least", [1, 1_000])
@pytest.mark.parametrize("path", PAGES, ids=lambda path: "/".join(path.parts[-3:]))
def test_pages_are_read_as_without_the_cut(path, least, monkeypatch):
    monkeypatch.setattr(body_cut, "_LEAST", least)
    found = _read(path)
    monkeypatch.setattr(pages, "framed", lambda source, **_: None)
    assert found == _read(path)
