"""Texts looked at together: what a look costs, however short a text is, is paid once for many of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from pipelines.clean_counts import ALONE, IN_WORD, count_words, word_classes
from pipelines.clean_rules import LONGEST_MARK
from pipelines.clean_unicode import needs_care
from pipelines.clean_utf8 import DELETE, LEAD, NEWLINE, SPACE, Utf8, count_latin

Octets = npt.NDArray[np.uint8]
Places = npt.NDArray[np.intp]
Marks = npt.NDArray[np.bool_]

_BORDER = b"\n\n"
"""Stands after each text, so that a text ends as a paragraph does."""
_BYTES = 1 << 18
"""Of a group: what fits a processor's cache."""
_LONGEST = 1 << 20
"""Bytes: the arrays of a longer text would take much memory."""
_MOST_BEYOND = 8
"""One in so many bytes follows another in its character, at most: of other scripts, a text is looked at by itself."""
_SHORT = 4096
"""Characters: a shorter text by itself is looked through faster paragraph by paragraph."""
_HYPHEN, _APOSTROPHE = b"-'"
_LOW_LINE = b"_"
_BEYOND, _ALPHABET, _DIGITS = 0x80, 26, 10
_QUOTES = (0x2018, 0x2019)
_OPENING = "([{<（【"
"""Brackets that a paragraph may begin with."""


class Counted(NamedTuple):
    """The UTF-8 of a clean text, and what was counted in it for all who ask."""

    data: bytes
    beyond: bytes
    """The bytes beyond ASCII by themselves, which are UTF-8 too."""
    n_latin: int
    """Letters A to Z."""
    n_words: int
    """As ``count_words`` counts them."""

    @classmethod
    def of(cls, text: str, utf8: Utf8 | None = None) -> Counted:
        """That of a text by itself; surrogates are kept."""
        utf8 = utf8 or Utf8.of(text)
        return cls(utf8.data, utf8.beyond_data, count_latin(utf8.units), count_words(text))


class Paragraphs(NamedTuple):
    """The paragraphs of a clean text in which each is one line."""

    starts: list[int]
    """In code points, as the ends are."""
    ends: list[int]
    short: list[int]
    """Indexes of those no longer than a scene break may be."""
    openings: list[int]
    """Indexes of those that may begin with a bracket."""

    @classmethod
    def of(cls, text: str, utf8: Utf8) -> Paragraphs | None:
        """Those of a canonical text by itself; ``None`` for a short one, or where one is of several lines."""
        if len(text) <= _SHORT or utf8.lines.size != 2 * utf8.breaks.size:
            return None
        ends = np.append(utf8.characters_before(utf8.breaks), len(text))
        starts = np.zeros_like(ends)
        starts[1:] = ends[:-1] + 2
        short = (ends - starts <= LONGEST_MARK).nonzero()[0].tolist()
        heads = np.concatenate(([0], utf8.breaks + len(_BORDER)))
        openings = _is_opening().take(utf8.units.take(heads)).nonzero()[0].tolist()
        return cls(starts.tolist(), ends.tolist(), short, openings)


def fits(text: str, data: bytes) -> bool:
    """Whether a text may be one of a group: not empty, not huge, mostly ASCII, and without blanks at its edges."""
    size = len(data)
    if not 0 < size <= _LONGEST or _MOST_BEYOND * (size - len(text)) > size:
        return False
    return data[0] > SPACE and data[-1] > SPACE


def groups(texts: Iterable[tuple[int, bytes]]) -> Iterator[tuple[list[int], Group]]:
    """Numbered texts that fit, in groups, with their numbers."""
    numbers: list[int] = []
    members: list[bytes] = []
    size = 0
    for number, data in texts:
        numbers.append(number)
        members.append(data)
        size += len(data)
        if size >= _BYTES:
            yield numbers, Group(members)
            numbers, members, size = [], [], 0
    if numbers:
        yield numbers, Group(members)


class Group:
    """Texts in UTF-8 that fit, and where in all of them the bytes are that all look for."""

    def __init__(self, texts: Sequence[bytes]) -> None:
        self._texts = texts
        self._data = _BORDER.join([*texts, b""])
        self._units = units = np.frombuffer(self._data, np.uint8)
        self._ends = np.cumsum([len(text) + len(_BORDER) for text in texts]) - len(_BORDER)
        self._bounds = list(pairwise([0, *(self._ends + len(_BORDER)).tolist()]))
        is_odd = units.view(np.int8) < SPACE  # controls and, having a sign, all beyond ASCII
        is_odd |= units == _HYPHEN
        is_odd |= units == _APOSTROPHE
        self._odd = is_odd.nonzero()[0]
        """Places of the bytes that are looked at by themselves: all other looks are at these few."""
        self._odd_units = own = units.take(self._odd)
        self._is_beyond = own >= _BEYOND
        self._beyond = own[self._is_beyond]
        self._codes = np.frombuffer(self._beyond.tobytes().decode().encode("utf-32-le"), "<u4")
        self._leads = (own >= LEAD).nonzero()[0]
        """Which of the odd bytes begin a character beyond ASCII."""
        is_control = own < SPACE
        at = self._odd
        is_break = is_control[:-1] & is_control[1:]
        is_break &= at[1:] - at[:-1] == 1
        self._breaks = is_break.nonzero()[0]
        """Which of them are line ends that another follows at once: in a canonical text, the ends of its paragraphs."""
        self._controls = is_control.nonzero()[0]

    def _owners(self, places: Places) -> set[int]:
        """Numbers of the texts that some bytes are in."""
        return set(self._ends.searchsorted(places).tolist()) if places.size else set()

    def doubtful(self) -> set[int]:
        """Numbers of the texts that are not surely in canonical form; of some scripts it is never sure."""
        units, odd, breaks = self._units, self._odd, self._breaks
        found = [
            odd[self._controls[self._odd_units[self._controls] != NEWLINE]],
            odd[breaks[1:][breaks[1:] - breaks[:-1] == 1]],
            odd[self._leads[needs_care().take(self._codes, mode="clip")]],
        ]
        blank = units <= SPACE
        pairs = blank[1:] & blank[:-1]
        if np.count_nonzero(pairs) != breaks.size:
            found.append(np.setdiff1d(pairs.nonzero()[0], odd[breaks]))
        if DELETE in self._data:
            found.append((units == ord(DELETE)).nonzero()[0])
        return self._owners(np.concatenate(found))

    def counted(self) -> list[Counted]:
        """What is counted of each text."""
        small = self._units | np.uint8(0x20)
        small -= np.uint8(ord("a"))
        letters = small < _ALPHABET
        starts, alone = self._words(letters)
        beyond = self._beyond.tobytes()
        before = np.concatenate(([0], self._is_beyond.cumsum()))
        places = [0, *before[self._odd.searchsorted(self._ends)].tolist()]
        return [
            Counted(
                text,
                beyond[first:last],
                int(np.count_nonzero(letters[start:end])),
                int(np.count_nonzero(starts[start:end])) + more,
            )
            for text, (start, end), (first, last), more in zip(
                self._texts, self._bounds, pairwise(places), alone, strict=True
            )
        ]

    def _words(self, letters: Marks) -> tuple[Marks, list[int]]:
        """Where words begin, but for characters that are one by themselves; how many of those each text has."""
        units, odd, own, codes = self._units, self._odd, self._odd_units, self._codes
        inside = units - np.uint8(ord("0")) < _DIGITS
        inside |= letters
        if _LOW_LINE in self._data:
            inside |= units == ord(_LOW_LINE)
        deleted = own == _HYPHEN
        dashes = (deleted[1:] & deleted[:-1] & (odd[1:] - odd[:-1] == 1)).nonzero()[0]
        deleted |= own == _APOSTROPHE
        deleted[dashes] = deleted[dashes + 1] = False
        alone = [0] * len(self._texts)
        if codes.size:
            quotes = self._leads[(codes == _QUOTES[0]) | (codes == _QUOTES[1])]
            deleted[quotes] = deleted[quotes + 1] = deleted[quotes + 2] = True
            kinds = word_classes(0x10000 if codes.max() < 0x10000 else 0x110000).take(codes)
            if kinds.any():
                sizes = 2 + (codes >= 0x800) + (codes >= 0x10000)
                inside[odd[self._is_beyond]] = (kinds == IN_WORD).repeat(sizes)
                leads = self._leads[kinds == ALONE]
                if leads.size:
                    alone = np.diff(odd[leads].searchsorted(self._ends), prepend=0).tolist()
        starts = np.empty_like(inside)
        starts[0] = inside[0]
        np.greater(inside[1:], inside[:-1], out=starts[1:])
        runs = odd[deleted]
        if runs.size:
            parted = (runs[1:] - runs[:-1] != 1).nonzero()[0]
            firsts = runs[np.concatenate(([0], parted + 1))]
            after = runs[np.concatenate((parted, [runs.size - 1]))] + 1
            starts[after[inside[firsts - 1] & inside[after]]] = False
        return starts, alone

    def paragraphs(self) -> list[Paragraphs | None]:
        """The paragraphs of each text, which is canonical; ``None`` where one is of several lines."""
        breaks = self._odd[self._breaks]
        following = (self._is_beyond & (self._odd_units < LEAD)).cumsum()
        ends = breaks - following[self._breaks]
        starts, heads = np.zeros_like(ends), np.zeros_like(ends)
        np.add(ends[:-1], len(_BORDER), out=starts[1:])
        np.add(breaks[:-1], len(_BORDER), out=heads[1:])
        last = breaks.searchsorted(self._ends) + 1
        bounds = [0, *last.tolist()]
        firsts = np.array(bounds[:-1])
        shorts = _by_text((ends - starts <= LONGEST_MARK).nonzero()[0], bounds)
        openings = _by_text(_is_opening().take(self._units.take(heads)).nonzero()[0], bounds)
        origin = starts[firsts].repeat(np.diff(bounds))
        starts -= origin
        ends -= origin
        own_starts, own_ends = starts.tolist(), ends.tolist()
        several = self._several()
        return [
            None if n in several else Paragraphs(own_starts[a:b], own_ends[a:b], shorts[n], openings[n])
            for n, (a, b) in enumerate(pairwise(bounds))
        ]

    def _several(self) -> set[int]:
        """Numbers of the texts with line ends inside of paragraphs."""
        if self._controls.size == 2 * self._breaks.size:
            return set()
        both = np.concatenate((self._breaks, self._breaks + 1))
        return self._owners(self._odd[np.setdiff1d(self._controls, both)])


def _by_text(indexes: Places, bounds: Sequence[int]) -> list[list[int]]:
    """Some of the paragraphs of all texts, counted from the first of each text, which begin at the bounds."""
    borders = indexes.searchsorted(bounds)
    own = (indexes - np.array(bounds[:-1]).repeat(np.diff(borders))).tolist()
    return [own[a:b] for a, b in pairwise(borders.tolist())]


@cache
def _is_opening() -> Marks:
    table = np.zeros(0x100, np.bool_)
    table[[char.encode()[0] for char in _OPENING]] = True
    return table
