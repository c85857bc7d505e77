"""Pages of FicWad: the index of a work of several chapters, and pages with the text of one.

``#story`` holds links to the archive's categories (on the page of a chapter the last one leads to the work), a row
``.storylist`` with title, author, summary and ``.meta``, the list or menu of chapters, and ``#storytext``.
The line ``.meta`` reads ``Category: … - Rating: R - Genres: Angst, Drama - Characters: … - Warnings: … - Chapters: 4 -
Published: 2006-11-05 - Updated: 2007-08-12 - 2928 words - Complete``; every chapter has one of its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, Never

from selectolax.lexbor import LexborNode

from crawler.origins import origin_of
from crawler.pages.body import line, passage, plain
from crawler.pages.page import Page, PageKind, Refused
from crawler.pages.statements import attribute, epoch_day, host_of, refusal, stamped, utc_day, whole_number
from schemas.vocabulary import AuthorKind
from schemas.work import Author, Chapter, Engagement, HeaderField, ListedChapter, Provenance, Work

_VERSION: Final = "2"
_SOURCE: Final = "ficwad"
_BASE: Final = "https://ficwad.com"
_NO_STORY: Final = ("script", "style", "noscript", "iframe", "ins", "form")

_STORY: Final = re.compile(r"(?:^|ficwad\.com)/story/(\d{1,12})(?:/|$)", re.ASCII)
_LABELLED: Final = re.compile(r"(Category|Rating|Genres|Characters|Warnings|Chapters|Published|Updated)\s*:\s*(.*)")
_WORDS: Final = re.compile(r"([\d,]{1,12}) words?", re.ASCII)
_STATUSES: Final = frozenset({"Complete", "Incomplete", "Abandoned"})
_OPTION: Final = re.compile(r"(\d{1,5})\.\s*(.*)", re.ASCII)
_ORIGINAL: Final = re.compile(r"original", re.IGNORECASE)
_MAX_META: Final = 8_000


@dataclass(frozen=True)
class Menu:
    """The chapters that a page lists."""

    n_chapters: int | None = None
    number: int | None = None
    title: str | None = None


def recognise(page: Page) -> bool:
    """A page of a story or a chapter."""
    if "storylist" not in page.html and "storytext" not in page.html:
        return False
    story = page.tree.css_first("#story")
    if story is None:
        return False
    named = 'form[name="chapterlist"], form.chapterlist, .storylist h4 a[href*="/story/"], h2 a[href*="/category/"]'
    return story.css_first(named) is not None and story.css_first("#storytext, .storylist") is not None


def read(page: Page, provenance: Provenance) -> list[Work]:
    """The chapter of a page, or the work of an index, with what the page states.

    Raises ``Refused``: ``deleted``, ``restricted``, ``parse_error`` (no title), ``no_story`` (an empty one).
    """
    story = page.tree.css_first("#story")
    if story is None:
        raise Refused("parse_error", "a page without its frame")
    text = story.css_first("#storytext")
    row = story.css_first("div.storylist") or story.css_first(".storylist")
    above = _link(story.css_first("h2"), "/story/")
    heading = _link(row, "/story/")
    named = above or heading
    title = line(named) if named is not None else None
    if not title:
        raise Refused("parse_error", "a page without the title of its work")
    if text is None and "Deleted story" in title:
        raise Refused("deleted", title[:200])
    if text is None and page.tree.css_first(".blocked") is not None:
        raise Refused("restricted", "the story is shown to registered users only")
    menu = _menu(story)
    chapters: tuple[Chapter, ...] = ()
    if text is not None:
        own = line(heading) if above is not None and heading is not None else None
        chapters = (_chapter(page, text, row, menu, own),)
    several = above is not None and text is not None
    meta = _meta(row)
    return [
        Work(
            source=_SOURCE,
            title=title,
            chapters=chapters,
            provenance=stamped(provenance, _SOURCE, _VERSION, "chapter" if text is not None else "index"),
            part_number=menu.number if several else None,
            **_identity(page, named),
            authors=_authors(story),
            **_places(story, meta),
            **(_facts_of_chapter(meta) if several else _facts_of_work(row, meta, provenance)),
            listed_chapters=tuple(_listed(story)) if text is None else (),
            n_chapters_source=menu.n_chapters or whole_number(meta.get("Chapters")) or (None if several else 1),
        )
    ]


def _identity(page: Page, link: LexborNode | None) -> dict[str, Any]:
    found = _STORY.search(attribute(link, "href"))
    origin = origin_of(f"{_BASE}/story/{found[1]}" if found else page.url or "")
    return {"source_work_id": origin.work_id, "url": origin.url} if origin and origin.source == _SOURCE else {}


def _chapter(page: Page, text: LexborNode, row: LexborNode | None, menu: Menu, title: str | None) -> Chapter:
    body = passage(text, leave_out=_NO_STORY)
    if not body.text.strip():
        raise Refused("no_story", "the story's element is empty")
    meta = _meta(row)
    own = origin_of(page.url or "") or origin_of(attribute(page.tree.css_first("base"), "href"))
    several = menu.number is not None
    return Chapter(
        text=body.text,
        blocks=body.blocks,
        spans=body.spans,
        title=title or menu.title,
        number=menu.number,
        source_chapter_id=own.work_id if own and own.source == _SOURCE and several else None,
        url=own.url if own and own.source == _SOURCE and several else None,
        summary=_summary(row) if several else None,
        published_date=_day(meta, "Published") if several else None,
        updated_date=_day(meta, "Updated") if several else None,
        n_words_source=_words(meta) if several else None,
    )


def _menu(story: LexborNode) -> Menu:
    """Chapters by the menu above the text (``Story Index``, ``1. Part One`` …), else by the list of an index."""
    menu = story.css_first('form.chapterlist, select[name="goto"]')
    options = menu.css("option") if menu is not None else []
    numbered = [
        ("selected" in option.attributes, found) for option in options if (found := _OPTION.fullmatch(line(option)))
    ]
    if numbered:
        chosen = next((found for selected, found in numbered if selected), None)
        size = len({found[1] for _, found in numbered})
        return Menu(size, int(chosen[1]), chosen[2] or None) if chosen else Menu(size)
    chapters = story.css_first("#chapters")
    links = chapters.css('a[href*="/story/"]') if chapters is not None else []
    return Menu(sum(link.parent is not None and link.parent.tag == "h4" for link in links) or None)


def _listed(story: LexborNode) -> Iterator[ListedChapter]:
    """Chapters of an index, each a row like that of a work."""
    chapters = story.css_first("#chapters")
    for number, heading in enumerate(chapters.css("h4") if chapters is not None else (), 1):
        link = _link(heading, "/story/")
        found = _STORY.search(attribute(link, "href"))
        if link is None or found is None:
            continue
        meta = _meta(heading.parent)
        yield ListedChapter(
            title=line(link) or None,
            number=number,
            id=found[1],
            url=f"{_BASE}/story/{found[1]}",
            published_date=_day(meta, "Published"),
            n_words=_words(meta),
        )


def _places(story: LexborNode, meta: Mapping[str, Any]) -> dict[str, Any]:
    """Medium and fandom from the links above; for original works the category is no fandom."""
    heading = story.css_first("h2")
    links = heading.css('a[href*="/category/"]') if heading is not None else []
    names = [name for link in links if (name := line(link))]
    media = tuple(names[:1]) if len(names) > 1 else ()
    fandoms = tuple(names[-1:]) or tuple(meta.get("Category links", ()))
    if any(_ORIGINAL.match(name) for name in names[:1]):
        return {"media": tuple(names[:1]), "header": tuple(HeaderField(label="Category", value=n) for n in names[1:])}
    return {"media": media, "fandoms": fandoms}


def _facts_of_chapter(meta: Mapping[str, Any]) -> dict[str, Any]:
    """What the row of a chapter states of its work too; dates, words and summary are the chapter's own."""
    return {
        "rating_raw": meta.get("Rating"),
        "genres": _list(meta.get("Genres")),
        "characters": _list(meta.get("Characters")),
        "warnings_raw": meta.get("warnings", ()),
    }


def _facts_of_work(row: LexborNode | None, meta: Mapping[str, Any], provenance: Provenance) -> dict[str, Any]:
    reviews = row.css_first("span.reviews") if row is not None else None
    n_reviews = whole_number(line(reviews)) if reviews is not None else None
    return {
        **_facts_of_chapter(meta),
        "summary": _summary(row),
        "status_raw": meta.get("status"),
        "published_date": _day(meta, "Published"),
        "updated_date": _day(meta, "Updated"),
        "n_words_source": _words(meta),
        "engagement": Engagement(comments=n_reviews) if n_reviews is not None else None,
        "engagement_at": provenance.retrieved_at if n_reviews is not None else None,
    }


def _meta(row: LexborNode | None) -> dict[str, Any]:
    """Parts of the line ``.meta`` by label; stamps, status and warnings under keys of their own in lower case."""
    node = row.css_first(".meta") if row is not None else None
    if node is None:
        return {}
    told: dict[str, Any] = {}
    for part in re.split(r" - |\s-$", line(node)[:_MAX_META]):
        if found := _LABELLED.fullmatch(part.strip()):
            told.setdefault(found[1], found[2].strip() or None)
        elif words := _WORDS.fullmatch(part.strip()):
            told["words"] = words[1]
        elif part.strip() in _STATUSES:
            told["status"] = part.strip()
    labels = [label for label in ("Published", "Updated") if label in told]
    stamps = node.css("span[data-ts]")
    if len(stamps) == len(labels):
        told["stamps"] = {label: attribute(stamp, "data-ts") for label, stamp in zip(labels, stamps, strict=True)}
    titles = (attribute(link, "title") for link in node.css(".story-warnings a, .req a"))
    told["warnings"] = tuple(dict.fromkeys(title for title in titles if title))
    told["Category links"] = tuple(line(link) for link in node.css('a[href*="/category/"]') if line(link))
    return told


def _day(meta: Mapping[str, Any], label: str) -> date | None:
    return epoch_day(meta.get("stamps", {}).get(label)) or utc_day(meta.get(label))


def _words(meta: Mapping[str, Any]) -> int | None:
    return whole_number(meta.get("words"))


def _summary(row: LexborNode | None) -> str | None:
    node = row.css_first("blockquote.summary, .summary") if row is not None else None
    return plain(node) if node is not None else None


def _authors(story: LexborNode) -> tuple[Author, ...]:
    place = story.css_first("span.author")
    for link in place.css('a[href*="/a/"]') if place is not None else ():
        if name := line(link):
            account = attribute(link, "href").rpartition("/a/")[2].strip("/") or None
            url = f"{_BASE}/a/{account}" if account else None
            return (Author(name=name, id=account, url=url, kind=AuthorKind.USER),)
    return ()


def _link(node: LexborNode | None, path: str) -> LexborNode | None:
    """The last link to a story in a heading, the first one in a row."""
    links = node.css(f'a[href*="{path}"]') if node is not None else []
    links = [link for link in links if _STORY.search(attribute(link, "href")) and line(link)]
    if not links:
        return None
    return links[-1] if node is not None and node.tag == "h2" else links[0]


def _list(shown: str | None) -> tuple[str, ...]:
    """Values of a part without links: names that the site itself joins with commas."""
    return tuple(name.strip() for name in (shown or "").split(",") if name.strip())


def recognise_refused(page: Page) -> bool:
    """A page of the site without a work; to be asked after the others."""
    node = page.tree.css_first("title")
    return host_of(page.url) == "ficwad.com" or (node is not None and ":: FicWad" in line(node))


def refuse(page: Page, provenance: Provenance) -> Never:
    """Raises ``Refused`` with what the page says of itself."""
    del provenance
    raise refusal(page, "FicWad")


FICWAD: Final = PageKind(
    name="ficwad",
    version=_VERSION,
    recognised_by="#story with a row .storylist or a menu of chapters, and categories above",
    yields="one work with the chapter of the page; an index gives a work without chapters",
    lost="titles of the other chapters, marks by readers",
    recognise=recognise,
    read=read,
)
FICWAD_REFUSED: Final = PageKind(
    name="ficwad_refused",
    version=_VERSION,
    recognised_by="the site's title or address, without a work",
    yields="a reject with the reason that the page gives",
    lost="profiles, lists and reviews, which are not read",
    recognise=recognise_refused,
    read=refuse,
)
