"""Fingerprints of texts: a hash of the words, and a sketch of the word 5-grams that estimates how much two texts share.

Shingles do not cross chapter borders, so that the sketch of a work is the merged sketch of its
chapters. Everything is integer arithmetic and SHA-256, the same on every machine;
``SKETCH_VERSION`` changes when a fingerprint does.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import accumulate, pairwise

import numpy as np
import numpy.typing as npt

from pipelines.fingerprint_names import MIN_LEFT, MIN_NAMES, nameless_of
from pipelines.fingerprint_words import (
    SHINGLE_WORDS,
    Encoded,
    Hashes,
    Words,
    cased_words_of,
    mix,
    shingle_set,
    shingles,
    words,
)

__all__ = [
    "BINS",
    "CHAPTER_BINS",
    "EMPTY",
    "NAMELESS_BINS",
    "SKETCH_VERSION",
    "ChapterFingerprint",
    "Sketch",
    "WorkFingerprint",
    "cardinalities",
    "coarsened",
    "densify",
    "fingerprint_chapter",
    "fingerprint_chapters",
    "fingerprint_work",
    "fingerprint_works",
    "merge",
    "shingle_set",
    "shingles",
    "words",
]

Minima = npt.NDArray[np.uint32]
Halves = npt.NDArray[np.uint32]
"""Low halves of hashes, little-endian."""

SKETCH_VERSION = "3"

BINS = 256
"""Bins of a sketch: the standard error of a similarity is at most 1 / (2 * sqrt(256)) = 0.031."""
CHAPTER_BINS = 64
"""Bins that are kept of a chapter's own sketch."""
NAMELESS_BINS = 128
"""Bins that are kept of the sketch of a work's name-blind words."""
EMPTY = 0xFFFFFFFF
"""Minimum of a bin that no shingle fell into."""

_FEW_BINS = 32
"""Up to so many filled bins it is faster to find the giver of each empty bin than to try one after another."""
_GROUP = 1 << 16
"""Words of texts that are looked at together."""
_STRETCH = 1 << 20
"""Words whose shingles are made at once."""


@dataclass(frozen=True, slots=True, eq=False)
class Sketch:
    """One-permutation MinHash of a set of shingles (Li, Owen and Zhang 2012).

    The high 8 bits of a shingle's hash choose one of 256 bins, the low 32 bits compete for its
    minimum. Bins without a shingle hold ``EMPTY`` until ``densify`` fills them for comparison.
    """

    minima: Minima

    @classmethod
    def of(cls, hashes: Hashes) -> Sketch:
        """Sketch of a set of shingles; repeats and order do not matter."""
        minima = np.full(BINS, EMPTY, dtype=np.uint32)
        np.minimum.at(minima, *_bins(hashes))
        return cls(minima)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sketch) and bool(np.array_equal(self.minima, other.minima))

    def __hash__(self) -> int:
        return hash(self.minima.tobytes())

    def cardinality(self) -> int:
        """Estimate of how many distinct shingles there are; its standard error is about 6 %."""
        return int(cardinalities(self.minima[np.newaxis])[0])


def _bins(hashes: Hashes) -> tuple[npt.NDArray[np.int64], Minima]:
    """Bin of each shingle, and what it competes with there."""
    values = hashes.astype(np.uint32)
    np.minimum(values, np.uint32(EMPTY - 1), out=values)
    return (hashes >> np.uint64(56)).view(np.int64), values


def merge(sketches: Iterable[Sketch]) -> Sketch:
    """Sketch of the union of the sketched sets."""
    minima = np.full(BINS, EMPTY, dtype=np.uint32)
    for sketch in sketches:
        np.minimum(minima, sketch.minima, out=minima)
    return Sketch(minima)


def coarsened(minima: Minima, bins: int) -> Minima:
    """Sketches (rows of a matrix, or one) of fewer bins: neighbouring ones put together."""
    fewer: Minima = minima.reshape(*minima.shape[:-1], bins, minima.shape[-1] // bins).min(axis=-1)
    return fewer


def cardinalities(minima: Minima) -> npt.NDArray[np.int64]:
    """Estimated number of distinct shingles of each sketch (rows of a matrix).

    A bin's minimum is about exponential with the rate n / bins, cut off at 1 where the bin is empty:
    the maximum-likelihood rate is the number of filled bins by the sum of the minima.
    """
    bins = minima.shape[1]
    filled = (minima != EMPTY).sum(axis=1)
    total = (minima.astype(np.float64) / EMPTY).sum(axis=1)
    estimate = np.rint(bins * filled / np.maximum(total, 1e-9)).astype(np.int64)
    return np.where(filled == 0, 0, np.maximum(estimate, filled))


@cache
def _donors(bins: int) -> npt.NDArray[np.intp]:
    """For each attempt (row) and bin (column) the bin to copy from: each column is a fixed random permutation."""
    places = np.arange(bins * bins, dtype=np.uint64).reshape(bins, bins)
    return np.argsort(mix(places), axis=0, kind="stable")


@cache
def _attempts(bins: int) -> npt.NDArray[np.intp]:
    """The inverse: at which attempt a bin (row) gives to a bin (column)."""
    return np.argsort(_donors(bins), axis=0, kind="stable")


def densify(minima: Minima) -> Minima:
    """Fill the empty bins of sketches (rows of a matrix) so that equal bins estimate the Jaccard similarity.

    Optimal densification (Shrivastava 2017): each empty bin copies the first filled one in an order of
    its own, the same for all sketches. Rows of empty sets stay empty.
    """
    bins = minima.shape[1]
    dense = minima.copy()
    filled = (minima != EMPTY).sum(axis=1)
    for sparse in np.flatnonzero((filled > 0) & (filled <= _FEW_BINS)).tolist():
        givers = np.flatnonzero(minima[sparse] != EMPTY)
        taken = minima[sparse, givers[_attempts(bins)[givers].argmin(axis=0)]]
        dense[sparse] = np.where(minima[sparse] == EMPTY, taken, minima[sparse])
    rows = np.flatnonzero((filled > _FEW_BINS) & (filled < bins))
    row, column = np.nonzero(minima[rows] == EMPTY)
    row = rows[row]
    for donors in _donors(bins):
        if not row.size:
            break
        copied = minima[row, donors[column]]
        dense[row, column] = copied
        missing = copied == EMPTY
        row, column = row[missing], column[missing]
    return dense


@dataclass(frozen=True, slots=True)
class ChapterFingerprint:
    """What identifies a chapter's text."""

    words_sha: bytes
    """Hash of the normalised words, 16 bytes."""
    n_words: int
    """Normalised words; in scripts without spaces, characters."""
    sketch: Sketch
    nameless: Sketch
    """Sketch of the words without names and pronouns."""
    n_names: int
    """Words that are names."""
    n_nameless: int
    """Words that are neither names nor pronouns; 0 where there are no names."""
    words: Halves = field(repr=False, compare=False)
    """Low halves of the word hashes: the work's hash is made of them. Not stored."""


@dataclass(frozen=True, slots=True)
class WorkFingerprint:
    """What identifies a work's text."""

    exact: bytes
    """Hash of the words of all chapters as one sequence, 16 bytes: another division into chapters changes nothing."""
    n_shingles_estimate: int
    """Estimate of how many distinct shingles the work has."""
    sketch: Sketch
    chapter_hashes: tuple[bytes, ...]
    """``words_sha`` of each chapter."""
    chapter_words: tuple[int, ...]
    """``n_words`` of each chapter."""
    nameless: Sketch
    """Sketch of the words without names and pronouns, of ``NAMELESS_BINS``; empty where they are too few, or names
    cannot be told: scripts without case, texts in capitals."""
    n_nameless_estimate: int
    """Estimate of how many distinct shingles those have."""
    chapter_sketches: tuple[Sketch, ...]
    """Sketch of each chapter, of ``CHAPTER_BINS``; none for a work of one chapter, whose sketch tells them."""


def fingerprint_chapter(text: str) -> ChapterFingerprint:
    """Fingerprint of one chapter's text."""
    return fingerprint_chapters([text])[0]


def fingerprint_chapters(texts: Sequence[str | Encoded]) -> list[ChapterFingerprint]:
    """Fingerprints of several texts (UTF-8 where they are bytes) at once: much faster than one by one if short."""
    return [print_ for group in _groups(cased_words_of(texts)) for print_ in _fingerprints(group)]


def _groups(texts: Sequence[Words]) -> Iterator[list[Words]]:
    """Texts, gathered so that short ones do not cost a round of numpy each."""
    group: list[Words] = []
    size = 0
    for text in texts:
        if group and size + len(text.hashes) > _GROUP:
            yield group
            group, size = [], 0
        group.append(text)
        size += len(text.hashes)
    if group:
        yield group


def _fingerprints(texts: Sequence[Words]) -> list[ChapterFingerprint]:
    blind = nameless_of(texts)
    sketches = _sketches([text.hashes for text in texts])
    nameless = _sketches([left for left, _ in blind])
    ends = [0, *accumulate(len(text.hashes) for text in texts)]
    halves = np.concatenate([text.hashes for text in texts], dtype="<u4", casting="unsafe")
    return [
        ChapterFingerprint(
            words_sha=_words_sha([halves[start:end]]),
            n_words=end - start,
            sketch=sketches[n],
            nameless=nameless[n],
            n_names=blind[n][1],
            n_nameless=len(blind[n][0]),
            words=halves[start:end],
        )
        for n, (start, end) in enumerate(pairwise(ends))
    ]


def _sketches(texts: Sequence[Hashes]) -> list[Sketch]:
    """Sketch of the shingles of each of several sequences of words."""
    if len(texts) == 1:
        return [_sketch_of_words(texts[0])]
    lengths = np.array([len(text) for text in texts])
    nobody = len(texts) * BINS
    minima = np.full(nobody + 1, EMPTY, dtype=np.uint32)
    if lengths.sum() >= SHINGLE_WORDS:
        bins, values = _bins(shingles(np.concatenate(texts)))
        bins += np.repeat(np.arange(0, nobody, BINS), lengths)[: len(bins)]
        across = (np.cumsum(lengths)[:, np.newaxis] - np.arange(1, SHINGLE_WORDS)).ravel()
        bins[across[(across >= 0) & (across < len(bins))]] = nobody
        np.minimum.at(minima, bins, values)
    rows = minima[:nobody].reshape(-1, BINS)
    for short in np.flatnonzero(lengths < SHINGLE_WORDS).tolist():
        rows[short] = Sketch.of(shingles(texts[short])).minima
    return [Sketch(row) for row in rows]


def _sketch_of_words(hashes: Hashes) -> Sketch:
    """Sketch of the shingles of a sequence of words, a stretch at a time to save memory."""
    if len(hashes) <= _STRETCH:
        return Sketch.of(shingles(hashes))
    stretches = range(0, len(hashes) - SHINGLE_WORDS + 1, _STRETCH)
    return merge(Sketch.of(shingles(hashes[start : start + _STRETCH + SHINGLE_WORDS - 1])) for start in stretches)


def fingerprint_work(chapters: Sequence[ChapterFingerprint]) -> WorkFingerprint:
    """Fingerprint of a work, from those of its chapters in order."""
    return fingerprint_works([chapters])[0]


def fingerprint_works(works: Sequence[Sequence[ChapterFingerprint]]) -> list[WorkFingerprint]:
    """``fingerprint_work`` of several works at once: much faster than one by one where they are short."""
    chapters = [chapter for work in works for chapter in work]
    sizes = np.array([len(work) for work in works], dtype=np.intp)
    firsts = np.cumsum(sizes) - sizes
    minima = _rows([chapter.sketch for chapter in chapters])
    merged = _merged(minima, firsts, sizes)
    blind = _merged(_rows([chapter.nameless for chapter in chapters]), firsts, sizes)
    blind[np.array([not _has_nameless(work) for work in works], dtype=bool)] = EMPTY
    n_shingles, n_nameless = cardinalities(merged).tolist(), cardinalities(blind).tolist()
    blind, parts = coarsened(blind, NAMELESS_BINS), coarsened(minima, CHAPTER_BINS)
    return [
        WorkFingerprint(
            exact=own[0].words_sha if len(own) == 1 else _words_sha(chapter.words for chapter in own),
            n_shingles_estimate=n_shingles[n],
            sketch=Sketch(merged[n]),
            chapter_hashes=tuple(chapter.words_sha for chapter in own),
            chapter_words=tuple(chapter.n_words for chapter in own),
            nameless=Sketch(blind[n]),
            n_nameless_estimate=n_nameless[n],
            chapter_sketches=tuple(map(Sketch, parts[first : first + len(own)])) if len(own) > 1 else (),
        )
        for n, (own, first) in enumerate(zip(works, firsts.tolist(), strict=True))
    ]


def _rows(sketches: Sequence[Sketch]) -> Minima:
    none = np.empty(0, dtype=np.uint32)
    return np.concatenate([none, *(sketch.minima for sketch in sketches)]).reshape(-1, BINS)


def _merged(minima: Minima, firsts: npt.NDArray[np.intp], sizes: npt.NDArray[np.intp]) -> Minima:
    """Minima of runs of rows; ``EMPTY`` for a run of none."""
    merged = np.full((len(sizes), BINS), EMPTY, dtype=np.uint32)
    if len(minima):
        merged[sizes > 0] = np.minimum.reduceat(minima, firsts[sizes > 0], axis=0)
    return merged


def _has_nameless(chapters: Sequence[ChapterFingerprint]) -> bool:
    n_words = sum(chapter.n_words for chapter in chapters)
    n_names = sum(chapter.n_names for chapter in chapters)
    n_left = sum(chapter.n_nameless for chapter in chapters)
    return n_names >= MIN_NAMES * n_words and n_left >= MIN_LEFT * n_words


def _words_sha(parts: Iterable[Halves]) -> bytes:
    """Hash of the low halves of the words' hashes: one word for another that agrees in 32 bits is no other text."""
    digest = hashlib.sha256(usedforsecurity=False)
    for part in parts:
        digest.update(part.data)
    return digest.digest()[:16]
