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
    tables copies them three times.
    """
    order = np.lexsort((rows, segments))
    back = np.empty(len(order), dtype=np.int64)
    back[order] = np.arange(len(order))
    runs = [(table_of(int(segments[run[0]])), run) for run in _runs(segments, order)]
    schema = runs[0][0].schema
    texts = {field.name for field in schema if pa.types.is_large_string(field.type)}
    others = [name for name in schema.names if name not in texts]
    parts = [table.select(others).take(pa.array(rows[run])) for table, run in runs]
    rest = pa.concat_tables(parts).combine_chunks().take(pa.array(back))
    columns = [_texts(name, runs, rows) if name in texts else rest.column(name) for name in schema.names]
    return pa.Table.from_arrays(columns, schema=schema)


def _runs(segments: Places, order: Places) -> Iterator[Places]:
    """The places of each segment, as ``order`` has them together."""
    edges = np.flatnonzero(np.diff(segments[order])) + 1
    yield from np.split(order, edges)


def _texts(name: str, runs: list[tuple[pa.Table, Places]], rows: Places) -> pa.LargeStringArray:
    firsts, ends = np.zeros(len(rows), np.int64), np.zeros(len(rows), np.int64)
    valid = np.ones(len(rows), np.bool_)
    sources: list[memoryview] = [memoryview(b"")] * len(rows)
    for table, run in runs:
        (column,) = table.column(name).chunks
        _, offsets, data = column.buffers()
        bounds = np.frombuffer(offsets, np.int64)[column.offset :]
        firsts[run], ends[run] = bounds[rows[run]], bounds[rows[run] + 1]
        if column.null_count:
            valid[run] = np.asarray(column.is_valid())[rows[run]]
        if data is not None:
            view = memoryview(data).cast("B")
            for place in run.tolist():
                sources[place] = view
    sizes = np.where(valid, ends - firsts, 0)
    places = np.zeros(len(rows) + 1, np.int64)
    np.cumsum(sizes, out=places[1:])
    filled = np.empty(int(places[-1]), np.uint8)
    target = filled.data
    full = np.flatnonzero(sizes)
    spans = zip(full.tolist(), firsts[full].tolist(), ends[full].tolist(), places[full].tolist(), strict=True)
    for place, first, end, start in spans:
        target[start : start + end - first] = sources[place][first:end]
    mask = None if valid.all() else pa.py_buffer(np.packbits(valid, bitorder="little"))
    return pa.LargeStringArray.from_buffers(len(rows), pa.py_buffer(places), pa.py_buffer(filled), mask)
