"""True similarity of pairs of works: their sets of shingles, made of their texts when a pair is in question."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from pipelines.fingerprint_words import Hashes, shingle_set

Texts = Callable[[Sequence[str]], Iterable[tuple[str, Sequence[str]]]]
"""Gives the chapter texts of the works asked for, in any order."""
Pair = tuple[int, int]

BATCH_SHINGLES = 4_000_000
"""Shingles of the works that one batch of pairs may need anew; a single pair may pass it."""
CACHE_SHINGLES = 32_000_000
"""Shingles that are kept for the next batches: 256 MB."""


class Overlap(NamedTuple):
    """What two works share."""

    jaccard: float
    """Shared shingles by those of either."""
    containment: float
    """Shared shingles by those of the smaller set."""
    shared: int
    """Shared shingles."""


class Verifier:
    """Compares works by their true shingle sets. Fetches a text at most once per batch and keeps the latest ones."""

    def __init__(self, work_ids: Sequence[str], n_shingles: npt.NDArray[np.int64], texts: Texts) -> None:
        self._work_ids = work_ids
        self._n_shingles = n_shingles
        self._texts = texts
        self._sets: OrderedDict[int, Hashes] = OrderedDict()
        self._held = 0
        self.known: dict[Pair, Overlap] = {}
        """What each pair that was compared shares; pairs are ascending."""

    def compare(self, pairs: Iterable[Pair]) -> None:
        """Put what pairs share into ``known``.

        Raises ``LookupError`` where ``texts`` gives no text of a work asked for.
        """
        for batch in self._batches(sorted({pair for pair in pairs if pair not in self.known})):
            self._fetch(dict.fromkeys(work for pair in batch for work in pair))
            for pair in batch:
                self.known[pair] = overlap(self._sets[pair[0]], self._sets[pair[1]])
            self._forget()

    def _batches(self, pairs: Sequence[Pair]) -> Iterator[list[Pair]]:
        batch: list[Pair] = []
        needed: set[int] = set()
        size = 0
        for pair in pairs:
            new = {work for work in pair if work not in self._sets} - needed
            more = sum(int(self._n_shingles[work]) for work in new)
            if batch and size + more > BATCH_SHINGLES:
                yield batch
                batch, needed, size = [], set(), 0
                new = {work for work in pair if work not in self._sets}
                more = sum(int(self._n_shingles[work]) for work in new)
            batch.append(pair)
            needed |= new
            size += more
        if batch:
            yield batch

    def _fetch(self, works: Iterable[int]) -> None:
        missing: dict[str, int] = {}
        for work in works:
            if work in self._sets:
                self._sets.move_to_end(work)
            else:
                missing[self._work_ids[work]] = work
        if not missing:
            return
        for work_id, chapters in self._texts(list(missing)):
            work = missing.pop(work_id)
            self._sets[work] = shingle_set(chapters)
            self._held += len(self._sets[work])
        if missing:
            raise LookupError(f"no text came for {len(missing)} works, such as {next(iter(missing))}")

    def _forget(self) -> None:
        while self._held > CACHE_SHINGLES:
            _, forgotten = self._sets.popitem(last=False)
            self._held -= len(forgotten)


def overlap(one: Hashes, other: Hashes) -> Overlap:
    """What two sorted sets of shingles share; empty sets share nothing."""
    small, large = (one, other) if len(one) <= len(other) else (other, one)
    if not len(small):
        return Overlap(0.0, 0.0, 0)
    places = np.searchsorted(large, small)
    shared = int(np.count_nonzero(large[np.minimum(places, len(large) - 1)] == small))
    return Overlap(shared / (len(small) + len(large) - shared), shared / len(small), shared)
