from __future__ import annotations

from pathlib import Path

import pytest

from crawler.readers.formats import FORMATS, TEXT, recognise
from crawler.readers.source import Source, Unreadable
from tests.crawler.readers.test_text import memory


@pytest.mark.parametrize(
    ("name", "data", "reason", "word"),
    [
        ("a.txt", b"", "empty", "0 bytes"),
        ("a.txt", b" \r\n\t\n", "empty", "blank"),
        ("a.txt", b"%PDF-1.4 x", "format_not_supported", "PDF"),
        ("a.txt", b"PK\x03\x04....mimetypeapplication/epub+zip", "format_not_supported", "EPUB"),
        ("a.txt", b"PK\x03\x04....word/document.xml", "format_not_supported", "DOCX"),
        ("a.txt", b"PK\x03\x04....application/vnd.oasis.opendocument.text", "format_not_supported", "ODT"),
        ("a.txt", b"PK\x03\x04....a.txt", "format_not_supported", "ZIP"),
        ("a.txt", b"\x1f\x8b\x08\0", "format_not_supported", "gzip"),
        ("a.txt", b"7z\xbc\xaf\x27\x1c\0\4", "format_not_supported", "7z"),
        ("a.txt", b"Rar!\x1a\x07\0", "format_not_supported", "RAR"),
        ("a.txt", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1\0", "format_not_supported", "DOC"),
        ("a.txt", b"{\\rtf1 x}", "format_not_supported", "RTF"),
        ("a.txt", b"Title".ljust(60, b"\0") + b"BOOKMOBI", "format_not_supported", "MOBI"),
        ("a.txt", b"WARC/1.0\r\n", "format_not_supported", "WARC"),
        ("a.txt", b"<!DOCTYPE html><title>x</title>", "format_not_supported", "HTML"),
        ("a.txt", '\ufeff<html lang="en">'.encode("utf-16-le"), "format_not_supported", "HTML"),
        ("a.txt", b"<p>One</p>\n<p>Two</p>\n<p>Three</p>", "format_not_supported", "HTML"),
        ("a.txt", b'<?xml version="1.0"?><html xmlns="x">', "format_not_supported", "XHTML"),
        ("a.txt", b'<?xml version="1.0"?><!-- c --><package/>', "format_not_supported", "OPF"),
        ("a.txt", b'<?xml version="1.0"?><feed xmlns="x"/>', "format_not_supported", "Atom"),
        ("a.txt", b'<?xml version="1.0"?><FictionBook/>', "format_not_supported", "FictionBook"),
        ("a.txt", b'<?xml version="1.0"?><other/>', "format_not_supported", "XML"),
        ("a.txt", b'[{"title": "x"}]', "format_not_supported", "JSON"),
        ("a.jsonl", b'["a", "b"]', "format_not_supported", "JSON"),
        ("a.csv", b"a;b\n1;2\n", "format_not_supported", "CSV"),
        ("a.txt", b"id,title,author,text\n1,a,b,c\n", "format_not_supported", "CSV"),
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


def test_formats_tell_people_what_they_do():
    assert [one.name for one in FORMATS] == ["text"]
    assert all(one.recognised_by and one.yields and one.lost for one in FORMATS)


def test_too_large_is_refused_before_it_is_read(tmp_path: Path):
    path = tmp_path / "long.txt"
    path.write_bytes(b"It rained. " * 100)
    with pytest.raises(Unreadable) as error:
        list(TEXT.read(Source(path, "long.txt", max_bytes=1000)))
    assert error.value.reason == "too_large"
