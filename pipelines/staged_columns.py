"""Staged tables by the address of their segment, a folder or a prefix of an object store: for tasks in any process."""

from __future__ import annotations

import ctypes
import mmap
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any, cast

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from pipelines.errors import CannotStart

Rows = npt.NDArray[np.int64]


def read_columns(segment: str | Path, table: str, columns: Sequence[str]) -> pa.Table:
    """Some columns of a staged table, mapped into memory: pages that are not looked at are not read.

    The pages stay mapped, and count as memory, as long as the table is held: hold it briefly.
    Raises ``OSError`` where the segment has no such table, ``CannotStart`` where an older version of this program
    staged it, without a column that is asked for.
    """
    if is_remote(segment):
        return _remote().read_columns(segment, table, columns)
    found = _mapped(segment, table)
    if not set(columns) <= set(found.column_names):
        found = completed(table, found)
    check_columns(_path(segment, table), found.schema, columns)
    return found.select(list(columns))


def whole(column: pa.ChunkedArray) -> pa.Array:
    """A column in one piece, without a copy where it is."""
    if column.num_chunks == 1:
        return column.chunk(0)
    return pa.concat_arrays(column.chunks) if column.num_chunks else pa.array([], column.type)


def read_table(segment: str | Path, table: str) -> pa.Table:
    """A whole staged table, mapped into memory: only the rows that are used are read."""
    if is_remote(segment):
        return _remote().read_columns(segment, table)
    return completed(table, _mapped(segment, table))


def _mapped(segment: str | Path, table: str) -> pa.Table:
    """A staged table where it lies."""
    return _opened(_pages(segment, table))


def _pages(segment: str | Path, table: str) -> pa.Buffer:
    """A staged table's file, mapped into memory without being held open, as by Python's ``mmap`` it would be."""
    with pa.memory_map(_path(segment, table)) as source:
        return source.read_buffer()


def _opened(pages: pa.Buffer) -> pa.Table:
    """The table in a mapped file. Arrow asks the system for every column of a file that it has mapped itself."""
    return pa.ipc.open_file(pages).read_all()


class OpenTables:
    """Staged tables of a folder, mapped into memory, of which many stay open and few count as memory.

    To open one costs as much as to copy a row group's rows of it, and every row group has rows of every segment.
    """

    def __init__(self, most: int, most_held: int) -> None:
        """``most`` stay open; pages of all but the last ``most_held`` that were asked for go back to the system."""
        self._most = most
        self._most_held = most_held
        self._open: OrderedDict[tuple[str, str], tuple[pa.Table, pa.Buffer]] = OrderedDict()
        self._held: OrderedDict[tuple[str, str], pa.Buffer] = OrderedDict()
        self._lock = threading.Lock()

    def table(self, segment: str, table: str) -> pa.Table:
        """A whole staged table: only the rows that are used are read."""
        key = (segment, table)
        with self._lock:
            if key not in self._open:
                pages = _pages(segment, table)
                self._open[key] = completed(table, _opened(pages)), pages
            found, pages = self._open[key]
            self._open.move_to_end(key)
            self._held[key] = pages
            self._held.move_to_end(key)
            while len(self._held) > self._most_held:
                _let_go(self._held.popitem(last=False)[1])
            while len(self._open) > self._most:
                former, _ = self._open.popitem(last=False)
                self._held.pop(former, None)
        return found


def _let_go(pages: pa.Buffer) -> None:
    """Give the pages of a mapped file back; whoever still looks at them gets them again, from the file (madvise(2))."""
    if hasattr(mmap, "MADV_DONTNEED"):
        _madvise()(pages.address, pages.size, mmap.MADV_DONTNEED)


@cache
def _madvise() -> Callable[[int, int, int], int]:
    """The system's own: that of Python's ``mmap`` is for files that it has mapped itself."""
    function = ctypes.CDLL(None).madvise
    function.argtypes = ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int
    return cast("Callable[[int, int, int], int]", function)


def take_each(wanted: Sequence[tuple[str, Rows]], table: str, columns: Sequence[str] | None) -> list[pa.Table]:
    """Some columns, or all, of some rows of a staged table of each of several segments, in the order asked for."""
    if wanted and is_remote(wanted[0][0]):
        found: list[pa.Table] = _remote().take_many(wanted, table, columns)
        return found
    tables = (read_columns(name, table, columns) if columns else read_table(name, table) for name, _ in wanted)
    return [whole.take(pa.array(rows)) for whole, (_, rows) in zip(tables, wanted, strict=True)]


def completed(name: str, table: pa.Table) -> pa.Table:
    """A table that an older version staged, with the columns that it did not know yet: null or an empty list."""
    if name != "works":
        return table
    from schemas.arrow import arrow_schema  # noqa: PLC0415 - searches of newer segments need no models
    from schemas.tables import WorkRow  # noqa: PLC0415

    schema = arrow_schema(WorkRow)
    staged = set(table.column_names)
    for place, field in enumerate(schema):
        if field.name not in staged:
            empty: list[object] = [[] if pa.types.is_list(field.type) else None] * table.num_rows
            table = table.add_column(place, field, pa.array(empty, field.type))
    return table


def check_columns(place: str, schema: pa.Schema, columns: Sequence[str]) -> None:
    """Raises ``CannotStart`` where a staged table lacks one of the columns."""
    if missing := set(columns) - set(schema.names):
        raise CannotStart(
            f"{place}: an older version staged this, without {min(missing)}; run scrapy ingest on the same files again"
        )


def is_remote(segment: str | Path) -> bool:
    """Whether a segment lies in an object store."""
    return "://" in str(segment)


def _path(segment: str | Path, table: str) -> str:
    return f"{segment}/{table}.arrow"


def _remote() -> Any:
    from pipelines import remote_segments  # noqa: PLC0415 - an optional part

    return remote_segments
