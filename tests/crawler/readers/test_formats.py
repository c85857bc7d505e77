from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from crawler.pages.kinds import KINDS
from crawler.readers.formats import FORMATS, TEXT, described, recognise, versions
from crawler.readers.source import Source, Unreadable
from tests.crawler.readers.test_text import memory


@pytest.mark.parametrize(
    ("name", "data", "reason", "word"),
    [
        ("a.txt", b"", "empty", "0 bytes"),
        ("a.txt", b" \r\n\t\n", "empty", "blank"),
        ("a.txt", b"%PDF-1.4 x", "format_not_supported", "PDF"),
        ("a.txt", b"PK\x03\x04....word/document.xml", "format_not_supported", "DOCX"),
        ("a.txt", b"PK\x03\x04....application/vnd.oasis.opendocument.text", "format_not_supported", "ODT"),
        ("a.txt", b"Rar!\x1a\x07\0", "format_not_supported", "RAR"),
        ("a.txt", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1\0", "format_not_supported", "DOC"),
        ("a.txt", b"{\\rtf1 x}", "format_not_supported", "RTF"),
        ("a.txt", b'<?xml version="1.0"?><!-- c --><package/>', "format_not_supported", "OPF"),
        ("a.txt", b'<?xml version="1.0"?><feed xmlns="x"/>', "format_not_supported", "Atom"),
        ("a.txt", b'<?xml version="1.0"?><FictionBook/>', "format_not_supported", "FictionBook"),
        ("a.xml", b'<container xmlns="urn:oasis"><rootfiles/></container>', "format_not_supported", "part of an EPUB"),
        ("a.txt", b'<?xml version="1.0"?><other/>', "format_not_supported", "XML"),
        ("a.txt", b"\x89PNG\r\n\x1a\n", "binary", "PNG"),
        ("a.txt", b"\x7fELF\2\1\1", "binary", "executable"),
        ("a.txt", b"\0" * 900, "binary", "NUL"),
        ("a.txt", b"text" + bytes(range(32)) * 4, "binary", "control"),
        (".DS_Store", b"\0\0\0\1Bud1", "not_a_story", "operating system"),
        ("x/Thumbs.db", b"", "not_a_story", "operating system"),
        ("x/._story.txt", b"\0\5\x16\7", "not_a_story", "operating system"),
    ],
)
def test_what_is_no_text_is_named(name, data, reason, word):
    with pytest.raises(Unreadable) as error:
        recognise(memory(data, name))
    assert error.value.reason == reason
    assert word in error.value.detail


@pytest.mark.parametrize(
    "data",
    [
        b"It rained.",
        b"<i>It rained.</i> And then it stopped.",
        b"<Title> The Fog\n<Author> Jo\n\nIt rained.",
        b"[1]\n\nIt rained.",
        b"{ a note } It rained, and rained, and rained.",
        b"It rained.\n\n<p>It stopped.</p>",
        b"Rain, fog, snow, hail\nThe first, he said, was worst.",
        "It rained.\n".encode("utf-16"),
        b"It rained." + b"\0" * 50,
        b"\x1b$)C It \x0e0!\x0f rained",
    ],
)
def test_text_is_text(data):
    assert recognise(memory(data)) is TEXT


@pytest.mark.parametrize(
    ("name", "data", "form"),
    [
        ("a.txt", b"PK\x03\x04....a.txt", "archive"),
        ("a.txt", b"\x1f\x8b\x08\0", "archive"),
        ("a.txt", b"7z\xbc\xaf\x27\x1c\0\4", "archive"),
        ("a.txt", b"Title".ljust(60, b"\0") + b"BOOKMOBI", "mobi"),
        ("a.txt", b"WARC/1.0\r\n", "warc"),
        ("a.txt", b"PAR1....", "parquet"),
        ("a.txt", b"<!DOCTYPE html><title>x</title>", "html"),
        ("a.txt", '\ufeff<html lang="en">'.encode("utf-16-le"), "html"),
        ("a.txt", b"<p>One</p>\n<p>Two</p>\n<p>Three</p>", "html"),
        ("a.txt", b'<?xml version="1.0"?><html xmlns="x">', "html"),
        ("a.txt", b"Retry later\n", "html"),
        ("a.txt", b'[{"title": "x"}]', "jsonl"),
        ("a.jsonl", b'["a", "b"]', "jsonl"),
        ("a.csv", b"a;b\n1;2\n", "csv"),
        ("a.txt", b"id,title,author,text\n1,a,b,c\n", "csv"),
        ("a.txt", b"fic_id,chapter_id,para_id,text\n1,1,1,x\n", "fanfictionnlp"),
        ("a.txt", b"creation date,language,restricted,complete,word_count,tags,\n", "ao3_dump"),
    ],
)
def test_formats_are_recognised_by_content_whatever_the_name(name, data, form):
    assert recognise(memory(data, name)).name == form


def test_a_format_that_is_told_is_taken():
    source = Source(Path("a.txt"), "a.txt", content=b"1|2", form="csv")
    assert recognise(source).name == "csv"
    with pytest.raises(Unreadable, match=r"corpus\.toml calls it 'cvs'; known are text, html"):
        recognise(replace(source, form="cvs"))


def test_formats_tell_people_what_they_do():
    assert len({form.name for form in FORMATS}) == len(FORMATS)
    for entry in described():
        assert all((entry.name, entry.version, entry.recognised_by, entry.yields, entry.lost))


def test_every_kind_of_page_is_described_and_versioned():
    names = [kind.name for kind in KINDS]
    assert len(set(names)) == len(names)
    assert {f"page.{name}" for name in names} <= set(versions())
