"""Columns of staged tables, by the folder of their segment: for tasks that run in any process."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa


def read_columns(segment: str | Path, table: str, columns: Sequence[str]) -> pa.Table:
    """Some columns of a staged table, mapped into memory: pages that are not looked at are not read.

    The pages stay mapped, and count as memory, as long as the table is held: hold it briefly.
    Raises ``OSError`` where the segment has no such table.
    """
    with pa.memory_map(str(Path(segment) / f"{table}.arrow")) as source:
        return pa.ipc.open_file(source).read_all().select(list(columns))
