"""Pairs that an earlier build compared: texts that have not changed are not compared again.

A pair is known by the contents of its works and by how they were cleaned, not by their ids, so that the
answer is the one that a comparison would give. The file holds what the last build needed, and nothing else.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.dedup_screen import Thresholds
from pipelines.dedup_verify import OVERLAP, VERIFY_VERSION, Compared, all_compared
from pipelines.fingerprint import SKETCH_VERSION
from pipelines.fingerprint_table import fixed_binary
from pipelines.fingerprint_words import Marks

Keys = npt.NDArray[np.uint64]
"""Four numbers for each pair: what is in either work, and how it was compared."""

_SCHEMA = pa.schema(
    [
        pa.field("key", pa.binary(32), nullable=False),
        pa.field("overlap", pa.binary(OVERLAP.itemsize), nullable=False),
        pa.field("sample", pa.large_binary(), nullable=False),
    ]
)


def content_keys(contents: Sequence[str], cleaners: Sequence[str]) -> Keys:
    """Two numbers for each work, that change with its text and with the version of the cleaner."""
    parts = [hashlib.sha256(f"{c} {v}".encode()).digest()[:16] for c, v in zip(contents, cleaners, strict=True)]
    return np.frombuffer(b"".join(parts), dtype="<u8").reshape(-1, 2).astype(np.uint64)


def pair_keys(one: Keys, other: Keys, asks_names: Marks) -> Keys:
    """Keys of pairs from those of their works."""
    keys = np.concatenate((one, other), axis=1)
    keys[:, 0] ^= asks_names.astype(np.uint64)
    return keys


class KnownPairs:
    """What is known of pairs, and what this build learns; within ``with``, which writes the file at its end."""

    def __init__(self, folder: Path, thresholds: Thresholds) -> None:
        terms = f"{SKETCH_VERSION} {VERIFY_VERSION} {thresholds.similarity} {thresholds.nameless}"
        self._path = folder / f"pairs.{hashlib.sha256(terms.encode()).hexdigest()[:8]}.arrow"
        self._beside = self._path.with_name(f".{self._path.name}")
        keys = fixed_binary(self._read().column("key"), "<u8").astype(np.uint64)
        self._order = np.lexsort(keys.T[::-1])
        self._keys = keys[self._order]

    def _read(self) -> pa.Table:
        """The file of the build before, mapped into memory as long as the table is held."""
        try:
            with pa.memory_map(str(self._path)) as source:
                return pa.ipc.open_file(source).read_all()
        except (OSError, pa.ArrowInvalid):  # the first build, or a file that was cut off: all is compared anew
            return _SCHEMA.empty_table()

    def __enter__(self) -> Self:
        self._writer = pa.ipc.new_file(str(self._beside), _SCHEMA)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._writer.close()
        if kind is not None:
            self._beside.unlink()
            return
        for former in self._path.parent.glob("pairs.*.arrow"):
            former.unlink()
        self._beside.replace(self._path)

    def find(self, keys: Keys) -> npt.NDArray[np.int64]:
        """Row of each pair, for ``get``; -1 where it is not known."""
        first = np.searchsorted(self._keys[:, 0], keys[:, 0])
        rows = np.full(len(keys), -1, dtype=np.int64)
        for n, start in enumerate(first.tolist()):
            at = start
            while at < len(self._keys) and self._keys[at, 0] == keys[n, 0]:
                if np.array_equal(self._keys[at], keys[n]):
                    rows[n] = self._order[at]
                    break
                at += 1
        return rows

    def get(self, rows: npt.NDArray[np.int64]) -> Compared:
        """What is known of pairs, in the order asked for."""
        if not len(rows):
            return all_compared(())
        table = self._read().take(pa.array(rows)).combine_chunks()
        found = fixed_binary(table.column("overlap"), "u1").copy().view(OVERLAP)[:, 0]
        samples = table.column("sample").combine_chunks()
        samples = pa.concat_arrays(samples.chunks) if isinstance(samples, pa.ChunkedArray) else samples
        n_samples = np.asarray(pc.binary_length(samples)) // 8
        joined = np.frombuffer(samples.buffers()[2], dtype="<u8", count=int(n_samples.sum()))
        return Compared(found, n_samples, joined.astype(np.uint64))

    def keep(self, keys: Keys, found: Compared) -> None:
        """Write what pairs share to the file that comes to be."""
        count = len(keys)
        ends = np.concatenate(([0], np.cumsum(found.n_samples))) * 8
        buffers = [values.tobytes() for values in (keys.astype("<u8"), found.overlaps, found.samples.astype("<u8"))]
        kinds = [_SCHEMA.field(name).type for name in ("key", "overlap")]
        columns = [
            pa.Array.from_buffers(kind, count, [None, pa.py_buffer(values)])
            for kind, values in zip(kinds, buffers[:2], strict=True)
        ]
        offsets = pa.py_buffer(ends.astype("<i8").tobytes())
        columns.append(pa.Array.from_buffers(pa.large_binary(), count, [None, offsets, pa.py_buffer(buffers[2])]))
        self._writer.write_table(pa.Table.from_arrays(columns, schema=_SCHEMA))
