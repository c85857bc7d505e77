"""EPUBs: packages of any shape, AO3's and FanFicFare's files, information pages, front matter."""

import csv
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from crawler.pages.fanficfare import KIND_FANFICFARE_HTML
from crawler.pages.page import Page, Refused
from crawler.readers import epub, mobi
from crawler.readers.source import Rejected, Source, Unreadable
from schemas.work import Provenance, Work
from tests.builders.epub import ao3, book, fanficfare, fff_chapter, fff_title_page, opf, page, zipped

SAMPLES = Path(__file__).parents[4] / "shared" / "samples"
FOG = "<p>The fog lay on the moor, and nobody spoke of the hound.</p><p>Then <em>something</em> howled.</p>"
RAIN = "<p>Rain came before dawn and washed the footprints away.</p>"
SUN = "<p>By noon the sun stood over Grimpen, as if nothing had been.</p>"


def works_of(data: bytes, ref: str = "the_moor.epub") -> list[Work]:
    items = list(epub.read(Source(Path("none"), ref, content=data)))
    assert not [item for item in items if isinstance(item, Rejected)]
    return [item for item in items if isinstance(item, Work)]


def work_of(data: bytes, ref: str = "the_moor.epub") -> Work:
    (work,) = works_of(data, ref)
    return work


def titles(work: Work) -> list[tuple[int | None, str | None]]:
    return [(chapter.number, chapter.title) for chapter in work.chapters]


def test_chapters_take_their_titles_from_the_contents_and_lose_the_same_heading() -> None:
    pages = {"1.xhtml": page("<h2>Chapter 1</h2><h3>Fog</h3>" + FOG), "2.xhtml": page("<h1>Rain</h1>" + RAIN)}
    work = work_of(book(pages, toc=[("1.xhtml", "Chapter 1: Fog"), ("2.xhtml", "2. Rain")]))
    assert titles(work) == [(1, "Fog"), (2, "Rain")]
    assert work.chapters[0].text.startswith("The fog lay")
    assert (work.title, [author.name for author in work.authors], work.language_raw) == (
        "The Moor",
        ["Jane Doyle"],
        "en",
    )
    assert work.provenance.flags == ()


def test_a_heading_that_says_something_else_stays() -> None:
    work = work_of(book({"1.xhtml": page("<h2>Dartmoor, 1889</h2>" + FOG)}, toc=[("1.xhtml", "Fog")]))
    assert titles(work) == [(None, "Fog")]
    assert work.chapters[0].text.startswith("Dartmoor, 1889")


def test_a_page_is_cut_where_the_contents_lead_into_it() -> None:
    whole = page(f'<h2><a id="a"></a>Fog</h2>{FOG}<div><h2 id="b">Rain</h2>{RAIN}</div>')
    work = work_of(book({"all.xhtml": whole}, toc=[("all.xhtml#a", "Fog"), ("all.xhtml#b", "Rain")]))
    assert titles(work) == [(None, "Fog"), (None, "Rain")]
    assert work.chapters[0].text.endswith("howled.")
    assert work.chapters[1].text.startswith("Rain came")


def test_files_that_a_converter_cut_are_one_chapter() -> None:
    pages = {"c_split_000.html": page("<h1>Fog</h1>" + FOG), "c_split_001.html": page(RAIN), "d.html": page(SUN)}
    work = work_of(book(pages, toc=[("c_split_000.html", "Fog"), ("d.html", "Sun")]))
    assert titles(work) == [(None, "Fog"), (None, "Sun")]
    assert work.chapters[0].text.endswith("footprints away.")


def test_front_and_back_matter_is_left_out_and_said_so() -> None:
    pages = {
        "cover.xhtml": page('<img src="c.jpg" alt="The Moor"/>'),
        "title.xhtml": page("<h1>The Moor</h1><p>by Jane Doyle</p>"),
        "toc.xhtml": page('<ul><li><a href="1.xhtml">Fog</a></li><li><a href="2.xhtml">Rain</a></li></ul>'),
        "1.xhtml": page("<h1>Fog</h1>" + FOG),
        "2.xhtml": page("<h1>Rain</h1>" + RAIN),
        "x.xhtml": page("<h1>About the Author</h1><p>Jane lives by the sea.</p>"),
    }
    work = work_of(book(pages, toc=[("1.xhtml", "Fog"), ("2.xhtml", "Rain"), ("x.xhtml", "About the Author")]))
    assert titles(work) == [(None, "Fog"), (None, "Rain")]
    assert work.provenance.flags == ("front_matter_left_out",)
    assert [(each.label, each.value) for each in work.header] == [("about the author", "About the Author")]


def test_a_long_cover_is_a_chapter() -> None:
    pages = {"cover.xhtml": page("<p>" + "The hound ran on. " * 60 + "</p>")}
    assert len(work_of(book(pages)).chapters) == 1


def test_a_book_of_nothing_but_a_title_page_is_read_as_it_is() -> None:
    work = work_of(book({"title.xhtml": page("<p>The Moor, by Jane Doyle, in one sentence.</p>")}))
    assert "front_matter_read_as_story" in work.provenance.flags


def test_an_information_page_gives_fields() -> None:
    facts = (
        "<h1>The Moor</h1><div><strong>Rating:</strong> Fiction T</div><div><strong>Genre:</strong> Mystery</div>"
        "<div><strong>Characters:</strong> Ivy, J. Watson</div><div><strong>Words:</strong> 2,791</div>"
        '<p>Original source: <a href="https://www.fanfiction.net/s/123/1/">https://www.fanfiction.net/s/123/1/</a></p>'
    )
    pages = {"Information.xhtml": page(facts), "1.xhtml": page("<h1>Fog</h1>" + FOG)}
    work = work_of(book(pages, toc=[("1.xhtml", "Fog")]))
    assert (work.source, work.source_work_id) == ("ffnet", "123")
    assert (work.rating_raw, work.genres, work.n_words_source) == ("Fiction T", ("Mystery",), 2791)
    assert work.characters == ("Ivy", "J. Watson")
    assert len(work.chapters) == 1


def test_opf_fields() -> None:
    metadata = (
        '<dc:title>The Moor</dc:title><dc:creator opf:role="aut">Ann</dc:creator>'
        '<dc:creator opf:role="trl">Bo</dc:creator><dc:subject>Fog, thick</dc:subject>'
        "<dc:description>&lt;p&gt;One.&lt;/p&gt;&lt;p&gt;Two.&lt;/p&gt;</dc:description>"
        '<dc:date opf:event="publication">2001-02-03</dc:date><dc:date opf:event="modification">2004-05-06T07:08:09Z'
        '</dc:date><dc:date opf:event="creation">2020-01-01</dc:date><meta name="calibre:series" content="Moors"/>'
        '<meta name="calibre:series_index" content="2.0"/><dc:identifier>URL:https://archiveofourown.org/works/9</dc:identifier>'
    )
    work = work_of(book({"1.xhtml": page(FOG)}, metadata))
    assert [author.name for author in work.authors] == ["Ann"]
    assert (work.summary, work.freeforms) == ("One.\n\nTwo.", ("Fog, thick",))
    assert [str(work.published_date), str(work.updated_date)] == ["2001-02-03", "2004-05-06"]
    assert [(each.title, each.position) for each in work.series] == [("Moors", 2)]
    assert (work.source, work.source_work_id) == ("ao3", "9")
    assert {each.label for each in work.header} == {"trl", "date (creation)"}


def test_spellings_of_xhtml_that_html_reads_otherwise() -> None:
    markup = (
        '<?xml version="1.0"?><!DOCTYPE html [<!ENTITY lol "lol"><!ENTITY lol2 "&lol;&lol;">]><html><head><title/>'
        '<script src="x"/></head><body><a id="top"/><p>One &lol2; two.<i/></p><p/>'
        "<p><![CDATA[a < b]]> end.</p></body></html>"
    )
    assert work_of(book({"1.xhtml": markup})).chapters[0].text == "One &lol2; two.\n\na < b end."


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp1251"])
def test_pages_in_other_encodings(encoding: str) -> None:
    text = "Туман лежал на болотах, и никто не говорил о собаке."
    markup = (
        f'<?xml version="1.0" encoding="{"windows-1251" if encoding == "cp1251" else encoding}"?><html><body><p>{text}'
    )
    members: dict[str, str | bytes] = {"content.opf": opf("", ["1.xhtml"]), "1.xhtml": markup.encode(encoding)}
    assert work_of(zipped(members)).chapters[0].text == text


def test_links_find_members_by_other_spellings() -> None:
    members = {
        "OPS/content.opf": opf("<dc:title>T</dc:title>", ["Ch%C3%A9%20One.xhtml"]),
        "ops/ché one.XHTML": page(FOG),
    }
    assert work_of(zipped(members)).chapters[0].text.startswith("The fog")


def test_an_absent_page_is_flagged_and_the_rest_is_read() -> None:
    members = {"content.opf": opf("<dc:title>T</dc:title>", ["1.xhtml", "2.xhtml"]), "2.xhtml": page(RAIN)}
    work = work_of(zipped(members))
    assert work.provenance.flags == ("container_missing", "spine_item_missing")
    assert len(work.chapters) == 1


def test_pages_without_opf_are_read_by_name() -> None:
    members = {"c10.xhtml": page(SUN), "c2.xhtml": page(RAIN), "META-INF/container.xml": "<broken"}
    work = work_of(zipped(members), "01_the_moor.epub")
    assert work.title == "the moor"
    assert [chapter.text[:4] for chapter in work.chapters] == ["Rain", "By n"]
    assert {"opf_missing", "title_from_file_name"} <= set(work.provenance.flags)


def test_ao3_files_are_put_together_and_read_as_the_download() -> None:
    work = work_of(ao3([("Fog", FOG), ("Rain", RAIN)]))
    assert (work.source, work.source_work_id, work.provenance.format) == ("ao3", "77", "ao3_epub")
    assert work.fandoms == ("Sherlock Holmes, or the Hound",)
    assert titles(work) == [(1, "Fog"), (2, "Rain")]
    assert work.chapters[1].text == "Rain came before dawn and washed the footprints away."
    assert (work.n_words_source, work.summary) == (1234, "A dog barks.")


FACTS = {
    "Category": "Sherlock Holmes &amp; Co, the Hound, Dracula",
    "Genre": "Angst, F/M, Hurt, but no Comfort",
    "Characters": "Watson, Ivy",
    "Status": "In-Progress",
    "Published": "2001-02-03",
    "Chapters": "2",
    "Words": "1,234",
    "Kudos": "0",
    "Packaged": "2020-01-01 10:00:00",
    "Series": "Moors [3]",
    "Summary": "<div><p>One.</p><p>Two.</p></div>",
}
SUBJECTS = [
    "FanFiction",
    "Sherlock Holmes & Co, the Hound",
    "Dracula",
    "Hurt, but no Comfort",
    "Angst",
    "F/M",
    "Watson",
]


def test_fanficfare_fields_and_notes() -> None:
    first = (
        '<div class="fff_chapter_notes fff_head_notes"><b>Author\'s Note:</b><blockquote>For Bo.</blockquote>'
        "<b>Summary for the Chapter:</b><blockquote>Fog comes.</blockquote><b>Notes for the Chapter:</b><blockquote>Hi."
        f'</blockquote></div><div class="userstuff module">{FOG}</div>'
        '<div class="fff_chapter_notes fff_foot_notes"><b>Notes for the Chapter:</b><blockquote>Bye.</blockquote></div>'
    )
    pages = {
        "OEBPS/title_page.xhtml": fff_title_page("https://archiveofourown.org/works/77", "The Moor", FACTS),
        "OEBPS/log_page.xhtml": page("<h3>Update Log</h3><p>x</p>", attributes=' class="fff_logpage"'),
        "OEBPS/file0001.xhtml": fff_chapter("1. Fog", first),
        "OEBPS/file0002.xhtml": fff_chapter("2. Chapter 2", RAIN),
        "OEBPS/file0003.xhtml": fff_chapter("3. Sun (CHAPTER ERROR)", "Error", "chapter url removed due to failure"),
    }
    work = work_of(fanficfare(pages, subjects=SUBJECTS))
    assert (work.source, work.source_work_id, work.provenance.layout) == ("ao3", "77", "fanficfare")
    assert work.fandoms == ("Sherlock Holmes & Co, the Hound", "Dracula")
    assert (work.freeforms, work.categories_raw) == (("Angst", "Hurt, but no Comfort"), ("F/M",))
    assert work.engagement is not None
    assert work.engagement.kudos == 0
    assert [(each.title, each.position) for each in work.series] == [("Moors", 3)]
    assert (work.summary, work.notes_before, work.n_words_source) == ("One.\n\nTwo.", "For Bo.", 1234)
    assert titles(work) == [(1, "Fog"), (2, None)]
    chapter = work.chapters[0]
    assert (chapter.summary, chapter.notes_before, chapter.notes_after) == ("Fog comes.", "Hi.", "Bye.")
    assert (chapter.text[:7], chapter.source_chapter_id) == ("The fog", "5")
    assert set(work.provenance.flags) == {"lists_split_at_commas", "error_chapters_dropped"}


def test_a_fanficfare_anthology_gives_its_works() -> None:
    pages = {
        "0/OEBPS/title_page.xhtml": fff_title_page("https://archiveofourown.org/works/77", "The Moor", {}),
        "0/OEBPS/file0001.xhtml": fff_chapter("Fog", FOG),
        "1/OEBPS/title_page.xhtml": fff_title_page("https://www.fanfiction.net/s/5/1/", "The Sea", {}),
        "1/OEBPS/file0001.xhtml": fff_chapter("Rain", RAIN),
    }
    works = works_of(fanficfare(pages))
    assert [(work.source, work.title) for work in works] == [("ao3", "The Moor"), ("ffnet", "The Sea")]
    assert {work.provenance.layout for work in works} == {"fanficfare_anthology"}


def test_a_fanficfare_book_whose_chapters_all_failed_is_no_story() -> None:
    pages = {"OEBPS/file0001.xhtml": fff_chapter("1. Fog (CHAPTER ERROR)", "Error")}
    with pytest.raises(Unreadable, match="no_story"):
        work_of(fanficfare(pages))


def test_fanficfare_html() -> None:
    html = (
        "<html><body><h1><a href='https://archiveofourown.org/works/77'>The Moor</a> by <a class='authorlink' "
        "href='https://archiveofourown.org/users/jd'>jd</a></h1><table class=\"full\"><tr><td><b>Category:</b></td>"
        '<td>Dracula</td></tr><tr><td><b>Words:</b></td><td>12</td></tr></table><a name="TOCTOP"><h2>Table of Contents'
        '</h2></a><p><a href="#section0001">1. Fog</a><br /></p><a name="section0001"><h2>1. Fog</h2></a><div>'
        f'{FOG}</div><a name="section0002"><h2>2. Rain</h2></a><div>{RAIN}</div></body></html>'
    )
    given = Provenance(format="html", parser_version="1", raw_sha256="0" * 64)
    assert KIND_FANFICFARE_HTML.recognise(Page(html))
    (work,) = KIND_FANFICFARE_HTML.read(Page(html), given)
    assert (work.source, work.title, work.fandoms, work.n_words_source) == ("ao3", "The Moor", ("Dracula",), 12)
    assert titles(work) == [(1, "Fog"), (2, "Rain")]
    assert work.chapters[1].text == "Rain came before dawn and washed the footprints away."
    assert not KIND_FANFICFARE_HTML.recognise(Page("<p>Just a page.</p>"))
    with pytest.raises(Refused, match="no_story"):
        KIND_FANFICFARE_HTML.read(Page(html.partition('<a name="section0001">')[0]), given)


def test_mobi_is_turned_away_with_its_title() -> None:
    record = bytearray(0x60) + b"The Moor"
    record[16:20] = b"MOBI"
    record[0x1C:0x20] = (65001).to_bytes(4, "big")
    record[0x54:0x5C] = (0x60).to_bytes(4, "big") + (8).to_bytes(4, "big")
    head = bytearray(96)
    head[60:68] = b"BOOKMOBI"
    head[78:82] = (96).to_bytes(4, "big")
    assert mobi.recognise(bytes(head))
    with pytest.raises(Unreadable, match=r"format_not_supported.*The Moor.*calibre"):
        list(mobi.read(Source(Path("none"), "x.mobi", content=bytes(head + record))))


def test_recognition() -> None:
    assert epub.recognise(book({"1.xhtml": page(FOG)}))
    assert not epub.recognise(zipped({"a.txt": "text"}))
    assert epub.is_epub(Source(Path("none"), "x.zip", content=zipped({"book.opf": "x", "1.html": "x"})))
    assert not epub.is_epub(Source(Path("none"), "x.zip", content=zipped({"a.txt": "text"})))
    bare = {"mimetype": "application/epub+zip", "1.html": "x"}
    assert epub.is_epub(Source(Path("none"), "x.zip", content=zipped(bare)))


def sampled() -> Iterator[tuple[Path, str]]:
    if (SAMPLES / "INDEX.tsv").exists():
        with (SAMPLES / "INDEX.tsv").open(encoding="utf-8", newline="") as lines:
            for row in csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE):
                if row["path"].casefold().endswith(".epub") and "title=[" in (row["ground_truth"] or ""):
                    yield SAMPLES / row["path"], row["ground_truth"]


@pytest.mark.skipif(not SAMPLES.exists(), reason="the samples are not here")
def test_samples_are_read_as_their_ground_truth_says() -> None:
    for path, truth in sampled():
        (work,) = epub.read(Source(path, path.name))
        assert isinstance(work, Work)
        stated = {name: re.findall(r"'([^']*)'", value) for name, value in re.findall(r"(\w+)=\[(.*?)\]", truth)}
        assert [work.title] == stated["title"], path.name
        assert [author.name for author in work.authors] == stated["creator"], path.name
        assert work.language_raw in (*stated["language"], "English"), path.name
        assert work.chapters, path.name
