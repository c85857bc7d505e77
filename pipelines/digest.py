"""Logical digests: a hash of a table's values, whatever the file layout, codec or library version."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc


class TableDigest:
    """SHA-256 over a table's values, fed with batches; how the rows are cut into batches does not matter.

    Every leaf of the schema has streams of its own (validity, lengths, values), which are hashed
    apart and at last together with the field's name.
    """

    def __init__(self, schema: pa.Schema) -> None:
        self._schema = schema
        self._streams: dict[str, Any] = {}
        self._rows = 0

    def update(self, table: pa.Table) -> None:
        """Take in the next rows; ``table`` has the schema's columns in its order."""
        for field, column in zip(self._schema, table.columns, strict=True):
            for chunk in column.chunks:
                self._feed(field.name, chunk)
        self._rows += table.num_rows

    def hexdigest(self) -> str:
        """The digest of all rows so far, in hex."""
        total = hashlib.sha256(str(self._rows).encode())
        for name, stream in sorted(self._streams.items()):
            total.update(name.encode())
            total.update(stream.digest())
        return total.hexdigest()

    def _feed(self, name: str, array: pa.Array) -> None:
        self._hash(name + "?", np.asarray(pc.is_valid(array)).astype(np.uint8))
        kind = array.type
        if pa.types.is_struct(kind):
            for index in range(kind.num_fields):
                child = kind.field(index)
                self._feed(f"{name}.{child.name}", pc.struct_field(array, [index]))
        elif pa.types.is_list(kind):
            self._hash(name + "#", np.asarray(pc.fill_null(pc.list_value_length(array), 0)).astype("<i4"))
            self._feed(name + "[]", array.flatten())
        elif pa.types.is_string(kind) or pa.types.is_large_string(kind):
            plain = pc.fill_null(array, "").cast(pa.large_string())
            self._hash(name + "#", np.asarray(pc.binary_length(plain)).astype("<i8"))
            self._hash_bytes(name, _text_bytes(plain))
        else:
            self._hash(name, _numbers(array))

    def _hash(self, name: str, values: np.ndarray[Any, Any]) -> None:
        self._hash_bytes(name, np.ascontiguousarray(values).data if len(values) else b"")

    def _hash_bytes(self, name: str, data: Any) -> None:
        self._streams.setdefault(name, hashlib.sha256()).update(data)


def _text_bytes(array: pa.LargeStringArray) -> Any:
    _, offsets, data = array.buffers()
    if data is None or len(array) == 0:
        return b""
    bounds = np.frombuffer(offsets, dtype=np.int64)[array.offset : array.offset + len(array) + 1]
    return memoryview(data)[int(bounds[0]) : int(bounds[-1])]


def _numbers(array: pa.Array) -> np.ndarray[Any, Any]:
    kind = array.type
    if pa.types.is_boolean(kind):
        return np.asarray(pc.fill_null(array, False)).astype(np.uint8)
    if pa.types.is_timestamp(kind):
        array, kind = array.cast(pa.int64()), pa.int64()
    elif pa.types.is_date32(kind):
        array, kind = array.cast(pa.int32()), pa.int32()
    values = np.asarray(pc.fill_null(array, 0))
    return values.astype(values.dtype.newbyteorder("<"))
