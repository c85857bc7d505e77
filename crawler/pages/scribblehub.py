"""Scribble Hub: series pages (metadata, counted table of contents) and chapter pages (``#chp_raw``)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any, Final

from selectolax.lexbor import LexborHTMLParser, LexborNode

from crawler.origins import origin_of
from crawler.pages import statements as st
from crawler.pages.body import passage, plain
from crawler.pages.page import Page, PageKind
from crawler.readers.text_fields import date_of
from schemas.vocabulary import AuthorKind
from schemas.work import Author, Chapter, Engagement, HeaderField, ListedChapter, Provenance, Work

PARSER_VERSION: Final = "2"

_SITE: Final = "https://www.scribblehub.com"
_NOTES: Final = (".wi_authornotes", ".wi_news")
_READ: Final = re.compile(r"/read/(\d{1,12})-[^/]*/chapter/(\d{1,12})(?:/|$)")
_SERIES: Final = re.compile(r"/series/(\d{1,12})(?:/|$)")
_PROFILE: Final = re.compile(r"/profile/(\d{1,12})")
_COUNTS: Final = {"views": "hits", "favorites": "favorites", "readers": "bookmarks"}
_UPDATED: Final = re.compile(r"Last updated:\s*([A-Z][a-z]{2,8} \d{1,2}, \d{4})")


def recognise(page: Page) -> bool:
    """Whether a page is Scribble Hub's, by its elements or its address."""
    if "scribblehub" not in page.html and "chp_raw" not in page.html and not page.given_url:
        return False
    if page.tree.css_first("#chp_raw, .wi_fic_desc, .wi_fic_wrap .fic_title") is not None:
        return True
    return st.meta(page.tree, "og:site_name") == "Scribble Hub" or st.host_of(page.url) == "scribblehub.com"


def read(page: Page, provenance: Provenance) -> Sequence[Work]:
    """The work of a series page (without chapters), or the one chapter of a chapter page.

    Raises ``Refused``: ``deleted``, ``restricted``, ``blocked``, ``site_error``, ``no_story``.
    """
    content = page.tree.css_first("#chp_raw")
    if content is not None:
        return [_chapter_page(page, content, provenance)]
    title = st.line_of(page.tree.css_first(".fic_title"))
    if title:
        return [_series_page(page, title, provenance)]
    raise st.refusal(page, "Scribble Hub")


def _series_page(page: Page, title: str, provenance: Provenance) -> Work:
    tree = page.tree
    origin = origin_of(page.url or "")
    counts, chapters, more = _statistics(tree)
    described = tree.css_first(".wi_fic_desc")
    status, updated = _status(tree)
    return Work(
        source="scribblehub",
        source_work_id=origin.work_id if origin else None,
        url=origin.url if origin else None,
        title=title,
        authors=_authors(tree),
        summary=plain(described) if described is not None else None,
        fandoms=_fandoms(tree),
        genres=st.lines_of(tree.css("a.fic_genre")),
        freeforms=st.lines_of(tree.css("a.stag")),
        warnings_raw=st.lines_of(tree.css(".ul_rate_expand a")),
        status_raw=status,
        n_chapters_source=chapters,
        listed_chapters=tuple(_listed(tree)),
        published_date=st.utc_day(str(st.linked_data(tree, "Book").get("datePublished") or "")),
        updated_date=updated,
        engagement=counts,
        header=more,
        chapters=(),
        provenance=st.stamped(provenance, "scribblehub", PARSER_VERSION, "series"),
    )


def _listed(tree: LexborHTMLParser) -> Iterator[ListedChapter]:
    """Chapters of the table of contents, in the order of their numbers; a page of it holds fifteen."""
    found = []
    for row in tree.css(".toc_ol li"):
        link = row.css_first("a[href]")
        match = _READ.search(st.attribute(link, "href"))
        if match is None:
            continue
        date = row.css_first(".fic_date_pub")
        said = re.sub(r",?\s\d{1,2}:\d{2}.*$", "", st.attribute(date, "title") or st.line_of(date) or "")
        number = st.identifier(st.attribute(row, "order"))
        title, url = st.line_of(link), st.attribute(link, "href")
        entry = ListedChapter(title=title, id=match[2], url=url, published_date=date_of(said))
        found.append((number or 0, entry))
    yield from (entry for _, entry in sorted(found, key=lambda item: item[0]))


def _authors(tree: LexborHTMLParser) -> tuple[Author, ...]:
    node = tree.css_first(".auth_name_fic")
    name = st.line_of(node) or st.meta(tree, "twitter:creator")
    if not name:
        return ()
    link = tree.css_first('[property="author"] a[href*="/profile/"]')
    return (_author(name, st.attribute(link, "href")),)


def _author(name: str, address: str) -> Author:
    match = _PROFILE.search(address)
    return Author(
        name=name,
        id=match[1] if match else None,
        url=address if match else None,
        kind=AuthorKind.USER if match else AuthorKind.UNKNOWN,
    )


def _fandoms(tree: LexborHTMLParser) -> tuple[str, ...]:
    for label in tree.css(".wi_novel_title"):
        if (st.line_of(label) or "").rstrip("s:") == "Fandom":
            following = label.next
            while following is not None and (following.tag or "-").startswith("-"):
                following = following.next
            return st.lines_of(following.css("a")) if following is not None else ()
    return ()


def _status(tree: LexborHTMLParser) -> tuple[str | None, Any]:
    """Status and day of the last update: ``Ongoing - Updated <span title="Last updated: Apr 8, 2023 07:00 PM">``."""
    for span in tree.css('span[title^="Last updated"]'):
        match = _UPDATED.search(st.attribute(span, "title"))
        said = (st.line_of(span.parent) or "") if span.parent is not None else ""
        status = said.partition(" - ")[0].strip()
        return (status if 0 < len(status) < 30 else None), (date_of(match[1]) if match else None)
    return None, None


def _statistics(tree: LexborHTMLParser) -> tuple[Engagement | None, int | None, tuple[HeaderField, ...]]:
    """Counts, the number of chapters, and the statements that are rounded or have no field."""
    counts: dict[str, Any] = {}
    chapters = st.whole_number(st.line_of(tree.css_first(".toc .cnt_toc")))
    more = []
    for item in tree.css(".fic_stats .st_item"):
        label = st.line_of(item.css_first(".mb_stat")) or ""
        value = (st.line_of(item) or "").removesuffix(label).strip()
        number = st.whole_number(value)
        if label.casefold() in _COUNTS and number is not None:
            counts[_COUNTS[label.casefold()]] = number
        elif label == "Chapters" and number is not None:
            chapters = number if chapters is None else chapters
        elif label:
            more.append((label, value))
    if (reviews := st.whole_number(st.line_of(tree.css_first(".nreview .cnt_toc")))) is not None:
        counts["comments"] = reviews
    rated = st.linked_data(tree, "AggregateRating").get("ratingValue")
    if rated is not None and (score := st.decimal(str(rated))) is not None:
        counts["score"] = score
    rights = st.line_of(tree.css_first(".copy_allrights + span"))
    more.append(("Rights", rights or ""))
    return (Engagement(**counts) if counts else None), chapters, st.header_fields(more)


def _chapter_page(page: Page, content: LexborNode, provenance: Provenance) -> Work:
    tree = page.tree
    told = passage(content, leave_out=_NOTES)
    if not told.text.strip():
        raise st.refusal(page, "Scribble Hub, a chapter without text")
    before, after = _notes(content)
    match = _READ.search(page.url or "")
    work_id = match[1] if match else st.attribute(tree.css_first("#mysid"), "value") or None
    chapter_id = match[2] if match else st.attribute(tree.css_first("#mypostid"), "value") or None
    title = st.line_of(tree.css_first(".chapter-title"))
    series, author = _byline(tree)
    if series is None and title:
        whole = (st.line_of(tree.css_first("title")) or "").removesuffix("| Scribble Hub").strip()
        series = whole.removesuffix(f" - {title}") if whole.endswith(f" - {title}") else None
    flags = [st.ORDERED_BY_ID] if chapter_id else []
    if series is None:
        flags.append("title_from_chapter" if title else "title_from_file_name")
    chapter = Chapter(
        text=told.text,
        blocks=told.blocks,
        spans=told.spans,
        title=title,
        source_chapter_id=chapter_id,
        url=page.url,
        notes_before=before,
        notes_after=after,
        hits=_views(tree),
    )
    return Work(
        source="scribblehub",
        source_work_id=work_id,
        url=f"{_SITE}/series/{work_id}/" if work_id else None,
        title=series or title or st.title_from_path(provenance),
        authors=author,
        chapters=(chapter,),
        part_number=st.identifier(chapter_id),
        provenance=st.stamped(provenance, "scribblehub", PARSER_VERSION, "chapter", flags),
    )


def _byline(tree: LexborHTMLParser) -> tuple[str | None, tuple[Author, ...]]:
    """Title of the series and its author, from the line below the chapter's title."""
    series, authors = None, []
    for link in tree.css(".chp_byauthor a"):
        name, address = st.line_of(link), st.attribute(link, "href")
        if name and _SERIES.search(address):
            series = series or name
        elif name and _PROFILE.search(address):
            authors.append(_author(name, address))
    return series, tuple(authors)


def _views(tree: LexborHTMLParser) -> int | None:
    node = tree.css_first('.chp_stats_feature[title*="Pageviews"]')
    return st.whole_number(st.line_of(node))


def _notes(content: LexborNode) -> tuple[str | None, str | None]:
    """Author's notes and announcements before the first word of the story, and those after it."""
    boxes = st.outermost(content.css(", ".join(_NOTES)))
    inside = {node.mem_id: index for index, box in enumerate(boxes) for node in box.traverse(include_text=True)}
    told = False
    sides: tuple[list[str], list[str]] = ([], [])
    done: set[int] = set()
    for node in content.traverse(include_text=True):
        index = inside.get(node.mem_id)
        if index is None:
            told = told or (node.tag == "-text" and bool((node.text(deep=False) or "").strip()))
        elif index not in done:
            done.add(index)
            if note := _note(boxes[index]):
                sides[told].append(note)
    return "\n\n".join(sides[0]) or None, "\n\n".join(sides[1]) or None


def _note(box: LexborNode) -> str | None:
    body = box.css_first(".wi_authornotes_body, .wi_news_body")
    return plain(body if body is not None else box)


KIND_SCRIBBLEHUB: Final = PageKind(
    name="scribblehub",
    version=PARSER_VERSION,
    recognised_by="Scribble Hub's elements (#chp_raw, .wi_fic_desc), og:site_name or address",
    yields="one chapter of a work with its notes, or a work without text from a series page",
    lost="comments, reviews, rounded view counts (kept as written in header)",
    recognise=recognise,
    read=read,
)
