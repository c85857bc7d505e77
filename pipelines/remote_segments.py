"""Segments in an object store: written in small batches of rows, so that a few rows cost a few requests.

A table's schema says after how many rows each of its batches ends; the batches that hold the rows asked for
are read, and no others.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pyarrow import fs

from pipelines.export import cut_by_size
from pipelines.object_store import CONNECTIONS, ObjectStore, errors_told
from pipelines.staged_columns import check_columns, completed

SEGMENTS = "staging/segments/"
BATCH_BYTES = 256 * 2**10
"""Of a batch of rows: what is read at least when one row is wanted. About four works of the mean length."""
WHOLE_BYTES = 16 * 2**20
"""Tables up to this size are read whole where some columns are wanted: one request takes as long as any of the
hundred that the columns of its batches would take."""
OPEN_READERS = 512
"""Tables whose schema and places of batches are kept."""
_ENDS = b"batch_ends"

Rows = npt.NDArray[np.int64]


def put_segment(store: ObjectStore, folder: Path, segment: str) -> None:
    """Copy a segment that was written to ``folder`` into the store.

    Raises ``Incomplete`` where the store fails. The same segment put twice leaves the same objects.
    """
    store.each(lambda table: store.put(f"{SEGMENTS}{segment}/{table}", _cut(folder / table)), _tables(folder))


def _tables(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def _cut(path: Path) -> bytes:
    """A table in batches of bounded size, as a file."""
    with pa.memory_map(str(path)) as source:
        table = pa.ipc.open_file(source).read_all().combine_chunks()
        size = max(1, table.get_total_buffer_size() // max(1, table.num_rows))
        ends = cut_by_size(_row_sizes(table, size), BATCH_BYTES)
        schema = table.schema.with_metadata({**(table.schema.metadata or {}), _ENDS: json.dumps(ends).encode()})
        sink = pa.BufferOutputStream()
        with pa.ipc.new_file(sink, schema) as writer:
            for start, end in zip([0, *ends], ends, strict=False):
                writer.write_table(table.slice(start, end - start))
        return bytes(sink.getvalue())


def _row_sizes(table: pa.Table, mean: int) -> list[int]:
    """Bytes of each row: those of its text where it has one, else the mean."""
    for name in ("text", "work"):
        if name in table.schema.names:
            lengths = np.diff(np.frombuffer(table.column(name).combine_chunks().buffers()[1], dtype=np.int64))
            return [int(length) for length in lengths[: table.num_rows]]
    return [mean] * table.num_rows


def read_columns(segment: str, table: str, columns: Sequence[str] | None = None) -> pa.Table:
    """Columns, or all of them, of a table of the segment at an address."""
    uri = f"{segment}/{table}.arrow"
    held = _open(uri)
    names = held.reader.schema.names
    fields = None if columns is None else sorted(names.index(name) for name in columns if name in names)
    with held.lock, errors_told(uri):
        source = held.source
        if source.size() <= WHOLE_BYTES:
            source.seek(0)
            source = pa.BufferReader(source.read_buffer())
        found = pa.ipc.open_file(source, options=pa.ipc.IpcReadOptions(included_fields=fields)).read_all()
    return _asked(uri, table, found, columns).combine_chunks()


def take(segment: str, table: str, rows: Rows, columns: Sequence[str] | None = None) -> pa.Table:
    """Rows of a table of the segment at an address, in the order asked for."""
    uri = f"{segment}/{table}.arrow"
    held = _open(uri)
    ends = held.ends
    batch_of = np.searchsorted(ends, rows, side="right")
    needed = np.unique(batch_of)
    starts = np.concatenate(([0], ends))[needed]
    with held.lock, errors_told(uri):
        batches = [held.reader.get_batch(int(number)) for number in needed]
    offsets = np.concatenate(([0], np.cumsum([batch.num_rows for batch in batches])[:-1])).astype(np.int64)
    nth = np.searchsorted(needed, batch_of)
    found = pa.Table.from_batches(batches, schema=held.reader.schema)
    return _asked(uri, table, found, columns).take(pa.array(offsets[nth] + rows - starts[nth]))


def take_many(wanted: Sequence[tuple[str, Rows]], table: str, columns: Sequence[str] | None) -> list[pa.Table]:
    """``take`` of several segments at once: the store is far away, and answers many."""
    with ThreadPoolExecutor(CONNECTIONS) as pool:
        return list(pool.map(lambda one: take(one[0], table, one[1], columns), wanted))


def _asked(uri: str, name: str, table: pa.Table, columns: Sequence[str] | None) -> pa.Table:
    """What was asked for of a table, as it would come from a folder."""
    table = completed(name, table)
    if columns is not None:
        check_columns(uri, table.schema, columns)
        table = table.select(list(columns))
    metadata = {key: value for key, value in (table.schema.metadata or {}).items() if key != _ENDS}
    return table.replace_schema_metadata(metadata or None)


@dataclass(frozen=True)
class _Held:
    """An object that is being read: a table, by one thread at a time."""

    source: Any
    reader: Any
    ends: Rows
    """Rows up to the end of each batch."""
    lock: threading.Lock = field(default_factory=threading.Lock)


@lru_cache(maxsize=OPEN_READERS)
def _open(uri: str) -> _Held:
    path = uri.partition("://")[2]
    with errors_told(uri):
        source = _system(path.partition("/")[0]).open_input_file(path)
        reader = pa.ipc.open_file(source)
    return _Held(source, reader, np.array(json.loads(reader.schema.metadata[_ENDS]), dtype=np.int64))


@lru_cache(maxsize=8)
def _system(bucket: str) -> Any:
    system, _ = fs.FileSystem.from_uri(f"s3://{bucket}")
    return system
