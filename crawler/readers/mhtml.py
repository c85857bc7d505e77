"""MHTML (``.mht``, ``.mhtml``): a web page that a browser or Word saved as one mail, with its pictures.

Source: RFC 2557 (multipart/related), RFC 2046 (boundaries), and what Chrome (``Snapshot-Content-Location``), Internet
Explorer and Word write. The page is the part that ``start`` names, else the first of HTML; the others are not decoded.
"""

from __future__ import annotations

import binascii
import quopri
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.message import Message
from email.parser import BytesHeaderParser
from email.utils import parsedate_to_datetime
from typing import Final

from crawler.readers import html
from crawler.readers.source import Item, Source, Unreadable
from schemas.work import Work

PARSER_VERSION: Final = "1"
FROM_MHTML: Final = "from_mhtml"

_STARTS: Final = re.compile(
    rb"(?:From|MIME-Version|Content-Type|Subject|Date|X-[\w-]{1,40}|Snapshot-[\w-]{1,40}|Message-ID):", re.IGNORECASE
)
_RELATED: Final = re.compile(rb"(?im)^content-type:\s*multipart/related")
_BLANK_LINE: Final = re.compile(rb"\r?\n[ \t]*\r?\n")
_PAGES: Final = ("text/html", "application/xhtml+xml")
_BASE64: Final = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/="
_NO_BASE64: Final = bytes(sorted({*range(256)} - {*_BASE64}))
_MAX_HEADER: Final = 64 * 1024
_MAX_PARTS: Final = 20_000
_MAX_DEPTH: Final = 3
"""Parts within parts: browsers put a page and its frames into an inner ``multipart``."""


def recognise(start: bytes) -> bool:
    """Whether the first bytes, without blank space before them, are those of a page saved as one mail."""
    return _STARTS.match(start) is not None and _RELATED.search(start[:4096]) is not None


@dataclass(frozen=True, slots=True)
class _Part:
    """A part: its header, and where its body lies in the file."""

    header: Message
    start: int
    end: int


def read(source: Source) -> Iterator[Item]:
    """Works of the page.

    Raises ``Unreadable``: ``damaged`` (no part can be told apart, or a wrong transfer encoding), ``no_story`` (no
    page in it), and as the reader of pages does.
    """
    data = source.data
    whole = _part(data, len(data) - len(data.lstrip()), len(data))
    if whole is None:
        raise Unreadable("damaged", "MHTML: the header has no end")
    page = _page(data, whole, 0)
    if page is None:
        raise Unreadable("no_story", "MHTML without a part of HTML")
    address = _address(page.header) or _address(whole.header)
    stated = page.header.get_content_charset()
    inner = replace(
        source,
        content=_decoded(data[page.start : page.end], str(page.header.get("Content-Transfer-Encoding", ""))),
        url=source.url or address,
        retrieved_at=source.retrieved_at or _date(whole.header),
        media_type=f"text/html; charset={stated}" if stated else "text/html",
    )
    for item in html.read(inner):
        yield _marked(item, source) if isinstance(item, Work) else item


def _marked(work: Work, source: Source) -> Work:
    """The work with the hash of the file that it came from."""
    made = work.provenance
    update = {"raw_sha256": source.sha256, "flags": (*made.flags, FROM_MHTML)}
    return work.model_copy(update={"provenance": made.model_copy(update=update)})


def _part(data: bytes, start: int, end: int) -> _Part | None:
    """A part by its bytes; ``None`` where no blank line ends its header."""
    if data.startswith((b"\n", b"\r\n"), start):
        found_at = start + (1 if data.startswith(b"\n", start) else 2)
        return _Part(Message(), found_at, end)
    found = _BLANK_LINE.search(data, start, min(end, start + _MAX_HEADER))
    if found is None:
        return None
    return _Part(BytesHeaderParser().parsebytes(data[start : found.end()]), found.end(), end)


def _page(data: bytes, whole: _Part, depth: int) -> _Part | None:
    """The part that holds the page: the one that ``start`` names, else the first of HTML."""
    if whole.header.get_content_maintype() != "multipart":
        return whole if whole.header.get_content_type() in _PAGES else None
    if depth > _MAX_DEPTH:
        return None
    boundary = whole.header.get_boundary()
    if not boundary:
        raise Unreadable("damaged", "MHTML without a boundary")
    named = str(whole.header.get_param("start") or "").strip("<> ")
    first: _Part | None = None
    for part in _parts(data, whole, boundary.encode("utf-8", "surrogateescape")):
        if first is not None and not named:
            break
        is_named = bool(named) and str(part.header.get("Content-ID", "")).strip("<> ") == named
        if (first is None or is_named) and (found := _page(data, part, depth + 1)) is not None:
            if is_named:
                return found
            first = first or found
    return first


def _parts(data: bytes, whole: _Part, boundary: bytes) -> Iterator[_Part]:
    """Parts between the lines of a boundary; the last may lack its end."""
    mark = b"--" + boundary
    at = _line_of(data, mark, whole.start, whole.end)
    for _ in range(_MAX_PARTS):
        if at < 0 or data.startswith(b"--", at + len(mark)):
            return
        start = data.find(b"\n", at, whole.end) + 1
        if start == 0:
            return
        at = _line_of(data, mark, start, whole.end)
        if (part := _part(data, start, at if at >= 0 else whole.end)) is not None:
            yield part


def _line_of(data: bytes, mark: bytes, start: int, end: int) -> int:
    """Where a line begins with the mark and holds hardly more, from an offset on; -1 where none does.

    A boundary may begin like another one: that of an inner part.
    """
    at = start - 1
    while (at := data.find(mark, at + 1, end)) >= 0:
        rest = data[at + len(mark) : at + len(mark) + 2]
        if data[at - 1 : at] in (b"\n", b"") and (rest == b"--" or rest[:1].isspace() or not rest):
            return at
    return -1


def _decoded(body: bytes, encoding: str) -> bytes:
    """Bytes of a part without its transfer encoding."""
    name = encoding.strip().casefold()
    if name == "quoted-printable":
        return quopri.decodestring(body)
    if name == "base64":
        letters = body.translate(None, _NO_BASE64)  # a truncated file may end within a group of four
        try:
            return binascii.a2b_base64(letters[: len(letters) // 4 * 4])
        except binascii.Error as error:
            raise Unreadable("damaged", f"MHTML: base64: {error}") from None
    return body


def _address(header: Message) -> str | None:
    """Address that the page came from; that of a file or a part says nothing."""
    for name in ("Snapshot-Content-Location", "Content-Location"):
        address = "".join(str(header.get(name, "")).split())
        if address.casefold().startswith(("http://", "https://")):
            return address
    return None


def _date(header: Message) -> datetime | None:
    """When the page was saved (UTC)."""
    try:
        moment = parsedate_to_datetime(str(header.get("Date", "")))
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (TypeError, ValueError, OverflowError, IndexError):
        return None
