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
        """Hash an array's streams; what has no nulls is read where it lies."""
        kind = array.type
        is_full = array.null_count == 0
        self._hash(
            f"{name}?", np.ones(len(array), np.uint8) if is_full else np.asarray(array.is_valid()).view(np.uint8)
        )
        if pa.types.is_struct(kind):
            for index in range(kind.num_fields):
                child = kind.field(index)
                inner = array.field(index) if is_full else pc.struct_field(array, [index])
                self._feed(f"{name}.{child.name}", inner)
        elif pa.types.is_list(kind):
            if is_full:
                bounds = _bounds(array)
                lengths, inner = np.diff(bounds), array.values[int(bounds[0]) : int(bounds[-1])]
            else:
                lengths, inner = np.asarray(pc.fill_null(pc.list_value_length(array), 0)), array.flatten()
            self._hash(f"{name}#", lengths.astype("<i4", copy=False))
            self._feed(f"{name}[]", inner)
        elif pa.types.is_string(kind) or pa.types.is_large_string(kind):
            plain = array if is_full else pc.fill_null(array, "")
            bounds = _bounds(plain)
            self._hash(f"{name}#", np.diff(bounds).astype("<i8", copy=False))
            data = plain.buffers()[2]
            self._hash_bytes(name, memoryview(data)[int(bounds[0]) : int(bounds[-1])] if data is not None else b"")
        else:
            self._hash(name, _numbers(array if is_full else _filled(array)))

    def _hash(self, name: str, values: np.ndarray[Any, Any]) -> None:
        self._hash_bytes(name, np.ascontiguousarray(values).data if len(values) else b"")

    def _hash_bytes(self, name: str, data: Any) -> None:
        self._streams.setdefault(name, hashlib.sha256()).update(data)


def _bounds(array: pa.Array) -> np.ndarray[Any, Any]:
    """Where the values of lists or texts begin and end in what holds them all."""
    if not len(array):
        return np.zeros(1, dtype=np.int64)
    offsets = array.buffers()[1]
    is_large = pa.types.is_large_string(array.type)
    held = np.frombuffer(offsets, dtype=np.int64 if is_large else np.int32)
    return held[array.offset : array.offset + len(array) + 1]


def _filled(array: pa.Array) -> pa.Array:
    """Numbers, with 0 for null; times and days as numbers."""
    kind = array.type
    if pa.types.is_timestamp(kind):
        array = array.cast(pa.int64())
    elif pa.types.is_date32(kind):
        array = array.cast(pa.int32())
    return pc.fill_null(array, False if pa.types.is_boolean(kind) else 0)


def _numbers(array: pa.Array) -> np.ndarray[Any, Any]:
    kind = array.type
    if pa.types.is_boolean(kind):
        return np.asarray(array).astype(np.uint8)
    if pa.types.is_timestamp(kind):
        array = array.view(pa.int64())
    elif pa.types.is_date32(kind):
        array = array.view(pa.int32())
    values = np.asarray(array)
    return values.astype(values.dtype.newbyteorder("<"), copy=False)
