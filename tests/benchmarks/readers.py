"""Readers beside the bare parse of the library that each rests on: works and MB a second, and the ratio.

``python -m tests.benchmarks.readers [SECONDS]`` reads generated input of each kind for about so many
seconds, in one process, reader and bare parse in turns so that a noisy machine harms both alike.
"""

from __future__ import annotations

import argparse
import io
import time
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import orjson
from selectolax.lexbor import LexborHTMLParser

from crawler.readers import formats
from crawler.readers.source import Source
from tests.benchmarks.stories import Prose


@dataclass(frozen=True)
class Case:
    """Inputs of one kind, and the least that any program must do to read them."""

    name: str
    file: str
    inputs: list[bytes]
    bare: Callable[[bytes], object]


def html_page(title: str, paragraphs: list[str]) -> bytes:
    body = "".join(f"<p>{text.replace(' her ', ' <em>her</em> ')}</p>\n" for text in paragraphs)
    return (
        f"<!DOCTYPE html><html><head><meta charset=utf-8><title>{title} - Writer - Sherlock Holmes</title></head>"
        '<body><div id="preface"><h2 class="toc-heading">Preface</h2><p class="message"><b>' + title + "</b><br>"
        'Posted originally on the <a href="http://archiveofourown.org/">Archive of Our Own</a> at '
        '<a href="http://archiveofourown.org/works/12345">http://archiveofourown.org/works/12345</a>.</p>'
        '<div class="meta"><dl class="tags"><dt>Rating:</dt><dd><a href="/tags/G">General Audiences</a></dd>'
        '<dt>Fandom:</dt><dd><a href="/tags/S">Sherlock Holmes</a></dd><dt>Language:</dt><dd>English</dd>'
        "<dt>Stats:</dt><dd>Published: 2020-01-02 Words: 1,000 Chapters: 1/1</dd></dl>"
        f'<h1>{title}</h1><div class="byline">by <a rel="author" href="/users/w/pseuds/w">w</a></div></div></div>'
        f'<div id="chapters" class="userstuff"><h2 class="toc-heading">{title}</h2>'
        f'<div class="userstuff">{body}</div></div>'
        '<div id="afterword"><h2 class="toc-heading">Afterword</h2></div></body></html>'
    ).encode()


def chapter(number: int, paragraphs: list[str]) -> bytes:
    body = "".join(f"<p>{text}</p>" for text in paragraphs)
    return f"<html><body><h2>Chapter {number}</h2>{body}</body></html>".encode()


def epub(title: str, chapters: list[bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as book:
        book.writestr("mimetype", "application/epub+zip", zipfile.ZIP_STORED)
        book.writestr(
            "META-INF/container.xml",
            '<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container" version="1.0"><rootfiles><rootfile '
            'full-path="content.opf" media-type="application/oebps-package+xml"/></rootfiles></container>',
        )
        items = "".join(
            f'<item id="c{n}" href="c{n}.xhtml" media-type="application/xhtml+xml"/>' for n in range(len(chapters))
        )
        spine = "".join(f'<itemref idref="c{n}"/>' for n in range(len(chapters)))
        book.writestr(
            "content.opf",
            '<package xmlns="http://www.idpf.org/2007/opf" version="2.0" unique-identifier="i"><metadata '
            f'xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>{title}</dc:title><dc:creator>W</dc:creator>'
            '<dc:language>en</dc:language><dc:identifier id="i">x</dc:identifier></metadata>'
            f"<manifest>{items}</manifest><spine>{spine}</spine></package>",
        )
        for number, chapter in enumerate(chapters):
            book.writestr(f"c{number}.xhtml", chapter)
    return stream.getvalue()


def bare_epub(data: bytes) -> object:
    with zipfile.ZipFile(io.BytesIO(data)) as book:
        return [LexborHTMLParser(book.read(name)) for name in book.namelist() if name.endswith(".xhtml")]


def cases() -> Iterator[Case]:
    rng = np.random.default_rng(1)
    prose = Prose(rng)
    stories = [prose.paragraphs(prose.take(int(n))) for n in rng.integers(1000, 9000, 40)]
    pages = [html_page(f"Case {n}", story) for n, story in enumerate(stories)]
    texts = [f"Title: Case {n}\nAuthor: W\n\n".encode() + "\n\n".join(s).encode() for n, s in enumerate(stories)]
    rows = [orjson.dumps({"id": n, "title": f"Case {n}", "text": "\n\n".join(s)}) for n, s in enumerate(stories)]
    chapters = [[chapter(1, story[: len(story) // 2]), chapter(2, story[len(story) // 2 :])] for story in stories]
    yield Case("text", "a.txt", texts, lambda data: data.decode())
    yield Case("AO3 download, HTML", "a.html", pages, LexborHTMLParser)
    yield Case("EPUB", "a.epub", [epub(f"Case {n}", c) for n, c in enumerate(chapters)], bare_epub)
    yield Case("JSON lines", "a.jsonl", [b"\n".join(rows)], lambda data: [orjson.loads(x) for x in data.split(b"\n")])


def seconds(function: Callable[[bytes], object], inputs: list[bytes]) -> float:
    start = time.process_time()
    for data in inputs:
        function(data)
    return time.process_time() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("seconds", nargs="?", type=float, default=3.0)
    limit = parser.parse_args().seconds
    print(f"{'kind':<22} {'works/s':>9} {'MB/s':>8} {'bare MB/s':>10} {'ratio':>7}")
    for case in cases():

        def read(data: bytes, case: Case = case) -> list[object]:
            return list(formats.read(Source(Path(case.file), case.file, content=data)))

        works = sum(len(read(data)) for data in case.inputs)
        size = sum(map(len, case.inputs)) / 1e6
        ours: list[float] = []
        bare: list[float] = []
        while sum(ours) + sum(bare) < limit:
            ours.append(seconds(read, case.inputs))
            bare.append(seconds(case.bare, case.inputs))
        mine, least = float(np.median(ours)), float(np.median(bare))
        print(f"{case.name:<22} {works / mine:>9,.0f} {size / mine:>8,.1f} {size / least:>10,.1f} {mine / least:>7.2f}")


if __name__ == "__main__":
    main()
