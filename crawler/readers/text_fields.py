"""What a header states → the fields of a work. What has no field, or cannot be read for sure, stays in ``header``."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import date
from typing import Any, Final

from crawler.origins import origin_of
from crawler.readers.text_chapters import Heading, heading_of
from crawler.readers.text_header import Field
from schemas.vocabulary import AuthorKind
from schemas.work import Author, HeaderField, Series

EMAIL_REMOVED: Final = "email_removed"

_EMAIL: Final = re.compile(
    r"[<(\[{]{0,2}(?:mailto:)?(?<![\w.+-])[\w.+-]{1,64}(?:@|\s?\(at\)\s?|\s?\[at\]\s?)[\w-]{1,63}(?:\.[\w-]{1,63}){1,4}[>)\]}]{0,2}"
)
_LISTS: Final = {
    "fandom": "fandoms",
    "relationship": "relationships",
    "characters": "characters",
    "freeforms": "freeforms",
    "category": "categories_raw",
    "warnings": "warnings_raw",
    "genres": "genres",
}
_TEXTS: Final = {"status": "status_raw", "language": "language_raw"}
_SEPARATORS: Final = re.compile(r"\s*[,;，；、]\s*|\n+")
_NONE: Final = frozenset(
    {"none", "n/a", "na", "no", "-", "--", "nothing", "no pairing", "no pairings", "keine", "нет", "无"}
)
_NOT_SPLIT: Final = re.compile(r"(?:inc|ltd|jr|sr|minister|ph\.?d|m\.?d|esq|the|a|an|\d+)\.?$", re.IGNORECASE)
_JOINTS: Final = re.compile(r"\s(?:and|und|et|y|e|и|&|\+)\s|[,;，、]\s?(?:and\s|und\s|et\s)?")
_ANONYMOUS: Final = frozenset({"anonymous", "anon", "anonymus", "anonyme", "anónimo", "anonimo", "аноним", "匿名"})
_MONTH_NAMES: Final = (
    ("january", "jan", "januar", "janvier", "enero", "janeiro", "gennaio", "januari", "января", "stycznia"),
    ("february", "feb", "februar", "février", "febrero", "fevereiro", "febbraio", "februari", "февраля", "lutego"),
    ("march", "mar", "märz", "mars", "marzo", "março", "maart", "марта", "marca"),
    ("april", "apr", "avril", "abril", "aprile", "апреля", "kwietnia"),
    ("may", "mai", "mayo", "maio", "maggio", "mei", "мая", "maja"),
    ("june", "jun", "juni", "juin", "junio", "junho", "giugno", "июня", "czerwca"),
    ("july", "jul", "juli", "juillet", "julio", "julho", "luglio", "июля", "lipca"),
    ("august", "aug", "août", "agosto", "augustus", "августа", "sierpnia"),
    ("september", "sep", "sept", "septembre", "septiembre", "setembro", "settembre", "сентября", "września"),
    ("october", "oct", "oktober", "octobre", "octubre", "outubro", "ottobre", "октября", "października"),
    ("november", "nov", "novembre", "noviembre", "novembro", "ноября", "listopada"),
    ("december", "dec", "dezember", "décembre", "diciembre", "dezembro", "dicembre", "декабря", "grudnia"),
)
_MONTHS: Final = {name: number for number, names in enumerate(_MONTH_NAMES, 1) for name in names}
_DATES: Final = (
    re.compile(r"(?P<y>\d{4})[-/.年]\s?(?P<m>\d{1,2})[-/.月]\s?(?P<d>\d{1,2})日?(?:[T ]\d{1,2}:\d{2}.{0,20})?"),
    re.compile(
        r"(?:[^\W\d_]{2,10},?\s+)?(?P<d>\d{1,2})(?:st|nd|rd|th|\.|º)?\s+(?:de\s+)?(?P<name>[^\W\d_]{3,12})\.?,?\s+(?:de\s+)?(?P<y>\d{4})"
    ),
    re.compile(
        r"(?:[^\W\d_]{2,10},?\s+)?(?P<name>[^\W\d_]{3,12})\.?\s+(?P<d>\d{1,2})(?:st|nd|rd|th)?,?\s+(?P<y>\d{4})"
    ),
    re.compile(r"(?P<d>\d{1,2})\.\s?(?P<m>\d{1,2})\.\s?(?P<y>\d{4})"),
)
_SLASHED: Final = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})")
_SERIES: Final = (
    re.compile(
        r"(?P<title>.{1,200}?)[\s,(:–—-]*(?:#|no\.\s?|part\s|book\s|vol(?:ume|\.)?\s|story\s|teil\s)\s?(?P<at>\d{1,4})(?:\s?(?:of|/)\s?\d{1,4})?\)?",
        re.IGNORECASE,
    ),
    re.compile(
        r"(?:part|book|story|volume|number|#|no\.)\s?(?P<at>\d{1,4})\s(?:of|in)\s(?P<title>.{1,200}?)(?:\sseries|\ssaga)?",
        re.IGNORECASE,
    ),
)


class Reading:
    """Collects the arguments of a ``Work`` from header fields. ``flags`` says what was left out on purpose."""

    def __init__(self) -> None:
        self.values: dict[str, Any] = {}
        self.header: list[HeaderField] = []
        self.flags: list[str] = []
        self.chapter: Heading | None = None

    def add(self, field: Field) -> None:
        """Takes one statement: into its field, or into ``header`` where it has none or is not sure."""
        value = self._without_email(field.value)
        if value != field.value:
            field = Field(field.meaning, field.label, value)
        if not field.value.strip():
            return
        take = _TAKERS.get(field.meaning)
        if take is None or not take(self, field):
            self.header.append(HeaderField(label=field.label, value=field.value))

    def _without_email(self, value: str) -> str:
        if "@" not in value and "at" not in value:
            return value
        cleaned = _EMAIL.sub("", value)
        if cleaned != value:
            self.flags.append(EMAIL_REMOVED)
            cleaned = re.sub(r"[ \t]{2,}", " ", cleaned).strip(" \t,;-–—")
        return cleaned

    def once(self, name: str, value: Any) -> bool:
        """Sets a field that is stated once; a second statement does not replace the first."""
        if value is None or name in self.values:
            return False
        self.values[name] = value
        return True


def _title(reading: Reading, field: Field) -> bool:
    return reading.once("title", field.value.strip())


def _author(reading: Reading, field: Field) -> bool:
    names = authors_of(field.value)
    if not names or "authors" in reading.values:
        return False
    return reading.once("authors", tuple(Author(name=name, kind=_kind(name)) for name in names))


def _kind(name: str) -> AuthorKind:
    known = name.casefold()
    if known == "orphan_account":
        return AuthorKind.ORPHANED
    return AuthorKind.ANONYMOUS if known in _ANONYMOUS else AuthorKind.UNKNOWN


def _list(reading: Reading, field: Field) -> bool:
    if field.value.strip(" .!").casefold() in _NONE:
        return False
    name = _LISTS[field.meaning]
    known = reading.values.get(name, ())
    reading.values[name] = (*known, *(item for item in items_of(field.value) if item not in known))
    return True


def _rating(reading: Reading, field: Field) -> bool:
    first, parted, rest = field.value.partition(" - ")
    if not parted or "Words:" not in rest:
        return reading.once("rating_raw", field.value)
    reading.header.append(HeaderField(label=field.label, value=rest))  # FanFiction.net's line of facts
    return reading.once("rating_raw", first)


def _chapter(reading: Reading, field: Field) -> bool:
    """Which chapter the file holds; the statement itself stays in ``header``."""
    reading.chapter = heading_of(f"Chapter {field.value}")
    return False


def _text(reading: Reading, field: Field) -> bool:
    return reading.once(_TEXTS[field.meaning], field.value)


def _summary(reading: Reading, field: Field) -> bool:
    return reading.once("summary", field.value)


def _notes(reading: Reading, field: Field) -> bool:
    before = reading.values.get("notes_before")
    reading.values["notes_before"] = f"{before}\n\n{field.value}" if before else field.value
    return True


def _series(reading: Reading, field: Field) -> bool:
    if field.value.strip(" .!").casefold() in _NONE:
        return False
    return reading.once("series", (series_of(field.value),))


def _words(reading: Reading, field: Field) -> bool:
    match = re.fullmatch(r"(\d{1,3}(?:[,. ’']\d{3}){1,3}|\d{1,9})(?:\s?\w{1,10})?\.?", field.value.strip())
    if not match or re.search(r"\d\s?[kKкК]\b", field.value):
        return False
    return reading.once("n_words_source", int(re.sub(r"\D", "", match[1])))


def _chapters(reading: Reading, field: Field) -> bool:
    match = re.fullmatch(r"(\d{1,4})(?:\s?(?:/|of)\s?(\d{1,4}|\?))?", field.value.strip())
    if not match or "n_chapters_source" in reading.values:
        return False
    if match[2] and match[2] != "?":
        reading.once("n_chapters_planned", int(match[2]))
    return reading.once("n_chapters_source", int(match[1]))


def _published(reading: Reading, field: Field) -> bool:
    return reading.once("published_date", date_of(field.value))


def _updated(reading: Reading, field: Field) -> bool:
    return reading.once("updated_date", date_of(field.value))


def _url(reading: Reading, field: Field) -> bool:
    address = re.search(r"https?://[^\s<>\"]{1,2000}|(?:www\.|[\w-]{1,60}\.)[^\s<>\"]{3,2000}", field.value)
    if not address or "url" in reading.values:
        return False
    origin = origin_of(address[0])
    if origin is None:
        return address[0] == field.value.strip() and reading.once("url", field.value.strip())
    reading.values |= {"source": origin.source, "source_work_id": origin.work_id, "url": origin.url}
    return address[0] == field.value.strip(" <>")


_TAKERS: Final[dict[str, Callable[[Reading, Field], bool]]] = {
    "title": _title,
    "author": _author,
    **dict.fromkeys(_LISTS, _list),
    **dict.fromkeys(_TEXTS, _text),
    "rating": _rating,
    "chapter": _chapter,
    "summary": _summary,
    "notes": _notes,
    "series": _series,
    "words": _words,
    "chapters": _chapters,
    "published": _published,
    "updated": _updated,
    "completed": _updated,
    "url": _url,
}


def authors_of(byline: str) -> tuple[str, ...]:
    """Names of a byline; several only where that is sure.

    ``A and B`` and ``A & B`` are two if both read like names. A comma parts names only where there are two commas or
    a part of two words: ``Doe, Jane`` may be one person.
    """
    name = " ".join(byline.split()).strip(" ,;")
    parts = [part.strip() for part in _JOINTS.split(name)]
    if len(parts) == 1:
        return (name,) if name else ()
    commas = sum(map(name.count, ",，、"))
    many_words = any(len(part.split()) > 1 for part in parts)
    sure = all(0 < len(part.split()) <= 3 and not _NOT_SPLIT.match(part.split()[0]) for part in parts if part)
    if len(parts) > 6 or not all(parts) or not sure or (commas == 1 and len(parts) == 2 and not many_words):
        return (name,) if name else ()
    return tuple(dict.fromkeys(parts))


def items_of(value: str) -> tuple[str, ...]:
    """Items of a list, parted at commas and semicolons, never at a slash; one item where the value is a sentence."""
    value = value.strip()
    items = [item.strip() for item in _SEPARATORS.split(value)]
    items = [item for item in items if item]
    if all(len(item) <= 5 and item.isupper() for item in items):
        return tuple(dict.fromkeys(items))  # codes of mailing lists: S, A, UST
    sentence = re.search(r"[.!?]\s+\w", value) is not None or (value.endswith(".") and len(value.split()) > 6)
    if sentence or any(len(item) > 80 or _NOT_SPLIT.match(item) or item[:4] == "and " for item in items):
        return (value,)
    return tuple(dict.fromkeys(items))


def series_of(value: str) -> Series:
    """Series of a statement such as ``The Hound Cycle #3`` or ``Book 2 of the Hound series``."""
    for pattern in _SERIES:
        match = pattern.fullmatch(value.strip().rstrip("."))
        if match and match["title"].strip():
            return Series(title=match["title"].strip(' ,–—-"“”'), position=int(match["at"]) or None)
    return Series(title=value.strip())


def date_of(value: str) -> date | None:
    """The day that a statement names; ``None`` for what may be read in two ways (``05/12/2003``) or is no date."""
    text = value.strip().rstrip(".")
    if slashed := _SLASHED.fullmatch(text):
        first, second = int(slashed[1]), int(slashed[2])
        day, month = (first, second) if first > 12 or first == second else (second, first)
        return _day(int(slashed[3]), month, day) if max(first, second) > 12 or first == second else None
    for pattern in _DATES:
        if match := pattern.fullmatch(text):
            groups = match.groupdict()
            month = int(groups["m"]) if groups.get("m") else _MONTHS.get((groups.get("name") or "").casefold(), 0)
            return _day(int(groups["y"]), month, int(groups["d"]))
    return None


def _day(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def read_fields(fields: Sequence[Field]) -> Reading:
    """All statements of a header, taken in order."""
    reading = Reading()
    for field in fields:
        reading.add(field)
    return reading
