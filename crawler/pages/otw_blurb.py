"""Lists of works on AO3 and other OTW archives: search, tags, users, series, bookmarks, history; chapter indexes.

A blurb states a whole metadata record. ``p.datetime`` is the day of the last change; the ``updated_at`` comment that
AO3 adds for crawlers since July 2025 moves with any touch of the record (a new bookmark too), so it is no date of the
work: it is kept as header field ``updated_at``, and in ``Listing.stamps`` for crawls that ask what is new.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

from selectolax.lexbor import LexborNode

from crawler.pages.body import plain
from crawler.pages.otw_fields import TAG_FIELDS, authors_of, series_of, stats_fields, stats_of, tags_of
from crawler.pages.otw_markup import (
    Archive,
    archive_of,
    attribute,
    child_of,
    children,
    classes,
    day,
    epoch_time,
    mended,
    number,
    said,
    stamped,
    work_id_in,
)
from crawler.pages.otw_outcomes import refusal_of
from crawler.pages.page import Page, PageKind, Refused
from schemas.work import HeaderField, Provenance, Work

VERSION: Final = "1"

_STAMP: Final = re.compile(r"updated_at=(\d{1,10})\b", re.ASCII)
_WORK: Final = re.compile(r"work_(\d{1,12})", re.ASCII)
_COUNT: Final = re.compile(r"(?:\bof\s+)?([\d,.]+)\s+(?:Works?|Found|Bookmarks?|Bookmarked Items?)\b", re.ASCII)
_ITEM: Final = re.compile(r"\s*(\d{1,6})\.\s+(.*)", re.ASCII | re.DOTALL)
_CHAPTER: Final = re.compile(r"/works/(\d{1,12})/chapters/(\d{1,12})", re.ASCII)
_LAYOUTS: Final = ("series", "bookmarks", "readings", "works-search", "works-index", "collections", "users")
_SHOWN_STATS: Final = frozenset({"language", "words", "chapters", "comments", "kudos", "bookmarks", "hits"})


@dataclass(frozen=True)
class Listing:
    """A page of a list of works."""

    works: tuple[Work, ...]
    """One record without chapters for each blurb that leads to a work."""
    next_url: str | None
    """Address of the next page; ``None`` on the last. The archive shows the last page again for numbers beyond it."""
    heading: str
    """Heading of the page: ``1 - 20 of 10,324 Works in …``, or a series' title."""
    n_total: int | None
    """Number of works of the whole list, where stated."""
    n_others: int = 0
    """Blurbs that lead to no work: mystery works, deleted ones, bookmarks of series and of works elsewhere."""
    mysteries: tuple[str, ...] = ()
    """Ids of works that are not yet revealed; they are among ``n_others``."""
    stamps: dict[str, int] = field(default_factory=dict)
    """``updated_at`` by work id, in seconds since 1970 (UTC), where the page has it."""


@dataclass(frozen=True)
class IndexedChapter:
    """An entry of a chapter index."""

    number: int | None
    title: str | None
    chapter_id: str
    url: str | None
    published_date: date | None


@dataclass(frozen=True)
class Index:
    """The page ``/works/ID/navigate``."""

    work_id: str
    title: str
    authors: tuple[str, ...]
    chapters: tuple[IndexedChapter, ...]


def recognise(page: Page) -> bool:
    """Whether a page lists works of an OTW archive."""
    tree = mended(page)[0].frame
    if tree.css_first("li.blurb") is None or "blurb" not in page.html:
        return False
    if tree.css_first("#workskin, #preface, #chapters") is not None:
        return False
    return any(_title_link(item) is not None for item in tree.css("li.blurb")[:200])


def read(page: Page, provenance: Provenance) -> list[Work]:
    """Works of a list, without chapters.

    Raises ``Refused``: an outcome (the adult gate shows a blurb too), or ``no_story`` for a list without works.
    """
    if (refused := refusal_of(mended(page)[0])) is not None:
        raise refused
    listing = read_listing(page, provenance)
    if not listing.works:
        raise Refused("no_story", f"a list without works: {listing.heading[:120] or 'no heading'}")
    return list(listing.works)


def read_listing(page: Page, provenance: Provenance) -> Listing:
    """Works, next page and totals of a list; also the blurb that an adult gate shows. Raises nothing."""
    page, flags = mended(page)
    archive = archive_of(page)
    main = page.tree.css_first("#main")
    names = classes(main) if main is not None else []
    layout = next((known for known in _LAYOUTS if any(known in name for name in names)), "list")
    made = stamped(provenance, KIND_LISTING.name, VERSION, f"otw_{layout.replace('-', '_')}", list(flags))
    works: list[Work] = []
    stamps: dict[str, int] = {}
    blurbs = page.tree.css("li.blurb")
    for blurb in blurbs:
        work = _blurb(blurb, archive, made)
        if work is None:
            continue
        works.append(work)
        if work.source_work_id and (seconds := _stamp(blurb)):
            stamps[work.source_work_id] = int(seconds)
    heading, total = _heading(main)
    mysteries = tuple(
        match[1] for blurb in blurbs if "mystery" in classes(blurb) and (match := _WORK.fullmatch(blurb.id or ""))
    )
    return Listing(tuple(works), _next(page, archive), heading, total, len(blurbs) - len(works), mysteries, stamps)


def _heading(main: LexborNode | None) -> tuple[str, int | None]:
    headings = [child for child in children(main) if child.tag in ("h2", "h3") and "landmark" not in classes(child)]
    texts = [said(child) for child in headings]
    heading = next((text for text, node in zip(texts, headings, strict=True) if node.tag == "h2"), "")
    counts = (_COUNT.findall(text[:300].partition(" in ")[0]) for text in texts[:6])
    return heading, next((number(found[-1]) for found in counts if found), None)


def _next(page: Page, archive: Archive) -> str | None:
    for pages in page.tree.css("ol.pagination"):
        for item in children(pages):
            if "next" in classes(item) and (link := item.css_first("a")) is not None:
                return archive.url(attribute(link, "href")) or attribute(link, "href") or None
    return None


def _heading_of(blurb: LexborNode) -> tuple[LexborNode | None, LexborNode | None]:
    """The ``.header.module`` of a blurb and its ``h4.heading``."""
    box = child_of(blurb, "header") or child_of(child_of(blurb, tag="div"), "header")
    return box, child_of(box, "heading", tag="h4")


def _title_link(blurb: LexborNode) -> LexborNode | None:
    for link in children(_heading_of(blurb)[1]):
        if link.tag == "a" and "/external_works/" not in (href := attribute(link, "href")) and work_id_in(href):
            return link
    return None


def _blurb(blurb: LexborNode, archive: Archive, provenance: Provenance) -> Work | None:
    """The work of a blurb; ``None`` for mystery works, deleted ones, series and works elsewhere."""
    link = _title_link(blurb)
    box, heading = _heading_of(blurb)
    if link is None or box is None or heading is None:
        return None
    work_id = work_id_in(attribute(link, "href"))
    values: dict[str, Any] = {"source": archive.source}
    if archive.base is not None:
        values |= {"source_work_id": work_id, "url": f"{archive.base}works/{work_id}"}
    flags = [
        mark.replace(" ", "_")
        for image in heading.css("img")
        if (mark := attribute(image, "alt").strip("()").casefold()) in ("restricted", "hidden by admin")
    ]
    authors, header = authors_of(heading, archive, after=link)
    values["gifts"] = tuple(said(a) for a in heading.css("a") if "gift" in attribute(a, "href"))
    values |= {"authors": authors, **_required(box), **_tags(blurb, box)}
    values |= _counts(child_of(blurb, "stats", tag="dl"), values.get("status_raw"), header)
    values["updated_date"] = day(said(child_of(box, "datetime")))
    values["series"] = series_of(ul for ul in children(blurb) if ul.tag == "ul" and "series" in classes(ul))
    summary = child_of(blurb, "summary")
    values["summary"] = plain(summary) if summary is not None else None
    if stamp := epoch_time(_stamp(blurb)):
        header.append(HeaderField(label="updated_at", value=stamp))
    if values.get("engagement") and provenance.retrieved_at:
        values["engagement_at"] = provenance.retrieved_at
    noticed = tuple(dict.fromkeys((*provenance.flags, *flags)))
    return Work(
        **values,
        title=said(link) or "Untitled",
        chapters=(),
        header=tuple(header),
        provenance=provenance.model_copy(update={"flags": noticed}),
    )


def _required(box: LexborNode) -> dict[str, Any]:
    """Rating, warnings, categories and completeness from the four symbols."""
    values: dict[str, Any] = {}
    symbols = child_of(box, "required-tags")
    for span in symbols.css("span") if symbols is not None else ():
        names = classes(span)
        words = attribute(span, "title") or said(span)
        listed = tuple(word for part in words.split(", ") if (word := part.strip()))
        if "rating" in names:
            values["rating_raw"] = words or None
        elif "warnings" in names:
            values["warnings_raw"] = listed
        elif "category" in names:
            values["categories_raw"] = () if words.casefold() in ("no category", "n/a") else listed
        elif "iswip" in names:
            values["status_raw"] = words or None
    return values


def _tags(blurb: LexborNode, box: LexborNode) -> dict[str, Any]:
    """Fandoms of the heading, and the tags below it; a list of tags is surer than the symbols' titles."""
    lists: dict[str, list[str]] = {}
    if (fandoms := child_of(box, "fandoms")) is not None:
        lists["fandoms"] = [said(a) for a in fandoms.css("a")]
    for item in children(child_of(blurb, "tags", tag="ul")):
        name = next((TAG_FIELDS[word] for word in classes(item) if word in TAG_FIELDS), None)
        if name:
            lists.setdefault(name, []).extend(tags_of(item))
    return {name: tuple(dict.fromkeys(filter(None, tags))) for name, tags in lists.items() if tags}


def _counts(block: LexborNode | None, status: str | None, header: list[HeaderField]) -> dict[str, Any]:
    texts, labels = stats_of(block)
    values = stats_fields(texts, labels)
    values["language_raw"] = texts.get("language") or None
    values["status_raw"] = status or values["status_raw"]
    for name, text in texts.items():
        if name not in _SHOWN_STATS and text:
            header.append(HeaderField(label=labels[name] or name, value=text))
    return values


def _stamp(blurb: LexborNode) -> str | None:
    """Seconds of the ``updated_at`` comment at the head of a blurb."""
    box = _heading_of(blurb)[0]
    node = box.child if box is not None else None
    while node is not None and node.tag != "h4":
        if node.is_comment_node and (match := _STAMP.search(node.comment_content or "")):
            return match[1]
        node = node.next
    return None


def read_navigate(page: Page) -> Index:
    """Chapters of ``/works/ID/navigate`` with ids and days.

    Raises ``Refused``: an outcome of another kind, or ``parse_error``.
    """
    page = mended(page)[0]
    archive = archive_of(page)
    entries: list[IndexedChapter] = []
    work_id = ""
    for item in children(page.tree.css_first("ol.chapter.index")):
        link = child_of(item, tag="a")
        match = _CHAPTER.search(attribute(link, "href"))
        if not match:
            continue
        work_id = work_id or match[1]
        named = _ITEM.fullmatch(said(link))
        written = day(said(child_of(item, "datetime")).strip("() "))
        url = archive.url(f"/works/{match[1]}/chapters/{match[2]}")
        title = named[2] if named else said(link)
        plain_number = named is not None and title == f"Chapter {named[1]}"
        entries.append(
            IndexedChapter(int(named[1]) if named else None, None if plain_number else title, match[2], url, written)
        )
    if not entries:
        refused = refusal_of(page)
        raise refused if refused and refused.reason != "no_story" else Refused("parse_error", "no index of chapters")
    heading = next((child for child in children(page.tree.css_first("#main")) if child.tag == "h2"), None)
    links = [link for link in children(heading) if link.tag == "a"]
    title = next((said(link) for link in links if work_id_in(attribute(link, "href"))), "")
    authors = tuple(said(link) for link in links if "/users/" in attribute(link, "href"))
    return Index(work_id, title, authors, tuple(entries))


def with_dates(work: Work, index: Index) -> Work:
    """The work with the days on which its chapters were published; a one-shot has one entry in the index."""
    by_id = {entry.chapter_id: entry for entry in index.chapters}
    chapters = []
    for place, chapter in enumerate(work.chapters):
        entry = by_id.get(chapter.source_chapter_id or "")
        if entry is None and len(work.chapters) == len(index.chapters):
            entry = index.chapters[place]
        chapters.append(chapter.model_copy(update={"published_date": entry.published_date}) if entry else chapter)
    return work.model_copy(update={"chapters": tuple(chapters)})


KIND_LISTING: Final = PageKind(
    name="otw_listing",
    version=VERSION,
    recognised_by="li.blurb with a heading that leads to /works/ID",
    yields="one record without chapters for each work of the list",
    lost="mystery and deleted works, bookmarks of series and of works elsewhere, notes and tags of bookmarks",
    recognise=recognise,
    read=read,
)
