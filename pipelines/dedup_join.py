"""Which works to compare: those that meet in a band, found band by band from the key files.

Buckets never prove anything: their pairs are screened by sketch and then verified on the texts. A band is
a task of its own that holds 8 bytes for each work (or chapter); what it finds it writes to a file.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from pipelines.dedup_keys import CHAPTER_BANDS, NAMELESS_BANDS, KeyFile, Rows
from pipelines.fingerprint_words import Hashes, mix

Places = npt.NDArray[np.int64]
Pairs = npt.NDArray[np.uint64]
"""Pairs of places: the smaller one in the high half, the larger one in the low half."""

SMALL_BUCKET = 12
"""All works of a bucket of so many are paired with one another."""
LARGE_BUCKET = 50
"""In one of more works than this (boilerplate, or one much copied story) each is paired with one other only."""
BANDS_OF_TASK = 4
"""Bands that a task joins, one after another."""
KEYS_AT_ONCE = 1 << 20
"""Keys that a task holds; those of a single band may pass it. So many bands of a few works are read in one piece."""
NEIGHBOURS = 3
"""In one between, with three: in every band with other ones, so that true copies are well connected."""


@dataclass(frozen=True, slots=True)
class Join:
    """The key files of a corpus, and which rows of them take part."""

    files: tuple[KeyFile, ...]
    places: str
    """File of 32-bit places, a number for each row of each key file: -1 for those that do not take part."""
    scratch: str
    """Folder for what is found."""

    def __iter__(self) -> Iterator[tuple[KeyFile, Rows]]:
        """Each key file with the places of its rows."""
        with Path(self.places).open("rb") as stream:
            for file in self.files:
                yield file, np.frombuffer(stream.read(4 * file.n_works), dtype="<i4").astype(np.int32, copy=False)


@dataclass(frozen=True, slots=True)
class BandTask:
    """Some bands to be joined."""

    join: Join
    bands: tuple[int, ...]
    """Rows of the works' keys, or bands of the chapters'."""
    of_chapters: bool = False


def near_tasks(join: Join, bands: int, *, renamed: bool) -> list[BandTask]:
    """The bands of a corpus. The first row of keys, that of equal words, is not among them."""
    last = 1 + bands + (NAMELESS_BANDS if renamed else 0)
    tasks = [BandTask(join, tuple(range(n, min(n + BANDS_OF_TASK, last)))) for n in range(1, last, BANDS_OF_TASK)]
    starts = range(0, CHAPTER_BANDS, BANDS_OF_TASK)
    return tasks + [BandTask(join, tuple(range(n, n + BANDS_OF_TASK)), of_chapters=True) for n in starts]


def band_pairs(task: BandTask) -> str:
    """Write the pairs of works that meet in some bands to a file; its path."""
    pairs = distinct_pairs([pairs_of(keys, places, band) for band, keys, places in _keys_of(task)])
    name = f"pairs-{'chapters' if task.of_chapters else 'works'}-{task.bands[0]}.bin"
    path = Path(task.join.scratch) / name
    pairs.astype("<u8").tofile(path)
    return str(path)


def _keys_of(task: BandTask) -> Iterator[tuple[int, Hashes, Rows]]:
    """Each band with its keys, and the places of the works that have them."""
    rows = sum(file.n_units if task.of_chapters else file.n_works for file in task.join.files)
    at_once = max(1, KEYS_AT_ONCE // max(1, rows))
    for start in range(0, len(task.bands), at_once):
        bands = task.bands[start : start + at_once]
        keys, places = _read_bands(task, bands[0], len(bands), rows)
        for band, own in zip(bands, keys, strict=True):
            chosen = np.flatnonzero(own)
            yield band, own[chosen], places[chosen]


def _read_bands(task: BandTask, first: int, bands: int, rows: int) -> tuple[Hashes, Rows]:
    """Keys of the rows that take part, band by band, and their places."""
    keys, places = np.empty((bands, rows), dtype=np.uint64), np.empty(rows, dtype=np.int32)
    end = 0
    for file, own in task.join:
        found = file.unit_keys(first, bands) if task.of_chapters else file.work_keys(first, bands)
        mine = own[file.unit_rows()] if task.of_chapters else own
        chosen = np.flatnonzero(mine >= 0)
        start, end = end, end + len(chosen)
        keys[:, start:end] = found[:, chosen]
        places[start:end] = mine[chosen]
    return keys[:, :end], places[:end]


def pairs_of(keys: Hashes, places: Places | Rows, salt: int) -> Pairs:
    """Pairs of places whose keys agree: sorted and distinct, the same for any order of the rows.

    Key and row are packed into one number and sorted: 64 bits less those of the row's number tell keys
    apart, so that among a million works a band brings together 0.03 pairs by chance, among fifteen million 100.
    """
    if len(keys) < 2:
        return np.empty(0, dtype=np.uint64)
    bits = np.uint64(max(1, (len(keys) - 1).bit_length()))
    packed = keys >> bits << bits
    packed |= np.arange(len(keys), dtype=np.uint64)
    packed.sort()
    order = (packed & ((np.uint64(1) << bits) - np.uint64(1))).astype(np.intp)
    packed >>= bits
    new = np.ones(len(packed), dtype=bool)
    new[1:] = packed[1:] != packed[:-1]
    starts = np.flatnonzero(new)
    sizes = np.diff(np.append(starts, len(packed)))
    several = sizes > 1
    starts, sizes = starts[several], sizes[several]
    members = places[order[_ranges(starts, sizes)]].astype(np.int64)
    return _paired(members, sizes, salt)


def _ranges(starts: Places, sizes: Places) -> Places:
    total = int(sizes.sum())
    ranges: Places = np.arange(total) + np.repeat(starts - (np.cumsum(sizes) - sizes), sizes)
    return ranges


def _paired(members: Places, sizes: Places, salt: int) -> Pairs:
    bucket = np.repeat(np.arange(len(sizes)), sizes)
    turned = mix(members.astype(np.uint64) ^ np.uint64(salt << 40))
    order = np.lexsort((turned, bucket))
    members = members[order]
    n_others = np.where(sizes <= SMALL_BUCKET, SMALL_BUCKET, np.where(sizes <= LARGE_BUCKET, NEIGHBOURS, 1))
    nth = _ranges(np.zeros_like(sizes), sizes)
    left, allowed = np.repeat(sizes, sizes) - nth, np.repeat(n_others, sizes)
    found = [np.empty(0, dtype=np.uint64)]
    for step in range(1, SMALL_BUCKET):
        first = np.flatnonzero((left > step) & (allowed >= step))
        if not len(first):
            break
        one, other = members[first], members[first + step]
        low, high = np.minimum(one, other), np.maximum(one, other)
        pairs = low.astype(np.uint64) << np.uint64(32) | high.astype(np.uint64)
        found.append(pairs[low != high])
    return distinct_pairs(found)


def distinct_pairs(parts: Sequence[Pairs]) -> Pairs:
    """Sorted distinct pairs of several arrays."""
    ordered = np.sort(np.concatenate([np.empty(0, dtype=np.uint64), *parts]))
    new = np.ones(len(ordered), dtype=bool)
    new[1:] = ordered[1:] != ordered[:-1]
    return ordered[new]


def gathered(paths: Sequence[str]) -> Pairs:
    """The distinct pairs of several files, which are removed."""
    total = np.empty(0, dtype=np.uint64)
    waiting: list[Pairs] = []
    for path in paths:
        waiting.append(np.fromfile(path, dtype="<u8").astype(np.uint64))
        Path(path).unlink()
        if sum(map(len, waiting)) > max(1_000_000, len(total)):
            total, waiting = distinct_pairs([total, *waiting]), []
    return distinct_pairs([total, *waiting])


def split(pairs: Pairs) -> tuple[Places, Places]:
    """The two places of each pair."""
    return (pairs >> np.uint64(32)).astype(np.int64), (pairs & np.uint64(0xFFFFFFFF)).astype(np.int64)


def joined(one: Places, other: Places) -> Pairs:
    """Pairs of places, in either order."""
    low, high = np.minimum(one, other), np.maximum(one, other)
    return low.astype(np.uint64) << np.uint64(32) | high.astype(np.uint64)
