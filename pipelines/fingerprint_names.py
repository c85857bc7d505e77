"""Name-blind words: a text without the names of persons and places and without pronouns.

A renamed copy (other names, other pronouns, another fandom) keeps all else, so that its name-blind
shingles are those of the original. A name is a word that a chapter never writes with a small letter:
no list of names is needed, sentence beginnings need no guess, and what a language writes large (German
nouns) just goes with them. Texts without case have no names that could be told.
"""

from __future__ import annotations

from functools import cache

import numpy as np

from pipelines.fingerprint_words import Hashes, Marks, Words, words

MIN_NAMES = 0.003
"""Part of a work's words that are names, from which on the name-blind text says more than the text itself."""
MIN_LEFT = 0.3
"""Part of a work's words that must be left: of a text all in capitals nothing is."""

_GENDERED = """
he she him her his hers himself herself they them their theirs themself themselves it its
man woman men women boy girl boys girls guy lady gentleman mr mrs miss ms sir madam lord king queen prince princess
father mother dad mom mum daddy mommy mummy son daughter brother sister husband wife uncle aunt nephew niece
boyfriend girlfriend male female
er sie ihn ihm ihr ihre ihren ihrem ihrer sein seine seinen seinem seiner seines
il elle lui ils elles leur leurs
él ella ellos ellas suyo suya
ele ela eles elas dele dela lei egli
он она его её ее ему ей ним ней нём нем неё нее них они их им
"""
_SLOTS = 1 << 14
_LARGEST_FILTER = 24
"""Bits of the slots of the largest filter: 16 MB, for a chapter of half a million words."""


@cache
def _table() -> tuple[Hashes, int]:
    """Gendered words by some bits of their hashes, and which bits: a choice under which no two of them meet."""
    found = np.unique(words(_GENDERED))
    for shift in range(48):
        slots = (found >> np.uint64(shift)) % np.uint64(_SLOTS)
        if len(np.unique(slots)) == len(found):
            table = np.zeros(_SLOTS, dtype=np.uint64)
            table[slots.astype(np.intp)] = found
            return table, shift
    raise AssertionError("no bits tell the words apart")  # pragma: no cover - the words are fixed


def is_gendered(hashes: Hashes) -> Marks:
    """Which words are pronouns or change with the gender of whom they speak of."""
    table, shift = _table()
    slots = (hashes.view(np.int64) >> np.int64(shift)) & np.int64(_SLOTS - 1)
    marks: Marks = table[slots] == hashes
    return marks


def nameless(text: Words) -> tuple[Hashes, int]:
    """Words of a chapter without names and pronouns, in order; and how many names there were.

    Which words occur with a small letter is kept in a Bloom filter of 32 slots to a word and two hashes:
    about one name in 5,000 is taken for a common word.
    """
    capitals = np.flatnonzero(text.capitals)
    if not len(capitals):
        return text.hashes[:0], 0
    mask = np.int64((1 << min((32 * len(text.hashes)).bit_length(), _LARGEST_FILTER)) - 1)
    signed = text.hashes.view(np.int64)
    slots = signed & mask, (signed >> np.int64(24)) & mask
    written_small = np.zeros(int(mask) + 2, dtype=bool)
    for slot in slots:
        written_small[np.where(text.capitals, mask + 1, slot)] = True
    common = written_small[slots[0][capitals]] & written_small[slots[1][capitals]]
    keep = ~is_gendered(text.hashes)
    names = capitals[~common]
    keep[names] = False
    return text.hashes[keep], len(names)
