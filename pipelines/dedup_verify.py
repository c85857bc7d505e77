"""True similarity of pairs of works: their sets of shingles, made of their texts when a pair is in question.

Blocks that the cleaner marked as notes or disclaimers do not count. Beside what two texts share it is
measured what each has of its own in one piece: a copy that was edited here and there has next to
nothing, two stories around the same song have all but the song.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby, islice, pairwise
from operator import itemgetter
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.dedup_join import Pairs, Places, split
from pipelines.dedup_screen import Thresholds
from pipelines.fingerprint_names import MIN_LEFT, MIN_NAMES, nameless_of
from pipelines.fingerprint_words import SHINGLE_WORDS, Encoded, Hashes, Marks, Words, cased_words_of, distinct, shingles
from pipelines.staged_columns import take_each, whole

VERIFY_VERSION = "1"
_COLUMNS = ("text", "blocks")
UNCOUNTED_BLOCKS = ("note_candidate", "disclaimer")
"""Kinds of blocks that are no part of the story."""
BATCH_WORDS = 1_000_000
"""Words of the works that one task holds, 25 bytes each with their shingles; a single pair may pass it."""
_SEGMENTS = 8
"""Segments whose texts are looked at together: a round of small arrays for each would cost more."""
_LEAST_WORDS = 200_000
_TASKS = 4
"""Few pairs are divided among so many tasks, if each has so many words: no process waits long for another."""
OWN_OF_BOTH = 0.2
"""Two works that each have so large a part of their own, in whole passages, may share but boilerplate."""
OWN_RUN = 30
"""Words in a row that share nothing, from which on they count as a piece of its own."""
STRONG = 0.8
"""Similarity that no passage explains: above it nothing more is measured."""
SAMPLED = np.uint64(1 << 62)
"""Shared shingles with a hash below this are sampled: one in four …"""
MAX_SAMPLES = 64
"""… and so many at most."""
_MUCH_LARGER = 8
"""Members of so much smaller a set are looked up in the other one by one."""

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
Located = tuple[str, int, int]
"""Folder of the segment, row of the first chapter, number of chapters."""


@dataclass(frozen=True, slots=True)
class VerifyTask:
    """Pairs of works to be compared on their texts."""

    pairs: Pairs
    asks_names: Marks
    """Whether to compare the name-blind texts of a pair, too."""
    located: dict[int, Located]
    """Where the chapters of each of these works lie."""
    thresholds: Thresholds


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
    texts = _texts_of(task.located)
    samples = []
    for row, (one, other) in enumerate(zip(*map(np.ndarray.tolist, split(task.pairs)), strict=True)):
        asks_names = bool(task.asks_names[row])
        found[row], sample = compare(texts[one], texts[other], task.thresholds, asks_names=asks_names)
        samples.append(sample)
    found["pair"] = task.pairs
    return Compared(found, np.array([len(sample) for sample in samples], dtype=np.int64), np.concatenate(samples))


def _texts_of(located: dict[int, Located]) -> dict[int, Text]:
    """Texts of works, a few segments at a time: taken out of them, so that these do not stay in memory."""
    places = sorted(located, key=located.__getitem__)
    wanted = [
        (segment, np.concatenate([np.arange(first, first + count) for _, first, count in works]))
        for segment, works in groupby(map(located.__getitem__, places), key=itemgetter(0))
    ]
    found: list[Words] = []
    for start in range(0, len(wanted), _SEGMENTS):
        table = pa.concat_tables(take_each(wanted[start : start + _SEGMENTS], "chapters", _COLUMNS))
        found += cased_words_of(_story_texts(table))
    chapters = iter(found)
    return {place: Text(list(islice(chapters, located[place][2]))) for place in places}


def story_texts(segment: str, first: int, count: int) -> list[str]:
    """Texts of the chapters of a work, without blocks that are no part of the story."""
    (table,) = take_each([(segment, np.arange(first, first + count))], "chapters", _COLUMNS)
    return [str(text, "utf-8") for text in _story_texts(table)]


def _story_texts(table: pa.Table) -> list[Encoded]:
    """The same of a table of chapters, in UTF-8: the texts lie where the table has them, those with notes apart."""
    texts = _encoded(table.column("text"))
    listed = whole(table.column("blocks"))
    blocks = listed.flatten()
    marked = np.asarray(pc.is_in(blocks.field("kind").cast(pa.string()), pa.array(UNCOUNTED_BLOCKS)))
    if not marked.any():
        return texts
    owner = np.repeat(np.arange(len(texts)), np.asarray(listed.value_lengths()))
    starts, ends = (np.asarray(blocks.field(name)) for name in ("start", "end"))
    changed: dict[int, str] = {}
    for block in np.flatnonzero(marked)[::-1].tolist():
        row = int(owner[block])
        text = changed.get(row) or str(texts[row], "utf-8")
        changed[row] = f"{text[: starts[block]]}\n{text[ends[block] :]}"
    for row, text in changed.items():
        texts[row] = text.encode()
    return texts


def _encoded(column: pa.ChunkedArray) -> list[Encoded]:
    """A column of texts as it lies in memory."""
    texts = whole(column).cast(pa.large_string())
    _, offsets, data = texts.buffers()
    if not len(texts) or data is None:
        return [b""] * len(texts)
    ends = np.frombuffer(offsets, dtype=np.int64, offset=8 * texts.offset, count=len(texts) + 1).tolist()
    content = memoryview(data)
    return [content[start:end] for start, end in pairwise(ends)]


class Text:
    """A work's words and the sets of shingles that are made of them."""

    def __init__(self, chapters: Sequence[Words]) -> None:
        self.words = [chapter.hashes for chapter in chapters]
        self.n_words = sum(map(len, self.words))
        self._chapters = chapters

    @cached_property
    def shingles(self) -> Hashes:
        """Distinct shingles, sorted."""
        return distinct(map(shingles, self.words))

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
        return distinct(map(shingles, self.nameless_words))


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


def jaccard_of(shared: int, one: int, other: int) -> float:
    """Shared members by those of either set; 0 for empty ones."""
    return shared / max(one + other - shared, 1)


def common(one: Hashes, other: Hashes) -> Hashes:
    """Members of both of two sorted sets."""
    small, large = (one, other) if len(one) <= len(other) else (other, one)
    if len(large) > _MUCH_LARGER * len(small):
        return small[np.flatnonzero(_is_in(small, large))]
    both = np.concatenate((small, large))
    both.sort(kind="stable")  # finds the two sorted runs, and merges them
    shared: Hashes = both[:-1][both[1:] == both[:-1]]
    return shared


def _is_in(values: Hashes, members: Hashes) -> Marks:
    """Which values are among some sorted members, of which there is one at least."""
    places = np.searchsorted(members, values)
    marks: Marks = members.take(places, mode="clip") == values
    return marks


def own_part(chapters: Sequence[Hashes], shared: Hashes) -> float:
    """Part of a text's words that stand in runs of ``OWN_RUN`` and more without a shared shingle; 0 to 1."""
    total = sum(map(len, chapters))
    if not total or not len(shared):
        return float(total >= OWN_RUN)
    own = 0
    for words in chapters:
        hits = np.flatnonzero(_is_in(shingles(words), shared))
        covered_to = np.concatenate(([0], hits + SHINGLE_WORDS))
        gaps = np.concatenate((hits, [len(words)])) - covered_to
        own += int(gaps[gaps >= OWN_RUN].sum())
    return own / total


def verify_tasks(
    pairs: Pairs,
    asks_names: Marks,
    thresholds: Thresholds,
    n_words: Places,
    locate: Callable[[Places], dict[int, Located]],
) -> Iterator[VerifyTask]:
    """Pairs in batches of bounded text; a work's pairs should lie together."""
    everything = int(n_words[np.unique(np.concatenate(split(pairs)))].sum())
    most = min(BATCH_WORDS, max(_LEAST_WORDS, everything // _TASKS))
    start = size = 0
    needed: dict[int, None] = {}
    for end, (one, other) in enumerate(zip(*map(np.ndarray.tolist, split(pairs)), strict=True)):
        new = [place for place in (one, other) if place not in needed]
        more = int(n_words[new].sum())
        if needed and size + more > most:
            yield VerifyTask(pairs[start:end], asks_names[start:end], locate(np.array(list(needed))), thresholds)
            start, size, needed = end, 0, {}
            new = [one, other]
            more = int(n_words[new].sum())
        needed.update(dict.fromkeys(new))
        size += more
    if needed:
        yield VerifyTask(pairs[start:], asks_names[start:], locate(np.array(list(needed))), thresholds)


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
