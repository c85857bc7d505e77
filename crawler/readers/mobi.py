"""MOBI and AZW3: recognised, and turned away with what to do about it.

No library under a licence that fits reads them well (KindleUnpack is GPL), so the reader says how to convert, and
names the book by its header: PalmDB record 0 holds offset and length of the full name (MobileRead wiki, "MOBI").
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Final

from crawler.readers.source import Item, Source, Unreadable

_MAGIC: Final = (b"BOOKMOBI", b"TEXtREAd")
_NAME_OFFSET: Final = 0x54  # of the full name's offset and length in record 0
_ENCRYPTION: Final = 0x0C
_UTF8: Final = 65001


def recognise(head: bytes) -> bool:
    """Whether the first bytes are those of a PalmDB with a book of Mobipocket or Palm in it."""
    return head[60:68] in _MAGIC


def title_of(head: bytes) -> str | None:
    """Full name of the book, where the header states it within the first bytes."""
    record = _record(head)
    if record is None or head[record + 16 : record + 20] != b"MOBI":
        return None
    try:
        offset, length = struct.unpack_from(">LL", head, record + _NAME_OFFSET)
        (encoding,) = struct.unpack_from(">L", head, record + 0x1C)
    except struct.error:
        return None
    name = head[record + offset : record + offset + length]
    if not 0 < length <= 1000 or len(name) < length:
        return None
    text = name.decode("utf-8" if encoding == _UTF8 else "cp1252", "replace").strip("\0 ")
    return " ".join(text.split()) or None


def _record(head: bytes) -> int | None:
    """Offset of record 0."""
    return struct.unpack_from(">L", head, 78)[0] if recognise(head) and len(head) >= 82 else None


def read(source: Source) -> Iterator[Item]:
    """Never a work.

    Raises ``Unreadable``: ``encrypted`` (DRM) or ``format_not_supported``.
    """
    head = source.head
    title = title_of(head)
    named = f" ({title})" if title else ""
    record = _record(head)
    if record is not None and head[record + _ENCRYPTION : record + _ENCRYPTION + 2] in (b"\0\1", b"\0\2"):
        raise Unreadable("encrypted", f"MOBI or AZW3 with DRM{named}")
    raise Unreadable("format_not_supported", f"MOBI or AZW3{named}: convert it to EPUB with calibre")
    yield  # pragma: no cover - makes this a reader like the others
