"""Sets of shingles as sorted arrays: made of the words of many chapters at once, compared, and found again in texts.

Shingles are spread evenly over 64 bits, so that a few of their bits sort them nearly and find them nearly; what is
then still out of place or in doubt is little, and is sorted or looked up the general way.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

from pipelines.fingerprint_words import SHINGLE_WORDS, Hashes, Marks, distinct, shingles

Places = npt.NDArray[np.int64]

OWN_RUN = 30
"""Words in a row that share nothing, from which on they count as a piece of its own."""
_MANY = 1 << 15
"""From so many hashes on it pays to sort them by 32 bits, in two rounds of linear time."""
_TOGETHER = 1 << 13
"""Words of short chapters that are looked at together, so that they do not cost a round of numpy each."""
_MUCH_LARGER = 8
"""Members of so much smaller a set are looked up in the other one by one."""
_FEW = 64
"""Members of so small a set are found sooner by bisection than by a table."""


def shingles_in(chapters: Sequence[Hashes]) -> tuple[Hashes, Places]:
    """Shingles of chapters' words, repeats included, and the place of the first word of each in all of them."""
    parts = [_shingles_of(run, start) for start, run in _runs(chapters)]
    if len(parts) == 1:
        return parts[0]
    none = np.empty(0, dtype=np.uint64), np.empty(0, dtype=np.int64)
    found, places = map(np.concatenate, zip(none, *parts, strict=True))
    return found, places


def _runs(chapters: Sequence[Hashes]) -> Iterator[tuple[int, list[Hashes]]]:
    """Chapters that are looked at together, and how many words come before: many short ones, or a long one."""
    run: list[Hashes] = []
    start = size = 0
    for words in chapters:
        if run and size + len(words) > _TOGETHER:
            yield start, run
            start, run, size = start + size, [], 0
        if len(words):
            run.append(words)
            size += len(words)
    if run:
        yield start, run


def _shingles_of(chapters: Sequence[Hashes], start: int) -> tuple[Hashes, Places]:
    """Shingles of some chapters with words, and their places from ``start`` on."""
    if len(chapters) == 1:
        found = shingles(chapters[0])
        return found, np.arange(start, start + len(found))
    together = np.concatenate(chapters)
    ends = np.cumsum([len(words) for words in chapters])
    is_first = np.ones(len(together), dtype=bool)
    for back in range(1, SHINGLE_WORDS):  # those across a border, and of a chapter that has no five words
        is_first[np.maximum(ends - back, 0)] = False
    places = np.flatnonzero(is_first)
    found = shingles(together).take(places) if len(places) else together[:0]
    short = [number for number, words in enumerate(chapters) if len(words) < SHINGLE_WORDS]
    if not short:
        return found, places + start
    alone = [shingles(chapters[number]) for number in short]
    starts = np.array([ends[number] - len(chapters[number]) for number in short])
    return np.concatenate((found, *alone)), np.concatenate((places, starts)) + start


def shingle_set(chapters: Sequence[Hashes]) -> Hashes:
    """Sorted distinct shingles of chapters' words."""
    found, _ = shingles_in(chapters)
    if len(found) <= _MANY:
        return distinct([found])
    order = (found >> np.uint64(32)).astype(np.uint16).argsort(kind="stable")
    order = order.take((found >> np.uint64(48)).astype(np.uint16).take(order).argsort(kind="stable"))
    found = found.take(order)
    if (found[1:] < found[:-1]).any():
        found.sort(kind="stable")  # sees that hardly anything is left to do
    new = np.ones(len(found), dtype=bool)
    np.not_equal(found[1:], found[:-1], out=new[1:])
    return found.take(np.flatnonzero(new))


def jaccard_of(shared: int, one: int, other: int) -> float:
    """Shared members by those of either set; 0 for empty ones."""
    return shared / max(one + other - shared, 1)


def common(one: Hashes, other: Hashes) -> Hashes:
    """Members of both of two sorted sets."""
    small, large = (one, other) if len(one) <= len(other) else (other, one)
    if len(large) > _MUCH_LARGER * len(small):
        return small[np.flatnonzero(_is_among(small, large))]
    both = np.concatenate((small, large))
    both.sort(kind="stable")  # finds the two sorted runs, and merges them
    shared: Hashes = both[:-1][both[1:] == both[:-1]]
    return shared


def _is_among(values: Hashes, members: Hashes) -> Marks:
    """Which values are among some sorted members, of which there is one at least."""
    places = np.searchsorted(members, values)
    marks: Marks = members.take(places, mode="clip") == values
    return marks


def is_in(values: Hashes, members: Hashes) -> Marks:
    """Which of many values are among some sorted members, of which there is one at least.

    A table says for some bits of a hash which member has them. Of those that meet in a slot the last one stays; the
    others are few, and looked up only for values that came to their slots.
    """
    if len(members) < _FEW:
        return _is_among(values, members)
    mask = np.int64((1 << (4 * len(members)).bit_length()) - 1)
    table = np.zeros(mask + 1, dtype=np.int32)
    slots = members.view(np.int64) & mask
    table[slots] = np.arange(len(members), dtype=np.int32)
    asked = values.view(np.int64) & mask
    marks: Marks = members.take(table.take(asked)) == values
    lost = np.flatnonzero(members.take(table.take(slots)) != members)
    if lost.size:
        is_shared = np.zeros(mask + 1, dtype=bool)
        is_shared[slots.take(lost)] = True
        left = np.flatnonzero(~marks)
        left = left[is_shared.take(asked.take(left))]
        marks[left] = _is_among(values.take(left), members.take(lost))
    return marks


def own_part(chapters: Sequence[Hashes], shared: Hashes) -> float:
    """Part of a text's words that stand in runs of ``OWN_RUN`` and more without a shared shingle; 0 to 1."""
    total = sum(map(len, chapters))
    if not total or not len(shared):
        return float(total >= OWN_RUN)
    found, places = shingles_in(chapters)
    hits = places[is_in(found, shared)]
    ends = np.cumsum([len(words) for words in chapters])
    starts = np.concatenate((ends, hits))  # of what is no run: nothing where a chapter ends, or a shingle
    order = starts.argsort(kind="stable")
    starts, after = starts[order], np.concatenate((ends, hits + SHINGLE_WORDS))[order]
    gaps = np.concatenate((starts[:1], starts[1:] - after[:-1]))
    return int(gaps[gaps >= OWN_RUN].sum()) / total
