"""EPUBs as FicHub, WebToEpub and FimFiction write them: information pages, notes, tags."""

from __future__ import annotations

from crawler.readers import epub
from tests.builders.archives import zipped
from tests.crawler.readers.test_text import memory

CONTAINER = '<container><rootfiles><rootfile full-path="content.opf"/></rootfiles></container>'


def work_of(metadata, pages, titles):
    """The work of a book with a page for each of ``pages`` (name to body) and a table of contents."""
    items = "".join(f'<item id="{name}" href="{name}.xhtml" media-type="application/xhtml+xml"/>' for name in pages)
    refs = "".join(f'<itemref idref="{name}"/>' for name in pages)
    opf = (
        '<package xmlns="http://www.idpf.org/2007/opf" version="3.0"><metadata '
        f'xmlns:dc="http://purl.org/dc/elements/1.1/">{metadata}</metadata><manifest>{items}'
        '<item id="nav" href="nav.xhtml" properties="nav" media-type="application/xhtml+xml"/></manifest>'
        f"<spine>{refs}</spine></package>"
    )
    links = "".join(f'<li><a href="{name}.xhtml">{title}</a></li>' for name, title in titles.items())
    members = {"META-INF/container.xml": CONTAINER, "content.opf": opf, "nav.xhtml": f"<nav><ol>{links}</ol></nav>"}
    members |= {f"{name}.xhtml": f"<html><body>{body}</body></html>" for name, body in pages.items()}
    (work,) = epub.read(memory(zipped(members), "book.epub"))
    return work


def test_fichub_states_all_on_its_introduction():
    work = work_of(
        "<dc:title>The Reed Pen</dc:title><dc:creator>Scribe Ani</dc:creator>"
        '<meta name="generator" content="Ebook-lib 0.17.1"/>',
        {
            "introduction": "<h1>The Reed Pen</h1><h2>By: Scribe Ani</h2><p>A pen is lost.</p><p>It was a good pen.</p>"
            "<p>Status: complete</p><p>Published: 2010-03-04</p><p>Words: 1234</p><p>Chapters: 1</p>"
            '<p>Original source: <a href="https://www.fanfiction.net/s/58">https://www.fanfiction.net/s/58</a></p>'
            '<p>Exported with the assistance of <a href="https://fichub.net">FicHub.net</a></p>',
            "chap_1": "<h2>1. Ink</h2><p>The ink was dry.</p>",
        },
        {"introduction": "Introduction", "chap_1": "1. Ink"},
    )
    assert (work.source, work.source_work_id) == ("ffnet", "58")
    assert work.summary == "A pen is lost.\n\nIt was a good pen."
    assert (work.status_raw, work.n_words_source, work.n_chapters_source) == ("complete", 1234, 1)
    assert [(each.number, each.title, each.text) for each in work.chapters] == [(1, "Ink", "The ink was dry.")]


def test_an_introduction_in_prose_is_a_chapter():
    prose = "<p>Nobody knew who had made the pen.</p>" * 5
    pages = {"introduction": f"<h1>Introduction</h1>{prose}", "one": "<h1>Ink</h1><p>It wrote.</p>"}
    work = work_of("<dc:title>Pen</dc:title>", pages, {"introduction": "Introduction", "one": "Ink"})
    assert [each.title for each in work.chapters] == ["Introduction", "Ink"]


def test_webtoepub_writes_its_tags_into_one_subject_and_keeps_the_boxes_of_notes():
    work = work_of(
        "<dc:title>Salt Stair</dc:title><dc:subject>Fantasy, Sci-fi</dc:subject>"
        "<dc:contributor>[https://github.com/dteviot/WebToEpub] (ver. 1)</dc:contributor>",
        {
            "0000_Information": "<h1>Information</h1><p><b>Title:</b> Salt Stair</p><p><b>Author:</b> Brine</p>"
            "<p>Down and down.</p>",
            "0001": '<h1>1. Down</h1><div class="author-note-portlet"><p>A note from Brine</p><div class="author-note">'
            "<p>Two this week!</p></div></div><p>The stair began.</p>",
            "0002": '<h1>2. Deeper</h1><p>It went on.</p><div class="authors-note">'
            "<b>Author's Note:</b><p>Hi.</p></div>",
        },
        {"0000_Information": "Information", "0001": "1. Down", "0002": "2. Deeper"},
    )
    assert (work.freeforms, work.summary) == (("Fantasy", "Sci-fi"), "Down and down.")
    assert [(each.notes_before, each.text, each.notes_after) for each in work.chapters] == [
        ("Two this week!", "The stair began.", None),
        (None, "It went on.", "Hi."),
    ]
