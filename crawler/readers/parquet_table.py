"""Parquet → works: batches of rows, with the columns mapped as told or as their names say."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

import orjson

from crawler.readers import tables
from crawler.readers.source import Item, Source, Unreadable
from crawler.readers.tables import Row, Table

PARSER_VERSION: Final = tables.PARSER_VERSION
_BATCH: Final = 64


def recognise(head: bytes, name: str) -> bool:  # noqa: ARG001 - the same shape as every recogniser
    """Whether an input is Parquet, by its signature."""
    return head.startswith(b"PAR1")


def read(source: Source, fields: Mapping[str, str] | None = None) -> Iterator[Item]:
    """Works of a Parquet file, 64 rows in memory at a time.

    Raises ``Unreadable``: ``damaged``, ``no_story``, ``bad_mapping``.
    """
    table = Table(source, "parquet", fields)
    yield from tables.works_of(rows_of(source), table)


def describe_mapping(source: Source, fields: Mapping[str, str] | None = None) -> str:
    """Which column would be which field, with an example of each."""
    return tables.describe_mapping(rows_of(source), Table(source, "parquet", fields))


def rows_of(source: Source) -> Iterator[Row]:
    """Rows of a Parquet file.

    Raises ``Unreadable`` (``damaged``) for one that is cut or broken.
    """
    import pyarrow as pa  # noqa: PLC0415 - a quarter of a second that other formats need not wait
    import pyarrow.parquet as pq  # noqa: PLC0415

    number = 0
    try:
        with source.open() as stream:
            seekable = stream if stream.seekable() else pa.BufferReader(source.data)
            with pq.ParquetFile(seekable, buffer_size=1 << 20, pre_buffer=False) as file:
                for batch in file.iter_batches(batch_size=_BATCH, use_threads=False):
                    for cells in batch.to_pylist():
                        number += 1
                        raw = _bytes(cells)
                        # Python keeps the UTF-8 of what orjson wrote, and gives it again at once.
                        coded = {name: cell.encode() for name, cell in cells.items() if type(cell) is str}
                        yield Row(str(number), cells, raw, coded=coded)
    except (pa.ArrowException, OSError, ValueError) as error:
        raise Unreadable("damaged", f"Parquet, after row {number}: {' '.join(str(error).split())[:200]}") from error


def _bytes(cells: dict[str, Any]) -> bytes:
    try:
        return orjson.dumps(cells, default=repr, option=orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS)
    except TypeError:
        return repr(sorted(cells.items())).encode("utf-8", "backslashreplace")
