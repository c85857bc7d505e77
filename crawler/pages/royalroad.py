"""Royal Road: fiction pages (metadata and the list of chapters) and chapter pages, legacy layout and that of 2026.

Structure: ``.fic-header``, ``.fiction-info``, ``table#chapters``, ``.chapter-inner.chapter-content``,
``.author-note-portlet``; in the redesign JSON-LD, ``#chapterHeroData`` and ``window.chapters`` state the same.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from selectolax.lexbor import LexborHTMLParser, LexborNode

from crawler.origins import origin_of
from crawler.pages import statements as st
from crawler.pages.body import passage, plain, plain_of_html
from crawler.pages.page import Page, PageKind, Refused
from schemas.vocabulary import AuthorKind
from schemas.work import Author, Chapter, Engagement, HeaderField, Provenance, Work
from schemas.work import ListedChapter as Listed

PARSER_VERSION: Final = "2"
HIDDEN_LEFT_OUT: Final = "hidden_paragraphs_left_out"
DATES_FROM_LIST: Final = "dates_from_chapter_list"

_SITE: Final = "https://www.royalroad.com"
_CONTENT: Final = ".chapter-inner.chapter-content, .chapter-inner"
_CHAPTER_URL: Final = re.compile(r"/chapter/(\d{1,12})(?:/|$|[?#])")
_PROFILE: Final = re.compile(r"/profile/(\d{1,12})")
_RULE: Final = re.compile(r"\.([^\s.,:#>+~\[\](){}\"'\\]{1,200})\s*\{([^{}]{0,1000})\}")
_HIDES: Final = re.compile(r"display\s*:\s*none", re.IGNORECASE)
_SECRET_NAME: Final = 24  # characters; classes of the site's own styles are shorter
_CHAPTER_LIST: Final = re.compile(r"window\.chapters\s*=\s*(\[[^\n]*\])\s*;")
_WORDS: Final = re.compile(r"calculated from ([\d,]{1,15}) words")
_COUNTS: Final = {"total views": "hits", "followers": "follows", "favorites": "favorites"}


def recognise(page: Page) -> bool:
    """Whether a page is Royal Road's, by its elements or its address."""
    if "royalroad" not in page.html and "chapter-inner" not in page.html and not page.given_url:
        return False
    tree = page.tree
    if tree.css_first(".chapter-inner.chapter-content, .fiction-page .fic-header, #chapterHeroData") is not None:
        return True
    return st.meta(tree, "og:site_name") == "Royal Road" or st.host_of(page.url) in ("royalroad.com", "royalroadl.com")


def read(page: Page, provenance: Provenance) -> Sequence[Work]:
    """The work of a fiction page (without chapters), or the one chapter of a chapter page.

    Raises ``Refused``: ``deleted``, ``restricted``, ``blocked``, ``site_error``, ``no_story``.
    """
    content = page.tree.css_first(_CONTENT)
    if content is not None:
        return [_chapter_page(page, content, provenance)]
    if page.tree.css_first(".fiction-info, table#chapters, #chapterHeroData") is not None:
        fiction = _Fiction(page)
        if fiction.title:
            return [fiction.work(provenance)]
    number = page.tree.css_first("div.number")
    if number is not None and st.line_of(number) == "404":
        raise Refused("deleted", "Royal Road: 404")
    raise st.refusal(page, "Royal Road")


@dataclass(frozen=True, slots=True)
class ListedChapter:
    """A chapter of the list on a fiction page."""

    id: str
    title: str
    url: str | None
    released: date | None


def listed_chapters(page: Page) -> list[ListedChapter]:
    """The chapters that a fiction page lists, in order: from the page's own data, else from its table."""
    match = _CHAPTER_LIST.search(page.html)
    found = st.json_value(match[1]) if match else None
    if isinstance(found, list) and found:
        return [chapter for item in found if isinstance(item, dict) and (chapter := _of_data(item))]
    return [chapter for row in page.tree.css("table#chapters tbody tr") if (chapter := _of_row(row))]


def _of_data(item: dict[str, Any]) -> ListedChapter | None:
    if "id" not in item:
        return None
    url = st.absolute(_SITE, str(item.get("url") or "")) if item.get("url") else None
    return ListedChapter(str(item["id"]), str(item.get("title") or ""), url, st.utc_day(str(item.get("date") or "")))


def _of_row(row: LexborNode) -> ListedChapter | None:
    link = row.css_first("a[href]")
    url = st.absolute(_SITE, st.attribute(link, "href"))
    match = _CHAPTER_URL.search(url or "")
    if not match:
        return None
    return ListedChapter(match[1], st.line_of(link) or "", url, st.time_day(row.css_first("time")))


class _Fiction:
    """What a fiction page states."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.tree = page.tree
        self.data = st.linked_data(page.tree, "Book", "CreativeWork")
        self.title = (
            st.line_of(self.tree.css_first(".fic-header h1, .fic-title h1, #chapterHeroData h1"))
            or str(self.data.get("name") or "").strip()
            or st.meta(self.tree, "og:title", "twitter:title")
        )

    def work(self, provenance: Provenance) -> Work:
        """The work without chapters."""
        chapters = listed_chapters(self.page)
        flags = []
        published, updated = (st.utc_day(str(self.data.get(name) or "")) for name in ("datePublished", "dateModified"))
        days = [chapter.released for chapter in chapters if chapter.released]
        if days and published is None and updated is None:
            published, updated = days[0], max(days)
            flags.append(DATES_FROM_LIST)
        kind, status = _labels(self.tree)
        counts, more = _statistics(self.tree)
        origin = origin_of(self.page.url or "") or origin_of(st.meta(self.tree, "og:url") or "")
        words = _WORDS.search(self.page.html)
        return Work(
            source="royalroad",
            source_work_id=origin.work_id if origin else None,
            url=origin.url if origin else None,
            title=self.title or "",
            authors=self._authors(),
            summary=self._summary(),
            genres=_tags(self.tree),
            warnings_raw=_warnings(self.tree),
            status_raw=status,
            n_chapters_source=len(chapters) if chapters else None,
            listed_chapters=tuple(
                Listed(title=each.title or None, id=each.id, url=each.url, published_date=each.released)
                for each in chapters
            ),
            n_words_source=st.whole_number(words[1]) if words else None,
            published_date=published,
            updated_date=updated,
            engagement=counts,
            header=(*st.header_fields((("Type", kind),)), *more),
            chapters=(),
            provenance=st.stamped(provenance, "royalroad", PARSER_VERSION, self._layout(), flags),
        )

    def _layout(self) -> str:
        return "redesign_fiction" if self.tree.css_first("#chapterHeroData") is not None else "fiction"

    def _authors(self) -> tuple[Author, ...]:
        links = self.tree.css('.fic-header a[href*="/profile/"], #chapterHeroData a[href*="/profile/"]')
        if authors := _authors_of(links):
            return authors
        stated = self.data.get("author")
        if isinstance(stated, dict) and stated.get("name"):
            address = str(stated.get("url") or "")
            return (_author(str(stated["name"]), address),)
        name = st.meta(self.tree, "books:author", "twitter:creator")
        return (_author(name, ""),) if name else ()

    def _summary(self) -> str | None:
        node = self.tree.css_first(".fiction-info .description .hidden-content, .fiction-info .description")
        if node is not None and (text := plain(node)):
            return text
        return plain_of_html(str(self.data.get("description") or ""))


def _author(name: str, address: str) -> Author:
    match = _PROFILE.search(address)
    return Author(
        name=name.strip(),
        id=match[1] if match else None,
        url=f"{_SITE}/profile/{match[1]}" if match else None,
        kind=AuthorKind.USER if match else AuthorKind.UNKNOWN,
    )


def _authors_of(links: Sequence[LexborNode]) -> tuple[Author, ...]:
    found = [_author(name, st.attribute(link, "href")) for link in links if (name := st.line_of(link))]
    return tuple({author.id: author for author in reversed(found)}.values())[::-1]


def _labels(tree: LexborHTMLParser) -> tuple[str | None, str | None]:
    """``Original`` or ``Fan Fiction``, and the status, which the site writes in capitals."""
    nodes = tree.css(".fiction-info span.label, #chapterHeroData span.bg-accent, #chapterHeroData span.label")
    kind = status = None
    for label in st.lines_of(node for node in nodes if not st.attribute(node, "property")):
        if label in ("Original", "Fan Fiction"):
            kind = kind or label
        elif label.isupper() and label.casefold() in ("completed", "ongoing", "hiatus", "stub", "dropped", "inactive"):
            status = status or label
    return kind, status


def _tags(tree: LexborHTMLParser) -> tuple[str, ...]:
    nodes = tree.css(
        ".fiction-info .tags .fiction-tag, .fiction-info .tags .label, "
        '#chapterHeroData a[href*="/fictions/search?tagsAdd="]'
    )
    return tuple(tag for tag in st.lines_of(nodes) if "Unspecified" not in tag)


def _warnings(tree: LexborHTMLParser) -> tuple[str, ...]:
    for strong in tree.css(".fiction-info strong, .fiction-info b"):
        if (st.line_of(strong) or "").rstrip("s:") == "Warning" and strong.parent is not None:
            return st.lines_of(strong.parent.css("ul li"))
    for span in tree.css("#chapterHeroData span"):
        if (st.line_of(span) or "").startswith("Warning") and span.parent is not None:
            following = span.parent.next
            while following is not None and following.tag != "div":
                following = following.next
            return st.lines_of(following.css("span")) if following is not None else ()
    return ()


def _statistics(tree: LexborHTMLParser) -> tuple[Engagement | None, tuple[HeaderField, ...]]:
    """Counts of the statistics box; what has no field of its own stays as it is."""
    counts: dict[str, Any] = {}
    more = []
    for label, value in _pairs(tree):
        name = _COUNTS.get(label.casefold())
        number = st.whole_number(value)
        if name and number is not None:
            counts.setdefault(name, number)
        else:
            more.append((label, value))
    score = st.meta(tree, "books:rating:value") or st.meta(tree, "ratingValue")
    if score is not None:
        counts["score"] = st.decimal(score)
    return (Engagement(**counts) if counts else None), st.header_fields(more)


def _pairs(tree: LexborHTMLParser) -> Iterator[tuple[str, str]]:
    label = ""
    for node in tree.css(".fiction-stats li"):
        said = st.line_of(node) or ""
        if said.endswith(":"):
            label = said.rstrip(" :")
        elif label and said:
            yield label, said
            label = ""


def _chapter_page(page: Page, content: LexborNode, provenance: Provenance) -> Work:
    tree = page.tree
    hidden = _hidden_classes(tree, content)
    told = passage(content, leave_out=[f'[class~="{name}"]' for name in hidden])
    if not told.text.strip():
        raise st.refusal(page, "Royal Road, a chapter without text")
    before, after = _notes(tree, content)
    data = st.linked_data(tree, "Chapter", "CreativeWork", "Article")
    title, fiction = _titles(tree)
    address = page.url or st.meta(tree, "og:url") or ""
    match = _CHAPTER_URL.search(address)
    origin = origin_of(address)
    flags = [HIDDEN_LEFT_OUT] if hidden else []
    if not fiction:
        flags.append("title_from_chapter" if title else "title_from_file_name")
    if match:
        flags.append(st.ORDERED_BY_ID)
    chapter = Chapter(
        text=told.text,
        blocks=told.blocks,
        spans=told.spans,
        title=title,
        source_chapter_id=match[1] if match else None,
        url=address or None,
        notes_before=before,
        notes_after=after,
        published_date=_published(tree) or st.utc_day(str(data.get("datePublished") or "")),
    )
    return Work(
        source="royalroad",
        source_work_id=origin.work_id if origin else None,
        url=origin.url if origin else None,
        title=fiction or title or st.title_from_path(provenance),
        authors=_authors_of(tree.css('.fic-header a[href*="/profile/"]')) or _creator(tree) or _stated_author(data),
        chapters=(chapter,),
        part_number=st.identifier(match[1]) if match else None,
        provenance=st.stamped(provenance, "royalroad", PARSER_VERSION, "chapter", flags),
    )


def _creator(tree: LexborHTMLParser) -> tuple[Author, ...]:
    name = st.meta(tree, "twitter:creator", "books:author")
    return (_author(name, ""),) if name else ()


def _stated_author(data: dict[str, Any]) -> tuple[Author, ...]:
    """Author by the redesign's JSON-LD: of the chapter, or of the book that it is part of."""
    book = data.get("isPartOf")
    for holder in (data, book if isinstance(book, dict) else {}):
        stated = holder.get("author")
        if isinstance(stated, dict) and isinstance(name := stated.get("name"), str) and name.strip():
            return (_author(name, str(stated.get("url") or "")),)
    return ()


def _titles(tree: LexborHTMLParser) -> tuple[str | None, str | None]:
    """Titles of the chapter and of the fiction: from the page's header, else from ``Chapter - Fiction`` in its head."""
    chapter = st.line_of(tree.css_first(".fic-header h1, h1"))
    fiction = st.line_of(tree.css_first(".fic-header h2"))
    whole = " ".join((st.meta(tree, "og:title") or st.line_of(tree.css_first("title")) or "").split())
    whole = whole.removesuffix("| Royal Road").strip()
    if fiction is None and chapter and whole.startswith(f"{chapter} - "):
        fiction = whole.removeprefix(f"{chapter} - ").strip() or None
    if fiction is None and chapter is None and " - " in whole:
        chapter, _, fiction = whole.rpartition(" - ")
    return chapter, fiction


def _published(tree: LexborHTMLParser) -> date | None:
    """Day of release, which the page states in the author's box below the chapter."""
    return st.time_day(tree.css_first(".profile-info time"))


def _hidden_classes(tree: LexborHTMLParser, content: LexborNode) -> list[str]:
    """Classes of sentences against copying that the page hides from readers: random names with ``display: none``."""
    names = set()
    for style in tree.css("style"):
        for name, rules in _RULE.findall(style.text(deep=True)):
            if _HIDES.search(rules) and ("speak" in rules or len(name) >= _SECRET_NAME):
                names.add(name)
    return [name for name in sorted(names) if content.css_first(f'[class~="{name}"]') is not None]


def _notes(tree: LexborHTMLParser, content: LexborNode) -> tuple[str | None, str | None]:
    """Author's notes above and below the chapter."""
    before: list[str] = []
    after: list[str] = []
    side = before
    for node in st.outermost(tree.css(f".author-note, {_CONTENT}")):
        if node.mem_id == content.mem_id:
            side = after
        elif "author-note" in (node.attributes.get("class") or "").split() and (note := plain(node)):
            side.append(note)
    return "\n\n".join(before) or None, "\n\n".join(after) or None


KIND_ROYALROAD: Final = PageKind(
    name="royalroad",
    version=PARSER_VERSION,
    recognised_by="Royal Road's elements (.fic-header, .chapter-inner), og:site_name or address",
    yields="one chapter of a work with its author's notes, or a work without text from a fiction page",
    lost="comments, reviews, covers; hidden sentences against copying",
    recognise=recognise,
    read=read,
)
