"""Story JSON of FimFiction: API v1 (2011 and 2014 forms), API v2 as FimFarchive keeps it → works."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import orjson

from crawler.readers import jsonl
from crawler.readers.source import Item, Rejected, Source, Unreadable
from crawler.readers.tables import Row, Table
from crawler.readers.tables_chapters import plain
from crawler.readers.tables_values import count_of, day_of, line_of
from schemas.vocabulary import AuthorKind
from schemas.work import Author, Chapter, Engagement, HeaderField, Provenance, RelatedWork, Work

PARSER_VERSION: Final = "1"
FORMAT: Final = "fimfiction_json"

_TAGS: Final = {
    "character": "characters",
    "genre": "genres",
    "series": "fandoms",
    "universe": "fandoms",
    "content": "warnings_raw",
    "warning": "warnings_raw",
}
"""Type of a tag → field; any other type is an additional tag."""
_ADDRESS: Final = re.compile(rb"fimfiction\.net\\?/story\\?/\d")
_KEYS: Final = (b'"content_rating"', b'"likes"', b'"num_likes"', b'"like_count"')
_MAX_DEPTH: Final = 5


def recognise(head: bytes, name: str) -> bool:
    """Whether JSON holds stories of FimFiction: its keys beside an address of a story there."""
    return jsonl.recognise(head, name) and _ADDRESS.search(head) is not None and sum(key in head for key in _KEYS) >= 2


def read(source: Source, fields: Mapping[str, str] | None = None) -> Iterator[Item]:  # noqa: ARG001 - fixed fields
    """Metadata of each story found, at any depth of the document.

    Raises ``Unreadable``: ``bad_json``, ``no_story``, ``too_large``.
    """
    yield from works_of(source, FORMAT)


def works_of(source: Source, name: str) -> Iterator[Item]:
    """Metadata-only works of the stories in a document or in lines."""
    table = Table(source, name, encoding="utf-8")
    found = False
    for row in jsonl.rows_of(source, table):
        if isinstance(row, Rejected):
            yield row
            continue
        for record in stories_in(row):
            found = True
            yield work_of(record, provenance_of(source, record, name), ())
    if not found:
        raise Unreadable("no_story", "JSON without a story of FimFiction")


def stories_in(row: Row) -> Iterator[dict[str, Any]]:
    """Stories in a record, itself first, however they are nested."""
    todo: list[tuple[Any, int]] = [(row.cells, 0)]
    while todo:
        value, depth = todo.pop()
        if isinstance(value, dict) and is_story(value):
            yield value
        elif isinstance(value, dict | list) and depth < _MAX_DEPTH:
            inner = list(value.values()) if isinstance(value, dict) else value
            todo.extend((item, depth + 1) for item in reversed(inner) if isinstance(item, dict | list))


def is_story(record: Mapping[str, Any]) -> bool:
    """Whether an object is a story: a title, an author, and the rating and chapters that the API always gives."""
    return isinstance(record.get("author"), dict) and "title" in record and "content_rating" in record


def provenance_of(source: Source, record: Mapping[str, Any], name: str, *flags: str) -> Provenance:
    """Origin of a story; the hash is that of its own record."""
    try:
        raw = orjson.dumps(record, option=orjson.OPT_SORT_KEYS)
    except (TypeError, orjson.JSONEncodeError):  # a number too large for JSON, or a lone surrogate
        raw = repr(record).encode("utf-8", "backslashreplace")
    return Provenance(
        format=name,
        parser_version=PARSER_VERSION,
        raw_sha256=hashlib.sha256(raw).hexdigest(),
        path=source.ref.encode("utf-8", "backslashreplace").decode("utf-8"),
        encoding="utf-8",
        retrieved_at=source.retrieved_at,
        flags=tuple(dict.fromkeys(flags)),
    )


def _first(record: Mapping[str, Any], *names: str) -> Any:
    for name in names:
        if (value := record.get(name)) is not None:
            return value
    return None


def work_of(record: Mapping[str, Any], provenance: Provenance, chapters: Sequence[Chapter]) -> Work:
    """Work of a story's metadata in any of the API's forms, with the chapters that were read elsewhere."""
    found: dict[str, Any] = {**_tags(record.get("tags")), **_categories(record.get("categories"))}
    number = line_of(record.get("id"))
    return Work(
        source="fimfiction",
        source_work_id=number,
        url=f"https://www.fimfiction.net/story/{number}" if number else line_of(record.get("url")),
        title=line_of(record.get("title")) or f"FimFiction story {number or ''}".strip(),
        chapters=tuple(chapters),
        provenance=provenance,
        authors=_authors(record.get("author")),
        summary=plain(_first(record, "description_html", "description")),
        short_summary=line_of(_first(record, "short_description", "description_short")),
        rating_raw=_rating(record),
        status_raw=line_of(_first(record, "completion_status", "status")),
        n_chapters_source=count_of(_first(record, "num_chapters", "chapter_count")),
        n_words_source=count_of(_first(record, "num_words", "words", "word_count")),
        published_date=day_of(record.get("date_published")),
        updated_date=day_of(_first(record, "date_updated", "date_modified")),
        related=_prequel(record.get("prequel")),
        engagement=Engagement(
            hits=count_of(_first(record, "num_views", "views", "view_count_maximum_chapter", "view_count_total")),
            comments=count_of(_first(record, "num_comments", "comments", "comment_count")),
            likes=_votes(_first(record, "num_likes", "likes", "like_count")),
            dislikes=_votes(_first(record, "num_dislikes", "dislikes", "dislike_count")),
        ),
        header=_header(record),
        **found,
    )


def _votes(value: object) -> int | None:
    """Votes; authors may hide them, and the API then says -1."""
    return count_of(value)


def _authors(author: object) -> tuple[Author, ...]:
    name = line_of(author)
    if not name or not isinstance(author, dict):
        return ()
    return (Author(name=name, id=line_of(author.get("id")), url=line_of(author.get("url")), kind=AuthorKind.USER),)


def _rating(record: Mapping[str, Any]) -> str | None:
    """Rating in words; the number that API v1 gives beside them says nothing alone."""
    rating = _first(record, "content_rating_text", "content_rating")
    return line_of(rating) if isinstance(rating, str) else None


def _tags(tags: object) -> dict[str, tuple[str, ...]]:
    found: dict[str, dict[str, None]] = {}
    for tag in tags if isinstance(tags, list) else ():
        name = line_of(tag)
        kind = line_of(tag.get("type")) if isinstance(tag, dict) else None
        if name:
            found.setdefault(_TAGS.get(kind or "", "freeforms"), {})[name] = None
    return {field: tuple(names) for field, names in found.items()}


def _categories(categories: object) -> dict[str, tuple[str, ...]]:
    """Genres of API v1: a list, or an object that says of every genre whether it holds."""
    if isinstance(categories, dict):
        categories = [name for name, holds in categories.items() if holds is True]
    names = tuple(name for item in categories if (name := line_of(item))) if isinstance(categories, list) else ()
    return {"genres": names} if names else {}


def _prequel(prequel: object) -> tuple[RelatedWork, ...]:
    if isinstance(prequel, dict):
        number, title = line_of(prequel.get("id")), line_of(prequel.get("title"))
        address = line_of(prequel.get("url"))
        author = line_of(prequel.get("author"))
    else:
        number, title, address, author = line_of(prequel), None, None, None
        if number and not number.isdecimal():
            number, address = None, number
    if number:
        address = f"https://www.fimfiction.net/story/{number}"
    return (RelatedWork(kind="prequel", title=title, url=address, author=author),) if address or title else ()


def _header(record: Mapping[str, Any]) -> tuple[HeaderField, ...]:
    """Statements without a field: the sum of all chapters' views, and the share of likes in percent."""
    labels = (("total views", "total_num_views", "total_views", "view_count_total"), ("rating", "rating"))
    found = ((label, line_of(_first(record, *names))) for label, *names in labels)
    return tuple(HeaderField(label=label, value=value) for label, value in found if value)


def chapter_fields(chapter: object) -> dict[str, Any]:
    """What the index says of a chapter, as fields of ``Chapter``."""
    if not isinstance(chapter, dict):
        return {}
    return {
        "number": count_of(chapter.get("chapter_number")),
        "title": line_of(chapter.get("title")),
        "source_chapter_id": line_of(chapter.get("id")),
        "url": line_of(_first(chapter, "url", "link")),
        "published_date": day_of(chapter.get("date_published")),
        "updated_date": day_of(chapter.get("date_modified")),
        "n_words_source": count_of(_first(chapter, "num_words", "words", "word_count")),
        "hits": count_of(_first(chapter, "num_views", "views", "view_count")),
    }
