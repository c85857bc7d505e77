"""Readers beside the bare parse of the library that each rests on: works and MB a second, and the ratio.

``python -m tests.benchmarks.readers [SECONDS]`` reads generated input of each kind for about so many
seconds, in one process, reader and bare parse in turns so that a noisy machine harms both alike.
"""

from __future__ import annotations

import argparse
import csv
import io
import re
import time
import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.parquet as pq
from selectolax.lexbor import LexborHTMLParser

from crawler.pages.body import passage
from crawler.readers import formats
from crawler.readers.source import Source
from pipelines.heap import keep_heap
from schemas.work import Work
from tests.benchmarks.stories import Prose
from tests.builders import archives, epub

FIXTURES = Path(__file__).parents[1] / "fixtures"
Story = list[str]
"""Paragraphs."""


@dataclass(frozen=True)
class Case:
    """Inputs of one kind, and the least that any program must do to read them."""

    name: str
    file: str
    inputs: list[bytes]
    bare: Callable[[bytes], object]
    of_tree: Callable[[LexborHTMLParser], object] | None = None
    """What is measured in place of the reader, of pages that are parsed already."""


def marked(story: Story) -> str:
    """Paragraphs as archives write them, a word here and there in italics."""
    return "".join(f"<p>{text.replace(' her ', ' <em>her</em> ')}</p>\n" for text in story)


def download(title: str, story: Story) -> bytes:
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
        f'<div class="userstuff">{marked(story)}</div></div>'
        '<div id="afterword"><h2 class="toc-heading">Afterword</h2></div></body></html>'
    ).encode()


def saved(case: str, pattern: str, story: Story) -> bytes:
    """A fixture's page with its story replaced."""
    page = (FIXTURES / case / "input.html").read_text("utf-8")
    found = re.search(pattern, page, re.DOTALL)
    assert found is not None
    return (page[: found.start(1)] + marked(story) + page[found.end(1) :]).encode()


def generic_epub(title: str, chapters: list[Story], body: str = "<h2>Chapter {}</h2>{}") -> bytes:
    pages = {
        f"c{number}.xhtml": epub.page(body.format(number, marked(story))) for number, story in enumerate(chapters, 1)
    }
    return epub.book(pages, f"<dc:title>{title}</dc:title><dc:creator>W</dc:creator><dc:language>en</dc:language>")


def fanficfare_epub(chapters: list[Story]) -> bytes:
    labels = {"Rating": "T", "Category": "Sherlock Holmes", "Words": "2,000", "Published": "2020-01-02"}
    pages = {"title_page.xhtml": epub.fff_title_page("https://archiveofourown.org/works/77", "The Moor", labels)}
    for number, story in enumerate(chapters, 1):
        pages[f"file{number:04}.xhtml"] = epub.fff_chapter(f"{number}. One", marked(story))
    return epub.fanficfare(pages)


def fimfarchive(books: list[bytes]) -> bytes:
    lines = []
    for number, _ in enumerate(books, 1):
        record = {"id": number, "title": f"Story {number}", "archive": {"path": f"epub/{number}.epub"}}
        record |= {"author": {"id": 3, "name": "W"}, "content_rating": "teen", "num_words": 1000, "chapters": []}
        lines.append(f'"{number}": '.encode() + orjson.dumps(record))
    members = {"index.json": b"{\n" + b",\n".join(lines) + b"\n}\n"}
    packed: bytes = archives.zipped(members | {f"epub/{number}.epub": book for number, book in enumerate(books, 1)})
    return packed


def table(rows: list[dict[str, object]]) -> bytes:
    stream = io.StringIO()
    writer = csv.DictWriter(stream, list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    return stream.getvalue().encode()


def parquet(rows: list[dict[str, object]]) -> bytes:
    sink = pa.BufferOutputStream()
    pq.write_table(pa.Table.from_pylist(rows), sink)
    data: bytes = sink.getvalue().to_pybytes()
    return data


def bare_zip(data: bytes) -> object:
    """All members of a zip; pages are parsed, books within are opened."""
    found: list[object] = []
    with zipfile.ZipFile(io.BytesIO(data)) as book:
        for name in book.namelist():
            content = book.read(name)
            if name.endswith(".xhtml"):
                found.append(LexborHTMLParser(content))
            elif name.endswith(".epub"):
                found.append(bare_zip(content))
            else:
                found.append(content.decode())
    return found


def story_of(tree: LexborHTMLParser) -> object:
    node = tree.css_first("#chapters div.userstuff")
    assert node is not None
    return passage(node)


def cases() -> Iterator[Case]:
    rng = np.random.default_rng(1)
    prose = Prose(rng)
    stories = [prose.paragraphs(prose.take(int(n))) for n in rng.integers(5000, 11000, 24)]
    halves = [[story[: len(story) // 2], story[len(story) // 2 :]] for story in stories]
    pages = [download(f"Case {n}", story) for n, story in enumerate(stories)]
    works = [saved("otw/work_chapter", r'role="article"><h3[^>]*>[^<]*</h3>\n(.*?)</div>', story) for story in stories]
    ffnet = [saved("ffnet/desktop_chapter", r"id='storytext'>(.*?)</div>", story) for story in stories]
    texts = [f"Title: Case {n}\nAuthor: W\n\n".encode() + "\n\n".join(s).encode() for n, s in enumerate(stories)]
    rows: list[dict[str, object]] = [
        {"id": n, "title": f"Case {n}", "text": "\n\n".join(s)} for n, s in enumerate(stories)
    ]
    books = [generic_epub(f"Case {n}", c) for n, c in enumerate(halves)]
    responses = {f"https://archiveofourown.org/works/{n}": archives.response(page) for n, page in enumerate(works, 1)}
    yield Case("text", "a.txt", texts, lambda data: data.decode())
    yield Case("AO3 download, HTML", "a.html", pages, LexborHTMLParser)
    yield Case("  its text alone", "a.html", pages, LexborHTMLParser, story_of)
    yield Case("AO3 page, saved", "a.html", works, LexborHTMLParser)
    yield Case("FanFiction.net page", "a.html", ffnet, LexborHTMLParser)
    yield Case("EPUB", "a.epub", books, bare_zip)
    yield Case("EPUB, FanFicFare", "a.epub", [fanficfare_epub(c) for c in halves], bare_zip)
    lines = b"\n".join(map(orjson.dumps, rows))
    yield Case("JSON lines", "a.jsonl", [lines], lambda data: [orjson.loads(x) for x in data.split(b"\n")])
    yield Case("CSV", "a.csv", [table(rows)], lambda data: list(csv.DictReader(io.StringIO(data.decode()))))
    yield Case("Parquet", "a.parquet", [parquet(rows)], lambda data: pq.read_table(pa.BufferReader(data)).to_pylist())
    yield Case("WARC", "a.warc", [archives.warc(responses)], lambda _: list(map(LexborHTMLParser, works)))
    members = {f"{n}.txt": text for n, text in enumerate(texts)}
    yield Case("zip of texts", "a.zip", [archives.zipped(members)], bare_zip)
    layout = '<h1>Chapter {}</h1><div id="content">{}</div>'
    ponies = [generic_epub(f"Case {n}", c, layout) for n, c in enumerate(halves)]
    yield Case("FimFarchive", "a.zip", [fimfarchive(ponies)], bare_zip)


def seconds(function: Callable[[Any], object], inputs: Sequence[object]) -> float:
    start = time.process_time()
    for data in inputs:
        function(data)
    return time.process_time() - start


def measure(case: Case, limit: float) -> str:
    """A line of the table."""

    def read(data: bytes) -> list[object]:
        return list(formats.read(Source(Path(case.file), case.file, content=data)))

    works = sum(isinstance(item, Work) for data in case.inputs for item in read(data))
    size = sum(map(len, case.inputs)) / 1e6
    ours: list[float] = []
    bare: list[float] = []
    while sum(ours) + sum(bare) < limit:
        if case.of_tree is None:
            ours.append(seconds(read, case.inputs))
        else:
            ours.append(seconds(case.of_tree, [LexborHTMLParser(page) for page in case.inputs]))
        bare.append(seconds(case.bare, case.inputs))
    mine, least = float(np.median(ours)), float(np.median(bare))
    return f"{case.name:<22} {works / mine:>9,.0f} {size / mine:>8,.1f} {size / least:>10,.1f} {mine / least:>7.2f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("seconds", nargs="?", type=float, default=3.0)
    limit = parser.parse_args().seconds
    keep_heap()  # as workers do
    print(f"{'kind':<22} {'works/s':>9} {'MB/s':>8} {'bare MB/s':>10} {'ratio':>7}")
    for case in cases():
        print(measure(case, limit), flush=True)


if __name__ == "__main__":
    main()
