"""Band keys: of each staged segment a file with the keys under which its works and chapters meet others.

A segment never changes, so its keys are made once and used by every build after it. The file is made of
rows of 64-bit keys, a row for each band, so that a band is read in one piece:

- ``EXACT``: of each work's words;
- the bands of the works' sketches;
- ``NAMELESS_BANDS`` bands of their name-blind sketches;
- ``CHAPTER_BANDS`` bands of their chapters' sketches. The chapters of a work of one chapter are the work.

Key 0 meets nothing.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from pipelines.fingerprint import BINS, CHAPTER_BINS, EMPTY, SKETCH_VERSION, Minima, coarsened, densify
from pipelines.fingerprint_table import fixed_binary, sketch_matrix
from pipelines.fingerprint_words import Hashes, mix
from pipelines.staged_columns import read_columns, whole

Rows = npt.NDArray[np.int32]

KEYS_VERSION = "1"
RECALL = 0.97
"""Part of the pairs at the wanted similarity that must meet in a band."""
HIGHEST_BANDED = 0.5
"""Bands look for pairs of this similarity even where more is wanted of near-duplicates: one may hold the other."""
NAMELESS_BANDS, NAMELESS_ROWS = 32, 4
"""A pair of name-blind similarity 0.6 meets in 98.8 % of cases, one of 0.5 in 87 %."""
CHAPTER_BANDS, CHAPTER_ROWS = 16, 4
"""Two chapters of similarity 0.7 meet in 98.8 % of cases, of 0.6 in 89 %."""
MIN_CHAPTER_WORDS = 40
"""Shorter chapters (a note, a dedication) do not bring works together."""
EXACT = 0
"""Row of the keys of the works' words."""
_BANDS_AT_ONCE = 16
"""Bands whose keys are made together: 8 bytes each for every work, a few times."""
_COLUMNS = ("words_sha", "n_shingles", "sketch", "nameless_sketch", "chapter_n_words", "chapter_sketch")


def bands_for(min_similarity: float) -> tuple[int, int]:
    """Bands and rows of the LSH: the most selective that finds a pair at ``min_similarity`` in 97 % of cases.

    A pair of similarity s meets with probability 1 - (1 - s**rows)**bands (Leskovec, Rajaraman and
    Ullman, Mining of Massive Datasets, 3.4). For 0.5 that is 64 bands of 4 rows: .984 at 0.5, .9999 at 0.6,
    .81 at 0.4, .10 at 0.2, .006 at 0.1.
    """
    for rows in range(BINS, 1, -1):
        if 1 - (1 - min_similarity**rows) ** (BINS // rows) >= RECALL:
            return BINS // rows, rows
    return BINS, 1


@dataclass(frozen=True, slots=True)
class KeyFile:
    """Where a segment's keys lie, and how many works and chapters it has."""

    path: str
    bands: int
    n_works: int
    n_units: int

    @property
    def unit_rows_offset(self) -> int:
        """Where the works of the chapters stand, in bytes."""
        return _HEADER + 8 * self.n_works * (1 + self.bands + NAMELESS_BANDS)

    def work_keys(self, first: int, bands: int = 1) -> Hashes:
        """Keys of the works, a row for each of some bands: that of their words (``EXACT``), then those of sketches."""
        return self._keys(_HEADER, self.n_works, first, bands)

    def unit_rows(self) -> Rows:
        """Which work each chapter belongs to, by row."""
        found: Rows = _read(self.path, np.int32, self.n_units, self.unit_rows_offset)
        return found

    def unit_keys(self, first: int, bands: int = 1) -> Hashes:
        """Keys of the chapters, a row for each of some bands."""
        return self._keys(self.unit_rows_offset + 8 * -(-self.n_units // 2), self.n_units, first, bands)

    def _keys(self, start: int, count: int, first: int, bands: int) -> Hashes:
        found: Hashes = _read(self.path, np.uint64, bands * count, start + 8 * count * first)
        return found.reshape(bands, count)


_HEADER = 16


def _read(path: str, dtype: type[Any], count: int, offset: int) -> Any:
    found = np.fromfile(path, dtype=np.dtype(dtype).newbyteorder("<"), count=count, offset=offset)
    return found.astype(dtype, copy=False)


@dataclass(frozen=True, slots=True)
class KeyTask:
    """A segment whose keys are to be made, if they are not there."""

    segment: str
    """Its folder."""
    target: str
    bands: int
    rows: int


def key_path(folder: Path, segment: str, bands: int, rows: int) -> Path:
    """Where the keys of a segment are kept."""
    return folder / f"{segment}.{SKETCH_VERSION}-{KEYS_VERSION}-{bands}x{rows}.keys"


def write_keys(task: KeyTask) -> KeyFile:
    """Make the keys of a segment, or find them made."""
    target = Path(task.target)
    if not target.exists():
        _write(task, target)
    n_works, n_units = np.fromfile(target, dtype="<i8", count=2).tolist()
    return KeyFile(str(target), task.bands, n_works, n_units)


def _write(task: KeyTask, target: Path) -> None:
    table = read_columns(task.segment, "works", _COLUMNS)
    n_works = table.num_rows
    spoken = np.asarray(table.column("n_shingles")) > 0
    exact = mix(fixed_binary(table.column("words_sha"), "<u8").astype(np.uint64)[:, 0].copy())
    minima = sketch_matrix(table.column("sketch"))
    blind = fixed_binary(table.column("nameless_sketch"), "<u4").astype(np.uint32, copy=False)
    units, unit_rows = _units(table, minima)
    beside = target.with_name(f".{target.name}.{os.getpid()}")
    with beside.open("wb") as stream:
        stream.write(np.array([n_works, len(unit_rows)], dtype="<i8").tobytes())
        stream.write(np.where(spoken, exact | np.uint64(1), 0).astype("<u8").tobytes())
        _write_bands(stream, minima, task.bands, task.rows)
        _write_bands(stream, blind, NAMELESS_BANDS, NAMELESS_ROWS)
        padded = np.zeros(2 * -(-len(unit_rows) // 2), dtype="<i4")
        padded[: len(unit_rows)] = unit_rows
        stream.write(padded.tobytes())
        _write_bands(stream, units, CHAPTER_BANDS, CHAPTER_ROWS)
    beside.replace(target)


def _write_bands(stream: IO[bytes], minima: Minima, bands: int, rows: int) -> None:
    some = (minima != EMPTY).any(axis=1)
    dense = densify(minima)
    for start in range(0, bands, _BANDS_AT_ONCE):
        together = range(start, min(start + _BANDS_AT_ONCE, bands))
        values = dense[:, together.start * rows : together.stop * rows].T.astype(np.uint64)
        keys = np.repeat(np.array(together, dtype=np.uint64)[:, np.newaxis], len(dense), axis=1)
        for row in range(rows):
            keys ^= values[row::rows]
            keys = mix(keys)
        keys |= np.uint64(1)
        stream.write(np.where(some, keys, 0).astype("<u8").tobytes())


def _units(table: pa.Table, minima: Minima) -> tuple[Minima, Rows]:
    """Sketches of the chapters, and the row of the work of each; a work with none of its own is one chapter."""
    listed, sizes = (whole(table.column(name)) for name in ("chapter_sketch", "chapter_n_words"))
    own = np.asarray(listed.value_lengths(), dtype=np.int32)
    several = np.flatnonzero(own > 0)
    alone = np.flatnonzero(own == 0)
    long = np.asarray(sizes.filter(pa.array(own > 0)).flatten()) >= MIN_CHAPTER_WORDS
    chapters = fixed_binary(listed.flatten(), "<u4").astype(np.uint32, copy=False)[long]
    rows = np.repeat(several, own[several])[long]
    everything = np.concatenate([coarsened(minima[alone], CHAPTER_BINS), chapters.reshape(-1, CHAPTER_BINS)])
    return everything, np.concatenate([alone, rows]).astype(np.int32)
