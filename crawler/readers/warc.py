"""Web archives: WARC 0.17 to 1.1 and ARC 1, plain, gzip or Zstandard (ISO 28500).

Records are parsed here and not by warcio: it reads lines of any length, and ends in silence where a file is cut off.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import BinaryIO, Final

from crawler.pages.otw_blurb import KIND_LISTING, Index, read_navigate, with_dates
from crawler.pages.otw_outcomes import redirected
from crawler.pages.page import Refused
from crawler.readers.container_members import ReadMember, without_controls
from crawler.readers.container_streams import CHUNK, Meter, unpacked, within_budget
from crawler.readers.containers import compression_of
from crawler.readers.html import page_of
from crawler.readers.source import Item, Rejected, Source, Unreadable
from crawler.readers.warc_http import Response, content, parse

READER_VERSION: Final = "1"

_LINE: Final = 16 * 1024
_HEADER_LINES: Final = 500
_BLANKS: Final = 16
_READ: Final = re.compile(
    r"(?:text|application)/(?:xhtml\+xml|html|plain|json|ld\+json|x-ndjson|epub\+zip|x-ms-download)\b"
)
_SNIFFED: Final = re.compile(
    rb"\s*(?:<!--.{0,1000}?-->\s*)?<(?:!doctype\s+html|html|head|body)[\s>]", re.IGNORECASE | re.DOTALL
)
_EPUB: Final = b"mimetypeapplication/epub+zip"
_ARC_DATE: Final = re.compile(r"\d{14}")
_INFO: Final = 64 * 1024
_MOST_INDEXES: Final = 100
LISTS_LEAD: Final = b"\nfanthology-lists: lead"
"""Line in the ``warcinfo`` record of a crawl that took its works from their own pages."""
_NOT_READ: Final = frozenset({"request", "warcinfo", "metadata", "conversion", "continuation"})
_DAMAGE: Final = "damage"
_VERSION: Final = re.compile(rb"WARC/\d\.\d+\s*")
_OUTCOMES: Final = {
    401: "restricted",
    403: "blocked",
    404: "deleted",
    410: "deleted",
    429: "rate_limited",
    451: "blocked",
}


@dataclass(frozen=True)
class Record:
    """A record of a web archive. ``block`` is ``None`` where it is not read, or larger than may be held."""

    kind: str
    url: str | None
    date: datetime | None
    media_type: str | None
    size: int
    block: bytes | None
    profile: str = ""


@dataclass
class _Passed:
    """What is known of an archive so far; responses that are no pages are counted by what they are."""

    counts: dict[str, int] = field(default_factory=dict)
    lists_lead: bool = False
    """Whether the lists in this archive only led a crawl to works, which are in it themselves (``LISTS_LEAD``)."""
    indexes: dict[str, tuple[Index, Source]] = field(default_factory=dict)
    """Indexes of chapters, and their pages, whose works have not come yet, by the address of the work."""

    def add(self, what: str) -> None:
        self.counts[what] = self.counts.get(what, 0) + 1

    def rejected(self, ref: str) -> Iterator[Rejected]:
        if self.counts:
            told = ", ".join(f"{count} {what}" for what, count in sorted(self.counts.items()))
            yield Rejected(ref, "not_a_page", told)


def read(source: Source, read_member: ReadMember) -> Iterator[Item]:
    """Items of the pages in a web archive; each is read as a member named by its address.

    Error responses are ``Rejected`` as what they mean: ``deleted`` (404, 410), ``blocked``, ``rate_limited``,
    ``restricted``, ``site_error``. Redirects, images, styles and the like are counted in one ``not_a_page``.
    The archive's own damage is ``Rejected`` after the records before it. Raises ``Unreadable`` where there are none.
    """
    if source.depth >= source.limits.max_depth:
        raise Unreadable("too_deep", f"more than {source.limits.max_depth} archives within each other")
    passed = _Passed()
    given = told = False
    try:
        for record in records(source):
            given = True
            told = told or record.kind not in _NOT_READ
            yield from _items(source, record, read_member, passed)
    except Unreadable as error:
        if not given:
            raise
        told = True
        yield Rejected(source.ref, error.reason, error.detail)
    if not told:
        raise Unreadable("not_a_page", "a web archive without responses")
    for _, page in passed.indexes.values():
        yield from _lone_index(page, read_member, passed)
    yield from passed.rejected(source.ref)


def _items(source: Source, record: Record, read_member: ReadMember, passed: _Passed) -> Iterator[Item]:
    """What one record gives."""
    if record.kind == _DAMAGE:
        yield Rejected(source.ref, "damaged", "no record where one must begin; read on from the next")
        return
    if record.kind in _NOT_READ:
        passed.lists_lead |= record.kind == "warcinfo" and LISTS_LEAD in (record.block or b"")
        return
    if record.kind == "revisit":
        passed.add("revisits")  # the same bytes as those of a record elsewhere
        return
    source.budget.members += 1
    within_budget(source)
    ref = f"{source.ref}/{_name(record)}"
    if record.block is None:
        if record.kind in ("response", "resource"):
            yield Rejected(ref, "too_large", f"{record.size} bytes in one record")
        else:
            passed.add(f"records of type {record.kind[:40]}")
        return
    response = parse(record.block) if record.kind == "response" else None
    if response is None:
        response = Response(200, {"content-type": record.media_type or ""}, record.block)
    elif response.status != 200:
        yield from _outcome(ref, response, passed)
        return
    try:
        yield from _page(source, record, response, read_member, passed)
    except Unreadable as error:
        yield Rejected(ref, error.reason, error.detail)


def _page(
    source: Source, record: Record, response: Response, read_member: ReadMember, passed: _Passed
) -> Iterator[Item]:
    """What a good response gives. Raises ``Unreadable``."""
    body = content(response, source)
    what = _what(response.media_type or "", body)
    if what is not None or (record.url or "").rstrip("/").endswith("/robots.txt"):
        passed.add(what or "robots.txt")
        return
    known = {"url": record.url, "retrieved_at": record.date, "media_type": response.media_type or None}
    page = source.member(_name(record), body, headers=response.headers, **known)
    if (record.url or "").endswith("/navigate") and (index := _index_of(page)) is not None:
        yield from _kept_index(page, index, read_member, passed)
        return
    yield from _taken(read_member(page), passed)


def _index_of(source: Source) -> Index | None:
    """The index of chapters that a page is."""
    try:
        return read_navigate(page_of(source)[0])
    except Refused:
        return None


def _kept_index(source: Source, index: Index, read_member: ReadMember, passed: _Passed) -> Iterator[Item]:
    """Keep an index of chapters for its work, which comes after it; gives the oldest where there are many."""
    passed.indexes[(source.url or "").removesuffix("/navigate")] = index, source
    if len(passed.indexes) > _MOST_INDEXES:
        yield from _lone_index(passed.indexes.pop(next(iter(passed.indexes)))[1], read_member, passed)


def _lone_index(source: Source, read_member: ReadMember, passed: _Passed) -> Iterator[Item]:
    """What an index gives whose work has not come; in an archive of a crawl the work was refused."""
    if passed.lists_lead:
        return
    try:
        yield from read_member(source)
    except Unreadable as error:
        yield Rejected(source.ref, error.reason, error.detail)


def _taken(items: Iterable[Item], passed: _Passed) -> Iterator[Item]:
    """The items of a page, with what other pages of the archive say of them."""
    for item in items:
        if isinstance(item, Rejected):
            yield item
        elif passed.lists_lead and item.provenance.format == KIND_LISTING.name:
            passed.add("works in lists")
        elif item.url is not None and (found := passed.indexes.pop(item.url, None)) is not None:
            yield with_dates(item, found[0])
        else:
            yield item


def _name(record: Record) -> str:
    """Name of a page as a member: its address."""
    return without_controls(record.url or record.kind)


def _outcome(ref: str, response: Response, passed: _Passed) -> Iterator[Rejected]:
    """What a status other than 200 means."""
    status = response.status
    if 300 <= status < 400 and (refused := redirected(response.headers.get("location", ""))) is not None:
        yield Rejected(ref, refused.reason, refused.detail)
        return
    if reason := _OUTCOMES.get(status, "blocked" if 520 <= status < 600 or status == 503 else None):
        yield Rejected(ref, reason, f"HTTP status {status}")
    elif status >= 400:
        yield Rejected(ref, "site_error", f"HTTP status {status}")
    else:
        passed.add("redirects" if 300 <= status < 400 and status != 304 else f"of status {status}")


def _what(media_type: str, body: bytes) -> str | None:
    """What a response is that holds no page; ``None`` for one that is read: by its stated type, else by its bytes."""
    stated = media_type.partition(";")[0].strip().lower()
    if not body.strip():
        return "empty"
    if _READ.fullmatch(stated) or body[30:58] == _EPUB or _SNIFFED.match(body[:4096]):
        return None
    if not stated or stated in ("application/octet-stream", "unknown/unknown", "application/zip"):
        start = body[:4096].lstrip()
        return None if start.startswith((b"<", b"{", b"[", b"PK\3\4")) else "of unknown type"
    return stated if re.fullmatch(r"[\w.+-]{1,60}/[\w.+-]{1,60}", stated) else "of unknown type"


def records(source: Source) -> Iterator[Record]:
    """Records in order, with one of kind ``damage`` where none begins where one must.

    Raises ``Unreadable``: ``damaged`` where one is cut off; what unpacking raises.
    """
    compression = compression_of(source.head)
    stream = source.open() if compression is None else unpacked(source, compression, Meter(source))
    with stream:
        while line := _first_line(stream):
            if _VERSION.fullmatch(line):
                yield _warc(source, stream)
            elif (record := _arc(source, stream, line)) is not None:
                yield record
            else:
                line = _next_version(stream)
                yield Record(_DAMAGE, None, None, None, 0, None)
                if line:
                    yield _warc(source, stream)


def _next_version(stream: BinaryIO) -> bytes:
    """The line that the next record begins with after a damaged place; empty where there is none."""
    while (line := stream.readline(_LINE)) and not _VERSION.fullmatch(line):
        pass
    return line


def _first_line(stream: BinaryIO) -> bytes:
    """The line that a record begins with; empty at the end."""
    for _ in range(_BLANKS):
        line = stream.readline(_LINE)
        if line.strip() or not line:
            return line
    raise Unreadable("damaged", "only blank lines where a record must begin")


def _warc(source: Source, stream: BinaryIO) -> Record:
    headers: dict[str, str] = {}
    for _ in range(_HEADER_LINES):
        line = stream.readline(_LINE)
        if not line:
            raise Unreadable("damaged", "cut off in the header of a record")
        if not line.strip():
            break
        name, _, value = line.decode("utf-8", "replace").partition(":")
        headers.setdefault(name.strip().lower(), value.strip())
    else:
        raise Unreadable("damaged", f"a header of more than {_HEADER_LINES} lines")
    kind = headers.get("warc-type", "").lower()
    size = _size(headers.get("content-length", ""))
    url = headers.get("warc-target-uri", "").removeprefix("<").removesuffix(">") or None  # wget 1.19 adds brackets
    block = _block(
        source, stream, size, held=kind in ("response", "resource") or (kind == "warcinfo" and size <= _INFO)
    )
    return Record(kind, url, _date(headers.get("warc-date", "")), headers.get("content-type"), size, block)


def _arc(source: Source, stream: BinaryIO, line: bytes) -> Record | None:
    """A record of ARC 1: URL, IP address, date, media type and length in one line; ``None`` where it is none."""
    parts = line.decode("utf-8", "replace").split()
    if len(parts) < 5 or not _ARC_DATE.fullmatch(parts[-3]) or ":" not in parts[0]:
        return None
    url, size = " ".join(parts[:-4]), _size(parts[-1])
    kind = "warcinfo" if url.startswith("filedesc:") else "response"
    date = _date(re.sub(r"(....)(..)(..)(..)(..)(..)", r"\1-\2-\3T\4:\5:\6Z", parts[-3]))
    return Record(kind, url, date, parts[-2], size, _block(source, stream, size, held=kind == "response"))


def _size(stated: str) -> int:
    if not (stated.isascii() and stated.isdigit() and len(stated) < 19):
        raise Unreadable("damaged", "a record without its length")
    return int(stated)


def _block(source: Source, stream: BinaryIO, size: int, *, held: bool) -> bytes | None:
    """The block of a record, or ``None`` once it has been passed by."""
    pieces = io.BytesIO()
    held = held and size <= source.max_bytes
    left = size
    while left:
        data = stream.read(min(left, 4 * CHUNK))
        if not data:
            raise Unreadable("damaged", "cut off in a record")
        left -= len(data)
        if held:
            pieces.write(data)
    return pieces.getvalue() if held else None


def _date(stated: str) -> datetime | None:
    """A moment in UTC; WARC 1.1 allows dates of less precision, which state none."""
    try:
        moment = datetime.fromisoformat(stated) if len(stated) >= 19 else None
    except ValueError:
        return None
    if moment is None:
        return None
    try:
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except OverflowError:
        return None
