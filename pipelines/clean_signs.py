"""Signs of notes in many paragraphs at once: few have any, and the rules for notes need not look at the others."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Sequence
from functools import cache, lru_cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from pipelines.clean_notes import (
    ALL_STEMS,
    BODY,
    CAPITAL_OPENER,
    DISCLAIMER,
    NO_STEMS,
    OPENER,
    STARTS_QUOTATION,
    STARTS_QUOTED,
    Stems,
    plain,
)


class Signs(NamedTuple):
    """What a paragraph may be, at most."""

    stems: Stems
    """Those that it holds; none of what begins as speech, which ``note_words`` never takes for a note."""
    may_open: bool
    """Whether ``note_opener`` has to look at it."""


ALL_SIGNS = Signs(ALL_STEMS, may_open=True)
NO_SIGNS = Signs(NO_STEMS, may_open=False)

_BORDER = "\0"
"""Stands before each paragraph and after the last: no rule asks for one."""
_KEY_BYTES = 4
"""A stem is looked for by four of its bytes, all places of a text at once; then by four others, or some of them."""
_SHORT_KEY = 0xFFFFFF
"""The three bytes of the shortest stems."""
_PIECE = 1 << 15
"""Places that are looked at together: what fits a processor's cache."""
_RARITY = " etaoinshrdlucmfwypvbgkjqxz"


class _Keys(NamedTuple):
    """By stem, in the order of its key, the rarest four bytes as a little-endian number."""

    stems: tuple[str, ...]
    keys: npt.NDArray[np.uint32]
    seconds: npt.NDArray[np.uint32]
    """Four bytes at the other end of the stem."""
    distances: npt.NDArray[np.intp]
    """Where those are, from the key on."""
    is_key: npt.NDArray[np.bool_]
    """Which slots hold a key."""


def _key(stem: bytes) -> int:
    """Where the rarest four bytes of a stem are in it."""
    rarity = [_RARITY.find(chr(byte)) % len(_RARITY) for byte in stem]
    return max(range(len(stem) - _KEY_BYTES + 1), key=lambda at: sum(rarity[at : at + _KEY_BYTES]))


def _number(data: bytes) -> int:
    return int.from_bytes(data[:_KEY_BYTES], "little")


@cache
def _keys() -> _Keys:
    rows = []
    for stem in {stem for group in ALL_STEMS for stem in group}.difference(_SHORT_STEMS):
        data = stem.encode()
        at, end = _key(data), len(data) - _KEY_BYTES
        second = 0 if 2 * at > end else end
        rows.append((_number(data[at:]), stem, _number(data[second:]), second - at))
    keys, stems, seconds, distances = zip(*sorted(rows), strict=True)
    is_key = np.zeros(0x10000, np.bool_)
    is_key[_slots(np.array(keys, np.uint32))] = True
    return _Keys(stems, np.array(keys, np.uint32), np.array(seconds, np.uint32), np.array(distances), is_key)


_SHORT_STEMS = {
    stem: _number(stem.encode()) for group in ALL_STEMS for stem in group if len(stem.encode()) < _KEY_BYTES
}


def _after_border(*patterns: re.Pattern[str]) -> re.Pattern[str]:
    """Any of some patterns for the beginning of a paragraph, where it stands among others."""
    among = [pattern.pattern.replace("|$|", f"|(?={_BORDER})|") for pattern in patterns]
    return re.compile(f"{_BORDER}(?:{'|'.join(among)})")


_OPENS = _after_border(OPENER, DISCLAIMER)
_OPENS_IN_CAPITALS = _after_border(CAPITAL_OPENER)


def signs_of(paragraphs: Sequence[str]) -> list[Signs]:
    """The signs of each of ``paragraphs``: one look at all of them, in place of 90 searches in each."""
    passages = ["" if paragraph.startswith(STARTS_QUOTATION) else paragraph[:BODY] for paragraph in paragraphs]
    together = _joined(passages)
    if together.count(_BORDER) > len(passages) + 1:
        together = _joined([passage.replace(_BORDER, "\1") for passage in passages])
    together = plain(together)
    lowered = together.lower()
    openers = _opening(together, _OPENS_IN_CAPITALS) | _opening(lowered, _OPENS)
    likely = _likely_stems(lowered)
    if not openers and not likely:
        return [NO_SIGNS] * len(passages)
    each = lowered.split(_BORDER)[1:-1]
    found = [NO_SIGNS] * len(passages)
    for number in openers | likely.keys():
        is_speech = paragraphs[number].startswith(STARTS_QUOTED)
        held = frozenset([stem for stem in likely.get(number, ()) if stem in each[number]] if not is_speech else ())
        found[number] = Signs(_in_groups(held), number in openers)
    return found


def _joined(passages: Sequence[str]) -> str:
    return _BORDER.join(["", *passages, ""])


def _opening(together: str, opener: re.Pattern[str]) -> set[int]:
    """Numbers of the passages that an opener stands at the beginning of."""
    places = [match.start() for match in opener.finditer(together)]
    if not places:
        return set()
    borders = [match.start() for match in re.finditer(_BORDER, together)]
    return {bisect_left(borders, place) for place in places}


def _likely_stems(together: str) -> dict[int, set[str]]:
    """By number of the passage, the stems of which it holds eight bytes, or all where they have fewer."""
    likely: defaultdict[int, set[str]] = defaultdict(set)
    data = together.encode("utf-8", "surrogatepass")
    if len(data) < _KEY_BYTES:
        return likely
    every = np.ndarray((len(data) - _KEY_BYTES + 1,), "<u4", data, strides=(1,))
    units = np.frombuffer(data, np.uint8)
    borders = (units == 0).nonzero()[0]
    table = _keys()
    hits = []
    for start in range(0, len(every), _PIECE):
        fours = every[start : start + _PIECE].astype(np.uint32)
        hits.append(table.is_key.take(_slots(fours)).nonzero()[0] + start)
        fours &= np.uint32(_SHORT_KEY)
        for stem, key in _SHORT_STEMS.items():
            for place in (fours == np.uint32(key)).nonzero()[0].tolist():
                likely[int(borders.searchsorted(place + start)) - 1].add(stem)
    places = np.concatenate(hits)
    keys = _fours(units, places)
    first, last = table.keys.searchsorted(keys), table.keys.searchsorted(keys, "right")
    counts = last - first
    places = places.repeat(counts)
    stems = first.repeat(counts) + np.arange(len(places)) - (counts.cumsum() - counts).repeat(counts)
    fitting = _fours(units, places + table.distances.take(stems)) == table.seconds.take(stems)
    numbers = borders.searchsorted(places[fitting]) - 1
    for number, stem in zip(numbers.tolist(), stems[fitting].tolist(), strict=True):
        likely[number].add(table.stems[stem])
    return likely


def _fours(units: npt.NDArray[np.uint8], places: npt.NDArray[np.intp]) -> npt.NDArray[np.uint32]:
    """The four bytes from each of some places on, as little-endian numbers."""
    around = places[:, np.newaxis] + np.arange(_KEY_BYTES)
    return units.take(around, mode="clip").view("<u4").ravel()


def _slots(keys: npt.NDArray[np.uint32]) -> npt.NDArray[np.uint32]:
    return (keys * np.uint32(0x9E3779B1)) >> np.uint32(16)


@lru_cache(maxsize=1024)
def _in_groups(held: frozenset[str]) -> Stems:
    return Stems(*(tuple(stem for stem in group if stem in held) for group in ALL_STEMS)) if held else NO_STEMS
