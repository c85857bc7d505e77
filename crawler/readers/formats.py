"""The one place where formats are recognised: what a file is, which reader it gets, and why it gets none.

Content decides first, the name only where content says nothing (JSON lines, CSV). Readers are
loaded when the first file of their format comes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from types import ModuleType
from typing import Final

from crawler.readers import signatures
from crawler.readers.encoding import wide_encoding
from crawler.readers.source import Item, Low, Source, Unreadable


@cache
def _module(name: str) -> ModuleType:
    return import_module(f"crawler.readers.{name}")


@dataclass(frozen=True)
class Format:
    """A kind of input that is read. The texts are for people: ``scrapy formats`` prints them."""

    name: str
    module: str
    """Module in ``crawler.readers`` whose ``read`` reads it."""
    recognised_by: str
    yields: str
    lost: str
    holds_others: bool = False
    """Whether its members are inputs themselves."""
    takes_fields: bool = False
    """Whether ``corpus.toml`` may map its columns."""

    @property
    def code(self) -> ModuleType:
        """The reader's module."""
        return _module(self.module)

    @property
    def version(self) -> str:
        """Version of the reader: it rises when the same input may give another record."""
        return str(getattr(self.code, "PARSER_VERSION", "1"))

    def read(self, source: Source) -> Iterable[Item]:
        """Works and rejects of an input of this format."""
        function: Callable[..., Iterable[Item]] = self.code.read
        if self.holds_others:
            return function(source, read)
        return function(source, source.fields or None) if self.takes_fields else function(source)


TEXT: Final = Format(
    "text",
    "text",
    "text in any encoding that is no other format: .txt, .md or any name",
    "one work: header lines of many layouts, chapters by their headings",
    "e-mail addresses, chapter heading lines (kept as number and title), hard line wraps",
)
HTML: Final = Format(
    "html",
    "html",
    "elements of HTML; which site or program made it, by its structure (see the kinds of pages)",
    "works, chapters of works, or lists of works, as the kind of page has them",
    "see the kinds of pages",
)
MHTML: Final = Format(
    "mhtml",
    "mhtml",
    "the header of a mail with multipart/related: a page that a browser or Word saved as one file",
    "what the page holds",
    "pictures and the pages of frames",
)
EPUB: Final = Format(
    "epub",
    "epub",
    "a zip with an OPF package: AO3, FanFicFare, FicHub, WebToEpub, calibre and any other",
    "one work with the chapters of its spine; front and back matter told apart",
    "layout, fonts, pictures (their descriptions are kept)",
)
MOBI: Final = Format(
    "mobi",
    "mobi",
    "the signature of MOBI, AZW3 and PalmDOC",
    "a reject that names the book: no library under a permissive licence opens it; convert it to EPUB with calibre",
    "all",
)
LIVEJOURNAL_XML: Final = Format(
    "livejournal_xml", "livejournal_xml", "the root element of LiveJournal's exports", "one work an entry", "comments"
)
FIMFARCHIVE: Final = Format(
    "fimfarchive",
    "fimfarchive",
    "a zip with Fimfarchive's index.json, or that index alone",
    "every story with its chapters and FimFiction's metadata; of the index alone, the metadata",
    "pictures",
)
FIMFICTION_JSON: Final = Format(
    "fimfiction_json", "fimfiction_json", "keys of FimFiction's API", "metadata of each story", "nothing"
)
WATTPAD_JSON: Final = Format(
    "wattpad_json", "wattpad_json", "keys of Wattpad's API", "metadata of each story", "nothing"
)
PAN: Final = Format("pan", "pan", "JSON lines with id, fandoms and pair", "two excerpts a line", "the truth table")
AO3_DUMP: Final = Format(
    "ao3_dump",
    "ao3_dump",
    "the header of the Archive of Our Own's 2021 statistics (works and tags)",
    "metadata of each work, tags by name where the table of tags lies beside it",
    "titles, authors and ids: the dump has none",
)
AO3SCRAPER: Final = Format(
    "ao3scraper", "ao3scraper", "the header of AO3Scraper's CSV", "a work a row, its text as one chapter", "chapters"
)
FANFICTIONNLP: Final = Format(
    "fanfictionnlp",
    "fanfictionnlp",
    "the header fic_id,chapter_id,para_id,text",
    "chapters of works, put together by fic_id",
    "tokenized text",
    takes_fields=True,
)
CSV: Final = Format(
    "csv",
    "csv_table",
    "a table with commas, semicolons or tabs",
    "a work a row, or rows of one work",
    "nothing",
    takes_fields=True,
)
JSONL: Final = Format(
    "jsonl",
    "jsonl",
    "JSON, or JSON lines",
    "a work an object, chapters where it has them",
    "deep structures",
    takes_fields=True,
)
PARQUET: Final = Format("parquet", "parquet_table", "the signature PAR1", "a work a row", "nothing", takes_fields=True)
WARC: Final = Format(
    "warc",
    "warc",
    "WARC and ARC records, compressed or not",
    "what the pages hold",
    "pictures, scripts",
    holds_others=True,
)
WACZ: Final = Format("wacz", "wacz", "a zip with archive/*.warc", "what the pages hold", "indexes", holds_others=True)
ARCHIVE: Final = Format(
    "archive",
    "containers",
    "zip, tar, gz, bz2, xz, zst, 7z by their signatures",
    "what the members hold",
    "nothing: members that are not read are rejects",
    holds_others=True,
)
FORMATS: Final[tuple[Format, ...]] = (
    *(
        TEXT,
        HTML,
        MHTML,
        EPUB,
        MOBI,
        LIVEJOURNAL_XML,
        FIMFARCHIVE,
        FIMFICTION_JSON,
        WATTPAD_JSON,
        PAN,
        AO3_DUMP,
        AO3SCRAPER,
    ),
    *(FANFICTIONNLP, CSV, JSONL, PARQUET, WARC, WACZ, ARCHIVE),
)
_JSON: Final = (FIMFICTION_JSON, WATTPAD_JSON, PAN, FIMFARCHIVE, JSONL)
_TABLES: Final = (AO3_DUMP, AO3SCRAPER, FANFICTIONNLP, CSV)
_LITTER: Final = frozenset(
    {".ds_store", "thumbs.db", "desktop.ini", "ehthumbs.db", ".directory", ".localized", "icon\r"}
)
_ESCAPED_PAGE: Final = (b"<\\/div>", b"<\\/a>", b"\\n<div", b'class=\\"')


def versions() -> dict[str, str]:
    """Versions of the readers and page kinds, by name: a file is read again when they change."""
    from crawler.pages.kinds import KINDS  # noqa: PLC0415 - the parsers of pages wait for the first page

    return {form.name: form.version for form in FORMATS} | {f"page.{kind.name}": kind.version for kind in KINDS}


@dataclass(frozen=True)
class Description:
    """What people are told of a format or a kind of page."""

    name: str
    version: str
    recognised_by: str
    yields: str
    lost: str


def described() -> list[Description]:
    """All formats, and the kinds of pages after that of HTML."""
    from crawler.pages.kinds import KINDS  # noqa: PLC0415 - as above

    entries: list[Description] = []
    for form in FORMATS:
        entries.append(Description(form.name, form.version, form.recognised_by, form.yields, form.lost))
        if form is HTML:
            entries += [
                Description(f"html: {kind.name}", kind.version, kind.recognised_by, kind.yields, kind.lost)
                for kind in KINDS
            ]
    return entries


def reads_spans(source: Source) -> bool:
    """Whether the reader of an input can read a part of it: ``Source.span``."""
    code = recognise(source).code
    return hasattr(code, "reads_spans") and bool(code.reads_spans(source))


def recognise(source: Source) -> Format:
    """Format of an input: as told, else by its content, else by its name.

    Raises ``Unreadable``: ``empty``, ``not_a_story`` (litter of operating systems), ``format_not_supported`` with
    the format's name in the detail, or ``binary``.
    """
    name = source.ref.rsplit("/", 1)[-1]
    if name.casefold() in _LITTER or name.startswith("._"):
        raise Unreadable("not_a_story", f"{name.strip()}: a file of the operating system")
    head = source.head
    if signatures.is_blank(head) and signatures.is_blank(source.data):
        raise Unreadable("empty", "only blank space" if head else "0 bytes")
    if source.form is not None and source.depth == 0:
        return _told(source.form)
    if source.media_type is None and signatures.begins_as_text(head) and not _module("container_tar").is_tar(head):
        if signatures.has_no_controls(head, source.low):
            return _unmarked(head, head, name)
    elif packed := _container(source):
        return packed
    low = None if head.startswith(b"<") else source.low  # pages have no need of them
    wide = wide_encoding(head) if signatures.may_be_wide(head, low) else None
    return _book(source, wide, low) or _written(source, signatures.narrow(head, wide), name)


def _told(name: str) -> Format:
    for form in FORMATS:
        if form.name == name:
            return form
    known = ", ".join(form.name for form in FORMATS)
    raise Unreadable("format_not_supported", f"corpus.toml calls it {name!r}; known are {known}")


def _container(source: Source) -> Format | None:
    kind = ARCHIVE.code.kind_of(source)
    if kind == "zip":
        if EPUB.code.is_epub(source):
            return EPUB
        if FIMFARCHIVE.code.is_archive(source):
            return FIMFARCHIVE
        if other := signatures.office_document(source.head):
            raise Unreadable("format_not_supported", f"{other} is not read; save it as text or EPUB")
        return ARCHIVE
    return {"warc": WARC, "wacz": WACZ}.get(kind, ARCHIVE) if kind else None


def _book(source: Source, wide: str | None, low: Low | None) -> Format | None:
    """Binary formats: those that are read, and rejects of all others."""
    head = source.head
    if MOBI.code.recognise(head):
        return MOBI
    if PARQUET.code.recognise(head, source.ref):
        return PARQUET
    if other := signatures.other_format(head):
        raise Unreadable("format_not_supported", f"{other} is not read")
    if what := signatures.binary(head, wide, low):
        raise Unreadable("binary", what)
    return None


def _written(source: Source, head: bytes, name: str) -> Format:
    """Formats that are written in text."""
    start = head.lstrip(signatures.WHITE)
    if source.media_type and source.media_type.partition(";")[0].strip().endswith(("/html", "/xhtml+xml")):
        return HTML
    if start.startswith(b"<"):
        if LIVEJOURNAL_XML.code.recognise(start):
            return LIVEJOURNAL_XML
        if markup := signatures.markup(start):
            if markup in {"HTML", "XHTML"}:
                return HTML
            raise Unreadable("format_not_supported", f"{markup} is not read")
    if start.startswith(b"Retry later"):
        return HTML
    return _unmarked(start, head, name)


def _unmarked(start: bytes, head: bytes, name: str) -> Format:
    """Formats that do not begin with a tag; ``start`` is the head without blank space before it."""
    if _is_escaped_page(head):
        return HTML
    if MHTML.code.recognise(start):
        return MHTML
    for form in _JSON if start[:1] in (b"{", b"[") else _tables(head):
        if form.code.recognise(head, name):
            return form
    return TEXT


def _is_escaped_page(head: bytes) -> bool:
    """Whether it is a page in a string of JSON or of a script."""
    return b"\\" in head and b"<" in head and sum(mark in head for mark in _ESCAPED_PAGE) > 1


def _tables(head: bytes) -> tuple[Format, ...]:
    """The formats of tables that an input may be: without a mark between columns only one whose name says CSV."""
    line = head[: head.find(b"\n") + 1 or len(head)]
    return _TABLES if b"," in line or b";" in line or b"\t" in line or b"|" in line else (CSV,)


def read(source: Source) -> Iterator[Item]:
    """Works and rejects of an input, by the reader of its format.

    Raises ``Unreadable`` as ``recognise`` and the reader do, and where nothing at all came of it.
    """
    form = recognise(source)
    is_empty = True
    for item in form.read(source):
        is_empty = False
        yield item
    if is_empty and (source.span is None or source.span.is_first):
        raise Unreadable("no_story", f"read as {form.name}, and nothing in it is a story")
