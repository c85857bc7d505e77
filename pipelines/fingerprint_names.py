"""Name-blind words: a text without the names of persons and places and without pronouns.

A renamed copy (other names, other pronouns, another fandom) keeps all else, so that its name-blind
shingles are those of the original. A name is a word that a chapter never writes with a small letter:
no list of names is needed, sentence beginnings need no guess, and what a language writes large (German
nouns) just goes with them. Texts without case have no names that could be told.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from itertools import pairwise

import numpy as np

from pipelines.fingerprint_words import Hashes, Marks, Places, Words, mix, words

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
_MOST_BITS = 22
"""Bits of the slots of the largest table: 32 MB, for chapters with a million words to be looked at."""
_ROUNDS = 4
"""After so many rounds the words that still meet in a slot, if any, are sorted."""


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
    marks: Marks = table.take((hashes.view(np.int64) >> np.int64(shift)) & np.int64(_SLOTS - 1)) == hashes
    return marks


def nameless(text: Words) -> tuple[Hashes, int]:
    """Words of a chapter without names and pronouns, in order; and how many names there were."""
    return nameless_of([text])[0]


def nameless_of(texts: Sequence[Words]) -> list[tuple[Hashes, int]]:
    """``nameless`` of several chapters at once; each is looked at by itself."""
    lengths = np.array([len(text.hashes) for text in texts], dtype=np.int64)
    ends = np.cumsum(lengths)
    if len(texts) == 1:
        (hashes, capitals), own = texts[0], texts[0].hashes
    else:
        hashes, capitals = (np.concatenate(parts) for parts in zip(*texts, strict=True))
        own = hashes ^ np.repeat(mix(np.arange(len(texts), dtype=np.uint64)), lengths)  # tells the chapters apart
    asked = np.flatnonzero(capitals)
    names = asked[~_are_common(own, capitals, asked)]
    keep = ~is_gendered(hashes)
    keep[names] = False
    has_none = np.diff(np.searchsorted(asked, ends), prepend=0) == 0
    if has_none.any():
        keep &= ~np.repeat(has_none, lengths)
    n_names = np.diff(np.searchsorted(names, ends), prepend=0).tolist()
    kept = np.flatnonzero(keep)
    borders = [0, *np.searchsorted(kept, ends).tolist()]
    left = hashes.take(kept)
    return [(left[start:end], names) for (start, end), names in zip(pairwise(borders), n_names, strict=True)]


def _are_common(hashes: Hashes, capitals: Marks, asked: Places) -> Marks:
    """Which of the words asked for, those with a capital, occur with a small letter too.

    Words are looked up in tables by some bits of their hashes. Only those small ones are looked at that share a slot
    with one asked for. Of those that meet in a slot the last one stays, and the others have their turn in the next
    round, by other bits.
    """
    signed, wanted = hashes.view(np.int64), hashes.take(asked)
    mask = np.int64((1 << min((8 * len(asked)).bit_length(), _MOST_BITS)) - 1)
    is_asked = np.zeros(mask + 1, dtype=bool)
    is_asked[wanted.view(np.int64) & mask] = True
    found = is_asked.take(signed & mask)
    found &= ~capitals
    left = hashes.take(np.flatnonzero(found))
    common = np.zeros(len(asked), dtype=bool)
    for shift in range(16, 16 + 8 * _ROUNDS, 8):
        if not left.size:
            return common
        table = np.zeros(mask + 1, dtype=np.uint64)
        slots = (left.view(np.int64) >> np.int64(shift)) & mask
        table[slots] = left
        common |= table.take((wanted.view(np.int64) >> np.int64(shift)) & mask) == wanted
        left = left.take(np.flatnonzero(table.take(slots) != left))
    common |= np.isin(wanted, left)
    return common
