"""FanFicFare's EPUB: fields from its title page, what that lacks from the OPF, chapters with their notes apart.

Source: FanFicFare ``writers/writer_epub.py`` (2.0 and 3.x), FanFictionDownLoader before it. A book merged of several
(EpubMerge, FanFicFare anthologies) holds a title page for each work: they are read as works of their own.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from crawler.origins import origin_of
from crawler.pages.body import line
from crawler.pages.fanficfare import ERROR_CHAPTERS_DROPPED, add_chapter, finished
from crawler.pages.fanficfare_front import Book, Front, front_of, read_front
from crawler.pages.fanficfare_plain import plain_front
from crawler.pages.page import Refused
from crawler.readers.epub_document import Document
from crawler.readers.epub_generic import header_of, opf_values
from crawler.readers.epub_package import Item, Package
from crawler.readers.source import Item as Result
from crawler.readers.source import Rejected, Unreadable
from crawler.readers.text import TITLE_FROM_FILE_NAME, title_from_name
from schemas.work import HeaderField, Provenance

FORMAT: Final = "fanficfare_epub"

_UID: Final = re.compile(r"(?:fanficfare|fanficdownloader)-uid:(.{1,200}?)-u(.{0,400})-s(.{1,400})", re.DOTALL)
_MAKERS: Final = ("fanficfare", "fanficdownloader", "fanfictiondownloader")
_BESIDE: Final = re.compile(r"(?i)(?:toc_page|log_page|cover|nav|toc)(?:_u\d{0,3})?")
_TITLE_PAGE: Final = re.compile(r"(?i)title_page(?:_u\d{0,3})?")
_SYNTHETIC: Final = re.compile(r"Last Update(?: Year/Month)?: [\d/]+|FanFiction")


def is_fanficfare(package: Package) -> bool:
    """Whether FanFicFare or its forerunner made the file, as identifier or contributor say."""
    stated = package.metadata
    return any(_UID.match(each.value) for each in stated.identifiers) or any(
        maker in person.name.casefold() for person in stated.contributors for maker in _MAKERS
    )


@dataclass
class _Part:
    """A title page and the chapters that follow it."""

    title_page: Document | None = None
    pages: list[tuple[Item, Document]] = field(default_factory=list)


def read(package: Package, provenance: Provenance) -> Iterator[Result]:
    """The work of a book, or the works of an anthology.

    Raises ``Unreadable`` (``no_story``) where no work has a chapter; a work of an anthology without one is a
    ``Rejected``.
    """
    parts = _parts(package)
    is_single = len(parts) == 1
    for part in parts:
        try:
            book = _book(package, part, is_single=is_single)
            book.flags = [*package.flags, *book.flags]
            work = finished(book, provenance, FORMAT)
        except Refused as error:
            if is_single:
                raise Unreadable(error.reason, error.detail) from None
            yield Rejected(package.source.ref, error.reason, error.detail, FORMAT, provenance.raw_sha256)
            continue
        layout = "fanficfare" if is_single else "fanficfare_anthology"
        yield work.model_copy(update={"provenance": work.provenance.model_copy(update={"layout": layout})})


def _parts(package: Package) -> list[_Part]:
    parts = [_Part()]
    for item in package.spine:
        page = package.page(item)
        if page is None or "nav" in item.properties.split():
            continue
        stem = item.path.rsplit("/", 1)[-1].rsplit(".", 1)[0]
        if "fff_titlepage" in page.head or (_TITLE_PAGE.fullmatch(stem) and "fff_" not in page.head):
            if parts[-1].title_page or parts[-1].pages:
                parts.append(_Part())
            parts[-1].title_page = page
        elif not _BESIDE.fullmatch(stem) and not re.search("fff_(?:toc|log)page", page.head):
            parts[-1].pages.append((item, page))
    return parts


def _book(package: Package, part: _Part, *, is_single: bool) -> Book:
    front = _front(part.title_page) if part.title_page else Front()
    stated = package.metadata
    subjects = [html.unescape(html.unescape(subject)) for subject in stated.subjects]  # they are escaped twice
    if is_single and front.url is None:
        front.url = next((each.value for each in stated.sources if origin_of(each.value)), None)
    uid = next(filter(None, (_UID.match(each.value) for each in stated.identifiers)), None) if is_single else None
    book = read_front(front, frozenset(subjects), uid=(uid[1], uid[3]) if uid else None)
    if is_single:
        _complete(book, opf_values(package), subjects, has_labels=bool(front.labels))
        known = {field.value for field in book.header}
        book.header += [
            each for each in header_of(package) if each.value not in known and each.label != "date (creation)"
        ]
    if "title" not in book.values:
        book.values["title"] = title_from_name(package.source.ref.removesuffix(".epub"))
        book.flag(TITLE_FROM_FILE_NAME)
    for item, page in part.pages:
        _add_page(book, package, item, page)
    return book


def _front(page: Document) -> Front:
    if (plain := plain_front(page.source)) is not None:
        return plain
    body = page.parsed().body
    return front_of(body) if body is not None else Front()


def _complete(book: Book, stated: dict[str, Any], subjects: list[str], *, has_labels: bool) -> None:
    """Adds what only the OPF states. Its subjects mix all kinds of tags: they are used only without a title page."""
    tags = tuple(dict.fromkeys(subject for subject in subjects if not _SYNTHETIC.fullmatch(subject)))
    stated = {**stated, "freeforms": () if has_labels else tags}
    for name, value in stated.items():
        if value:
            book.values.setdefault(name, value)


def _add_page(book: Book, package: Package, item: Item, page: Document) -> None:
    tree = page.framed()
    body = tree.body
    if body is None:
        return
    metas = {node.attributes.get("name"): node.attributes.get("content") or "" for node in tree.css("meta[name]")}
    heading = body.css_first("h3.fff_chapter_title")
    listed = next((entry.title for entry in package.toc if entry.path == item.path), None)
    title = metas.get("chapterorigtitle") or metas.get("chaptertitle")
    if heading is None:
        first = body.css_first("h1, h2, h3")
        same = {line_of for line_of in (title, listed) if line_of}
        heading = first if first is not None and line(first) in same else None
    title = title or (line(heading) if heading is not None else None) or listed
    if heading is not None:
        heading.decompose()
    before = len(book.flags)
    add_chapter(book, body, " ".join(title.split()) if title else None, metas.get("chapterurl") or None)
    if ERROR_CHAPTERS_DROPPED in book.flags[before:] or (title or "").endswith("(CHAPTER ERROR)"):
        book.header.append(HeaderField(label="chapter not loaded", value=title or item.path))
