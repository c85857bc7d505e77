"""Broken and hostile EPUBs: each ends as a work or as ``Unreadable``, at a bounded cost."""

import io
import random
import unicodedata
import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crawler.readers import epub
from crawler.readers.source import Budget, Limits, Rejected, Source, Unreadable
from crawler.readers.text_mojibake import mend
from schemas.work import Work
from tests.builders.epub import ao3, book, fanficfare, fff_chapter, fff_title_page, opf, page, zipped

PROSE = "<p>The fog lay on the moor.</p>"


def outcome(data: bytes, limits: Limits | None = None) -> str:
    """``works``, or the reason why there are none."""
    source = Source(Path("none"), "x.epub", content=data, limits=limits or Limits(), budget=Budget())
    try:
        items = list(epub.read(source))
    except Unreadable as error:
        return error.reason
    assert all(isinstance(item, Work | Rejected) for item in items)
    return "works"


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "damaged"),
        (b"PK\3\4 nothing follows", "damaged"),
        (book({"1.xhtml": page(PROSE)})[:-40], "damaged"),
        (zipped({"mimetype": "application/epub+zip"}), "no_story"),
        (book({"1.xhtml": page("")}), "no_story"),
        (book({"1.xhtml": page(PROSE + " " * 9_000_000)}), "suspicious_ratio"),
        (zipped({"content.opf": "<package>" * 100_000, "1.xhtml": page(PROSE)}), "works"),
        (zipped({"content.opf": opf("", ["../../../etc/passwd", "/1.xhtml"]), "1.xhtml": page(PROSE)}), "works"),
    ],
)
def test_broken_packages(data: bytes, reason: str) -> None:
    assert outcome(data) == reason


def test_limits() -> None:
    data = book({"1.xhtml": page(PROSE)})
    assert outcome(data, Limits(max_members=3)) == "too_many_members"
    assert outcome(data, Limits(max_bytes=100)) == "too_large"
    assert outcome(data, Limits(max_unpacked_bytes=900)) == "too_large"


def test_drm_is_encrypted_and_hidden_fonts_are_not() -> None:
    form = (
        '<encryption><EncryptedData><EncryptionMethod Algorithm="{}"/><CipherData><CipherReference URI="{}"/>'
        "</CipherData></EncryptedData></encryption>"
    )
    pages = {"1.xhtml": page(PROSE)}
    aes, font = "http://www.w3.org/2001/04/xmlenc#aes128-cbc", "http://www.idpf.org/2008/embedding"
    assert outcome(book(pages, extra={"META-INF/encryption.xml": form.format(aes, "1.xhtml")})) == "encrypted"
    assert outcome(book(pages, extra={"META-INF/encryption.xml": form.format(font, "a.otf")})) == "works"
    data = bytearray(book(pages))
    for mark, offset in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        place = data.find(mark)
        while place >= 0:
            data[place + offset] |= 1
            place = data.find(mark, place + 4)
    assert outcome(bytes(data)) == "encrypted"


def test_deep_and_many_tags() -> None:
    deep = "<div>" * 50_000 + "deep words" + "</div>" * 50_000
    many = "<p>a<b>c</b></p>" * 50_000
    assert outcome(book({"1.xhtml": page(deep)})) == "works"
    assert outcome(book({"1.xhtml": page(many)}), Limits(max_ratio=10_000)) == "works"


def test_entities_of_the_opf_are_not_resolved() -> None:
    bomb = (
        '<!DOCTYPE package [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">'
        '<!ENTITY c SYSTEM "file:///etc/passwd">]>'
    )
    text = opf("<dc:title>The Moor &b; &c;</dc:title>", ["1.xhtml"]).partition("?>")[2]
    source = Source(Path("none"), "x.epub", content=zipped({"content.opf": bomb + text, "1.xhtml": page(PROSE)}))
    (work,) = epub.read(source)
    assert isinstance(work, Work)
    assert "aaa" not in work.title
    assert "root" not in work.title


def test_a_member_without_a_name_and_a_damaged_page() -> None:
    data = book({"1.xhtml": page(PROSE)})
    assert outcome(data.replace(b"1.xhtml", b"\0.xhtml")) == "no_story"
    place = data.find(b"1.xhtml", data.find(b"toc.ncx")) + 40
    assert outcome(data[:place] + b"\xff" * 8 + data[place + 8 :]) == "damaged"


SEEDS = (
    ao3([("Fog", PROSE)]),
    book({"1.xhtml": page("<h1>Fog</h1>" + PROSE)}, toc=[("1.xhtml#x", "Fog")]),
    fanficfare(
        {
            "title_page.xhtml": fff_title_page("https://archiveofourown.org/works/7", "The Moor", {"Words": "1"}),
            "file0001.xhtml": fff_chapter("1. Fog", PROSE),
        }
    ),
)


def test_mutations_of_whole_files() -> None:
    rng = random.Random(3)
    for seed in SEEDS:
        for _ in range(60):
            data = bytearray(seed)
            for _ in range(rng.randint(1, 12)):
                data[rng.randrange(len(data))] = rng.randrange(256)
            outcome(bytes(data[: rng.randrange(len(data)) if rng.random() < 0.2 else len(data)]))


def test_mutations_within_members() -> None:
    rng = random.Random(4)
    for seed in SEEDS:
        with zipfile.ZipFile(io.BytesIO(seed)) as archive:
            members = {name: archive.read(name) for name in archive.namelist()}
        for _ in range(60):
            name = rng.choice(list(members))
            data = bytearray(members[name])
            for _ in range(rng.randint(1, 6)):
                start = rng.randrange(len(data))
                data[start : start + rng.randint(0, 9)] = rng.choice(
                    [b"<", b">", b"&", b"\0", b"\xff", b"</p>", b'"', b"<a id="]
                )
            outcome(zipped({**members, name: bytes(data)}))


@settings(deadline=None, max_examples=60)
@given(
    st.lists(
        st.text(st.characters(codec="utf-8", categories=("L", "N")), min_size=1, max_size=8).filter(
            lambda word: unicodedata.is_normalized("NFC", word) and not mend(f"w{word}")[1]
        ),
        min_size=1,
        max_size=20,
    ),
    st.lists(st.sampled_from(["p", "div", "h1", "h2", "em", "a", "li", "td", "pre"]), min_size=20, max_size=20),
    st.booleans(),
)
def test_no_word_is_lost(words: list[str], tags: list[str], is_listed: bool) -> None:
    body = "".join(f"<{tag}>w{word}</{tag}> " for word, tag in zip(words, tags, strict=False))
    data = book({"1.xhtml": page(body)}, toc=[("1.xhtml", "Fog")] if is_listed else ())
    if outcome(data) == "no_story":  # nothing but headings
        return
    (work,) = epub.read(Source(Path("none"), "x.epub", content=data))
    assert isinstance(work, Work)
    (chapter,) = work.chapters
    told = f"{chapter.title} {chapter.number} {chapter.text} {work.header}"
    assert not [word for word in words if word not in told]
