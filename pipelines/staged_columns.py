"""Columns of staged tables, by the folder of their segment: for tasks that run in any process."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa

from pipelines.errors import CannotStart


def read_columns(segment: str | Path, table: str, columns: Sequence[str]) -> pa.Table:
    """Some columns of a staged table, mapped into memory: pages that are not looked at are not read.

    The pages stay mapped, and count as memory, as long as the table is held: hold it briefly.
    Raises ``OSError`` where the segment has no such table, ``CannotStart`` where an older version of this program
    staged it, without a column that is asked for.
    """
    path = Path(segment) / f"{table}.arrow"
    with pa.memory_map(str(path)) as source:
        found = pa.ipc.open_file(source).read_all()
    if missing := set(columns) - set(found.schema.names):
        raise CannotStart(
            f"{path}: an older version staged this, without {min(missing)}; run scrapy ingest on the same files again"
        )
    return found.select(list(columns))


def whole(column: pa.ChunkedArray) -> pa.Array:
    """A column in one piece, without a copy where it is."""
    if column.num_chunks == 1:
        return column.chunk(0)
    return pa.concat_arrays(column.chunks) if column.num_chunks else pa.array([], column.type)
