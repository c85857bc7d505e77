"""Name-blind words: a text without the names of persons and places and without pronouns.

A renamed copy (other names, other pronouns, another fandom) keeps all else, so that its name-blind
shingles are those of the original. A name is a word that a chapter never writes with a small letter:
no list of names is needed, sentence beginnings need no guess, and what a language writes large (German
nouns) just goes with them. Texts without case have no names that could be told.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np

from pipelines.fingerprint_words import Hashes, Marks, Places, Words, words

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
"""Bits of the slots of the largest filter: 16 MB, for a chapter of a million words."""


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
    """Words of a chapter without names and pronouns, in order; and how many names there were."""
    return nameless_of([text])[0]


def nameless_of(texts: Sequence[Words]) -> list[tuple[Hashes, int]]:
    """``nameless`` of several chapters at once; each is looked at by itself.

    Which words occur with a small letter is kept in a Bloom filter for each chapter, of 16 slots to a word
    and two hashes: about one name in 1,000 is taken for a common word.
    """
    lengths = np.array([len(text.hashes) for text in texts], dtype=np.int64)
    hashes, capitals = (np.concatenate(parts) for parts in zip(*texts, strict=True))
    owner = np.repeat(np.arange(len(texts)), lengths)
    names = np.flatnonzero(capitals)
    names = names[~_are_common(hashes, capitals, names, lengths)]
    keep = ~is_gendered(hashes)
    keep[names] = False
    keep &= np.repeat(np.bincount(owner[capitals], minlength=len(texts)) > 0, lengths)
    n_left = np.bincount(owner[keep], minlength=len(texts))
    left = np.split(hashes[keep], np.cumsum(n_left)[:-1])
    return list(zip(left, np.bincount(owner[names], minlength=len(texts)).tolist(), strict=True))


def _are_common(hashes: Hashes, capitals: Marks, asked: Places, lengths: Places) -> Marks:
    """Which of the words asked for occur in their chapter with a small letter."""
    bits = [min(int(16 * n).bit_length(), _LARGEST_FILTER) for n in lengths.tolist()]
    sizes = np.array([1 << n for n in bits], dtype=np.int64)
    total = int(sizes.sum())
    offsets, masks = np.repeat(np.cumsum(sizes) - sizes, lengths), np.repeat(sizes - 1, lengths)
    signed = hashes.view(np.int64)
    slots = (signed & masks) + offsets, (signed >> np.int64(24) & masks) + offsets
    written_small = np.zeros(total + 1, dtype=bool)
    for slot in slots:
        written_small[np.where(capitals, total, slot)] = True
    written_small[total] = False
    common: Marks = written_small[slots[0][asked]] & written_small[slots[1][asked]]
    return common
