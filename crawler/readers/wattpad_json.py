"""Story JSON of Wattpad's API → metadata-only works; with the texts of the parts where a tool put them in."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from crawler.readers import jsonl
from crawler.readers.source import Item, Rejected, Source, Unreadable
from crawler.readers.tables import Row, Table
from crawler.readers.tables_chapters import plain, prose
from crawler.readers.tables_values import count_of, day_of, line_of, truth_of
from schemas.vocabulary import AuthorKind
from schemas.work import Author, Chapter, Engagement, HeaderField, Provenance, Work

PARSER_VERSION: Final = "1"
FORMAT: Final = "wattpad_json"

_KEYS: Final = re.compile(rb'"(?:voteCount|readCount|numParts|firstPartId|mature|parts)(?=")')


def recognise(head: bytes, name: str) -> bool:
    """Whether JSON holds stories of Wattpad, by at least three keys that only its API has together."""
    return jsonl.recognise(head, name) and b'"title"' in head and len(set(_KEYS.findall(head))) >= 3


def read(source: Source, fields: Mapping[str, str] | None = None) -> Iterator[Item]:  # noqa: ARG001 - fixed fields
    """Works of stories: one, a list, or the ``stories`` of a search.

    Raises ``Unreadable``: ``bad_json``, ``no_story``, ``too_large``.
    """
    table = Table(source, FORMAT, encoding="utf-8")
    found = False
    for row in jsonl.rows_of(source, table):
        if isinstance(row, Rejected):
            yield row
        elif line_of(row.cells.get("title")):
            found = True
            yield _work(row, source)
        else:
            yield table.rejected(row.place, "no_story", "no story of Wattpad")
    if not found:
        raise Unreadable("no_story", "JSON without a story of Wattpad")


def _work(row: Row, source: Source) -> Work:
    story = row.cells
    number = line_of(story.get("id"))
    completed = truth_of(story.get("completed"))
    mature = truth_of(story.get("mature"))
    last = story.get("lastPublishedPart")
    return Work(
        source="wattpad",
        source_work_id=number,
        url=f"https://www.wattpad.com/story/{number}" if number else line_of(story.get("url")),
        title=line_of(story.get("title")) or "",
        chapters=tuple(_chapters(story.get("parts"))),
        provenance=Provenance(
            format=FORMAT,
            parser_version=PARSER_VERSION,
            raw_sha256=hashlib.sha256(row.raw).hexdigest(),
            path=source.ref.encode("utf-8", "backslashreplace").decode("utf-8"),
            encoding="utf-8",
            retrieved_at=source.retrieved_at,
            flags=row.flags,
        ),
        authors=_authors(story.get("user")),
        summary=plain(story.get("description")),
        freeforms=tuple(dict.fromkeys(tag for item in _list(story.get("tags")) if (tag := line_of(item)))),
        rating_raw="Mature" if mature else None,
        status_raw=None if completed is None else "Complete" if completed else "In Progress",
        language_raw=line_of(story.get("language")),
        n_chapters_source=count_of(story.get("numParts")),
        published_date=day_of(story.get("createDate")),
        updated_date=day_of(last.get("createDate")) if isinstance(last, dict) else day_of(story.get("modifyDate")),
        engagement=Engagement(
            hits=count_of(story.get("readCount")),
            likes=count_of(story.get("voteCount")),
            comments=count_of(story.get("commentCount")),
        ),
        header=tuple(_header(story)),
    )


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _authors(user: object) -> tuple[Author, ...]:
    """Byline: the account's name, which is also its id and address."""
    name = line_of(user)
    if name is None:
        return ()
    return (Author(name=name, id=name, url=f"https://www.wattpad.com/user/{name}", kind=AuthorKind.USER),)


def _header(story: Mapping[str, Any]) -> Iterator[HeaderField]:
    for label in ("categories", "copyright", "length", "modifyDate"):
        value = story.get(label)
        words = ", ".join(map(str, value)) if isinstance(value, list) else line_of(value)
        if words:
            yield HeaderField(label=label, value=words)


def _chapters(parts: object) -> Iterator[Chapter]:
    """Parts that have their text with them; drafts are not published."""
    for number, part in enumerate(_list(parts), 1):
        if not isinstance(part, dict) or truth_of(part.get("draft")):
            continue
        story = prose(next((part[key] for key in ("text", "content", "html") if part.get(key)), None))
        if story is None:
            continue
        yield Chapter(
            text=story.text,
            blocks=story.blocks,
            spans=story.spans,
            number=number,
            title=line_of(part.get("title")),
            source_chapter_id=line_of(part.get("id")),
            url=line_of(part.get("url")),
            published_date=day_of(part.get("createDate")),
            updated_date=day_of(part.get("modifyDate")),
            hits=count_of(part.get("readCount")),
        )
