"""True similarity of pairs of works: their sets of shingles, made of their texts when a pair is in question.

Blocks that the cleaner marked as notes or disclaimers do not count. Beside what two texts share it is
measured what each has of its own in one piece: a copy that was edited here and there has next to
nothing, two stories around the same song have all but the song.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from pipelines.dedup_join import Pairs, Places, split
from pipelines.dedup_screen import Thresholds
from pipelines.dedup_sets import OWN_RUN, common, jaccard_of, own_part, shingle_set
from pipelines.dedup_texts import Located, words_of_works
from pipelines.fingerprint_names import MIN_LEFT, MIN_NAMES, nameless_of
from pipelines.fingerprint_words import Hashes, Marks, Words

VERIFY_VERSION = "1"
BATCH_WORDS = 1_000_000
"""Words of the works that one task holds, 25 bytes each with their shingles; a single pair may pass it."""
_LEAST_WORDS = 200_000
_TASKS = 4
"""Few pairs are divided among so many tasks, if each has so many words: no process waits long for another."""
OWN_OF_BOTH = 0.2
"""Two works that each have so large a part of their own, in whole passages, may share but boilerplate."""
STRONG = 0.8
"""Similarity that no passage explains: above it nothing more is measured."""
SAMPLED = np.uint64(1 << 62)
"""Shared shingles with a hash below this are sampled: one in four …"""
MAX_SAMPLES = 64
"""… and so many at most."""

OVERLAP = np.dtype(
    [
        ("pair", "<u8"),
        ("sizes", "<i4", 2),
        ("shared", "<i4"),
        ("own", "<f4"),
        ("nameless_sizes", "<i4", 2),
        ("nameless_shared", "<i4"),
        ("nameless_own", "<f4"),
    ]
)
"""What two works share. ``sizes``: distinct shingles of each, in order of place; ``own``: of the part of each work
that is of its own in pieces of 30 words and more, the smaller one. The same for the name-blind texts. -1: not measured,
since the answer is not in doubt."""
Overlaps = npt.NDArray[np.void]


@dataclass(frozen=True, slots=True)
class VerifyTask:
    """Pairs of works to be compared on their texts."""

    pairs: Pairs
    asks_names: Marks
    """Whether to compare the name-blind texts of a pair, too."""
    located: dict[int, Located]
    """Where the chapters of each of these works lie."""
    thresholds: Thresholds
    search: str = ""
    """Names the search, for whose tasks a process keeps the tables open; none are kept for ""."""


class Compared(NamedTuple):
    """What compared pairs share."""

    overlaps: Overlaps
    n_samples: Places
    """How many of the sampled shingles belong to each pair."""
    samples: Hashes
    """Of pairs that are not sure at once, a sample of the shingles that they share, pair after pair."""


def all_compared(parts: Iterable[Compared]) -> Compared:
    """What several batches found, in one piece."""
    none = Compared(np.empty(0, dtype=OVERLAP), np.empty(0, dtype=np.int64), np.empty(0, dtype=np.uint64))
    return Compared(*map(np.concatenate, zip(none, *parts, strict=True)))


def verify(task: VerifyTask) -> Compared:
    """Compare pairs on their texts."""
    found = np.zeros(len(task.pairs), dtype=OVERLAP)
    texts = {place: Text(words) for place, words in words_of_works(task.located, task.search).items()}
    samples = []
    for row, (one, other) in enumerate(zip(*map(np.ndarray.tolist, split(task.pairs)), strict=True)):
        asks_names = bool(task.asks_names[row])
        found[row], sample = compare(texts[one], texts[other], task.thresholds, asks_names=asks_names)
        samples.append(sample)
    found["pair"] = task.pairs
    return Compared(found, np.array([len(sample) for sample in samples], dtype=np.int64), np.concatenate(samples))


class Text:
    """A work's words and the sets of shingles that are made of them."""

    def __init__(self, chapters: Sequence[Words]) -> None:
        self.words = [chapter.hashes for chapter in chapters]
        self.n_words = sum(map(len, self.words))
        self._chapters = chapters

    @cached_property
    def shingles(self) -> Hashes:
        """Distinct shingles, sorted."""
        return shingle_set(self.words)

    @cached_property
    def nameless_words(self) -> list[Hashes]:
        """Words of the chapters without names and pronouns; none where names cannot be told."""
        found = nameless_of(self._chapters) if self._chapters else []
        n_names, n_left = sum(names for _, names in found), sum(len(left) for left, _ in found)
        is_enough = n_names >= MIN_NAMES * self.n_words and n_left >= MIN_LEFT * self.n_words
        return [left for left, _ in found] if is_enough else []

    @cached_property
    def nameless_shingles(self) -> Hashes:
        """Distinct shingles of the name-blind words, sorted."""
        return shingle_set(self.nameless_words)


def compare(one: Text, other: Text, limits: Thresholds, *, asks_names: bool) -> tuple[tuple[object, ...], Hashes]:
    """What two works share, as a row of ``OVERLAP`` (the pair left open), and a sample of it."""
    shared = common(one.shingles, other.shingles)
    sizes = len(one.shingles), len(other.shingles)
    jaccard = jaccard_of(len(shared), *sizes)
    own = nameless_own = -1.0
    blind_sizes, blind = (-1, -1), shared[:0]
    sample = shared[:0]
    if jaccard < STRONG:
        sample = shared
        if asks_names:
            blind = common(one.nameless_shingles, other.nameless_shingles)
            blind_sizes = len(one.nameless_shingles), len(other.nameless_shingles)
            sample = blind if len(blind) > len(shared) else shared
        if _may_share_passages(len(shared), sizes, limits.similarity):
            own = min(own_part(text.words, shared) for text in (one, other))
        if _may_share_passages(len(blind), blind_sizes, limits.nameless):
            nameless_own = min(own_part(text.nameless_words, blind) for text in (one, other))
    row = (0, sizes, len(shared), own, blind_sizes, len(blind), nameless_own)
    return row, sample[sample < SAMPLED][:MAX_SAMPLES]


def _may_share_passages(shared: int, sizes: tuple[int, int], similarity: float) -> bool:
    """Whether two similar texts may each have a large part of their own: none where the other holds nearly all."""
    return jaccard_of(shared, *sizes) >= similarity and shared < (1 - OWN_OF_BOTH) * min(sizes) + OWN_RUN


def verify_tasks(
    pairs: Pairs,
    asks_names: Marks,
    thresholds: Thresholds,
    n_words: Places,
    locate: Callable[[Places], dict[int, Located]],
    search: str = "",
) -> Iterator[VerifyTask]:
    """Pairs in batches of bounded text; a work's pairs should lie together."""
    everything = int(n_words[np.unique(np.concatenate(split(pairs)))].sum())
    most = min(BATCH_WORDS, max(_LEAST_WORDS, everything // _TASKS))
    start = size = 0
    needed: dict[int, None] = {}

    def task(start: int, end: int) -> VerifyTask:
        located = locate(np.array(list(needed)))
        return VerifyTask(pairs[start:end], asks_names[start:end], located, thresholds, search)

    for end, (one, other) in enumerate(zip(*map(np.ndarray.tolist, split(pairs)), strict=True)):
        new = [place for place in (one, other) if place not in needed]
        more = int(n_words[new].sum())
        if needed and size + more > most:
            yield task(start, end)
            start, size, needed = end, 0, {}
            new = [one, other]
            more = int(n_words[new].sum())
        needed.update(dict.fromkeys(new))
        size += more
    if needed:
        yield task(start, len(pairs))


class Locate:
    """Says where the chapters of works lie."""

    def __init__(self, segments: Sequence[str], segment: Places, first: Places, count: Places) -> None:
        self._segments = segments
        self._columns = (segment, first, count)

    def __call__(self, places: Places) -> dict[int, Located]:
        """Where the chapters of each of these works lie."""
        columns = (column[places].tolist() for column in self._columns)
        return {
            place: (self._segments[segment], first, count)
            for place, segment, first, count in zip(places.tolist(), *columns, strict=True)
        }
