"""The one place where formats are recognised: what a file is, which reader it gets, and why it gets none.

Content decides first, the name only where content says nothing (JSON lines, CSV).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from crawler.readers import text
from crawler.readers.encoding import wide_encoding
from crawler.readers.source import HEAD_BYTES, Item, Source, Unreadable


@dataclass(frozen=True)
class Format:
    """A kind of input that is read. The texts are for people: ``scrapy formats`` prints them."""

    name: str
    version: str
    recognised_by: str
    yields: str
    lost: str
    read: Callable[[Source], Iterable[Item]]


TEXT: Final = Format(
    name="text",
    version=text.PARSER_VERSION,
    recognised_by="text in any encoding that is no other format: .txt, .md or any name",
    yields="one work: header lines of many layouts, chapters by their headings",
    lost="e-mail addresses, chapter heading lines (kept as number and title), hard line wraps",
    read=text.read,
)
FORMATS: Final[tuple[Format, ...]] = (TEXT,)

_LITTER: Final = frozenset(
    {".ds_store", "thumbs.db", "desktop.ini", "ehthumbs.db", ".directory", ".localized", "icon\r"}
)
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
_ZIPPED: Final = (
    (b"application/epub+zip", "EPUB"),
    (b"vnd.oasis.opendocument", "ODT"),
    (b"word/", "DOCX"),
    (b"[Content_Types].xml", "DOCX or another Office document"),
    (b".xhtml", "EPUB"),
    (b"META-INF/container.xml", "EPUB"),
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
_CONTROLS: Final = bytes({*range(32), 127} - set(b"\t\n\r\f\v\x1a\x1b\x08"))
_WHITE: Final = b" \t\n\r\f\v\x1a"

_HTML: Final = re.compile(rb"<(?:!doctype\s+html|html|head|body)[\s>]", re.IGNORECASE)
_FRAGMENT: Final = re.compile(
    rb"<(?:div|p|table|section|article|h[1-6]|center|ul|ol|li|dl|span|a|blockquote|br|hr|meta|title|link|script|style)[\s>/]",
    re.IGNORECASE,
)
_TAG: Final = re.compile(rb"</?[A-Za-z][\w:-]{0,30}(?:\s[^<>]{0,2000})?/?>")
_ROOT: Final = re.compile(rb"<(?:[\w-]{1,20}:)?([A-Za-z]\w{0,30})[\s>/]")
_JSON: Final = re.compile(
    rb"\{\s*\"[^\"\n]{0,200}\"\s*:|\[\s*(?:\{\s*\"[^\"\n]{0,200}\"\s*:|\{\s*\}|\[\s*[\"\d\[])|[\[{]\s*[\]}]\s*$"
)
_JSON_NAME: Final = re.compile(r"\.(?:json|jsonl|ndjson)$", re.IGNORECASE)
_CSV_NAME: Final = re.compile(r"\.(?:csv|tsv)$", re.IGNORECASE)
_CSV_HEAD: Final = re.compile(rb"\"?\w[\w ]{0,40}\"?(?:,\"?\w[\w ]{0,40}\"?){3,200}\r?\n[^\n]*,")
_MHTML: Final = re.compile(rb"(?im)^content-type:\s*multipart/related")


def versions() -> dict[str, str]:
    """Versions of the readers, by format: a file is read again when they change."""
    return {form.name: form.version for form in FORMATS}


def recognise(source: Source) -> Format:
    """Format of an input, by its content first and by its name then.

    Raises ``Unreadable``: ``empty``, ``not_a_story`` (litter of operating systems), ``format_not_supported`` with
    the format's name in the detail, or ``binary``.
    """
    name = source.ref.rsplit("/", 1)[-1]
    if name.casefold() in _LITTER or name.startswith("._"):
        raise Unreadable("not_a_story", f"{name.strip()}: a file of the operating system")
    head = source.head
    if not head.strip(_WHITE + b"\xef\xbb\xbf") and not source.data.strip(_WHITE + b"\xef\xbb\xbf"):
        raise Unreadable("empty", "only blank space" if head else "0 bytes")
    if other := _other_format(head) or _other_text(_narrow(head), name):
        raise Unreadable("format_not_supported", f"{other} is not read yet")
    if what := _binary(head):
        raise Unreadable("binary", what)
    return TEXT


def read(source: Source) -> Iterator[Item]:
    """Works and rejects of an input, by the reader of its format.

    Raises ``Unreadable`` as ``recognise`` and the reader do.
    """
    yield from recognise(source).read(source)


def _other_format(head: bytes) -> str | None:
    """Name of a binary format by its signature."""
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")):
        return next((name for mark, name in _ZIPPED if mark in head), "ZIP")
    if head.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
        return "DOC or another old Office document"
    if head[60:68] in (b"BOOKMOBI", b"TEXtREAd"):
        return "MOBI or AZW3"
    if head[257:262] == b"ustar":
        return "tar"
    if head[:1024].lstrip(_WHITE).startswith(b"%PDF-"):
        return "PDF"
    return next((name for mark, name in _SIGNATURES if head.startswith(mark)), None)


def _binary(head: bytes) -> str | None:
    """What a file is that is no text: by signature, or by more controls than a damaged text has."""
    for mark, what in _BINARIES:
        if head.startswith(mark):
            return what
    if head[4:8] == b"ftyp":
        return "film or sound"
    if head.startswith((b"\xff\xfe", b"\xfe\xff", b"\0\0\xfe\xff")) or wide_encoding(head):
        return None
    if b"\x1b$)C" in head:
        return None  # ISO-2022-KR shifts in and out with control bytes
    filled = head.rstrip(b"\0")  # a tail of NULs is a broken copy of a text
    controls = len(filled) - len(filled.translate(None, _CONTROLS))
    if not head.strip(b"\0" + _WHITE):
        return "nothing but NUL bytes"
    if controls * 100 > len(head):
        return f"{controls} control bytes in the first {min(len(head), HEAD_BYTES)}"
    return None


def _narrow(head: bytes) -> bytes:
    """The first bytes with UTF-16 and UTF-32 brought to UTF-8, so that marks of formats are found in them."""
    for bom, name in ((b"\xff\xfe\0\0", "utf-32-le"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be")):
        if head.startswith(bom):
            return head[len(bom) :].decode(name, "ignore").encode("utf-8", "ignore")
    if wide := wide_encoding(head):
        return head.decode(wide, "ignore").encode("utf-8", "ignore")
    return head.removeprefix(b"\xef\xbb\xbf")


def _other_text(head: bytes, name: str) -> str | None:
    """Name of a format that is written in text: HTML, XML, JSON, CSV, MHTML."""
    start = head.lstrip(_WHITE)
    if start.startswith(b"<"):
        return _markup(start)
    if _JSON.match(start) or (start[:1] in (b"{", b"[") and _JSON_NAME.search(name)):
        return "JSON"
    if _CSV_NAME.search(name) or _CSV_HEAD.match(start):
        return "CSV"
    if start.startswith((b"From:", b"MIME-Version:", b"Content-Type:")) and _MHTML.search(start[:4096]):
        return "MHTML"
    return None


def _markup(start: bytes) -> str | None:
    """HTML or XML by the first tags; a text that begins with a stray tag is none."""
    if _HTML.match(start) or (start.startswith((b"<?xml", b"<!--")) and _HTML.search(start[:4096])):
        return "XHTML" if start.startswith(b"<?xml") else "HTML"
    if start.startswith((b"<?xml", b"<!DOCTYPE")):
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
