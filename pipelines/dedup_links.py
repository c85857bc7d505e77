"""Links between works: candidate pairs are verified as long as they would join two clusters, best ones first.

Within a cluster nothing more is compared, so that a story with a thousand copies costs a thousand
comparisons and not half a million.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from pipelines.dedup_join import Pairs, Places, distinct_pairs, split
from pipelines.dedup_screen import Shares, Thresholds
from pipelines.dedup_verify import OVERLAP, OWN_OF_BOTH, STRONG, Compared, Overlaps
from pipelines.fingerprint_words import Hashes

Run = Callable[[Callable[[Any], Any], Iterable[Any]], Iterable[Any]]
"""Calls a function on every task and gives the results in the order of the tasks: ``map``, or an executor's."""
Marks = npt.NDArray[np.bool_]
Verify = Callable[[Pairs, Marks], Compared]
"""Compares pairs on their texts, and the name-blind texts of the marked ones."""
Codes = npt.NDArray[np.int8]
Numbers = npt.NDArray[np.float64]

BATCH_PAIRS = 4096
"""Pairs that are verified between two looks at what has come of it."""

SAMPLES_AT_ONCE = 1 << 19
"""Sampled shingles that are looked at together, some fifty bytes each."""

NONE, CONTAINMENT, RENAMED, NEAR, UNSURE = range(5)
"""Verdicts on a pair; ``UNSURE``: a passage of many works may be all that they share."""

MIN_RENAMED_GAP = 0.15
"""A renamed copy is at least so much more similar without names and pronouns than with them."""
MIN_RENAMED_SHARED = 46
"""Name-blind shingles that a renamed copy shares at least."""
MANY_WORKS = 10
"""A passage of so many works that are no copies of each other is boilerplate: a song, a prompt, a disclaimer."""
MOST_TRIES = 16
"""Pairs of a cluster that the last round verifies. The rounds before try 1, 2, 4 and 8, the most similar ones first:
a work that resembles thousands (a challenge's header above a hundred words) is compared with some thirty."""
_RANK = {CONTAINMENT: 1, RENAMED: 2, NEAR: 3}


def joined_labels(labels: Places, one: Places, other: Places) -> Places:
    """Smallest member of each work's component, after components are joined by edges."""
    labels = labels.copy()
    while True:
        low, high = np.minimum(labels[one], labels[other]), np.maximum(labels[one], labels[other])
        apart = low != high
        if not apart.any():
            return labels
        np.minimum.at(labels, high[apart], low[apart])
        while True:
            shorter = labels[labels]
            if np.array_equal(shorter, labels):
                break
            labels = shorter


def components(pairs: Pairs) -> Places:
    """A number for each pair, the same for those that hang together."""
    ends, at = np.unique(np.concatenate(split(pairs)), return_inverse=True)
    one, other = at[: len(pairs)], at[len(pairs) :]
    return joined_labels(np.arange(len(ends)), one, other)[one]


class Samples:
    """Shingles that pairs share, sampled, in a file: they are needed once, at the end."""

    _RECORD = np.dtype([("pair", "<u8"), ("shingle", "<u8")])
    _RECORDS = 1 << 16

    def __init__(self, path: Path) -> None:
        self._path = path
        path.unlink(missing_ok=True)

    def add(self, pairs: Pairs, shingles: Hashes) -> None:
        """Add the sampled shingles of some pairs: each pair as often as it has samples."""
        records = np.empty(len(pairs), dtype=self._RECORD)
        records["pair"], records["shingle"] = pairs, shingles
        with self._path.open("ab") as stream:
            records.tofile(stream)

    def __len__(self) -> int:
        return self._path.stat().st_size // self._RECORD.itemsize if self._path.exists() else 0

    def part(self, number: int, of: int) -> Iterator[npt.NDArray[np.void]]:
        """Pairs and shingles, a stretch at a time: those of one in ``of`` shingles."""
        if self._path.exists():
            with self._path.open("rb") as stream:
                while len(records := np.fromfile(stream, dtype=self._RECORD, count=self._RECORDS)):
                    yield records if of == 1 else records[records["shingle"] % np.uint64(of) == number]


@dataclass
class Links:
    """The clusters of works, by place, as pairs are verified."""

    labels: Places
    """Smallest member of each work's cluster."""
    thresholds: Thresholds
    verify: Verify
    samples: Samples
    found: Overlaps = field(default_factory=lambda: np.empty(0, dtype=OVERLAP))
    """What verified pairs share, sorted by pair."""
    boilerplate: Numbers = field(default_factory=lambda: np.empty(0))
    """Of each of them, the part of the shared shingles that many works have."""
    method_of: Codes = field(init=False)
    """How each work was linked."""
    is_held: npt.NDArray[np.bool_] = field(init=False)
    """Whether a work, with its near-duplicates, is held by another one of its cluster."""
    n_screened: int = 0
    """Pairs that met and were compared by sketch."""

    def __post_init__(self) -> None:
        self.method_of = np.zeros(len(self.labels), dtype=np.int8)
        self.is_held = np.zeros(len(self.labels), dtype=bool)

    def compare(self, pairs: Pairs, asks_names: Marks | None = None) -> Overlaps:
        """Verify pairs that have not been yet, and give what all of them share."""
        is_fresh = ~np.isin(pairs, self.found["pair"])
        fresh = pairs[is_fresh]
        asks = np.ones(len(fresh), dtype=bool) if asks_names is None else asks_names[is_fresh]
        parts = [self.found]
        for start in range(0, len(fresh), BATCH_PAIRS):
            run = slice(start, start + BATCH_PAIRS)
            found = self.verify(fresh[run], asks[run])
            self.samples.add(np.repeat(found.overlaps["pair"], found.n_samples), found.samples)
            parts.append(found.overlaps)
        together = np.concatenate(parts)
        order = np.argsort(together["pair"], kind="stable")
        self.boilerplate = np.concatenate((self.boilerplate, np.zeros(len(fresh))))[order]
        self.found = together[order]
        return self.found[np.searchsorted(self.found["pair"], pairs)]

    def link(self, pairs: Pairs, seems: Shares, asks_names: Marks, words: Places) -> None:
        """Verify candidate pairs and join the works that are copies.

        Args:
            pairs: candidates, distinct.
            seems: how similar each pair seems by sketch; the most similar are verified first.
            asks_names: whether a pair may be a renamed copy.
            words: length of each work, by place: the shorter of two is the one that may be held.
        """
        k = 1
        unsure: list[Pairs] = []
        while len(pairs) and k <= MOST_TRIES:
            one, other = split(pairs)
            apart = self.labels[one] != self.labels[other]
            pairs, seems, asks_names = pairs[apart], seems[apart], asks_names[apart]
            if not len(pairs):
                break
            chosen = _best(pairs, seems, self.labels, k)
            found = self.compare(pairs[chosen], asks_names[chosen])
            verdicts = self.verdicts(found, np.zeros(len(found)), is_final=False)
            self._join(found["pair"], verdicts)
            unsure.append(pairs[chosen][verdicts == UNSURE])
            pairs, seems, asks_names = pairs[~chosen], seems[~chosen], asks_names[~chosen]
            k *= 2
        doubtful = distinct_pairs(unsure)
        self._count_boilerplate(doubtful)
        self._join(doubtful, self.verdicts_of(doubtful))
        self._attach_contained(words)

    def verdicts_of(self, pairs: Pairs) -> Codes:
        """How verified pairs are linked, if they are."""
        rows = np.searchsorted(self.found["pair"], pairs)
        return self.verdicts(self.found[rows], self.boilerplate[rows], is_final=True)

    def verdicts(self, found: Overlaps, boilerplate: Numbers, *, is_final: bool) -> Codes:
        """How pairs are linked, from what they share, passages of many works set apart."""
        limits = self.thresholds
        plain, blind = _similarity(found, "", boilerplate), _similarity(found, "nameless_", boilerplate)
        codes = np.full(len(found), NONE, dtype=np.int8)
        codes[(plain.containment >= limits.containment) & (plain.shared >= limits.shared)] = CONTAINMENT
        codes[plain.jaccard >= limits.similarity] = NEAR
        renamed = (blind.jaccard >= limits.nameless) & (blind.jaccard - plain.jaccard >= MIN_RENAMED_GAP)
        renamed &= blind.shared >= MIN_RENAMED_SHARED
        codes[renamed] = RENAMED
        if not is_final:
            own = np.where(renamed, found["nameless_own"], found["own"])
            codes[(codes != NONE) & (own >= OWN_OF_BOTH)] = UNSURE
        return codes

    def _join(self, pairs: Pairs, verdicts: Codes) -> None:
        for method in (RENAMED, NEAR):
            one, other = split(pairs[verdicts == method])
            for places in (one, other):
                self.method_of[places] = np.maximum(self.method_of[places], _RANK[method])
            self.labels = joined_labels(self.labels, one, other)

    def _count_boilerplate(self, doubtful: Pairs) -> None:
        """Of each doubtful pair, count which of the sampled shingles stand in many clusters.

        Shingles are looked at a part of them at a time, so that memory is bounded.
        """
        if not len(doubtful):
            return
        sure = self.found[_jaccard(self.found) >= STRONG]["pair"]
        strong = joined_labels(np.arange(len(self.labels)), *split(sure))
        total, common = np.zeros(len(self.found), dtype=np.int64), np.zeros(len(self.found), dtype=np.int64)
        n_parts = 1 + len(self.samples) // SAMPLES_AT_ONCE
        for part in range(n_parts):
            asked = [
                record["shingle"][np.isin(record["pair"], doubtful)] for record in self.samples.part(part, n_parts)
            ]
            wanted = np.unique(np.concatenate([np.empty(0, dtype=np.uint64), *asked]))
            if not len(wanted):
                continue
            records = self.samples.part(part, n_parts)
            own = np.concatenate([record[np.isin(record["shingle"], wanted)] for record in records])
            many = _of_many(own["shingle"], [strong[places] for places in split(own["pair"])])
            own = own[np.isin(own["pair"], doubtful)]
            rows = np.searchsorted(self.found["pair"], own["pair"])
            total += np.bincount(rows, minlength=len(self.found))
            common += np.bincount(rows[np.isin(own["shingle"], many)], minlength=len(self.found))
        self.boilerplate = common / np.maximum(total, 1)

    def _attach_contained(self, words: Places) -> None:
        """Link each contained work, with its near-duplicates, to the one that holds most of it, else the longest.

        To one only: a drabble in two collections must not make those copies of each other.
        """
        verdicts = self.verdicts(self.found, self.boilerplate, is_final=True)
        held = np.flatnonzero(verdicts == CONTAINMENT)
        one, other = split(self.found["pair"][held])
        one_is_small = (words[one] < words[other]) | ((words[one] == words[other]) & (one > other))
        small, large = np.where(one_is_small, one, other), np.where(one_is_small, other, one)
        contained = _containment(self.found[held])
        own_label = self.labels[small]
        order = np.lexsort((self.found["pair"][held], large, -words[large], -contained, own_label))
        order = order[(own_label != self.labels[large])[order]]
        first = np.ones(len(order), dtype=bool)
        first[1:] = own_label[order][1:] != own_label[order][:-1]
        best = order[first]
        self.is_held = np.isin(self.labels, own_label[best])
        for places in (small[best], large[best]):
            self.method_of[places] = np.maximum(self.method_of[places], _RANK[CONTAINMENT])
        self.labels = joined_labels(self.labels, small[best], large[best])


@dataclass(frozen=True)
class _Similarity:
    jaccard: Numbers
    containment: Numbers
    shared: Numbers


def _similarity(found: Overlaps, kind: str, boilerplate: Numbers) -> _Similarity:
    sizes = np.maximum(found[f"{kind}sizes"].astype(np.float64), 0)
    common = boilerplate * found[f"{kind}shared"]
    shared = found[f"{kind}shared"] - common
    smaller = sizes.min(axis=1) - common if len(found) else np.empty(0)
    union = sizes.sum(axis=1) - common - found[f"{kind}shared"]
    return _Similarity(shared / np.maximum(union, 1), shared / np.maximum(smaller, 1), shared)


def _jaccard(found: Overlaps, kind: str = "") -> Numbers:
    return _similarity(found, kind, np.zeros(len(found))).jaccard


def _containment(found: Overlaps) -> Numbers:
    return _similarity(found, "", np.zeros(len(found))).containment


def _of_many(shingles: Hashes, owners: Sequence[Places]) -> Hashes:
    """Shingles that stand in ``MANY_WORKS`` works and more; ``owners`` are works that have them, in parallel."""
    both, works = np.tile(shingles, len(owners)), np.concatenate(owners)
    order = np.lexsort((works, both))
    both, works = both[order], works[order]
    new = np.ones(len(both), dtype=bool)
    new[1:] = (both[1:] != both[:-1]) | (works[1:] != works[:-1])
    distinct, counts = np.unique(both[new], return_counts=True)
    return distinct[counts >= MANY_WORKS]


def _best(pairs: Pairs, seems: Shares, labels: Places, k: int) -> npt.NDArray[np.bool_]:
    """Which pairs are among the ``k`` most similar ones of a cluster that they would join."""
    ends = np.concatenate([labels[places] for places in split(pairs)])
    rows = np.tile(np.arange(len(pairs)), 2)
    order = np.lexsort((pairs[rows], -seems[rows], ends))
    new = np.ones(len(order), dtype=bool)
    new[1:] = ends[order][1:] != ends[order][:-1]
    starts = np.flatnonzero(new)
    nth = np.arange(len(order)) - np.repeat(starts, np.diff(np.append(starts, len(order))))
    chosen = np.zeros(len(pairs), dtype=bool)
    chosen[rows[order[nth < k]]] = True
    return chosen
