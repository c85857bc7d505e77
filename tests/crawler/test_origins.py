from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crawler.origins import origin_of, slug_of

KNOWN = [
    ("https://archiveofourown.org/works/123", "ao3", "123", "https://archiveofourown.org/works/123"),
    ("http://www.archiveofourown.org/works/123/chapters/456#c", "ao3", "123", "https://archiveofourown.org/works/123"),
    ("ao3.org/works/123?view_adult=true", "ao3", "123", "https://archiveofourown.org/works/123"),
    ("https://archiveofourown.org/collections/yule/works/9", "ao3", "9", "https://archiveofourown.org/works/9"),
    ("https://archiveofourown.org/downloads/77/A.epub", "ao3", "77", "https://archiveofourown.org/works/77"),
    ("https://www.fanfiction.net/s/5224898/1/A-Title", "ffnet", "5224898", "https://www.fanfiction.net/s/5224898/1/"),
    ("<https://m.fanfiction.net/s/5224898/>", "ffnet", "5224898", "https://www.fanfiction.net/s/5224898/1/"),
    ("https://www.fictionpress.com/s/31/2/", "fictionpress", "31", "https://www.fictionpress.com/s/31/1/"),
    ("https://www.fimfiction.net/story/84/a-b", "fimfiction", "84", "https://www.fimfiction.net/story/84"),
    ("https://squidgeworld.org/works/12", "squidgeworld", "12", "https://squidgeworld.org/works/12"),
    ("https://www.royalroad.com/fiction/5/x/chapter/6/y", "royalroad", "5", "https://www.royalroad.com/fiction/5"),
    ("https://www.wattpad.com/story/88-a-title", "wattpad", "88", "https://www.wattpad.com/story/88"),
    ("https://www.scribblehub.com/series/10/t/", "scribblehub", "10", "https://www.scribblehub.com/series/10/"),
    (
        "https://forums.spacebattles.com/threads/a-2nd.title.123456/page-2",
        "spacebattles",
        "123456",
        "https://forums.spacebattles.com/threads/123456/",
    ),
    (
        "https://forums.sufficientvelocity.com/threads/7/",
        "sufficientvelocity",
        "7",
        "https://forums.sufficientvelocity.com/threads/7/",
    ),
    (
        "https://forum.questionablequesting.com/threads/x.8/reader/",
        "questionablequesting",
        "8",
        "https://forum.questionablequesting.com/threads/8/",
    ),
    ("https://ficwad.com/story/4", "ficwad", "4", "https://ficwad.com/story/4"),
    (
        "http://hp.adult-fanfiction.org/story.php?no=600&chapter=2",
        "adult-fanfiction",
        "hp-600",
        "http://hp.adult-fanfiction.org/story.php?no=600",
    ),
    (
        "http://www.hpfanficarchive.com/stories/viewstory.php?sid=31&chapter=4",
        "hpfanficarchive",
        "31",
        "http://www.hpfanficarchive.com/stories/viewstory.php?sid=31",
    ),
    (
        "http://www.some-archive.example/efiction/viewstory.php?sid=31",
        "some-archive-example",
        "31",
        "http://some-archive.example/efiction/viewstory.php?sid=31",
    ),
    ("https://Mary-M.livejournal.com/12.html", "livejournal", "mary-m-12", "https://mary-m.livejournal.com/12.html"),
    (
        "http://www.livejournal.com/users/mary_m/12.html",
        "livejournal",
        "mary-m-12",
        "https://mary-m.livejournal.com/12.html",
    ),
    ("https://x.dreamwidth.org/9.html?style=light", "dreamwidth", "x-9", "https://x.dreamwidth.org/9.html"),
    (
        "https://www.fanfiktion.de/s/4b0f1c2d0000/1/T",
        "fanfiktion",
        "4b0f1c2d0000",
        "https://www.fanfiktion.de/s/4b0f1c2d0000",
    ),
    ("https://ficbook.net/readfic/123", "ficbook", "123", "https://ficbook.net/readfic/123"),
]


@pytest.mark.parametrize(("url", "source", "work_id", "canonical"), KNOWN)
def test_knows_the_archive_and_its_own_id(url, source, work_id, canonical):
    origin = origin_of(url)
    assert origin is not None
    assert (origin.source, origin.work_id, origin.url) == (source, work_id, canonical)


@pytest.mark.parametrize(("url", "source", "work_id", "canonical"), KNOWN)
def test_a_canonical_address_leads_to_itself(url, source, work_id, canonical):
    again = origin_of(canonical)
    assert again is not None
    assert (again.source, again.work_id, again.url) == (source, work_id, canonical)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "by the sea",
        "https://example.org/works/1",
        "https://archiveofourown.org/users/mary/profile",
        "https://archiveofourown.org/works/search",
        "https://archiveofourown.org.example/works/1",
        "https://www.fanfiction.net/u/12/Mary",
        "https://x.example/viewstory.php?sid=abc",
        "https://x.example/viewstory.php?" + "a=1&" * 50,
        "https://[::1/works/2",
        "ftp://archiveofourown.org/works/1",
    ],
)
def test_anything_else_has_no_origin(url):
    assert origin_of(url) is None


def test_a_slug_is_never_the_name_of_a_split():
    assert slug_of("www.test.example") == "testx-example"
    assert slug_of("train.example.org") == "trainx-example-org"


@settings(deadline=None, max_examples=60)
@given(st.text(max_size=80) | st.from_regex(r"https?://[a-z.]{1,20}/(works|s|viewstory\.php\?sid=)/?\d*"))
def test_any_text_gives_an_origin_or_none(url):
    origin = origin_of(url)
    assert origin is None or re.fullmatch(r"[a-z0-9-]+", origin.source)
