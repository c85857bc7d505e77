"""gather: staged chapters in the order of a dataset, with one copy of their text."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

Places = npt.NDArray[np.integer[Any]]


def gather(table_of: Callable[[int], pa.Table], segments: Places, rows: Places) -> pa.Table:
    """Rows of the tables of several segments, in the order asked for; ``segments`` and ``rows`` are parallel.

    Long texts are copied once, from where they lie into the column; Arrow's ``take`` over several
    tables copies them three times. Each table is asked for twice and held briefly: its pages count as memory.
    """
    order = np.lexsort((rows, segments))
    back = np.empty(len(order), dtype=np.int64)
    back[order] = np.arange(len(order))
    runs = list(_runs(segments, order))
    schema = table_of(int(segments[order[0]])).schema
    texts = {field.name: _Texts(len(rows)) for field in schema if pa.types.is_large_string(field.type)}
    others = [name for name in schema.names if name not in texts]
    parts = []
    for run in runs:
        table = table_of(int(segments[run[0]]))
        parts.append(table.select(others).take(pa.array(rows[run])))
        for name, column in texts.items():
            column.measure(table.column(name), rows[run], run)
    rest = pa.concat_tables(parts).combine_chunks().take(pa.array(back))
    for column in texts.values():
        column.make_room()
    for run in runs:
        table = table_of(int(segments[run[0]]))
        for name, column in texts.items():
            column.copy(table.column(name), run)
    columns = [texts[name].array() if name in texts else rest.column(name) for name in schema.names]
    return pa.Table.from_arrays(columns, schema=schema)


def _runs(segments: Places, order: Places) -> Iterator[Places]:
    """The places of each segment, as ``order`` has them together."""
    edges = np.flatnonzero(np.diff(segments[order])) + 1
    yield from np.split(order, edges)


class _Texts:
    """A column of long texts: measured first, so that each is copied to where it stays."""

    def __init__(self, count: int) -> None:
        self._firsts, self._sizes = np.zeros(count, np.int64), np.zeros(count, np.int64)
        self._valid = np.ones(count, np.bool_)

    def measure(self, column: pa.ChunkedArray, rows: Places, places: Places) -> None:
        """Take in where the texts of some rows lie in a column, and where they go."""
        (chunk,) = column.chunks
        bounds = np.frombuffer(chunk.buffers()[1], np.int64)[chunk.offset :]
        self._firsts[places] = bounds[rows]
        self._sizes[places] = bounds[rows + 1] - bounds[rows]
        if chunk.null_count:
            self._valid[places] = np.asarray(chunk.is_valid())[rows]

    def make_room(self) -> None:
        """All texts are measured."""
        self._sizes[~self._valid] = 0
        self._starts = np.zeros(len(self._sizes) + 1, np.int64)
        np.cumsum(self._sizes, out=self._starts[1:])
        self._filled = np.empty(int(self._starts[-1]), np.uint8)

    def copy(self, column: pa.ChunkedArray, places: Places) -> None:
        """Copy the texts that go to some places."""
        (chunk,) = column.chunks
        data = chunk.buffers()[2]
        full = places[self._sizes[places] > 0]
        if data is None or not len(full):
            return
        source, target = memoryview(data).cast("B"), self._filled.data
        spans = (numbers[full].tolist() for numbers in (self._firsts, self._starts, self._sizes))
        for first, start, size in zip(*spans, strict=True):
            target[start : start + size] = source[first : first + size]

    def array(self) -> pa.LargeStringArray:
        """The column."""
        mask = None if self._valid.all() else pa.py_buffer(np.packbits(self._valid, bitorder="little"))
        return pa.LargeStringArray.from_buffers(
            len(self._sizes), pa.py_buffer(self._starts), pa.py_buffer(self._filled), mask
        )
