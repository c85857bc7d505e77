"""EPUBs of any maker: fields from the OPF and from information pages, chapters by spine and table of contents.

FicHub, WebToEpub, WattpadDownloader, fimfic2pdf, pyffdl, calibre and the rest differ in what they state, not in how
it is read. An anthology is read as one work: the OPF says nothing of the works in it.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

from selectolax.lexbor import LexborNode

from crawler.origins import Origin, origin_of
from crawler.pages.body import plain_of_html
from crawler.readers.epub_chapters import Chapters
from crawler.readers.epub_front import Sheet, front_kind, read_information
from crawler.readers.epub_package import Item, Package
from crawler.readers.epub_toc import Entry
from crawler.readers.source import Unreadable
from crawler.readers.text import TITLE_FROM_FILE_NAME, title_from_name
from crawler.readers.text_fields import Reading
from schemas.vocabulary import AuthorKind
from schemas.work import Author, Chapter, HeaderField, Provenance, Series, Work

FORMAT: Final = "epub"
PARSER_VERSION: Final = "2"

FRONT_MATTER_LEFT_OUT: Final = "front_matter_left_out"
HEADING_ONLY_PAGES: Final = "heading_only_pages"
ALL_PAGES_READ: Final = "front_matter_read_as_story"
ID_FROM_FILE_NAME: Final = "id_from_file_name"

_AUTHORS: Final = frozenset({None, "aut", "author", "cre", "creator"})
_MAKERS: Final = ("calibre", "webtoepub", "fanficfare", "ebook-lib", "sigil", "pandoc", "fichub", "epubmerge")
_PUBLISHED: Final = frozenset({None, "publication", "original-publication", "published", "issued"})
_UPDATED: Final = frozenset({"modification", "modified", "updated", "update"})
_DAY: Final = re.compile(r"(\d{4})-(\d\d)-(\d\d)(?:[T ].{0,40})?")
_FIRST_YEAR: Final = 1400  # calibre writes 0101-01-01 for a date that it does not know
_TAG: Final = re.compile(r"<[A-Za-z/][^<>]{0,500}>")
_WATTPAD_ID: Final = re.compile(r"_(\d{5,12})(?:_images)?\.epub$", re.IGNORECASE)
_HEADED: Final = frozenset({"copyright", "about the author", "aside"})


@dataclass
class _Book:
    """A book in the making."""

    package: Package
    values: dict[str, Any]
    chapters: Chapters
    reading: Reading = field(default_factory=Reading)
    header: list[HeaderField] = field(default_factory=list)
    origin: Origin | None = None


def read(package: Package, provenance: Provenance) -> Iterator[Work]:
    """The work of a package.

    Raises ``Unreadable`` (``no_story``) where no page holds text.
    """
    book = _Book(package, opf_values(package), Chapters((package.metadata.titles or [""])[0]))
    book.origin = _stated_origin(package)
    by_path: dict[str, list[Entry]] = {}
    for entry in package.toc:
        found = package.find(entry.path)
        by_path.setdefault(found.filename if found else entry.path, []).append(entry)
    _read_pages(book, by_path, is_sifted=True)
    if not book.chapters.drafts:
        package.flag(ALL_PAGES_READ)
        _read_pages(book, by_path, is_sifted=False)
    if not book.chapters.drafts:
        raise Unreadable("no_story", "no page of the spine holds text")
    yield _finished(book, provenance)


def _read_pages(book: _Book, by_path: dict[str, list[Entry]], *, is_sifted: bool) -> None:
    package = book.package
    urls = {(stated.kind or "").removeprefix("id."): stated.value for stated in package.metadata.sources}
    seen: set[str] = set()
    for place, item in enumerate(package.spine):
        found = package.find(item.path)
        path = found.filename if found else item.path
        if path in seen:
            continue
        seen.add(path)
        page = package.page(item)
        body = page.framed().body if page is not None else None
        if page is None or body is None:
            continue
        entries = by_path.get(path, [])
        sheet = _sheet(package, item, path, place, entries, body)
        kind = front_kind(sheet, _repeated(package)) if is_sifted else None
        if kind is None:
            url = urls.get(item.id) if item.id else None
            book.chapters.add(path, page, body, entries, has_toc=bool(by_path), url=url)
        else:
            _leave_out(book, kind, sheet)


def _sheet(package: Package, item: Item, path: str, place: int, entries: list[Entry], body: LexborNode) -> Sheet:
    landmark = package.landmarks.get(item.path, "")
    if "nav" in item.properties.split():
        landmark = "toc"
    return Sheet(
        stem=path.rsplit("/", 1)[-1].rsplit(".", 1)[0],
        titles=tuple(entry.title for entry in entries),
        landmark=landmark,
        body=body,
        linear=item.linear,
        place=place,
        is_listed=bool(entries),
    )


def _repeated(package: Package) -> list[str]:
    known = package.metadata
    return [*known.titles, *(person.name for person in known.creators), *known.publishers, *known.descriptions]


def _leave_out(book: _Book, kind: str, sheet: Sheet) -> None:
    """Takes what a page states that is no chapter, and says that it was left out."""
    if kind == "empty":
        return
    book.package.flag(FRONT_MATTER_LEFT_OUT)
    if kind in ("information", "title page"):
        read_information(sheet.body, book.reading)
        if book.origin is None:
            links = (link.attributes.get("href") or "" for link in sheet.body.css('a[href^="http"]')[:200])
            book.origin = next(filter(None, map(origin_of, links)), None)
    elif kind in _HEADED:
        book.header.append(HeaderField(label=kind, value=sheet.titles[0] if sheet.titles else sheet.stem))


def _subjects(package: Package) -> list[str]:
    """Subjects; WebToEpub writes them all into one."""
    stated = package.metadata.subjects
    if maker_of(package) == "webtoepub" and len(stated) == 1:
        return [each.strip() for each in stated[0].split(",") if each.strip()]
    return stated


def opf_values(package: Package) -> dict[str, Any]:
    """Fields of a work that the OPF states."""
    stated = package.metadata
    people = [person for person in stated.creators if person.role in _AUTHORS] or stated.creators
    values: dict[str, Any] = {
        "title": " ".join(stated.titles[0].split()) if stated.titles else None,
        "authors": tuple(_author(name) for name in dict.fromkeys(person.name for person in people)),
        "language_raw": stated.languages[0] if stated.languages else None,
        "summary": plain_text(stated.descriptions[0]) if stated.descriptions else None,
        "freeforms": tuple(dict.fromkeys(_subjects(package))),
        "series": tuple(Series(title=title, position=_place(place)) for title, place in stated.series),
        "published_date": next(filter(None, (day_of(d.value) for d in stated.dates if d.kind in _PUBLISHED)), None),
        "updated_date": next(filter(None, (day_of(d.value) for d in stated.dates if d.kind in _UPDATED)), None),
    }
    if _is_wattpad(package) and not stated.subjects:
        tags = stated.metas.get("tags", "").split(", ")  # Wattpad's tags hold neither commas nor spaces
        values["freeforms"] = tuple(dict.fromkeys(filter(None, tags)))
    if maker_of(package) == "webtoepub":
        values["published_date"] = None  # the day when the file was made
    return {name: value for name, value in values.items() if value}


def header_of(package: Package) -> list[HeaderField]:
    """Statements of the OPF without a field of their own."""
    stated = package.metadata
    header = [HeaderField(label="publisher", value=value) for value in stated.publishers]
    header += [HeaderField(label="rights", value=value) for value in stated.rights]
    others = [person for person in stated.creators if person.role not in _AUTHORS] + stated.contributors
    for person in others:
        if not any(maker in person.name.casefold() for maker in _MAKERS):
            header.append(HeaderField(label=person.role or "contributor", value=person.name))
    known = _PUBLISHED | _UPDATED
    header += [
        HeaderField(label=f"date ({each.kind})" if each.kind else "date", value=each.value)
        for each in stated.dates
        if each.kind not in known or day_of(each.value) is None
    ]
    if _is_wattpad(package):
        header += [
            HeaderField(label=name, value=stated.metas[name])
            for name in ("mature", "completed")
            if name in stated.metas
        ]
    return header


def _author(name: str) -> Author:
    kinds = {"anonymous": AuthorKind.ANONYMOUS, "orphan_account": AuthorKind.ORPHANED}
    return Author(name=name, kind=kinds.get(name.casefold(), AuthorKind.UNKNOWN))


def plain_text(value: str) -> str | None:
    """A description as paragraphs; some tools write markup into it, some of them escaped twice."""
    if "&lt;" in value and not _TAG.search(value):
        value = html.unescape(value)
    return plain_of_html(value) if _TAG.search(value) else html.unescape(value).strip() or None


def day_of(value: str) -> date | None:
    """The day that a date of an OPF states; ``None`` for a year alone, other spellings and calibre's unknown date."""
    found = _DAY.fullmatch(value.strip())
    try:
        day = date(int(found[1]), int(found[2]), int(found[3])) if found else None
    except ValueError:
        return None
    return day if day and day.year >= _FIRST_YEAR else None


def _place(value: str | None) -> int | None:
    found = re.fullmatch(r"(\d{1,5})(?:\.0{1,3})?", value or "")
    return int(found[1]) or None if found else None


def _is_wattpad(package: Package) -> bool:
    """Whether WattpadDownloader made the file: it states ``tags``, ``mature`` and ``completed``."""
    return {"tags", "mature", "completed"} <= package.metadata.metas.keys()


def maker_of(package: Package) -> str:
    """Which tool made the file, as the OPF says; ``generic`` where it does not."""
    stated = package.metadata
    people = " ".join(person.name for person in stated.contributors).casefold()
    generator = stated.metas.get("generator", "").casefold()
    said = f"{people} {generator} {' '.join(stated.publishers)} {' '.join(stated.metas)}".casefold()
    if _is_wattpad(package):
        return "wattpad_downloader"
    marks = ("webtoepub", "fichub", "fimfic2pdf", "epubmerge", "fanficfare", "calibre", "ebook-lib", "pandoc", "sigil")
    return next((mark.replace("-", "") for mark in marks if mark in said), "generic")


def _stated_origin(package: Package) -> Origin | None:
    """The work of an archive that the OPF names as source, identifier, relation or publisher."""
    stated = package.metadata
    candidates = [each.value for each in (*stated.sources, *stated.identifiers)]
    for value in (*candidates, *stated.relations, *stated.publishers):
        address = re.sub(r"(?i)^(?:url|uri):", "", value.strip())
        if "/" in address and (origin := origin_of(address)):
            return origin
    return None


def _finished(book: _Book, provenance: Provenance) -> Work:
    package = book.package
    values = {"source": "file", **book.reading.values, **book.values}
    origin = book.origin
    if origin is None and "source_work_id" not in values and _is_wattpad(package):
        name = _WATTPAD_ID.search(package.source.ref)
        origin = origin_of(f"https://www.wattpad.com/story/{name[1]}") if name else None
        if origin:
            package.flag(ID_FROM_FILE_NAME)
    if origin is not None:
        values |= {"source": origin.source, "source_work_id": origin.work_id, "url": origin.url}
    if not values.get("title"):
        values["title"] = title_from_name(package.source.ref.removesuffix(".epub"))
        package.flag(TITLE_FROM_FILE_NAME)
    if book.chapters.headings_only:
        package.flag(HEADING_ONLY_PAGES)
        book.header += [HeaderField(label="heading", value=title) for title in book.chapters.headings_only]
    known = {
        "format": FORMAT,
        "parser_version": PARSER_VERSION,
        "layout": maker_of(package),
        "flags": tuple(dict.fromkeys((*provenance.flags, *package.flags, *book.reading.flags))),
    }
    return Work(
        **values,
        header=(*header_of(package), *book.reading.header, *book.header),
        chapters=_chapters(book, values["title"]),
        provenance=provenance.model_copy(update=known),
    )


def _chapters(book: _Book, title: str) -> tuple[Chapter, ...]:
    """The chapters; the title of a lone one that repeats the work's is no title of its own."""
    chapters = [draft.chapter() for draft in book.chapters.drafts]
    if len(chapters) == 1 and (chapters[0].title or "").casefold() == title.casefold():
        chapters[0] = chapters[0].model_copy(update={"title": None})
    return tuple(chapters)
