"""Rows of a table → works: rows of one work that follow each other (chapters, paragraphs) become one."""

from __future__ import annotations

import hashlib
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Mapping as MappingType
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from pathlib import PurePosixPath
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from crawler.readers.source import Item, Rejected, Source, Span, Unreadable
from crawler.readers.tables_chapters import chapters_in, story_of
from crawler.readers.tables_fields import WorkFields, read_fields
from crawler.readers.tables_mapping import Mapping, guess_mapping
from crawler.readers.tables_values import Prose, count_of, line_of, month_first, prose_of
from schemas.work import Chapter, Provenance, Work

PARSER_VERSION: Final = "1"
TITLE_MADE_UP: Final = "title_made_up"
CHAPTERS_NOT_SEPARATED: Final = "chapters_not_separated"

_MAX_DEPTH: Final = 4
_MAX_NAMES: Final = 1000
_SAMPLE_ROWS: Final = 200
_NO_PROSE: Final = Prose("")
_NOTHING: Final[MappingType[str, Any]] = MappingProxyType({})
_TOLD: Final = (
    ("title", "chapter_title"),
    ("source_chapter_id", "chapter_id"),
    ("url", "chapter_url"),
    ("summary", "chapter_summary"),
)
"""Field of a chapter, and of a row."""
_CHAPTER_KEY: Final = ("chapter_id", "chapter_number", "chapter_title")
_SLASHED_DAY: Final = re.compile(r"(?<![\d/])\d{1,2}/\d{1,2}/\d{4}(?![\d/])")
_END_OF_DAY: Final = re.compile(r"/\d{1,2}/\d{4}(?![\d/])")
"""Begins with a mark that is rare in prose: soon told that there is none."""
_OF_WORKS: Final = frozenset(
    {"fandoms", "relationships", "characters", "rating_raw", "warnings_raw", "n_words_source", "n_chapters_source"}
)


class Row(NamedTuple):
    """A row: its place in the file as a person would count it, its cells, and its bytes for the hash."""

    place: str
    cells: MappingType[str, Any]
    raw: bytes | memoryview
    flags: tuple[str, ...] = ()
    coded: MappingType[str, bytes] | None = None
    """Cells in UTF-8, where they are at hand so."""
    is_parted: bool = False
    """Whether it is known of all cells that they have no line right below another, carriage return, NUL or lone
    surrogate."""


Rows = Iterable[Row | Rejected]


@dataclass(frozen=True)
class Table:
    """What is known of a table as a whole."""

    source: Source
    format: str
    fields: MappingType[str, str] | None = None
    encoding: str | None = None
    archive: str = "file"
    month_first: bool | None = None
    """How the table writes ``2/3/2021``; ``None`` where no date of its head says it."""

    @cached_property
    def stem(self) -> str:
        """Name of the table: its path without suffixes, to keep ids of different tables apart."""
        return self.path[: len(self.path) - len("".join(PurePosixPath(self.path).suffixes[-2:]))] or self.path

    @cached_property
    def path(self) -> str:
        """Path of the table, as records state it."""
        return self.source.ref.encode("utf-8", "backslashreplace").decode("utf-8")

    def rejected(self, place: str, reason: str, detail: str) -> Rejected:
        """A row that gives no work."""
        return Rejected(f"{self.source.ref}:{place}", reason, detail, self.format)


def works_of(rows: Rows, table: Table) -> Iterator[Item]:
    """Works of a table's rows, one row or one work in memory at a time.

    Raises ``Unreadable``: ``bad_mapping`` for a mapping that names no field, ``no_story`` for a table without a row
    that has a title or a text.
    """
    group: _Group | None = None
    works = rejects = 0
    if table.source.span is not None and not table.source.span.is_first:
        works = 1  # the first part of the table had one
    names: tuple[str, ...] | None = None
    for row in rows:
        if isinstance(row, Rejected):
            yield row
            continue
        cells = flattened(row.cells)
        if names is None or tuple(cells) != names:
            names = tuple(cells)
            mapping = _mapping(names, table.fields)
        record = _Record(row, cells, mapping)
        if group is not None and group.takes(record):
            group.add(record)
            continue
        if group is not None:
            item = group.item()
            works += isinstance(item, Work)
            yield item
            group = None
        if mapping.has_story and record.has_story:
            group = _Group(table, record)
        elif works or rejects:
            yield table.rejected(row.place, "no_story", "neither a title nor a text")
        else:
            yield from _first_without_story(table, row, mapping)
            rejects += 1
    if group is not None:
        yield group.item()


def rows_in(rows: Rows, span: Span, table: Table) -> Iterator[Row | Rejected]:
    """Those rows that a span has to read, of rows that begin with its first line.

    Rows of one work have one key, so that between two rows of different keys no work is cut. A span goes from the first
    such place at or after its first line to the first one at or after its end: what one leaves, the next takes.
    """
    begun = span.is_first
    end = sys.maxsize if span.end is None else span.end
    before: tuple[tuple[str, ...] | None, int] | None = None
    for row in rows:
        if isinstance(row, Row) and (not begun or int(row.place) >= end):
            cells = flattened(row.cells)
            key, number = _Record(row, cells, _mapping(tuple(cells), table.fields)).key, int(row.place)
            if before is not None and (key is None or key != before[0]):
                if before[1] >= end:
                    return
                begun = True
            before = key, number
        if begun:
            yield row


def _first_without_story(table: Table, row: Row, mapping: Mapping) -> Iterator[Rejected]:
    """The first row says whether the table is one of works at all."""
    if not mapping.has_story:
        names = ", ".join(list(mapping.columns.values()) + list(mapping.left))[:300]
        raise Unreadable(
            "no_story", f"no column is known for a title or a text: {names}; say which with fields = {{text = …}}"
        )
    yield table.rejected(row.place, "no_story", "neither a title nor a text")


def _cell(cells: MappingType[str, Any], mapping: Mapping, *names: str) -> object:
    """Value of the first of some fields that the row has."""
    for name in names:
        value = cells.get(mapping.columns.get(name, ""), mapping.constants.get(name))
        if value is not None and value != "":
            return value
    return None


@lru_cache(maxsize=1024)
def _guessed(names: tuple[str, ...], told: tuple[tuple[str, str], ...]) -> Mapping:
    return guess_mapping(names, dict(told))


def _mapping(names: tuple[str, ...], told: MappingType[str, str] | None) -> Mapping:
    return _guessed(names, tuple(sorted((told or {}).items())))


def flattened(cells: MappingType[str, Any]) -> dict[str, Any]:
    """Cells with the keys of nested objects as dotted paths; lists stay as they are, and so do objects by number."""
    if type(cells) is dict and dict not in map(type, cells.values()):
        return cells
    flat: dict[str, Any] = {}
    todo: list[tuple[str, Any, int]] = [(str(name), value, 0) for name, value in reversed(list(cells.items()))]
    while todo and len(flat) < _MAX_NAMES:
        path, value, depth = todo.pop()
        if isinstance(value, dict) and value and depth < _MAX_DEPTH:
            flat[path] = value
            if not all(str(key).isdigit() for key in value):
                todo.extend((f"{path}.{key}", inner, depth + 1) for key, inner in reversed(value.items()))
        else:
            flat[path] = value
    return flat


class _Record:
    """A row's cells as fields, and what is asked of each row."""

    __slots__ = ("cells", "key", "mapping", "prose", "row", "title")

    def __init__(self, row: Row, cells: MappingType[str, Any], mapping: Mapping) -> None:
        self.row = row
        self.cells = cells
        self.mapping = mapping
        text = self.cell("text")
        if row.is_parted:
            self.prose = prose_of(text, is_parted=True)
        else:
            coded = row.coded if row.coded is not None and cells is row.cells else _NOTHING
            self.prose = prose_of(text, coded.get(mapping.columns.get("text", "")))
        self.title = line_of(self.cell("title"))
        self.key = self._key()
        """What rows of one work have in common: its id or address, or title and author where a row is a chapter."""

    def cell(self, *names: str) -> object:
        """Value of the first of some fields that the row has."""
        return _cell(self.cells, self.mapping, *names)

    def line(self, name: str) -> str | None:
        """A field in one line."""
        return line_of(self.cell(name))

    @property
    def has_story(self) -> bool:
        """Whether the row has a title, a text or chapters."""
        if self.title or self.prose is not None:
            return True
        value = self.cell("text", "chapters")
        return bool(value) if isinstance(value, list | dict) else prose_of(value) is not None

    def _key(self) -> tuple[str, ...] | None:
        for name in ("source_work_id", "url"):
            if known := self.line(name):
                return (name, known)
        if not self.mapping.by_chapter or not self.title:
            return None
        return ("title", self.title, self.line("authors") or "")


@dataclass
class _Part:
    """Chapter that rows are gathered for."""

    key: tuple[str | None, ...]
    cells: MappingType[str, Any]
    mapping: Mapping
    passages: list[Prose] = field(default_factory=list)
    """One of each row; empty where a row has none."""


class _Group:
    """Rows of one work."""

    def __init__(self, table: Table, record: _Record) -> None:
        self.table = table
        self.first = record
        self.parts: list[_Part] = []
        self.size = 0
        self.hash = hashlib.sha256()
        self.add(record)

    def takes(self, record: _Record) -> bool:
        """Whether a row goes on with this work. The same text again is another record of it, not a part."""
        if record.key is None or record.key != self.first.key or "text" not in record.mapping.columns:
            return False
        if record.mapping.by_chapter:
            return True
        if not self.parts:
            return False
        if record.prose is None or record.title != self.first.title:
            return False
        return record.prose.text != self.parts[-1].passages[-1].text

    def add(self, record: _Record) -> None:
        """Take a row. Past the size that is read whole nothing is kept but the size."""
        self.hash.update(record.row.raw)
        prose = record.prose or _NO_PROSE
        self.size += len(prose.text) + 200
        if self.size > self.table.source.max_bytes:
            self.parts.clear()
            return
        by_chapter, by_paragraph = record.mapping.by_chapter, "paragraph" in record.mapping.columns
        is_known = by_chapter or record.mapping.constants
        key = tuple(map(record.line, _CHAPTER_KEY)) if is_known else (None,) * len(_CHAPTER_KEY)
        if not (by_paragraph and self.parts and self.parts[-1].key == key):
            self.parts.append(_Part(key, record.cells if by_chapter else {}, record.mapping))
        self.parts[-1].passages.append(prose)

    def item(self) -> Item:
        """The work, or why there is none."""
        if self.size > self.table.source.max_bytes:
            limit = self.table.source.max_bytes // 2**20
            return self.table.rejected(self.first.row.place, "too_large", f"the rows of one work pass {limit} MiB")
        found = read_fields(self.first.cells, self.first.mapping, self.table)
        found.flags[:0] = self.first.row.flags
        chapters = self._chapters(found)
        title = found.values.pop("title", None)
        if not chapters and not (title and (self.table.fields or _describes_a_work(found.values))):
            detail = "no text, and nothing that tells a work but a name"
            return self.table.rejected(self.first.row.place, "no_story", detail)
        if not title:
            title = self._made_up_title(found)
        self._number(found, chapters)
        return Work(
            title=title,
            chapters=chapters,
            header=tuple(found.header),
            provenance=Provenance(
                format=self.table.format,
                parser_version=PARSER_VERSION,
                raw_sha256=self.hash.hexdigest(),
                path=self.table.path,
                encoding=self.table.encoding,
                retrieved_at=self.table.source.retrieved_at,
                flags=tuple(dict.fromkeys(found.flags)),
            ),
            **found.values,
        )

    def _made_up_title(self, found: WorkFields) -> str:
        found.flags.append(TITLE_MADE_UP)
        name = PurePosixPath(self.table.stem).name if self.table.archive == "file" else self.table.archive
        known = self.first.cell("source_work_id")
        return f"{name} {line_of(known) or self.first.row.place}"

    def _number(self, found: WorkFields, chapters: Sequence[Chapter]) -> None:
        """A single row that says which chapter it is may be a part of a work whose other parts lie elsewhere."""
        if len(chapters) == 1 and "chapter_number" in self.first.mapping.columns and chapters[0].number is not None:
            if found.values.get("source_work_id"):
                found.values["part_number"] = chapters[0].number
        elif len(chapters) == 1 and (found.values.get("n_chapters_source") or 0) > 1:
            found.flags.append(CHAPTERS_NOT_SEPARATED)

    def _chapters(self, found: WorkFields) -> tuple[Chapter, ...]:
        listed = self.first.cell("chapters")
        if isinstance(listed, list | tuple | dict):
            chapters = tuple(chapters_in(listed, self.first.mapping.chapters, found.flags))
            if chapters:
                return chapters
        return tuple(chapter for part in self.parts if (chapter := _chapter(part)))


def _chapter(part: _Part) -> Chapter | None:
    texts = [passage.text for passage in part.passages]
    is_parted = len(texts) > 1 or part.passages[0].is_parted
    story = story_of("\n\n".join(texts), by_line=False if is_parted else None) if any(texts) else None
    if story is None:
        return None
    if not part.cells and not part.mapping.constants:
        return Chapter(text=story.text, blocks=story.blocks, spans=story.spans)
    told: dict[str, Any] = {to: line_of(_cell(part.cells, part.mapping, name)) for to, name in _TOLD}
    return Chapter(
        text=story.text,
        blocks=story.blocks,
        spans=story.spans,
        number=count_of(_cell(part.cells, part.mapping, "chapter_number")),
        **told,
    )


def _describes_a_work(values: MappingType[str, Any]) -> bool:
    """Whether statements without text are those of a work: a name and an address alone may be of anything."""
    return not _OF_WORKS.isdisjoint(values) or values.keys() >= {"authors", "summary", "source_work_id"}


def describe_mapping(rows: Rows, table: Table) -> str:
    """Table for a dry run: column, field, and an example value of each column; nothing is ingested."""
    examples: dict[str, str] = {}
    for number, row in enumerate(rows):
        if number >= _SAMPLE_ROWS:
            break
        if not isinstance(row, Rejected):
            for name, value in flattened(row.cells).items():
                if not examples.get(name) and not isinstance(value, dict):
                    examples[name] = " ".join(str("" if value is None else value).split())[:60]
    mapping = guess_mapping(tuple(examples), table.fields)
    fields = {column: name for name, column in mapping.columns.items()}
    lines = [("column", "field", "example"), ("------", "-----", "-------")]
    lines += [(name, fields.get(name, "(header)"), example) for name, example in examples.items()]
    lines += [("(constant)", name, value) for name, value in mapping.constants.items()]
    lines += [("(not found)", name, column) for column, name in fields.items() if column not in examples]
    widths = [max(len(line[at]) for line in lines) for at in (0, 1)]
    return "\n".join(f"{name:<{widths[0]}}  {to:<{widths[1]}}  {value}".rstrip() for name, to, value in lines)


def order_of_days(head: str) -> bool | None:
    """Whether a table writes the month first, by the dates with slashes in its first lines."""
    head = head[:65536]
    return month_first(_SLASHED_DAY.findall(head)) if _END_OF_DAY.search(head) else None
