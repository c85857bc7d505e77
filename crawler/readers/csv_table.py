"""CSV and TSV → works: the first line names the columns; rows are read one at a time."""

from __future__ import annotations

import csv
import io
import re
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from typing import Final

from crawler.readers import tables
from crawler.readers.encoding import ENCODING_ERRORS
from crawler.readers.source import Item, Rejected, Source, Unreadable
from crawler.readers.tables import Row, Table
from crawler.readers.tables_lines import TOO_LONG, encoding_of, open_narrow, runs_of, text_of_line
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
        feed = _Feed(runs_of(stream, source.max_bytes), dialect)
        reader = csv.reader(
            chain.from_iterable(feed.runs()),
            delimiter=dialect.delimiter,
            quoting=csv.QUOTE_MINIMAL if dialect.quoting else csv.QUOTE_NONE,
        )
        names: list[str] | None = None
        while True:
            feed.start = start = reader.line_num + 1
            try:
                cells = next(reader)
            except StopIteration:
                break
            except csv.Error as error:
                yield table.rejected(str(start), "bad_row", f"{error} (lines {start} to {reader.line_num})")
                continue
            if names is None:
                names = _names(cells) if any(cell.strip() for cell in cells) else None
                if names:
                    _check(names, told)
            elif cells and any(cells):
                yield _row(cells, names, feed, table, reader.line_num)
    if names is None:
        raise Unreadable("empty", "a table without a line")


def _row(cells: list[str], names: list[str], feed: _Feed, table: Table, end: int) -> Row | Rejected:
    start = feed.start
    if feed.too_long.within(start, end):
        return table.rejected(str(start), "too_large", "a line larger than a file that is read whole")
    if feed.ended and feed.has_open_quote():
        return table.rejected(str(start), "bad_row", f"a quote that is never closed; lines {start} to the end are lost")
    if len(cells) > len(names) and any(cells[len(names) :]):
        return table.rejected(str(start), "bad_row", f"{len(cells)} cells under {len(names)} names of columns")
    flags = (ENCODING_ERRORS,) if feed.replaced.within(start, end) else ()
    named = dict(zip(names, cells, strict=False))
    try:
        coded = list(map(str.encode, cells))
    except UnicodeEncodeError:  # lone surrogates, of an odd encoding that the table declares
        return Row(str(start), named, "\x1f".join(cells).encode("utf-8", "surrogatepass"), flags)
    return Row(str(start), named, b"\x1f".join(coded), flags, dict(zip(names, coded, strict=False)))


class _Feed:
    """Text for ``csv`` in runs of lines, and what happened to the lines of the row that is being read."""

    def __init__(self, runs: Iterator[bytes], dialect: Dialect) -> None:
        self._runs = runs
        self._dialect = dialect
        self._held: deque[tuple[int, str]] = deque()
        self.start = 1
        """The first line of the row."""
        self.ended = False
        """Whether the table ended with the row that is being read, which is so only inside quotes."""
        self.replaced = _Numbers()
        """Lines of which bytes had to be replaced."""
        self.too_long = _Numbers()
        """Lines past the limit."""

    def runs(self) -> Iterator[Iterable[str]]:
        """The lines, run by run."""
        number = 1
        for run in self._runs:
            lines: Iterable[str]
            if run is TOO_LONG:
                text = "(too long)\n"
                self.too_long.add(number)
                lines = (text,)
            else:
                text = self._text(run, number)
                lines = io.StringIO(text, newline="\n")
            while len(self._held) > 1 and self._held[1][0] <= self.start:
                self._held.popleft()
            self._held.append((number, text))
            yield lines
            number += text.count("\n")
        self.ended = True

    def _text(self, run: bytes, number: int) -> str:
        try:
            text = run.decode("utf-8")
        except UnicodeDecodeError:
            text = "".join(self._each(run, number))
        return text.removeprefix("\ufeff") if number == 1 else text

    def _each(self, run: bytes, number: int) -> Iterator[str]:
        """The lines of a run that is not UTF-8, one by one."""
        for place, line in enumerate(io.BytesIO(run), number):
            text, replaced = text_of_line(line, self._dialect.encoding)
            if replaced:
                self.replaced.add(place)
            yield text

    def has_open_quote(self) -> bool:
        """Whether the row that the table ended with has a quote that is not closed."""
        if not self._dialect.quoting:
            return False
        quotes = 0
        for number, text in self._held:
            lines = text.split("\n")[max(self.start - number, 0) :]
            quotes += sum(line.count('"') for line in lines)
        return quotes % 2 == 1


class _Numbers:
    """Numbers of a few lines, in order; those that rows have passed by are forgotten."""

    def __init__(self) -> None:
        self._numbers: deque[int] = deque()

    def add(self, number: int) -> None:
        """Take the next number."""
        self._numbers.append(number)

    def within(self, first: int, last: int) -> bool:
        """Whether one of the numbers lies between two others, the first of which is that of a row."""
        while self._numbers and self._numbers[0] < first:
            self._numbers.popleft()
        return bool(self._numbers) and self._numbers[0] <= last


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
