"""FimFarchive → works: a ZIP with ``index.json``, one story per line, and an EPUB for each story.

The index is read line by line, never whole; each EPUB is opened when its line comes.
"""

from __future__ import annotations

import io
import posixpath
import re
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, BinaryIO, Final
from urllib.parse import unquote

from selectolax.lexbor import LexborHTMLParser

from crawler.readers import fimfiction_json, jsonl
from crawler.readers.container_whole import WholeMembers
from crawler.readers.fimfiction_json import chapter_fields, provenance_of, work_of
from crawler.readers.source import Item, Rejected, Source, Unreadable
from crawler.readers.tables import Table
from crawler.readers.tables_lines import TOO_LONG, lines_of
from schemas.work import Chapter

if TYPE_CHECKING:
    from selectolax.lexbor import LexborNode

    from crawler.pages.body import Passage

    _Readers = tuple[
        Callable[..., Passage], Callable[[LexborNode], str | None], Callable[[bytes], LexborHTMLParser | None]
    ]

PARSER_VERSION: Final = "2"
FORMAT: Final = "fimfarchive"
TEXT_MISSING: Final = "text_missing"

_INDEX: Final = "index.json"
_LINE: Final = re.compile(rb'\s*"(\d{1,12})"\s*:\s*(\{.*\})\s*,?\s*\Z', re.DOTALL)
_FIRST: Final = re.compile(rb'\s*\{\s*\n\s*"\d{1,12}"\s*:\s*\{')
_ITEM: Final = re.compile(rb"<(?:opf:)?item\s[^<>]{1,2000}>")
_ITEMREF: Final = re.compile(rb"<(?:opf:)?itemref\s[^<>]{1,2000}>")
_ATTRIBUTE: Final = re.compile(rb"([\w:-]{1,30})\s*=\s*(?:\"([^\"]*)\"|'([^']*)')")
_PAGE: Final = re.compile(r"\.x?html?\Z", re.IGNORECASE)
_NUMBERS: Final = re.compile(r"(\d{1,9})")
_DAMAGED: Final = (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, NotImplementedError, RuntimeError)
_NO_CHAPTERS: Final = re.compile(r"(?:^|/)(?:titlepage|cover|nav|toc|title)\.x?html?\Z", re.IGNORECASE)
_MAX_CHAPTER: Final = 64 * 2**20


def recognise(head: bytes, name: str) -> bool:
    """Whether an input is FimFarchive's index alone; its ZIP is told by ``is_archive``."""
    return _FIRST.match(head) is not None and fimfiction_json.recognise(head, name)


def is_archive(source: Source) -> bool:
    """Whether a ZIP is FimFarchive's: ``index.json`` beside ``epub/`` or the like, the index of its shape."""
    if not source.head.startswith(b"PK\x03\x04"):
        return False
    try:
        with source.open() as stream:
            if not stream.seekable():
                return False
            with zipfile.ZipFile(stream) as archive, archive.open(_INDEX) as index:
                return _FIRST.match(index.read(1024)) is not None
    except (*_DAMAGED, KeyError):
        return False


def read(source: Source, fields: Mapping[str, str] | None = None) -> Iterator[Item]:  # noqa: ARG001 - fixed fields
    """Works of the ZIP, or metadata-only works of an index alone.

    Raises ``Unreadable``: ``damaged``, ``no_story``, ``too_large``.
    """
    if not source.head.startswith(b"PK"):
        yield from fimfiction_json.works_of(source, FORMAT)
        return
    try:
        with source.open() as stream:
            seekable: BinaryIO = stream if stream.seekable() else io.BytesIO(source.data)
            with zipfile.ZipFile(seekable) as archive:
                yield from _works(source, _Zip(seekable, archive))
    except _DAMAGED as error:
        raise Unreadable("damaged", f"ZIP: {' '.join(str(error).split())[:200]}") from error


class _Zip:
    """An open zip, and its members by their places in it."""

    def __init__(self, stream: BinaryIO, archive: zipfile.ZipFile) -> None:
        self.archive = archive
        self.whole = WholeMembers(stream, archive.infolist())


def _works(source: Source, file: _Zip) -> Iterator[Item]:
    archive = file.archive
    try:
        info = archive.getinfo(_INDEX)
    except KeyError:
        raise Unreadable("no_story", "FimFarchive without index.json") from None
    if len(archive.infolist()) > source.limits.max_members:
        raise Unreadable("too_many_members", f"more than {source.limits.max_members} members")
    _charge(source, info)
    table = Table(source, FORMAT)
    with archive.open(info) as index:
        for number, line in lines_of(index, min(source.max_bytes, _MAX_CHAPTER)):  # type: ignore[arg-type]
            if line is not TOO_LONG and line.strip() in (b"{", b"}", b""):
                continue
            match = _LINE.match(line)
            record = jsonl.loads(match[2]) if match else None
            if isinstance(record, dict) and fimfiction_json.is_story(record):
                yield from _story(source, file, record)
            else:
                yield table.rejected(f"{_INDEX}:{number}", "bad_row", "no story of the index's shape")


def _story(source: Source, file: _Zip, record: dict[str, Any]) -> Iterator[Item]:
    """The story; where its EPUB is absent or damaged a reject says so, and what the index states is kept."""
    kept = record.get("archive")
    path = str((kept if isinstance(kept, dict) else record).get("path") or "")
    ref = f"{source.ref}/{path}".encode("utf-8", "backslashreplace").decode("utf-8")
    chapters: tuple[Chapter, ...] = ()
    try:
        chapters = tuple(_chapters(source, file, path, record))
    except Unreadable as error:
        yield Rejected(ref, error.reason, error.detail, FORMAT)
    except KeyError:
        yield Rejected(ref, "damaged", "EPUB: named by the index and not in the archive", FORMAT)
    except _DAMAGED as error:
        yield Rejected(ref, "damaged", f"EPUB: {' '.join(str(error).split())[:200]}", FORMAT)
    flags = () if chapters else (TEXT_MISSING,)
    yield work_of(record, provenance_of(source, record, FORMAT, *flags), chapters)


def _charge(source: Source, info: zipfile.ZipInfo) -> None:
    """Count a member against the limits before it is unpacked.

    Raises ``Unreadable``: ``too_large``, ``suspicious_ratio``, ``encrypted``.
    """
    limits, budget = source.limits, source.budget
    budget.members += 1
    budget.unpacked_bytes += info.file_size
    if info.flag_bits & 1:
        raise Unreadable("encrypted", f"{info.filename}: needs a password")
    if budget.members > limits.max_members or budget.unpacked_bytes > limits.max_unpacked_bytes:
        raise Unreadable("too_large", "more is packed in this archive than limits allow")
    if info.file_size > 2**20 and info.file_size > limits.max_ratio * max(info.compress_size, 1):
        raise Unreadable("suspicious_ratio", f"{info.filename}: {info.file_size} bytes of {info.compress_size}")


def _unpacked(source: Source, file: _Zip, info: zipfile.ZipInfo) -> bytes:
    """Bytes of a member within the limits; the size that the directory states is not trusted."""
    if info.file_size > source.max_bytes:
        raise Unreadable("too_large", f"{info.filename}: larger than {source.max_bytes // 2**20} MiB")
    _charge(source, info)
    if (held := file.whole.read(info)) is not None:
        return held
    with file.archive.open(info) as member:
        data = member.read(info.file_size + 1)
    if len(data) > info.file_size:
        raise Unreadable("damaged", f"{info.filename}: larger than stated")
    return data


def _chapters(source: Source, file: _Zip, path: str, record: Mapping[str, Any]) -> Iterator[Chapter]:
    """Chapters of a story's EPUB with what the index says of each.

    Raises ``KeyError`` where the archive lacks the EPUB, ``Unreadable`` and the errors of ``zipfile``.
    """
    if not path:
        return
    stream = io.BytesIO(_unpacked(source, file, file.archive.getinfo(path)))
    with zipfile.ZipFile(stream) as archive:
        epub = _Zip(stream, archive)
        pages = [_Page(_unpacked(source, epub, info)) for info in _in_order(source, epub)]
    parts = list(_joined(pages))
    listed = record.get("chapters")
    known = [chapter_fields(chapter) for chapter in listed] if isinstance(listed, list) else []
    for place, part in enumerate(parts):
        fields = _fields_of(part, place, parts, known)
        yield Chapter(text=part.text, blocks=part.blocks, spans=part.spans, **fields)


def _fields_of(part: _Page, place: int, parts: Sequence[_Page], known: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The index's entry of a chapter: by place where both have as many chapters, else by title."""
    if len(known) == len(parts):
        fields = dict(known[place])
    else:
        same = [entry for entry in known if part.title and entry.get("title") == part.title]
        fields = dict(same[0]) if len(same) == 1 else {}
    fields["title"] = fields.get("title") or part.title
    return {**fields, "notes_before": part.notes_before, "notes_after": part.notes_after}


def _in_order(source: Source, epub: _Zip) -> list[zipfile.ZipInfo]:
    """Chapter documents by the spine, else by the numbers in their names."""
    members = {info.filename: info for info in epub.archive.infolist() if not info.is_dir()}
    opf = next((name for name in members if name.endswith(".opf")), None)
    order = _spine(_unpacked(source, epub, members[opf]), posixpath.dirname(opf)) if opf else []
    names = [name for name in order if name in members] or sorted(filter(_PAGE.search, members), key=_natural)
    return [members[name] for name in dict.fromkeys(names) if not _NO_CHAPTERS.search(name)]


def _spine(opf: bytes, folder: str) -> list[str]:
    paths: dict[bytes, str] = {}
    for item in _ITEM.finditer(opf):
        given = _attributes(item[0])
        if b"id" in given and b"href" in given:
            href = unquote(given[b"href"].decode("utf-8", "replace"))
            paths[given[b"id"]] = posixpath.normpath(posixpath.join(folder, href))
    order = (_attributes(item[0]).get(b"idref", b"") for item in _ITEMREF.finditer(opf))
    return [paths[name] for name in order if name in paths]


def _attributes(tag: bytes) -> dict[bytes, bytes]:
    return {match[1]: match[2] if match[2] is not None else match[3] for match in _ATTRIBUTE.finditer(tag)}


def _natural(name: str) -> list[tuple[int, str]]:
    return [(int(part), "") if part.isdigit() else (-1, part) for part in _NUMBERS.split(name)]


@cache
def _readers_of_html() -> _Readers:
    """``passage``, ``plain`` and ``framed``: the index alone needs no HTML."""
    from crawler.pages.body import passage, plain  # noqa: PLC0415
    from crawler.pages.body_cut import framed  # noqa: PLC0415

    return passage, plain, framed


class _Page:
    """A document ``ChapterN.html``: ``h1``, ``div#content``, and ``div#authors-note`` above or below it."""

    def __init__(self, html: bytes) -> None:
        passage, plain, framed = _readers_of_html()
        text = html.decode("utf-8", "replace")
        tree = framed(html if "\ufffd" not in text else text.encode()) or LexborHTMLParser(text)
        heading = tree.css_first("h1")
        self.title = " ".join(heading.text().split()) or None if heading is not None else None
        self.notes_before: str | None = None
        self.notes_after: str | None = None
        content = tree.css_first("#content")
        seen = content is None and heading is None  # the rest of a chapter that was split
        for node in tree.css("#content, #authors-note"):
            if node.attributes.get("id") == "content":
                seen = True
            elif seen:
                self.notes_after = plain(node) or None
            else:
                self.notes_before = plain(node) or None
        story = content if content is not None else tree.body
        found = passage(story, leave_out=("#authors-note", "h1")[: 1 if content is not None else 2]) if story else None
        self.text = found.text if found else ""
        self.blocks = found.blocks if found else ()
        self.spans = found.spans if found else ()


def _joined(pages: Sequence[_Page]) -> Iterator[_Page]:
    """Chapters of the documents: calibre splits large ones, and the rest of a chapter has no heading."""
    from crawler.pages.body import Passage, join  # noqa: PLC0415

    open_page: _Page | None = None
    for page in pages:
        if open_page is not None and page.title is None:
            parts = [Passage(part.text, part.blocks, part.spans) for part in (open_page, page) if part.text]
            whole = join(parts)
            open_page.text, open_page.blocks, open_page.spans = whole.text, whole.blocks, whole.spans
            open_page.notes_before = open_page.notes_before or page.notes_before
            open_page.notes_after = page.notes_after or open_page.notes_after
            continue
        if open_page is not None:
            yield open_page
        open_page = page
    if open_page is not None:
        yield open_page
