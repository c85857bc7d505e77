"""Stored fingerprints: the columns that the staged works have of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import chain
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from pipelines.fingerprint import BINS, CHAPTER_BINS, NAMELESS_BINS, Minima, Sketch, WorkFingerprint

_HASH = pa.binary(16)
_CHAPTER_SKETCH = pa.field("element", pa.binary(4 * CHAPTER_BINS), nullable=False)

FINGERPRINT_FIELDS: list[pa.Field] = [
    pa.field("words_sha", _HASH, nullable=False),
    pa.field("n_shingles", pa.int64(), nullable=False),
    pa.field("sketch", pa.binary(4 * BINS), nullable=False),
    pa.field("chapter_words_sha", pa.list_(pa.field("element", _HASH, nullable=False)), nullable=False),
    pa.field("chapter_n_words", pa.list_(pa.field("element", pa.int32(), nullable=False)), nullable=False),
    pa.field("n_nameless", pa.int64(), nullable=False),
    pa.field("nameless_sketch", pa.binary(4 * NAMELESS_BINS), nullable=False),
    pa.field("chapter_sketch", pa.list_(_CHAPTER_SKETCH), nullable=False),
]
"""Columns of a stored fingerprint. Sketches are little-endian 32-bit minima, not densified: 256 of the work, 128 of
its name-blind words, and 64 of each chapter where there are several."""


def fingerprint_columns(fingerprints: Sequence[WorkFingerprint]) -> list[pa.Array]:
    """Arrow columns of a batch of works, in the order of ``FINGERPRINT_FIELDS``."""
    return [
        _fixed([work.exact for work in fingerprints]),
        _numbers([work.n_shingles_estimate for work in fingerprints], pa.int64()),
        _minima([work.sketch for work in fingerprints], BINS),
        _lists(3, [work.chapter_hashes for work in fingerprints], _fixed),
        _lists(4, [work.chapter_words for work in fingerprints], lambda values: _numbers(values, pa.int32())),
        _numbers([work.n_nameless_estimate for work in fingerprints], pa.int64()),
        _minima([work.nameless for work in fingerprints], NAMELESS_BINS),
        _lists(7, [work.chapter_sketches for work in fingerprints], lambda sketches: _minima(sketches, CHAPTER_BINS)),
    ]


# From buffers: ``pa.array`` would ask each value what it is, and load pandas for that.
def _fixed(hashes: Sequence[bytes]) -> pa.Array:
    return pa.Array.from_buffers(_HASH, len(hashes), [None, pa.py_buffer(b"".join(hashes))])


def _numbers(values: Sequence[int], kind: pa.DataType) -> pa.Array:
    return pa.Array.from_buffers(kind, len(values), [None, pa.py_buffer(np.array(values, kind.to_pandas_dtype()))])


def _minima(sketches: Sequence[Sketch], bins: int) -> pa.Array:
    together = np.concatenate([np.empty(0, dtype=np.uint32), *(sketch.minima for sketch in sketches)])
    data = pa.py_buffer(together.astype("<u4", copy=False))
    return pa.Array.from_buffers(pa.binary(4 * bins), len(sketches), [None, data])


def _lists(field: int, rows: Sequence[Sequence[Any]], column_of: Callable[[list[Any]], pa.Array]) -> pa.Array:
    ends = np.cumsum([0, *map(len, rows)], dtype=np.int32)
    members = column_of(list(chain.from_iterable(rows)))
    kind = FINGERPRINT_FIELDS[field].type
    return pa.Array.from_buffers(kind, len(rows), [None, pa.py_buffer(ends)], children=[members])


def fixed_binary(column: pa.Array | pa.ChunkedArray, dtype: str) -> npt.NDArray[np.generic]:
    """Values of a fixed-size binary column as a matrix of ``dtype``, one row per value, without a copy where it can.

    Raises ``ValueError`` where the column has nulls.
    """
    array = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    if isinstance(array, pa.ChunkedArray):
        array = pa.concat_arrays(array.chunks) if array.num_chunks else pa.array([], column.type)
    if array.null_count:
        raise ValueError("a fingerprint column has nulls")
    width = array.type.byte_width
    per_row = width // np.dtype(dtype).itemsize
    if not len(array):
        return np.empty((0, per_row), dtype=dtype)
    values = np.frombuffer(array.buffers()[1], dtype=dtype, offset=array.offset * width, count=len(array) * per_row)
    return values.reshape(len(array), per_row)


def sketch_matrix(column: pa.Array | pa.ChunkedArray) -> Minima:
    """Stored sketches as one matrix, a row of 256 minima per work."""
    return fixed_binary(column, "<u4").astype(np.uint32, copy=False)
