"""Classes of characters: which are part of a word, which are words of their own, and what case folding does to them."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from functools import cache

import numpy as np
import numpy.typing as npt

LETTER, SEPARATOR, WORD_OF_ITS_OWN, FOLDS_IN_PLACE, CAPITAL, FOLDS = 1, 2, 3, 4, 5, 6
"""Classes of characters; the last three are letters that case folding changes: to one of the same size (capitals
apart), or otherwise."""
_SPACELESS = (
    *((0x0E00, 0x0EFF), (0x1000, 0x109F), (0x1780, 0x17FF), (0x1950, 0x19DF), (0x1A20, 0x1AAF)),  # Thai … Tai Tham
    *((0x3005, 0x3007), (0x3021, 0x3029), (0x3040, 0x312F), (0x31A0, 0x31BF), (0x31F0, 0x31FF)),  # kana, bopomofo
    *((0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xF900, 0xFAFF), (0x20000, 0x3FFFF)),  # Han
    *((0xA9E0, 0xA9FF), (0xAA60, 0xAADF), (0xFF66, 0xFF9F), (0x1AFF0, 0x1B16F)),  # Burmese and kana, extended
)
_VARIATION_SELECTORS = ((0xFE00, 0xFE0F), (0xE0100, 0xE01EF))


@cache
def _classes() -> npt.NDArray[np.uint8]:
    """Class of each code point; 0 where it has not been asked for yet."""
    return np.zeros(0x110000, dtype=np.uint8)


@cache
def folded_in_place() -> npt.NDArray[np.uint32]:
    """What code points fold to, where they fold in place: the bytes of its UTF-8, the first one lowest.

    Those that ``classify`` has met; 0 for all others.
    """
    return np.zeros(0x110000, dtype=np.uint32)


def class_of(code: int) -> int:
    """Class of a code point."""
    character = chr(code)
    if unicodedata.category(character)[0] not in "LMN" or _within(code, _VARIATION_SELECTORS):
        return SEPARATOR
    if _within(code, _SPACELESS):
        return WORD_OF_ITS_OWN
    folded = character.casefold()
    if folded == character:
        return LETTER
    if len(folded.encode()) != len(character.encode()):
        return FOLDS
    if character.islower():
        return FOLDS_IN_PLACE
    return CAPITAL if len(folded) == 1 else FOLDS


def _within(code: int, ranges: Iterable[tuple[int, int]]) -> bool:
    return any(first <= code <= last for first, last in ranges)


def classify(codes: npt.NDArray[np.uint32]) -> npt.NDArray[np.uint8]:
    """Class of each of some code points; what they fold to stands in ``folded_in_place`` from then on."""
    table = _classes()
    found = table[codes]
    if not found.all():
        for code in np.unique(codes[found == 0]).tolist():
            if class_of(code) in {FOLDS_IN_PLACE, CAPITAL}:
                folded_in_place()[code] = int.from_bytes(chr(code).casefold().encode(), "little")
            table[code] = class_of(code)
        found = table[codes]
    return found
