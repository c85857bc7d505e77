from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crawler.pages.livejournal import KIND_LIVEJOURNAL
from crawler.readers import livejournal_xml
from crawler.readers.source import Rejected, Source, Unreadable
from schemas.work import Work
from tests.crawler.pages.site_pages import SAMPLES, check, read, survives
from tests.fixture_folders import cases


@pytest.mark.parametrize("case", cases("livejournal"), ids=lambda case: case.name)
def test_fixtures(case):
    check(KIND_LIVEJOURNAL, case)


PIECES = st.sampled_from(
    [
        '<div class="entry">',
        '<div class="entry-content">',
        '<span lj:user="m" class="ljuser">',
        "Title: A<br>Pairing: B/C<br><br>",
        '<h3 class="entry-title">',
        '<span class="datetime">2010-13-40</span>',
        '<div class="b-singlepost-body">',
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
    survives(KIND_LIVEJOURNAL, "".join(pieces), "https://mary.dreamwidth.org/1.html")


GRABBED = """<entrypage><entry id="5"><user username="mary" type="P"/><date>2011-2-3 18:15:0</date>
<url>http://mary.livejournal.com/5.html</url><subject>The Note</subject>
<text>&lt;p&gt;She wrote.&lt;/p&gt;&lt;p&gt;He read.&lt;/p&gt;</text></entry>
<comments><comment id="6"><text>Nice.</text></comment></comments></entrypage>"""


def xml(text: str) -> Source:
    return Source(Path("a.xml"), "a.xml", content=text.encode())


def test_a_grabbers_xml():
    (work,) = livejournal_xml.read(xml(GRABBED))
    assert isinstance(work, Work)
    assert (work.source, work.source_work_id, work.title) == ("livejournal", "mary-5", "The Note")
    assert str(work.published_date) == "2011-02-03"
    assert work.chapters[0].text == "She wrote.\n\nHe read."
    assert livejournal_xml.recognise(GRABBED.encode())


def test_an_entry_without_text_is_rejected_and_named():
    (reject,) = livejournal_xml.read(xml("<entrypage><entry id='9'><text> </text></entry></entrypage>"))
    assert isinstance(reject, Rejected)
    assert (reject.ref, reject.reason) == ("a.xml#9", "no_story")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("<entrypage><entry>", "broken_xml"),
        ("<entrypage></entrypage>", "no_story"),
        ('<!DOCTYPE a [<!ENTITY b "c">]><entrypage>&b;</entrypage>', "broken_xml"),
    ],
)
def test_broken_xml(text, reason):
    with pytest.raises(Unreadable) as caught:
        list(livejournal_xml.read(xml(text)))
    assert caught.value.reason == reason


def test_an_abbreviated_header_loses_no_word_of_the_story():
    page = (
        '<div class="entry"><span lj:user="mary" class="ljuser"><b>mary</b></span><div class="entry-content">'
        "He said: <b>Nothing:</b> not a word.<br><br>Then he left.</div></div>"
    )
    (work,) = read(KIND_LIVEJOURNAL, page, "https://mary.dreamwidth.org/1.html")
    assert work.chapters[0].text == "He said: Nothing: not a word.\n\nThen he left."


@pytest.mark.skipif(not SAMPLES.exists(), reason="no samples here")
def test_samples():
    name = "livejournal/OrlovMikhail.LiveJournalGrabber__testpage_247911.xml"
    (work,) = livejournal_xml.read(Source(SAMPLES / name, name))
    assert isinstance(work, Work)
    assert work.source_work_id == "galkovsky-247911"
    assert str(work.published_date) == "2015-06-25"
    assert work.title.startswith("939.")
