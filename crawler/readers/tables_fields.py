"""Cells of a row → the fields of a work, each as the table states it."""

from __future__ import annotations

import re
from collections.abc import Callable
from collections.abc import Mapping as MappingType
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from crawler.origins import origin_of, slug_of
from crawler.readers import tables_values as values
from crawler.readers.tables_chapters import plain
from crawler.readers.tables_mapping import Mapping
from crawler.readers.text_fields import authors_of, series_of
from schemas.vocabulary import AuthorKind, category_of
from schemas.work import Author, HeaderField, Series

if TYPE_CHECKING:
    from crawler.readers.tables import Table

_MAX_STATEMENT: Final = 500
_ENGAGEMENT: Final = ("kudos", "hits", "bookmarks", "comments", "favorites", "follows", "likes", "dislikes")
_LISTS: Final = ("fandoms", "relationships", "characters", "freeforms", "warnings_raw", "genres", "media")
_MORE_LISTS: Final = ("categories_raw", "collections", "gifts")
_ROW_ONLY: Final = frozenset(
    {
        *("text", "chapters", "author_id", "author_url", "series_position", "paragraph", "source_work_id"),
        *("chapter_title", "chapter_number", "chapter_id", "chapter_url", "chapter_summary"),
    }
)
_ARCHIVES: Final = {
    "ao3": "ao3",
    "archiveofourown": "ao3",
    "archiveofourownorg": "ao3",
    "fanfictionnet": "ffnet",
    "ffn": "ffnet",
    "ffnet": "ffnet",
    "fanfiction": "ffnet",
    "fimfiction": "fimfiction",
    "fimfictionnet": "fimfiction",
    "fictionpress": "fictionpress",
    "fictionpresscom": "fictionpress",
    "wattpad": "wattpad",
    "wattpadcom": "wattpad",
    "royalroad": "royalroad",
    "royalroadcom": "royalroad",
}
_NO_PERSONS: Final = {"anonymous": AuthorKind.ANONYMOUS, "orphan_account": AuthorKind.ORPHANED}
_HOST: Final = re.compile(r"[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63}){1,4}", re.ASCII)


@dataclass
class WorkFields:
    """Arguments of a ``Work`` as they are found."""

    values: dict[str, Any] = field(default_factory=dict)
    header: list[HeaderField] = field(default_factory=list)
    flags: list[str] = field(default_factory=list)


def read_fields(cells: MappingType[str, Any], mapping: Mapping, table: Table) -> WorkFields:
    """Fields of a work. What a column cannot mean (a word count of ``many``) goes to ``header``, like other columns."""
    found = WorkFields()
    told = {name: cells.get(column) for name, column in mapping.columns.items()}
    if mapping.constants:
        told |= mapping.constants
    for name, value in told.items():
        if value is None or name in _ROW_ONLY:
            continue
        if not _HANDLERS[name](found, name, value, table):
            _to_header(found, mapping.columns.get(name, name), value)
    if isinstance(told.get("chapters"), str | int):
        _n_chapters(found, "chapters", told["chapters"], table)
    _authors(found, told)
    _series(found, told)
    _origin(found, told, table)
    for column in () if "paragraph" in mapping.columns else mapping.left:  # they tell of the paragraph
        _to_header(found, column, cells.get(column))
    return found


_Handler = Callable[[WorkFields, str, Any, "Table"], bool]


def _line(found: WorkFields, name: str, value: Any, _table: Table) -> bool:
    words = values.line_of(value)
    if words:
        found.values[name] = words
    return words is not None or not isinstance(value, list | dict)


def _prose(found: WorkFields, name: str, value: Any, _table: Table) -> bool:
    if text := plain(value):
        found.values[name] = text
    return isinstance(value, str | list)


def _items(found: WorkFields, name: str, value: Any, _table: Table) -> bool:
    items = values.items_of(value, found.flags)
    if items:
        found.values[name] = (*found.values.get(name, ()), *items)
    return True


def _category(found: WorkFields, _name: str, value: Any, table: Table) -> bool:
    """``M/M`` and ``Gen`` are AO3's categories; on other archives the category is the fandom."""
    items = values.items_of(value, [])
    known = bool(items) and all(category_of(item) for item in items)
    to = "categories_raw" if known or "fandoms" in found.values else "fandoms"
    return _items(found, to, value, table)


def _count(found: WorkFields, name: str, value: Any, _table: Table) -> bool:
    count = values.count_of(value)
    if count is not None:
        found.values[name] = count
    return count is not None or values.line_of(value) is None


def _engagement(found: WorkFields, name: str, value: Any, _table: Table) -> bool:
    counts: dict[str, Any] = dict(found.values.get("engagement") or {})
    number = values.number_of(value) if name == "score" else values.count_of(value)
    if number is not None:
        counts[name] = number
        found.values["engagement"] = counts
    return number is not None or values.line_of(value) is None


def _n_chapters(found: WorkFields, _name: str, value: Any, _table: Table) -> bool:
    published, planned = values.chapters_of(value)
    for to, count in (("n_chapters_source", published), ("n_chapters_planned", planned)):
        if count is not None:
            found.values.setdefault(to, count)
    return published is not None or values.line_of(value) is None


def _day(found: WorkFields, name: str, value: Any, table: Table) -> bool:
    day = values.day_of(value, month_first=table.month_first)
    if day:
        found.values[name] = day
    return day is not None or values.line_of(value) is None


def _status(found: WorkFields, name: str, value: Any, table: Table) -> bool:
    truth = values.truth_of(value)
    if truth is None:
        return _line(found, name, value, table)
    found.values[name] = "Complete" if truth else "In Progress"
    return True


def _truth(found: WorkFields, name: str, value: Any, _table: Table) -> bool:
    truth = values.truth_of(value)
    if truth is not None:
        found.values[name] = truth
    return truth is not None


def _later(_found: WorkFields, _name: str, _value: Any, _table: Table) -> bool:
    """Fields that are read together with others."""
    return True


_HANDLERS: Final[dict[str, _Handler]] = {
    "title": _line,
    "rating_raw": _line,
    "language_raw": _line,
    "short_summary": _line,
    "summary": _prose,
    "notes_before": _prose,
    "notes_after": _prose,
    "category": _category,
    "status_raw": _status,
    "is_crossover": _truth,
    "published_date": _day,
    "updated_date": _day,
    "n_words_source": _count,
    "n_chapters_source": _n_chapters,
    "score": _engagement,
    **dict.fromkeys((*_LISTS, *_MORE_LISTS), _items),
    **dict.fromkeys(_ENGAGEMENT, _engagement),
    **dict.fromkeys(("authors", "series", "url", "source"), _later),
}


def _authors(found: WorkFields, told: MappingType[str, Any]) -> None:
    given = told.get("authors")
    if given is None:
        return
    if isinstance(given, str):
        given = values.listed(given)
    if isinstance(given, str):
        names: tuple[str, ...] = authors_of(given) if values.line_of(given) else ()
        people = [Author(name=values.printable(name), kind=_kind(name)) for name in names]
    else:
        items = given if isinstance(given, list | tuple) else [given]
        people = [author for item in items if (author := _author(item))]
    if len(people) == 1:
        known = {"id": values.line_of(told.get("author_id")), "url": values.line_of(told.get("author_url"))}
        if update := {name: value for name, value in known.items() if value}:
            people = [people[0].model_copy(update=update)]
    if people:
        found.values["authors"] = tuple(people)


def _author(item: object) -> Author | None:
    name = values.line_of(item)
    if name is None:
        return None
    known = item if isinstance(item, dict) else {}
    return Author(name=name, id=values.line_of(known.get("id")), url=values.line_of(known.get("url")), kind=_kind(name))


def _kind(name: str) -> AuthorKind:
    return _NO_PERSONS.get(name.casefold(), AuthorKind.UNKNOWN)


def _series(found: WorkFields, told: MappingType[str, Any]) -> None:
    given = told.get("series")
    if given is None:
        return
    if isinstance(given, str):
        given = values.listed(given)
    position = values.count_of(told.get("series_position"))
    series = []
    for item in given if isinstance(given, list | tuple) else [given]:
        if title := values.line_of(item):
            if isinstance(item, dict):
                at = next((item[key] for key in ("position", "part", "index") if key in item), None)
                series.append(Series(title=title, id=values.line_of(item.get("id")), position=values.count_of(at)))
            elif position is not None:
                series.append(Series(title=title, position=position))
            else:
                series.append(series_of(title))
    if series:
        found.values["series"] = tuple(series)


def _origin(found: WorkFields, told: MappingType[str, Any], table: Table) -> None:
    """Archive and id: by the address, else as a column or the mapping names the archive.

    An id of no known archive is made one of its table: two tables may both count from 1.
    """
    url, site = values.line_of(told.get("url")), values.line_of(told.get("source"))
    given = values.line_of(told.get("source_work_id"))
    if site and site.startswith(("http://", "https://")):
        url, site = url or site, None
    found.values["source"] = table.archive
    if url:
        found.values["url"] = url
    archive = _archive(site) if site else None
    if url and (origin := origin_of(url)):
        found.values |= {"source": origin.source, "source_work_id": origin.work_id, "url": origin.url}
        if given and given != origin.work_id:
            found.header.append(HeaderField(label="id", value=given))
        return
    if site and archive is None:
        found.header.append(HeaderField(label="source", value=site))
    if archive:
        found.values["source"] = archive
    if given:
        own = archive or table.archive != "file"
        found.values["source_work_id"] = given if own else f"{table.stem}/{given}"


def _archive(site: str) -> str | None:
    """Slug of an archive that a row names; ``None`` for what is no archive, such as a file name."""
    words = site.casefold().removeprefix("www.").strip()
    if known := _ARCHIVES.get(re.sub(r"[\W_]+", "", words)):
        return known
    if words.endswith((".json", ".jsonl", ".csv", ".txt", ".parquet", ".html", ".epub")):
        return None
    return slug_of(words) or None if _HOST.fullmatch(words) else None


def _to_header(found: WorkFields, label: str, value: object) -> None:
    """Keep a short statement that has no field."""
    if isinstance(value, dict):
        return
    if isinstance(value, bool):
        value = "true" if value else "false"
    words = values.line_of(value)
    if words and len(words) <= _MAX_STATEMENT:
        found.header.append(HeaderField(label=values.printable(label)[:200], value=words))
