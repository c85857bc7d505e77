"""AO3's statistics dump of 2021 (``works-*.csv``, ``tags-*.csv``) → metadata-only works, their tags resolved.

The dump names neither works nor authors. Tags stand as numbers joined by ``+``; the table of tags gives their types
and names (``Redacted`` where fewer than five works use one), and which canonical tag a synonym stands for.
"""

from __future__ import annotations

import hashlib
from array import array
from bisect import bisect_left
from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Any, Final

import numpy as np

from crawler.readers import csv_table
from crawler.readers.source import Item, Rejected, Source, Unreadable
from crawler.readers.tables import TITLE_MADE_UP, Row, Table
from crawler.readers.tables_values import count_of, day_of, line_of, truth_of
from schemas.work import HeaderField, Provenance, Work

PARSER_VERSION: Final = "1"
FORMAT: Final = "ao3_dump"

_WORKS: Final = ("creation date", "language", "restricted", "complete", "word_count", "tags")
_TAGS: Final = ("id", "type", "name", "canonical", "cached_count", "merger_id")
_REDACTED: Final = "Redacted"
_TYPES: Final = {
    "Fandom": "fandoms",
    "Relationship": "relationships",
    "Character": "characters",
    "Freeform": "freeforms",
    "ArchiveWarning": "warnings_raw",
    "Category": "categories_raw",
    "Rating": "rating_raw",
    "Media": "media",
}
_FIELDS: Final = ("", *_TYPES.values())
_MAX_STEPS: Final = 5
_MAX_FOUND: Final = 100_000
"""Tags that are kept as they were found: most uses are of few tags."""


def recognise(head: bytes, name: str) -> bool:  # noqa: ARG001 - the same shape as every recogniser
    """Whether the first line is that of the dump's works or tags."""
    return _columns(head) in (_WORKS, _TAGS)


def _columns(head: bytes) -> tuple[str, ...]:
    line = head.removeprefix(b"\xef\xbb\xbf").split(b"\n", 1)[0][:500].decode("utf-8", "replace").strip()
    names = [name.strip().casefold() for name in csv_table.header_of(line)]
    while names and not names[-1]:
        names.pop()
    return tuple(names)


def read(source: Source, fields: Mapping[str, str] | None = None) -> Iterator[Item]:  # noqa: ARG001 - fixed fields
    """A metadata-only work per row, ``ao3:<table>-row-<n>``, with a title made of the row's number.

    Tags are resolved through the table of tags that lies in the same folder; without it they stay numbers in
    ``header``, and so do those that it lacks or redacts.

    Raises ``Unreadable``: ``no_story`` for the table of tags, ``empty``.
    """
    if _columns(source.head) == _TAGS:
        raise Unreadable("no_story", "the tag table of AO3's dump: it is read along with the works beside it")
    beside = _tags_beside(source)
    tags = Tags.of(beside) if beside else None
    table = csv_table.table_of(source, FORMAT)
    for number, row in enumerate(csv_table.rows_of(source, table), 1):
        yield row if isinstance(row, Rejected) else _work(row, number, table, tags)


def _tags_beside(source: Source) -> Source | None:
    """The table of tags of a works file on disk: of the same name but for ``tags``, else the only one there."""
    if source.content is not None or source.opener is not None:
        return None
    same = source.path.with_name(source.path.name.replace("works", "tags", 1))
    found = [same] if same != source.path and same.is_file() else _others(source.path)
    if len(found) != 1:
        return None
    beside = Source(found[0], str(PurePosixPath(source.ref).with_name(found[0].name)), source.max_bytes)
    return beside if _columns(beside.head) == _TAGS else None


def _others(path: Path) -> list[Path]:
    return sorted(other for other in path.parent.glob("*tags*.csv") if other.is_file())


class Tags:
    """Tags by number, in arrays: 13 bytes a tag and its name, some 0.5 GB for the dump's 14.5 million.

    Redacted tags that are no synonyms are left out.
    """

    def __init__(self) -> None:
        self._ids = array("i")
        self._mergers = array("i")
        self._types = bytearray()
        self._ends = array("q")
        self._names = bytearray()
        self._found: dict[int, tuple[str, str] | None] = {}

    @classmethod
    def of(cls, source: Source) -> Tags:
        """The tags of a table; rows that cannot be read are passed over."""
        tags = cls()
        kinds = {name: place for place, name in enumerate(_TYPES, 1)}
        table = Table(source, FORMAT)
        for row in csv_table.rows_of(source, table):
            if isinstance(row, Rejected):
                continue
            number = count_of(row.cells.get("id"))
            name = row.cells.get("name") or ""
            merger = count_of(row.cells.get("merger_id")) or 0
            if number and (merger or name != _REDACTED):
                kind = kinds.get(row.cells.get("type") or "", 0)
                tags.add(number, kind, "" if name == _REDACTED else name, merger)
        return tags

    def add(self, number: int, kind: int, name: str, merger: int) -> None:
        """Take a tag; ``kind`` is the place of its type, ``merger`` the number of the tag it is a synonym of."""
        self._ids.append(number)
        self._mergers.append(merger)
        self._types.append(kind)
        self._names += name.encode("utf-8", "replace")
        self._ends.append(len(self._names))

    @cached_property
    def _sorted(self) -> tuple[array[int], array[int]]:
        """The numbers in order, and the place of each."""
        ids = np.frombuffer(self._ids, np.int32) if self._ids else np.zeros(0, np.int32)
        order = np.argsort(ids, kind="stable").astype(np.int32)
        return array("i", ids[order].tobytes()), array("i", order.tobytes())

    def _place(self, number: int) -> int | None:
        ids, order = self._sorted
        at = bisect_left(ids, number)
        return order[at] if at < len(ids) and ids[at] == number else None

    def find(self, number: int) -> tuple[str, str] | None:
        """Field and canonical name of a tag; its own name where the canonical tag is unknown or redacted."""
        if number in self._found:
            return self._found[number]
        if len(self._found) >= _MAX_FOUND:
            self._found.clear()
        self._found[number] = found = self._find(number)
        return found

    def _find(self, number: int) -> tuple[str, str] | None:
        place = self._place(number)
        best: tuple[str, str] | None = None
        for _ in range(_MAX_STEPS):
            if place is None:
                break
            name = self._names[self._ends[place - 1] if place else 0 : self._ends[place]].decode("utf-8", "replace")
            if name and self._types[place]:
                best = (_FIELDS[self._types[place]], name)
            merger = self._mergers[place]
            place = self._place(merger) if merger else None
        return best


def _work(row: Row, number: int, table: Table, tags: Tags | None) -> Work:
    cells = {name.casefold(): value for name, value in row.cells.items()}
    names, left = _resolved(cells.get("tags") or "", tags)
    rating = names.pop("rating_raw", None)
    found: dict[str, Any] = {field: tuple(given) for field, given in names.items()}
    restricted, complete = truth_of(cells.get("restricted")), truth_of(cells.get("complete"))
    header = []
    if restricted is not None:
        header.append(HeaderField(label="restricted", value="true" if restricted else "false"))
    if left:
        header.append(HeaderField(label="tags", value="+".join(left)))
    return Work(
        source="ao3",
        source_work_id=f"{PurePosixPath(table.stem).name}-row-{number}",
        title=f"AO3 dump row {number}",
        chapters=(),
        rating_raw=next(iter(rating)) if rating else None,
        status_raw=None if complete is None else "Complete" if complete else "In Progress",
        language_raw=line_of(cells.get("language")),
        n_words_source=count_of(cells.get("word_count")),
        published_date=day_of(cells.get("creation date"), month_first=table.month_first),
        header=tuple(header),
        provenance=Provenance(
            format=FORMAT,
            parser_version=PARSER_VERSION,
            raw_sha256=hashlib.sha256(f"{number}\x1f".encode() + row.raw).hexdigest(),
            path=table.source.ref.encode("utf-8", "backslashreplace").decode("utf-8"),
            encoding=table.encoding,
            flags=(TITLE_MADE_UP, *row.flags),
        ),
        **found,
    )


def _resolved(cell: str, tags: Tags | None) -> tuple[dict[str, dict[str, None]], list[str]]:
    """Names by field, and the numbers that have none."""
    found: dict[str, dict[str, None]] = {}
    left = []
    for number in cell.split("+"):
        known = tags.find(int(number)) if tags and number.isdecimal() and len(number) < 10 else None
        if known:
            found.setdefault(known[0], {})[known[1]] = None
        elif number.strip():
            left.append(number.strip())
    return found, left
