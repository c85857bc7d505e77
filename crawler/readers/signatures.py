"""What a file is by its first bytes: names of formats, and what is no text at all."""

from __future__ import annotations

import re
from typing import Final

import numpy as np

from crawler.readers.source import HEAD_BYTES, Low

WHITE: Final = b" \t\n\r\f\v\x1a"
_BLANK: Final = WHITE + b"\xef\xbb\xbf"
_NOTHING: Final = WHITE + b"\0"
_SIGNATURES: Final = (
    (b"%PDF-", "PDF"),
    (b"\x1f\x8b", "gzip"),
    (b"BZh", "bzip2"),
    (b"\xfd7zXZ\0", "xz"),
    (b"(\xb5/\xfd", "Zstandard"),
    (b"7z\xbc\xaf\x27\x1c", "7z"),
    (b"Rar!\x1a\x07", "RAR"),
    (b"{\\rtf", "RTF"),
    (b"SQLite format 3\0", "SQLite"),
    (b"PAR1", "Parquet"),
    (b"ARROW1", "Arrow"),
    (b"WARC/", "WARC"),
    (b"AT&TFORM", "DjVu"),
    (b"ITSF\x03", "CHM"),
    (b"ITOLITLS", "LIT"),
    (b"%!PS", "PostScript"),
)
_STARTS: Final = tuple(mark for mark, _ in _SIGNATURES)
_BINARIES: Final = (
    (b"\x89PNG\r\n", "a PNG image"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"GIF87a", "a GIF image"),
    (b"GIF89a", "a GIF image"),
    (b"RIFF", "a RIFF file (WebP, WAV, AVI)"),
    (b"II*\0", "a TIFF image"),
    (b"MM\0*", "a TIFF image"),
    (b"\x7fELF", "an executable"),
    (b"MZ\x90\0", "an executable"),
    (b"\xcf\xfa\xed\xfe", "an executable"),
    (b"\xca\xfe\xba\xbe", "an executable"),
    (b"\0asm", "an executable"),
    (b"ID3\x02", "sound"),
    (b"ID3\x03", "sound"),
    (b"ID3\x04", "sound"),
    (b"OggS", "sound"),
    (b"fLaC", "sound"),
    (b"wOFF", "a font"),
    (b"wOF2", "a font"),
    (b"OTTO", "a font"),
)
_BINARY_STARTS: Final = tuple(mark for mark, _ in _BINARIES)
_PALM: Final = (b"BOOKMOBI", b"TEXtREAd")
_ZIPPED: Final = (
    (b"vnd.oasis.opendocument", "ODT"),
    (b"word/", "DOCX"),
    (b"[Content_Types].xml", "DOCX or another Office document"),
)
_XML_ROOTS: Final = (
    (b"html", "XHTML"),
    (b"package", "OPF (part of an EPUB)"),
    (b"ncx", "NCX (part of an EPUB)"),
    (b"container", "XML (part of an EPUB)"),
    (b"rss", "RSS"),
    (b"feed", "Atom"),
    (b"rdf", "RSS"),
    (b"fictionbook", "FictionBook"),
    (b"svg", "SVG"),
)
_OTHER_STARTS: Final = (
    *(b"PK", b"]*M\x18", b"filedesc:", b"Retry later", b"<", b"{", b"[", b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff"),
    *(bytes([white]) for white in _NOTHING),
)
_ALL_STARTS: Final = (*_STARTS, *_BINARY_STARTS, *_OTHER_STARTS)
_FIRST_BYTES: Final = frozenset(mark[0] for mark in _ALL_STARTS)
_CONTROLS: Final = bytes({*range(32), 127} - set(b"\t\n\r\f\v\x1a\x1b\x08"))

_HTML: Final = re.compile(rb"<(?:!doctype\s+html|html|head|body)[\s>]", re.IGNORECASE)
_FRAGMENT: Final = re.compile(
    rb"<(?:div|p|table|section|article|h[1-6]|center|ul|ol|li|dl|span|a|blockquote|br|hr|meta|title|link|script|style)[\s>/]",
    re.IGNORECASE,
)
_TAG: Final = re.compile(rb"</?[A-Za-z][\w:-]{0,30}(?:\s[^<>]{0,2000})?/?>")
_BARE_ROOT: Final = re.compile(
    rb"<(?:[\w-]{1,20}:)?(?:package|ncx|container|rss|feed|rdf|fictionbook)\s[^<>]{0,500}xmlns", re.IGNORECASE
)
_ROOT: Final = re.compile(rb"<(?:[\w-]{1,20}:)?([A-Za-z]\w{0,30})[\s>/]")


def other_format(head: bytes) -> str | None:
    """Name of a binary format by its signature."""
    if head.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
        return "DOC or another old Office document"
    if head[60:68] in _PALM:
        return "MOBI or AZW3"
    if head[257:262] == b"ustar":
        return "tar"
    if head[:1024].lstrip(WHITE).startswith(b"%PDF-"):
        return "PDF"
    if not head.startswith(_STARTS):
        return None
    return next((name for mark, name in _SIGNATURES if head.startswith(mark)), None)


def begins_as_text(head: bytes) -> bool:
    """Whether the first bytes are those of no other format, nor of markup, JSON or a byte order mark.

    Soon told of most text; what says no may still be text.
    """
    return (
        (head[0] not in _FIRST_BYTES or not head.startswith(_ALL_STARTS))
        and head[4:8] != b"ftyp"
        and head[60:68] not in _PALM
        and head[257:262] != b"ustar"
    )


def has_no_controls(head: bytes, low: Low) -> bool:
    """Whether there is no control but tabs and line ends: neither binary nor UTF-16 or UTF-32."""
    return not low.codes.strip(b"\n\r\t") and b"\x7f" not in head


def is_blank(head: bytes) -> bool:
    """Whether there is nothing but blank space."""
    return not head[:64].strip(_BLANK) and not head.strip(_BLANK)


def _below_space(head: bytes, low: Low | None, end: int) -> int:
    """Number of bytes below the space before a place."""
    if low is None:
        return int(np.count_nonzero(np.frombuffer(head, np.uint8, end) < ord(" ")))
    return len(low.codes) if end == len(head) else int(low.places.searchsorted(end))


def may_be_wide(head: bytes, low: Low | None) -> bool:
    """Whether so many of the first bytes are controls or NUL that ``wide_encoding`` is to look at them.

    Most text is told here at a fourth of the cost.
    """
    start = min(len(head), 4096)
    suspects = _below_space(head, low, start) + head.count(b"\x7f", 0, start)
    return suspects * 50 >= start or head.find(b"\0", 0, start) >= 0


def binary(head: bytes, wide: str | None, low: Low | None) -> str | None:
    """What a file is that is no text: by signature, or by more controls than a damaged text has.

    ``wide`` is the encoding that ``wide_encoding`` finds in its first bytes, ``low`` are those below the space,
    where they are known.
    """
    if head.startswith(_BINARY_STARTS):
        return next(what for mark, what in _BINARIES if head.startswith(mark))
    if head[4:8] == b"ftyp":
        return "film or sound"
    if head.startswith((b"\xff\xfe", b"\xfe\xff", b"\0\0\xfe\xff")) or wide:
        return None
    if b"\x1b" in (head if low is None else low.codes) and b"\x1b$)C" in head:
        return None  # ISO-2022-KR shifts in and out with control bytes
    filled = head.rstrip(b"\0")  # a tail of NULs is a broken copy of a text
    below_space = _below_space(head, low, len(filled))
    deletes = filled.count(b"\x7f") if b"\x7f" in filled else 0
    suspects = below_space + deletes  # much sooner counted than controls
    is_filled = filled[:64].strip(_NOTHING) or filled.strip(_NOTHING)
    if suspects * 100 <= len(head) and is_filled:
        return None
    controls = len(filled) - len(filled.translate(None, _CONTROLS))
    if not is_filled:
        return "nothing but NUL bytes"
    if controls * 100 > len(head):
        return f"{controls} control bytes in the first {min(len(head), HEAD_BYTES)}"
    return None


def narrow(head: bytes, wide: str | None) -> bytes:
    """The first bytes with UTF-16 and UTF-32 brought to UTF-8, so that marks of formats are found in them."""
    for bom, name in ((b"\xff\xfe\0\0", "utf-32-le"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be")):
        if head.startswith(bom):
            return head[len(bom) :].decode(name, "ignore").encode("utf-8", "ignore")
    if wide:
        return head.decode(wide, "ignore").encode("utf-8", "ignore")
    return head.removeprefix(b"\xef\xbb\xbf")


def office_document(head: bytes) -> str | None:
    """Name of a document format that is a zip, by the names near its start."""
    return next((name for mark, name in _ZIPPED if mark in head), None)


def markup(start: bytes) -> str | None:
    """HTML or XML by the first tags; a text that begins with a stray tag is none."""
    if _HTML.match(start) or (start.startswith((b"<?xml", b"<!--")) and _HTML.search(start[:4096])):
        return "XHTML" if start.startswith(b"<?xml") else "HTML"
    if start.startswith((b"<?xml", b"<!DOCTYPE")) or _BARE_ROOT.match(start):
        root = _ROOT.search(
            re.sub(rb"<!--.{0,4000}?-->|<\?.{0,500}?\?>|<!.{0,500}?>", b"", start[:8192], flags=re.DOTALL)
        )
        known = root[1].lower() if root else b""
        return next((name for mark, name in _XML_ROOTS if known == mark), "XML")
    if _HTML.search(start[:4096]):
        return "HTML"
    tags = len(_TAG.findall(start[:16384]))
    if _FRAGMENT.match(start) and tags >= 4 and tags * 400 > min(len(start), 16384):
        return "HTML"
    return None
