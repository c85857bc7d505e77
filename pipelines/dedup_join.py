"""Which works to compare: buckets of works that agree in a band of their sketches, or share a chapter.

Buckets never prove anything. Their pairs are screened by sketch and then verified on the texts.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from pipelines.fingerprint import BINS, EMPTY, Minima, fixed_binary
from pipelines.fingerprint_words import Hashes, mix

Places = npt.NDArray[np.intp]
Numbers = npt.NDArray[np.int64]

RECALL = 0.97
"""Part of the pairs at the wanted similarity that must meet in a band."""
HIGHEST_BANDED = 0.5
"""Bands look for pairs of this similarity even where more is wanted of near-duplicates: one may hold the other."""
MIN_CHAPTER_WORDS = 40
"""Shorter chapters (a note, a dedication) do not bring works together."""
LARGEST_BUCKET = 50
"""Works in a larger bucket (boilerplate, or one much copied story) are compared with its first only."""
TURNS = 16
"""In a smaller one with its first 16, as far as they are not linked yet."""


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


@dataclass(frozen=True)
class Buckets:
    """Works in buckets: ``members`` in order, ``sizes`` of the buckets one after another, all at least 2."""

    members: Places
    sizes: Places

    def pairs(self, turn: int) -> Places:
        """Pairs (rows of two, ascending, distinct) of each bucket's ``turn``-th work and those after it."""
        turns = np.where(self.sizes > LARGEST_BUCKET, 1, TURNS)
        starts = np.cumsum(self.sizes) - self.sizes
        open_ = (turns > turn) & (self.sizes > turn + 1)
        sizes = self.sizes[open_] - turn - 1
        firsts = starts[open_] + turn
        nth = np.arange(sizes.sum()) - np.repeat(np.cumsum(sizes) - sizes, sizes)
        one = self.members[np.repeat(firsts, sizes)]
        other = self.members[np.repeat(firsts + 1, sizes) + nth]
        low, high = np.minimum(one, other), np.maximum(one, other)
        order = np.lexsort((high, low))
        pairs = np.stack((low[order], high[order]), axis=1)
        new = np.ones(len(pairs), dtype=bool)
        new[1:] = (pairs[1:] != pairs[:-1]).any(axis=1)
        return pairs[new]


def band_buckets(dense: Minima, min_similarity: float) -> Buckets:
    """Buckets of the works (rows of ``dense``, densified) that agree in a band."""
    bands, rows = bands_for(min(min_similarity, HIGHEST_BANDED))
    works = np.flatnonzero((dense != EMPTY).any(axis=1))
    return _gathered(list(_each_band(dense, works, bands, rows)))


def _each_band(dense: Minima, works: Places, bands: int, rows: int) -> Iterator[tuple[Places, Places]]:
    for band in range(bands):
        keys = np.zeros(len(works), dtype=np.uint64)
        for column in range(band * rows, (band + 1) * rows):
            keys = mix(keys ^ dense[works, column])
        yield _runs(keys, works)


def chapter_buckets(hashes: pa.Array | pa.ChunkedArray, words: pa.Array | pa.ChunkedArray) -> Buckets:
    """Buckets of the works that hold one and the same chapter, from their lists of chapter hashes and words."""
    hashes, words = _whole(hashes), _whole(words)
    owners = np.repeat(np.arange(len(hashes)), np.asarray(hashes.value_lengths(), dtype=np.intp))
    long = np.asarray(words.flatten()) >= MIN_CHAPTER_WORDS
    keys = fixed_binary(hashes.flatten(), "<u8")[long].astype(np.uint64)
    order = np.lexsort((owners[long], keys[:, 1], keys[:, 0]))
    keys, owners = keys[order], owners[long][order]
    new = np.ones(len(keys), dtype=bool)
    new[1:] = (keys[1:] != keys[:-1]).any(axis=1)
    run = np.cumsum(new).astype(np.uint64)
    once = new.copy()
    once[1:] |= owners[1:] != owners[:-1]
    return _gathered([_runs(run[once], owners[once])])


def _whole(column: pa.Array | pa.ChunkedArray) -> pa.Array:
    if not isinstance(column, pa.ChunkedArray):
        return column
    return pa.concat_arrays(column.chunks) if column.num_chunks else pa.array([], column.type)


def _runs(keys: Hashes, works: Places) -> tuple[Places, Places]:
    """Works with equal keys, one bucket after another, and the sizes of the buckets."""
    order = np.argsort(keys, kind="stable")
    ordered = keys[order]
    edges = np.flatnonzero(ordered[1:] != ordered[:-1]) + 1
    bounds = np.concatenate(([0], edges, [len(keys)]))
    sizes = np.diff(bounds)
    several = sizes > 1
    return works[order[np.repeat(several, sizes)]], sizes[several]


def _gathered(runs: Sequence[tuple[Places, Places]]) -> Buckets:
    members = np.concatenate([members for members, _ in runs])
    return Buckets(members.astype(np.intp), np.concatenate([sizes for _, sizes in runs]).astype(np.intp))


class Screen:
    """Sorts out pairs that their sketches show to be too different, four standard errors on the safe side."""

    def __init__(self, minima: Minima, dense: Minima, n_shingles: Numbers) -> None:
        self._dense = dense
        self._filled = (minima != EMPTY).sum(axis=1)
        self._n_shingles = n_shingles

    def may_pass(
        self, pairs: Places, min_similarity: float, min_containment: float, min_shared: int
    ) -> npt.NDArray[np.bool_]:
        """Whether each pair may reach one of the thresholds."""
        parts = [
            self._may_pass(pairs[start : start + 4096], min_similarity, min_containment, min_shared)
            for start in range(0, len(pairs), 4096)
        ]
        return np.concatenate(parts) if parts else np.empty(0, dtype=np.bool_)

    def _may_pass(
        self, pairs: Places, min_similarity: float, min_containment: float, min_shared: int
    ) -> npt.NDArray[np.bool_]:
        one, other = pairs[:, 0], pairs[:, 1]
        agree = (self._dense[one] == self._dense[other]).mean(axis=1)
        spread = np.maximum(agree * (1 - agree), 0.025)  # no agreement at all still allows for a similarity of 0.04
        bins = np.minimum(self._filled[one], self._filled[other])
        highest = np.minimum(agree + 4 * np.sqrt(spread / np.maximum(bins, 1)), 1.0)
        sizes = self._n_shingles[one] * 1.0, self._n_shingles[other] * 1.0
        smaller = np.maximum(np.minimum(*sizes), 1.0)
        shared = 1.25 * highest / (1 + highest) * (sizes[0] + sizes[1])  # sizes are estimates, 6 % off at one sigma
        contained = (shared >= min_containment * smaller) & (1.25 * smaller >= min_shared)
        passes: npt.NDArray[np.bool_] = (highest >= min_similarity) | contained
        return passes
