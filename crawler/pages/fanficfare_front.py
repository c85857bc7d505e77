"""The title page that FanFicFare's EPUB and HTML share: heading with title and authors, labels with values.

Source: FanFicFare ``writers/writer_epub.py``, ``writer_html.py``, ``defaults.ini`` (labels). It joins lists by
``", "``, so a tag that holds a comma can only be told where the tags are known from elsewhere (the subjects of an
EPUB); where they are not, values are split at commas and flagged.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

from selectolax.lexbor import LexborHTMLParser, LexborNode

from crawler.origins import origin_of, slug_of
from crawler.pages.body import is_plain_line, line, plain_of_html
from pipelines.clean import one_line
from schemas.vocabulary import AuthorKind
from schemas.work import Author, Chapter, HeaderField, Series

LISTS_SPLIT_AT_COMMAS: Final = "lists_split_at_commas"

OTW: Final = frozenset({"ao3", "squidgeworld", "superlove", "cfaarchive", "ad-astra"})
"""Archives that run the Archive of Our Own's software."""
_OTW_CATEGORIES: Final = frozenset({"F/F", "F/M", "Gen", "M/M", "Multi", "Other"})
_LISTS: Final = {
    "category": "fandoms",
    "fandoms": "fandoms",
    "genre": "genres",
    "freeform tags": "freeforms",
    "tags": "freeforms",
    "characters": "characters",
    "relationships": "relationships",
    "ships": "relationships",
    "warnings": "warnings_raw",
    "content warnings": "warnings_raw",
    "ao3 categories": "categories_raw",
    "squidgeworld categories": "categories_raw",
    "superlove categories": "categories_raw",
    "collections": "collections",
}
_TEXTS: Final = {"rating": "rating_raw", "status": "status_raw", "language": "language_raw"}
_COUNTS: Final = {
    "kudos": "kudos",
    "hits": "hits",
    "reads": "hits",
    "views": "hits",
    "bookmarks": "bookmarks",
    "comments": "comments",
    "reviews": "comments",
    "favs": "favorites",
    "favorites": "favorites",
    "favourites": "favorites",
    "follows": "follows",
    "followers": "follows",
    "likes": "likes",
    "dislikes": "dislikes",
}
_MOST_PARTS: Final = 12  # commas within one tag

_DAY: Final = re.compile(r"(\d{4})-(\d\d)-(\d\d)(?:[T ]\d.{0,30})?")
_IN_SERIES: Final = re.compile(r"(.{1,500}) \[(\d{1,4})\]", re.DOTALL)


@dataclass
class Front:
    """What a title page states, before it is given to the fields of a work."""

    title: str | None = None
    url: str | None = None
    authors: list[Author] = field(default_factory=list)
    labels: list[tuple[str, str]] = field(default_factory=list)
    """Label without its colon, and the markup of its value."""


@dataclass
class Book:
    """A work in the making: its fields, its chapters, and what was noticed."""

    values: dict[str, Any] = field(default_factory=dict)
    header: list[HeaderField] = field(default_factory=list)
    flags: list[str] = field(default_factory=list)
    chapters: list[Chapter] = field(default_factory=list)

    def flag(self, name: str) -> None:
        """Notes a thing once."""
        if name not in self.flags:
            self.flags.append(name)

    def add(self, name: str, items: Sequence[str]) -> None:
        """Adds to a list what it does not hold yet."""
        known = self.values.get(name, ())
        self.values[name] = (*known, *dict.fromkeys(item for item in items if item not in known))


def front_of(body: LexborNode) -> Front:
    """The title page of a book: heading with title and authors, then ``<b>Label:</b> value`` in lines or table rows."""
    front = Front()
    heading = next((node for node in body.css("h1, h2, h3") if node.css_first("a[href]")), None)
    if heading is not None:
        links = heading.css("a[href]")
        authors = [link for link in links if "authorlink" in (link.attributes.get("class") or "").split()]
        story = next((link for link in links if link not in authors), None)
        if story is not None:
            front.title, front.url = line(story) or None, story.attributes.get("href") or None
        front.authors = [author_of(line(link), link.attributes.get("href")) for link in authors if line(link)]
        byline = line(heading).removeprefix(front.title or "").strip()
        if not front.authors and byline.startswith("by "):
            front.authors = [author_of(byline[3:].strip(), None)]
    front.labels = list(_labels(body))
    return front


def author_of(name: str, url: str | None) -> Author:
    """An author with the account's id where the address tells it (AO3: user name; FanFiction.net: number)."""
    found = re.search(r"(?:/users/([^/?#]{1,100})|/u/(\d{1,12}))(?:[/?#]|$)", url or "")
    known = {"anonymous": AuthorKind.ANONYMOUS, "orphan_account": AuthorKind.ORPHANED}
    kind = known.get(name.casefold(), AuthorKind.UNKNOWN)
    return Author(name=name, id=(found[1] or found[2]) if found else None, url=url, kind=kind)


def _labels(body: LexborNode) -> Iterator[tuple[str, str]]:
    rows = body.css("tr")
    for row in rows:
        cells = row.css("td")
        label = cells[0].css_first("b") if len(cells) == 2 else None
        if label is not None and line(label).endswith(":"):
            yield line(label)[:-1].strip(), _inner(cells[1])
        elif len(cells) == 1 and (mark := cells[0].css_first("b")) is not None and line(mark).endswith(":"):
            yield line(mark)[:-1].strip(), _inner(cells[0]).replace(mark.html or "", "", 1)  # the summary's wide cell
    if rows:
        return
    for mark in body.css("div > b, p > b, body > b, div > strong, p > strong"):
        label_text = line(mark)
        if not label_text.endswith(":") or not 1 < len(label_text) < 60:
            continue
        parts: list[str] = []
        node = mark.next
        while node is not None and not (node.tag in ("b", "strong") and line(node).endswith(":")):
            parts.append(node.html or "")
            node = node.next
        yield label_text[:-1].strip(), "".join(parts)


def _inner(node: LexborNode) -> str:
    parts: list[str] = []
    child = node.child
    while child is not None:
        parts.append(child.html or "")
        child = child.next
    return "".join(parts)


def read_front(front: Front, known: Collection[str] = (), *, uid: tuple[str, str] | None = None) -> Book:
    """Fields of a title page. ``known`` are tags; ``uid`` is the site and id that the file itself names."""
    book = Book()
    if front.title:
        book.values["title"] = front.title
    if front.authors:
        book.values["authors"] = tuple(front.authors)
    _origin(book, front, uid)
    for label, markup in front.labels:
        text = _line_of(markup)
        if text and not _take(book, label.casefold(), text, markup, known):
            book.header.append(HeaderField(label=label, value=text))
    if not front.authors and (author := book.values.pop("author", None)):
        book.values["authors"] = (author_of(author, None),)
    return book


def _origin(book: Book, front: Front, uid: tuple[str, str] | None) -> None:
    """Archive and id by the story's address, else by the id that FanFicFare gave the file."""
    stated = next((_line_of(markup) for label, markup in front.labels if label.casefold() == "story url"), None)
    url = front.url or stated
    origin = origin_of(url) if url else None
    if origin is not None:
        book.values |= {"source": origin.source, "source_work_id": origin.work_id, "url": origin.url}
        return
    if url:
        book.values["url"] = url
    if uid:
        book.values |= {"source": slug_of(uid[0]), "source_work_id": uid[1]}


def _line_of(markup: str) -> str:
    if is_plain_line(plain := markup.replace("<br>", " ").replace("\n", " ")):
        return one_line(plain)
    body = LexborHTMLParser(markup).body if markup else None
    return line(body) if body is not None else ""


def _take(book: Book, label: str, text: str, markup: str, known: Collection[str]) -> bool:
    """Gives one statement to its field; false where it has none."""
    if label in _LISTS:
        _take_list(book, _LISTS[label], items_of(text, known, book))
        return True
    if label in _TEXTS:
        return _once(book, _TEXTS[label], text)
    if label in _COUNTS:
        return _take_count(book, _COUNTS[label], text)
    taker = _TAKERS.get(label)
    return taker(book, text, markup) if taker is not None else False


def _take_list(book: Book, name: str, items: Sequence[str]) -> None:
    source = book.values.get("source")
    if name == "genres" and source in OTW:
        # AO3's genre is FanFicFare's own mix of additional tags and categories (include_in_genre)
        book.add("categories_raw", [item for item in items if item in _OTW_CATEGORIES])
        book.add("freeforms", [item for item in items if item not in _OTW_CATEGORIES])
    elif name == "genres" and source in ("royalroad", "wattpad"):
        book.add("freeforms", items)  # the adapters put the tags there
    elif name == "fandoms" and source in ("royalroad", "wattpad"):
        book.add("categories_raw", items)
    else:
        book.add(name, items)


def _take_count(book: Book, name: str, text: str) -> bool:
    value = number_of(text)
    counts = book.values.setdefault("engagement", {})
    if value is None or name in counts:
        return False
    counts[name] = value
    return True


def items_of(value: str, known: Collection[str], book: Book) -> list[str]:
    """Items of a list that was joined by ``", "``: the longest that are known, else what stands between commas."""
    parts = [part for part in value.split(", ") if part.strip()]
    items: list[str] = []
    start = 0
    while start < len(parts):
        ends = range(min(len(parts), start + _MOST_PARTS), start, -1)
        end = next((end for end in ends if ", ".join(parts[start:end]) in known), 0)
        if not end and len(parts) > 1:
            book.flag(LISTS_SPLIT_AT_COMMAS)
        end = end or start + 1
        items.append(", ".join(parts[start:end]).strip())
        start = end
    return items


def number_of(text: str) -> int | None:
    """A whole number such as ``1,234``."""
    digits = re.fullmatch(r"(\d{1,3}(?:[,.]\d{3}){1,2}|\d{1,9})", text.strip())
    return int(re.sub(r"\D", "", digits[1])) if digits else None


def day_of(text: str) -> date | None:
    """The day of ``2012-03-24`` or ``2012-03-24 22:13:58``, as stated."""
    found = _DAY.fullmatch(text.strip())
    try:
        return date(int(found[1]), int(found[2]), int(found[3])) if found else None
    except ValueError:
        return None


def _once(book: Book, name: str, value: Any) -> bool:
    if value is None or name in book.values:
        return False
    book.values[name] = value
    return True


def _take_chapters(book: Book, text: str, _: str) -> bool:
    have, _, planned = text.partition("/")
    if planned.strip().isdecimal():
        _once(book, "n_chapters_planned", number_of(planned))
    return _once(book, "n_chapters_source", number_of(have)) or bool(planned)


def _take_series(book: Book, text: str, _: str) -> bool:
    found = _IN_SERIES.fullmatch(text)
    series = Series(title=found[1], position=int(found[2]) or None) if found else Series(title=text)
    known = book.values.get("series", ())
    if series not in known:
        book.values["series"] = (*known, series)
    return True


_TAKERS: Final[dict[str, Callable[[Book, str, str], bool]]] = {
    "series": _take_series,
    "published": lambda book, text, _: _once(book, "published_date", day_of(text)),
    "updated": lambda book, text, _: _once(book, "updated_date", day_of(text)),
    "chapters": _take_chapters,
    "chapters/total chapters": _take_chapters,
    "total chapters": lambda book, text, _: _once(book, "n_chapters_planned", number_of(text)),
    "words": lambda book, text, _: _once(book, "n_words_source", number_of(text)),
    "summary": lambda book, _, markup: _once(book, "summary", plain_of_html(markup)),
    "title": lambda book, text, _: _once(book, "title", text) or book.values["title"] == text,
    "author": lambda book, text, _: _once(book, "author", text),
    "story url": lambda book, text, _: _once(book, "url", text) or text == book.values["url"],
    **{f"series{number:02}": _take_series for number in range(20)},
}
