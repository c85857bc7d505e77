"""AO3Scraper's CSV → works: a row per work, its text in one cell without chapters, or empty."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from crawler.readers import csv_table
from crawler.readers.source import Item, Rejected, Source
from crawler.readers.tables import CHAPTERS_NOT_SEPARATED, Row, Table
from crawler.readers.tables_chapters import prose
from crawler.readers.tables_values import chapters_of, comma_items, count_of, day_of, line_of, listed, printable
from schemas.vocabulary import AuthorKind
from schemas.work import Author, Chapter, Engagement, Provenance, Work

PARSER_VERSION: Final = "1"
FORMAT: Final = "ao3scraper"

_REQUIRED: Final = frozenset({"work_id", "title", "rating", "fandom", "additional tags", "kudos"})
_LISTS: Final = {
    "fandom": "fandoms",
    "relationship": "relationships",
    "character": "characters",
    "additional tags": "freeforms",
    "category": "categories_raw",
    "warning": "warnings_raw",
    "warnings": "warnings_raw",
    "archive warning": "warnings_raw",
}
_COUNTS: Final = ("kudos", "hits", "bookmarks", "comments")
_BYLINE: Final = re.compile(r".{1,200}\(([^()\s]{1,80})\)")


def recognise(head: bytes, name: str) -> bool:  # noqa: ARG001 - the same shape as every recogniser
    """Whether the first line has AO3Scraper's columns, in any order: newer versions have more."""
    line = head.removeprefix(b"\xef\xbb\xbf").split(b"\n", 1)[0][:2000].decode("utf-8", "replace").strip()
    return {column.casefold() for column in csv_table.header_of(line)} >= _REQUIRED


def read(source: Source, fields: Mapping[str, str] | None = None) -> Iterator[Item]:  # noqa: ARG001 - fixed fields
    """Works of AO3; lists come apart at ``, `` (flag ``lists_split_at_commas``).

    Text stands in one chapter (flag ``chapters_not_separated`` where the row claims several). The names of readers in
    ``all_kudos`` and ``all_bookmarks`` are left out: they are persons, and their number is stated.
    """
    table = csv_table.table_of(source, FORMAT)
    for row in csv_table.rows_of(source, table):
        yield row if isinstance(row, Rejected) else _item(row, table)


def _item(row: Row, table: Table) -> Item:
    cells = {name.casefold(): value for name, value in row.cells.items()}
    number, title = line_of(cells.get("work_id")), printable(cells.get("title") or "").strip()
    if not number or not number.isdecimal():
        return table.rejected(row.place, "bad_row", "no number of a work")
    flags = list(row.flags)
    lists: dict[str, Any] = {}
    for column, field in _LISTS.items():
        if items := comma_items(cells.get(column) or "", flags):
            lists[field] = items
    story = prose(cells.get("body"))
    if story is None and not title:
        return table.rejected(row.place, "no_story", "neither a title nor a text")
    if not title:
        title = f"AO3 work {number}"
        flags.append("title_made_up")
    published, planned = chapters_of(cells.get("chapters") or "")
    if story and published != 1:
        flags.append(CHAPTERS_NOT_SEPARATED)
    return Work(
        source="ao3",
        source_work_id=number,
        url=f"https://archiveofourown.org/works/{number}",
        title=title,
        chapters=(Chapter(text=story.text, blocks=story.blocks, spans=story.spans),) if story else (),
        authors=_authors(cells.get("author") or ""),
        rating_raw=line_of(cells.get("rating")),
        status_raw=line_of(cells.get("status")),
        language_raw=line_of(cells.get("language")),
        n_chapters_source=published,
        n_chapters_planned=planned,
        n_words_source=count_of(cells.get("words")),
        published_date=day_of(cells.get("published"), month_first=table.month_first),
        updated_date=day_of(cells.get("status date"), month_first=table.month_first),
        engagement=Engagement(**{name: count_of(cells.get(name)) for name in _COUNTS}),
        provenance=Provenance(
            format=FORMAT,
            parser_version=PARSER_VERSION,
            raw_sha256=hashlib.sha256(row.raw).hexdigest(),
            path=table.source.ref.encode("utf-8", "backslashreplace").decode("utf-8"),
            encoding=table.encoding,
            flags=tuple(dict.fromkeys(flags)),
        ),
        **lists,
    )


def _authors(cell: str) -> tuple[Author, ...]:
    """Bylines as AO3 shows them: ``pseud (account)``, or the account alone. Older versions give one name bare."""
    found = listed(cell)
    names = [line_of(name) for name in ([found] if isinstance(found, str) else found)]
    return tuple(_author(name) for name in names if name)


def _author(name: str) -> Author:
    match = _BYLINE.fullmatch(name)
    account = match[1] if match else name
    kind = {"orphan_account": AuthorKind.ORPHANED, "Anonymous": AuthorKind.ANONYMOUS}.get(account, AuthorKind.USER)
    return Author(name=name, id=None if kind is AuthorKind.ANONYMOUS else account, kind=kind)
