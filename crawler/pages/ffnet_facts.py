"""The line of facts that FanFiction.net and FictionPress print of every work.

Story pages since 2005, and listings::

    Rated: Fiction T - English - Humor/Parody - [Harry P., Ginny W.] Ron W. - Chapters: 2 - Words: 1,204
    - Reviews: 3 - Favs: 5 - Follows: 4 - Updated: 18h - Published: 3/29/2010 - Status: Complete - id: 5853866

The mobile site::

    Rated: T, English, Humor & Parody, Harry P., Words: 5k+, Favs: 25, Follows: 27, Published: Nov 20 Updated: 3h ago

A part without a value is left out of the line; how old the page is tells which parts it could have, so what
is not printed stays ``None``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from selectolax.lexbor import LexborNode

from schemas.work import Engagement, HeaderField

_MAX_LINE: Final = 8_000
"""Characters of a line that are looked at; real ones have fewer than a thousand."""

GENRES: Final = frozenset(
    ("Adventure", "Angst", "Crime", "Drama", "Family", "Fantasy", "Friendship", "General", "Horror", "Humor",
     "Hurt/Comfort", "Mystery", "Parody", "Poetry", "Romance", "Sci-Fi", "Spiritual", "Supernatural", "Suspense",
     "Tragedy", "Western")
)  # fmt: skip
"""Genres of FanFiction.net: the closed list that tells them from characters, who stand next to them."""

_RATED: Final = re.compile(r"(?:Fiction\s+)?Rated:\s*")
_LABELLED: Final = re.compile(
    r"(Chapters|Words|Reviews|Favs|Favorites|Follows|Alerts|Updated|Published|Status|id)\s*:\s*(.*)", re.DOTALL
)
_COMPLETE: Final = "Complete"
_DASH: Final = re.compile(r"\s+-\s+|\s-$")
_COMMA: Final = re.compile(r"(?:\[[^\[\]]*\]|[^,])+")
_BETWEEN_GENRES: Final = re.compile(r"(?<!Hurt)/|/(?!Comfort)|\s+&\s+")
_MOBILE_DATE: Final = re.compile(r"(Published|Updated):\s*")
_PAIRING: Final = re.compile(r"\[[^\[\]]*\]")

_DAY: Final = re.compile(r"(\d{1,2})([-/])(\d{1,2})\2(\d{4}|\d{2})", re.ASCII)
_DAY_OF_YEAR: Final = re.compile(r"(\d{1,2})[-/](\d{1,2})", re.ASCII)
_NAMED_DAY: Final = re.compile(r"([A-Z][a-z]{2})[a-z]* (\d{1,2})(?:, ?(\d{4}))?", re.ASCII)
_AGO: Final = re.compile(r"(\d{1,3})\s?([smhd])[a-z]*(?: ago)?", re.ASCII)
_AGO_UNITS: Final = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_LAST_SECOND: Final = 2**33


@dataclass(frozen=True)
class Facts:
    """What a line states."""

    before: str = ""
    """What stands before ``Rated:`` (listings: the fandom)."""
    rating: str | None = None
    language: str | None = None
    genres: tuple[str, ...] = ()
    characters: tuple[str, ...] = ()
    relationships: tuple[str, ...] = ()
    """Pairings as printed, such as ``[Harry P., Ginny W.]``."""
    status: str | None = None
    values: Mapping[str, str] = field(default_factory=dict)
    """Values of the labelled parts, by label in lower case."""
    stamps: Mapping[str, int] = field(default_factory=dict)
    """Seconds since 1970 of ``updated`` and ``published``."""

    @property
    def work_id(self) -> str | None:
        """Number of the work."""
        found = re.match(r"\d{1,12}", self.values.get("id", ""), re.ASCII)
        return found[0] if found else None

    @property
    def n_chapters(self) -> int | None:
        """Number of chapters; left out of the line of a work of one."""
        return count(self.values.get("chapters"))

    def fields(self, seen: datetime | None) -> dict[str, Any]:
        """Fields of ``Work``; ``seen`` is when the page was fetched, which days without a year need."""
        header = [
            HeaderField(label=label.capitalize(), value=shown)
            for label in ("updated", "published")
            if (shown := self.values.get(label)) and self._day(label, seen) is None
        ]
        words = self.values.get("words")
        if words and count(words) is None:
            header.insert(0, HeaderField(label="Words", value=words))
        return {
            "rating_raw": self.rating,
            "language_raw": self.language,
            "genres": self.genres,
            "characters": self.characters,
            "relationships": self.relationships,
            "status_raw": self.status,
            "n_chapters_source": self.n_chapters,
            "n_words_source": count(words),
            "updated_date": self._day("updated", seen),
            "published_date": self._day("published", seen),
            "engagement": self.engagement(),
            "header": tuple(header),
        }

    def engagement(self, reviews: str | None = None) -> Engagement | None:
        """Reader counts; the mobile site prints the number of reviews elsewhere."""
        counts = {
            "comments": count(reviews or self.values.get("reviews")),
            "favorites": count(self.values.get("favs") or self.values.get("favorites")),
            "follows": count(self.values.get("follows") or self.values.get("alerts")),
        }
        return Engagement(**counts) if any(value is not None for value in counts.values()) else None

    def _day(self, label: str, seen: datetime | None) -> date | None:
        if label in self.stamps:
            return day_of_stamp(self.stamps[label])
        return day_of(self.values.get(label, ""), seen)


def read_facts(node: LexborNode, *, original: bool = False) -> Facts:
    """Facts of a desktop page or listing, from the element that holds the line.

    ``original``: the line is FictionPress's, which knows more genres and no characters.
    """
    before, parts = _parts(node.text(), _DASH.split)
    loose, values, complete = _sorted(parts)
    language = loose.pop(0) if loose else None
    # Listings print the characters after the dates; a name may hold the dash that separates the parts.
    genres: tuple[str, ...] = ()
    if loose and (original or _genres(loose[0])):
        genres = tuple(_BETWEEN_GENRES.split(loose.pop(0)))
    return _facts(before, values, complete, (language, genres, " - ".join(loose)), stamps_of(node))


def read_mobile_facts(node: LexborNode, *, original: bool = False) -> Facts:
    """Facts of a page of the mobile site, from the element that holds the line."""
    before, parts = _parts(_between_rules(node), _split_mobile)
    loose, values, complete = _sorted(parts)
    language = loose.pop(0) if loose else None
    genres: tuple[str, ...] = ()
    if loose and (original or _genres(loose[0])):
        genres = tuple(_BETWEEN_GENRES.split(loose.pop(0)))
    return _facts(before, values, complete, (language, genres, ", ".join(loose)), stamps_of(node))


def count(shown: str | None) -> int | None:
    """The number that ``1,204`` states; ``None`` for ``5k+`` and for nothing."""
    found = re.fullmatch(r"\d{1,3}(?:,\d{3}){1,3}|\d{1,10}", (shown or "").strip(), re.ASCII)
    return int(found[0].replace(",", "")) if found else None


def day_of_stamp(seconds: int) -> date | None:
    """UTC day of seconds since 1970; ``None`` beyond the year 2242."""
    return datetime.fromtimestamp(seconds, UTC).date() if 0 < seconds < _LAST_SECOND else None


def day_of(shown: str, seen: datetime | None) -> date | None:
    """The day that the site printed: ``12-27-11``, ``3/29/2010``, ``Mar 31, 2013``; month first, as the site has it.

    ``18h`` and ``Mar 22`` name a day only together with when the page was ``seen``: these are ``None`` without.
    """
    shown = shown.strip()
    try:
        if found := _DAY.fullmatch(shown):
            return date(_year(found[4]), int(found[1]), int(found[3]))
        if (found := _NAMED_DAY.fullmatch(shown)) and found[1] in _MONTHS:
            month, day = _MONTHS.index(found[1]) + 1, int(found[2])
            return date(int(found[3]), month, day) if found[3] else _last(month, day, seen)
        if found := _DAY_OF_YEAR.fullmatch(shown):
            return _last(int(found[1]), int(found[2]), seen)
        if (found := _AGO.fullmatch(shown)) and seen:
            return (seen - timedelta(**{_AGO_UNITS[found[2]]: int(found[1])})).date()
    except (ValueError, OverflowError):  # no such day
        return None
    return None


def _year(shown: str) -> int:
    """Year in two digits or four; the site opened in 1998."""
    year = int(shown)
    return year if year > 99 else year + (1900 if year >= 90 else 2000)


def _last(month: int, day: int, seen: datetime | None) -> date | None:
    """The last such day before the page was seen."""
    if seen is None:
        return None
    this_year = date(seen.year, month, day)
    return this_year if this_year <= seen.date() + timedelta(days=1) else date(seen.year - 1, month, day)


def _between_rules(node: LexborNode) -> str:
    """Text of the part of the mobile head that holds the line: it stands between two ``<hr>``."""
    texts: list[str] = []
    child = node.first_child
    while child is not None:
        if child.tag == "hr":
            if any("Rated:" in text for text in texts):
                break
            texts.clear()
        else:
            texts.append((child.text_content if child.tag == "-text" else child.text()) or "")
        child = child.next
    return "".join(texts)


def _parts(text: str, split: Callable[[str], Iterable[str]]) -> tuple[str, list[str]]:
    """What stands before the line, and its parts, the first of which is the rating."""
    line = " ".join(text[:_MAX_LINE].split())
    found = _RATED.search(line)
    if not found:
        return line, []
    return line[: found.start()].rstrip(" -"), [part.strip() for part in split(line[found.end() :]) if part.strip()]


def _split_mobile(line: str) -> list[str]:
    """Parts of a mobile line: commas outside brackets, and before the dates, which hold commas, nothing."""
    pieces = _MOBILE_DATE.split(line)
    dates = [f"{label}: {shown.strip(' ,')}" for label, shown in zip(pieces[1::2], pieces[2::2], strict=True)]
    return _COMMA.findall(pieces[0]) + dates


def _sorted(parts: Iterable[str]) -> tuple[list[str], dict[str, str], bool]:
    """Parts without a label (after the rating), values by label, and whether ``Complete`` stands alone."""
    loose: list[str] = []
    values: dict[str, str] = {}
    complete = False
    for place, part in enumerate(parts):
        if place == 0:
            values["rating"] = part
        elif found := _LABELLED.fullmatch(part):
            values.setdefault(found[1].casefold(), found[2].strip())
        elif part == _COMPLETE:
            complete = True
        else:
            loose.append(part)
    return loose, values, complete


def _genres(part: str) -> bool:
    return all(genre in GENRES for genre in _BETWEEN_GENRES.split(part))


def _facts(
    before: str,
    values: dict[str, str],
    complete: bool,
    told: tuple[str | None, tuple[str, ...], str],
    stamps: dict[str, int],
) -> Facts:
    language, genres, people = told
    if people.count(" & ") == 1 and "," not in people and "[" not in people:
        people = people.replace(" & ", ",")  # until 2013 the site joined its two characters so
    names = (name.strip() for name in people.replace("[", ",").replace("]", ",").split(","))
    return Facts(
        before=before,
        rating=values.pop("rating", None),
        language=language,
        genres=genres,
        characters=tuple(name for name in names if name),
        relationships=tuple(pair for pair in _PAIRING.findall(people) if "," in pair),
        status=values.get("status") or (_COMPLETE if complete else None),
        values=values,
        stamps=stamps,
    )


def stamps_of(node: LexborNode) -> dict[str, int]:
    """Seconds since 1970 of the dates of a line, by the label before each, in lower case."""
    stamps: dict[str, int] = {}
    for span in node.css("span[data-xutime]")[:8]:
        before = span.prev
        label = (before.text_content or "").rstrip(" :\n\t\xa0") if before is not None else ""
        shown = span.attributes.get("data-xutime") or ""
        if re.fullmatch(r"\d{1,11}", shown, re.ASCII):
            stamps.setdefault(label[-12:].rpartition(" ")[2].casefold(), int(shown))
    return stamps
