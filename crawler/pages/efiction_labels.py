"""Labels and values of eFiction's info boxes: ``<span class="label">Rated:</span> PG-13 <br />``."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from selectolax.lexbor import LexborHTMLParser, LexborNode

from crawler.pages import statements as st
from crawler.pages.body import plain
from crawler.readers.text_fields import date_of, items_of, series_of
from schemas.work import Engagement, HeaderField, Series

_LISTS: Final = {
    "categories": "categories_raw",
    "category": "categories_raw",
    "characters": "characters",
    "character": "characters",
    "genres": "genres",
    "genre": "genres",
    "warnings": "warnings_raw",
    "warning": "warnings_raw",
    "pairing": "relationships",
    "pairings": "relationships",
    "relationships": "relationships",
    "fandom": "fandoms",
    "fandoms": "fandoms",
    "tags": "freeforms",
}
_NUMBERS: Final = {
    "chapters": "n_chapters_source",
    "word count": "n_words_source",
    "words": "n_words_source",
    "wordcount": "n_words_source",
}
_COUNTS: Final = {"read": "hits", "reads": "hits", "hits": "hits", "reviews": "comments", "favorites": "favorites"}
_DATES: Final = {"published": "published_date", "updated": "updated_date", "last updated": "updated_date"}
_YES: Final = frozenset({"yes", "completed", "complete", "ja", "igen", "oui", "sí", "sì", "да"})
_NO: Final = frozenset({"no", "nein", "nee", "nem", "non", "нет"})
_NONE: Final = frozenset({"none", "n/a", "keine", "aucun", "nincs", ""})
_REVIEWS: Final = re.compile(r"\[?\s*Reviews?\s*[-:(]\s*(\d{1,7})\s*[\])]?", re.IGNORECASE)
_TOOLS: Final = re.compile(r"\s*(?:\[[^\[\]]{0,60}\]\s*|[•·|]\s*)+$")


@dataclass(frozen=True, slots=True)
class Statement:
    """A label and what follows it, up to the next label."""

    label: str
    text: str
    links: tuple[str, ...]
    prose: str | None
    reviews: int | None = None


def statements(box: LexborNode) -> Iterator[Statement]:
    """Labels and values within an info box, in order."""
    for label in box.css(".label"):
        name = (st.line_of(label) or "").rstrip(" :").strip()
        if name and len(name) < 60:
            yield _statement(name, _value_html(label))


def _value_html(label: LexborNode) -> str:
    parts = []
    node = label.next
    while node is not None and "label" not in (node.attributes.get("class") or "").split():
        parts.append(node.html or "")
        node = node.next
    return "".join(parts)


def _statement(name: str, html: str) -> Statement:
    body = LexborHTMLParser(html).body
    if body is None:
        return Statement(name, "", (), None)
    said = st.line_of(body) or ""
    reviews = _REVIEWS.search(said)
    links = [link for link in body.css("a") if not re.search(r"reviews\.php|report\.php|action=", _href(link))]
    text = _TOOLS.sub("", said[: reviews.start()] if reviews else said).strip(" •·|[")
    return Statement(name, text, st.lines_of(links), plain(body), int(reviews[1]) if reviews else None)


def _href(link: LexborNode) -> str:
    return st.attribute(link, "href")


class Labels:
    """Collects the arguments of a ``Work`` from statements; what has no field, or is not sure, goes to ``header``."""

    def __init__(self, box: LexborNode | None) -> None:
        self.values: dict[str, Any] = {}
        self.header: list[HeaderField] = []
        self.counts: dict[str, int] = {}
        for statement in statements(box) if box is not None else ():
            if statement.reviews is not None:
                self.counts.setdefault("comments", statement.reviews)
            if not self._take(statement) and statement.text.casefold() not in _NONE:
                self.header.append(HeaderField(label=statement.label, value=statement.text))
        if self.counts:
            self.values["engagement"] = Engagement(**self.counts)

    def _once(self, name: str, value: object) -> bool:
        if value is None or name in self.values:
            return False
        self.values[name] = value
        return True

    def _take(self, said: Statement) -> bool:
        key = said.label.casefold()
        if key in _LISTS:
            return self._list(_LISTS[key], said)
        if key in _NUMBERS:
            return self._once(_NUMBERS[key], st.whole_number(said.text))
        if key in _COUNTS:
            number = st.whole_number(said.text)
            return number is not None and self.counts.setdefault(_COUNTS[key], number) == number
        if key in _DATES:
            return self._once(_DATES[key], date_of(said.text))
        return self._single(key, said)

    def _list(self, name: str, said: Statement) -> bool:
        items = said.links or (() if said.text.casefold() in _NONE else items_of(said.text))
        items = tuple(item for item in items if item.casefold() not in _NONE)
        known = self.values.get(name, ())
        if items:
            self.values[name] = (*known, *(item for item in items if item not in known))
        return True

    def _single(self, key: str, said: Statement) -> bool:
        if key in ("rated", "rating"):
            return self._once("rating_raw", said.text or None)
        if key == "summary":
            return self._once("summary", said.prose)
        if key in ("completed", "complete", "status"):
            return self._once("status_raw", _status(said.text))
        if key == "language":
            return self._once("language_raw", said.text or None)
        if key == "series":
            return self._series(said)
        return False

    def _series(self, said: Statement) -> bool:
        if said.text.casefold() in _NONE:
            return True
        names = tuple(Series(title=name) for name in said.links) or (series_of(said.text),)
        return self._once("series", names)


def _status(text: str) -> str | None:
    """Status: the box answers ``Completed:`` with a yes or no of its language; other words stay as written."""
    word = text.strip(" .").casefold()
    if word in _YES:
        return "Completed"
    return "Incomplete" if word in _NO else text.strip() or None
