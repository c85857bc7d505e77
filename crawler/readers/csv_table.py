"""CSV and TSV → works: the first line names the columns; rows are read one at a time."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from crawler.readers import tables
from crawler.readers.encoding import ENCODING_ERRORS
from crawler.readers.source import Item, Rejected, Source, Unreadable
from crawler.readers.tables import Row, Table
from crawler.readers.tables_lines import TOO_LONG, encoding_of, lines_of, open_narrow, text_of_line
from crawler.readers.tables_mapping import guess_mapping

PARSER_VERSION: Final = tables.PARSER_VERSION

_MAX_CELL: Final = 96 * 2**20
_MAX_COLUMNS: Final = 2000
_NAME: Final = re.compile(r"\.(?:csv|tsv|tab)\Z", re.IGNORECASE)
_HEADER: Final = re.compile(rb"\"?[\w][\w .()#/-]{0,60}\"?(?:[,;\t|]\"?[\w .()#/-]{0,60}\"?){2,300}[,;\t|]?\r?\n")
_QUOTED_TAB: Final = re.compile(r'(?:^|\t)"(?:[^"]|"")*+"(?=\t|\r?$)', re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a table is written."""

    delimiter: str
    quoting: bool
    encoding: str


def recognise(head: bytes, name: str) -> bool:
    """Whether an input is CSV or TSV, by its name, or by a first line that names columns of works."""
    if _NAME.search(name):
        return True
    start = head.removeprefix(b"\xef\xbb\xbf")
    match = _HEADER.match(start)
    if match is None:
        return False
    names = match[0].decode("utf-8", "replace").strip()
    return max(names.count(mark) for mark in ",;\t|") >= 2 and _knows(header_of(names))


def _knows(names: list[str]) -> bool:
    mapping = guess_mapping(names)
    return len(mapping.columns) >= 2 and mapping.has_story


def header_of(line: str) -> list[str]:
    """Names of the columns that a first line gives."""
    line = line.strip("\r\n").split("\r", 1)[0].replace("\n", " ")
    mark = _delimiter(line)
    return [name.strip() for name in next(csv.reader([line], delimiter=mark), [])]


def _delimiter(line: str) -> str:
    """The mark that parts a first line into most columns."""
    line = line.split("\r", 1)[0]
    return max(",\t;|", key=lambda mark: len(next(csv.reader([line[:100_000]], delimiter=mark), [])))


def read(source: Source, fields: Mapping[str, str] | None = None) -> Iterator[Item]:
    """Works of a table, with the columns mapped as told, else as their names say.

    Raises ``Unreadable``: ``empty``, ``no_story``, ``bad_mapping`` (also for a told column that the table lacks).
    """
    table = table_of(source, "csv", fields)
    yield from tables.works_of(rows_of(source, table, told=fields), table)


def describe_mapping(source: Source, fields: Mapping[str, str] | None = None) -> str:
    """Which column would be which field, with an example of each."""
    table = table_of(source, "csv", fields)
    return tables.describe_mapping(rows_of(source, table), table)


def table_of(source: Source, name: str, fields: Mapping[str, str] | None = None, *, archive: str = "file") -> Table:
    """What is known of a CSV file as a whole: its encoding, and how it writes dates."""
    encoding = encoding_of(source)
    head = source.head.decode(encoding, "replace")
    return Table(source, name, fields, encoding, archive, tables.order_of_days(head))


def dialect_of(source: Source) -> Dialect:
    """How a table is written, by its head."""
    encoding = encoding_of(source)
    head = source.head.decode(encoding, "replace").lstrip("\ufeff")
    first = next((line for line in head.splitlines() if line.strip()), "")
    mark = _delimiter(first)
    return Dialect(mark, mark != "\t" or _QUOTED_TAB.search(head) is not None, encoding)


def rows_of(source: Source, table: Table, *, told: Mapping[str, str] | None = None) -> Iterator[Row | Rejected]:
    """Rows under the names of the first line; a row that has more cells than there are names is rejected.

    Raises ``Unreadable``: ``empty``, ``bad_mapping``.
    """
    dialect = dialect_of(source)
    csv.field_size_limit(min(source.max_bytes, _MAX_CELL))
    with open_narrow(source, dialect.encoding) as stream:
        feed = _Feed(lines_of(stream, source.max_bytes), dialect)
        reader = csv.reader(
            feed,
            delimiter=dialect.delimiter,
            quoting=csv.QUOTE_MINIMAL if dialect.quoting else csv.QUOTE_NONE,
        )
        names: list[str] | None = None
        while True:
            start = feed.number + 1
            feed.begin()
            try:
                cells = next(reader)
            except StopIteration:
                break
            except csv.Error as error:
                yield table.rejected(str(start), "bad_row", f"{error} (lines {start} to {feed.number})")
                continue
            if names is None:
                names = _names(cells) if any(cell.strip() for cell in cells) else None
                if names:
                    _check(names, told)
            elif cells and any(cells):
                yield _row(cells, names, feed, table, start)
    if names is None:
        raise Unreadable("empty", "a table without a line")


def _row(cells: list[str], names: list[str], feed: _Feed, table: Table, start: int) -> Row | Rejected:
    if feed.too_long:
        return table.rejected(str(start), "too_large", "a line larger than a file that is read whole")
    if feed.open_quote:
        return table.rejected(str(start), "bad_row", f"a quote that is never closed; lines {start} to the end are lost")
    if any(cells[len(names) :]):
        return table.rejected(str(start), "bad_row", f"{len(cells)} cells under {len(names)} names of columns")
    raw = "\x1f".join(cells).encode("utf-8", "surrogatepass")
    flags = (ENCODING_ERRORS,) if feed.replaced else ()
    return Row(str(start), dict(zip(names, cells, strict=False)), raw, flags)


class _Feed:
    """Lines of text for ``csv``, and what happened to those of the row that is being read."""

    def __init__(self, lines: Iterator[tuple[int, bytes]], dialect: Dialect) -> None:
        self._lines = lines
        self._dialect = dialect
        self.number = 0
        self.begin()

    def begin(self) -> None:
        """A new row begins."""
        self.replaced = self.too_long = self.ended = False
        self._quotes = 0

    @property
    def open_quote(self) -> bool:
        """Whether the table ended inside quotes."""
        return self.ended and self._dialect.quoting and self._quotes % 2 == 1

    def __iter__(self) -> _Feed:
        return self

    def __next__(self) -> str:
        try:
            self.number, line = next(self._lines)
        except StopIteration:
            self.ended = True
            raise
        if line is TOO_LONG:
            self.too_long = True
            return "(too long)\n"
        text, replaced = text_of_line(line, self._dialect.encoding)
        self.replaced |= replaced
        self._quotes += text.count('"')
        return text.removeprefix("\ufeff") if self.number == 1 else text


def _names(cells: list[str]) -> list[str]:
    """Names of columns, made different where they are not."""
    names: list[str] = []
    seen: dict[str, int] = {}
    for place, cell in enumerate(cells[:_MAX_COLUMNS], 1):
        name = " ".join(cell.split()) or f"column {place}"
        seen[name] = seen.get(name, 0) + 1
        names.append(name if seen[name] == 1 else f"{name} ({seen[name]})")
    return names


def _check(names: list[str], told: Mapping[str, str] | None) -> None:
    wanted = {column for field, column in (told or {}).items() if column and "." not in field and column[:1] != "="}
    if missing := sorted(wanted - set(names)):
        raise Unreadable("bad_mapping", f"no column is named {', '.join(missing)}; there are {', '.join(names)[:300]}")
