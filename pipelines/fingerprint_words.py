"""Words and shingles: a text as a sequence of word hashes, and those as a set of word 5-grams.

Words are runs of letters, marks and digits, case-folded; quotes, punctuation, symbols and spaces are
never part of one. In scripts without spaces each character is a word. Text is expected in NFC, as
the cleaner leaves it. Shingles do not cross chapter borders, so that a work's set of them is the
union of its chapters'. Everything is integer arithmetic modulo 2**64, the same on every machine;
``fingerprint.SKETCH_VERSION`` changes when a hash does.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from pipelines.fingerprint_characters import (
    CAPITAL,
    FOLDS,
    FOLDS_IN_PLACE,
    LETTER,
    SEPARATOR,
    WORD_OF_ITS_OWN,
    class_of,
    classify,
    folded_in_place,
)

Hashes = npt.NDArray[np.uint64]
Places = npt.NDArray[np.intp]
Marks = npt.NDArray[np.bool_]
Octets = npt.NDArray[np.uint8]
Encoded = bytes | memoryview
"""A text in UTF-8."""

SHINGLE_WORDS = 5

_BLOCK = 1 << 19
"""Bytes that are hashed at once: enough to hide the cost of the calls."""
_LONGEST = 64
"""Bytes of a word; longer runs of letters are cut into pieces, so that hostile text costs linear time."""
_FEW, _MANY = 1024, 1 << 15
"""Between so many and so many hashes, sorting by the first 16 bits pays."""
_LOOK_BACK = 1024
"""Bytes that a block is shortened by at most to end between two words."""

_MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX_2 = np.uint64(0x94D049BB133111EB)
_SPREAD = (0x9E3779B97F4A7C15, 0xD6E8FEB86659FD93, 0xC2B2AE3D27D4EB4F, 0xA0761D6478BD642F, 0xE7037ED1A0B428DB)
"""Odd multipliers of the words of a shingle of fewer than five, by place."""
_PLACE_1, _PLACE_2, _PLACE_4 = map(np.uint64, _SPREAD[1:4])
"""Multipliers of a shingle's first word, its first two and its first four, on top of each other."""

_SMALL = np.uint64(0x2020202020202020)
"""The bit that tells a small letter from a capital in ASCII, in each of eight bytes. All digits have it."""
_KEEP_BYTES = np.array([(1 << (8 * n)) - 1 for n in range(9)], dtype=np.uint64)


def _pieces(texts: Iterable[str | Encoded]) -> Iterator[tuple[int, Encoded]]:
    """Texts in UTF-8 with their number, cut between words into pieces of at most ``_BLOCK`` bytes."""
    for number, text in enumerate(texts):
        whole = text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text
        start = 0
        while len(whole) - start > _BLOCK:
            end = start + _BLOCK
            leads = [place for place in range(end, end - _LOOK_BACK, -1) if not 0x80 <= whole[place] < 0xC0]
            end = next((place for place in leads if _is_border(whole[place : place + 4])), leads[0] if leads else end)
            yield number, whole[start:end]
            start = end
        yield number, whole[start:]


def _is_border(encoded: Encoded) -> bool:
    """Whether the first character is no part of a longer word."""
    size = 1 + (encoded[0] >= 0xC0) + (encoded[0] >= 0xE0) + (encoded[0] >= 0xF0)
    code = ord(bytes(encoded[:size]).decode("utf-8", "surrogatepass"))
    return class_of(code) in {SEPARATOR, WORD_OF_ITS_OWN}


def _blocks(texts: Iterable[str | Encoded]) -> Iterator[tuple[list[int], list[Encoded]]]:
    """Pieces, gathered so that short texts do not cost a round of numpy each."""
    numbers: list[int] = []
    pieces: list[Encoded] = []
    size = 0
    for number, piece in _pieces(texts):
        numbers.append(number)
        pieces.append(piece)
        size += len(piece)
        if size >= _BLOCK // 2:
            yield numbers, pieces
            numbers, pieces, size = [], [], 0
    if pieces:
        yield numbers, pieces


class Words(NamedTuple):
    """Words of a text, in order."""

    hashes: Hashes
    capitals: Marks
    """Whether each begins with a capital letter."""


def _block_words(pieces: Sequence[Encoded]) -> list[Words]:
    """Words of each of a block's pieces."""
    laid_out = _lay_out(pieces)
    letters = np.frombuffer(laid_out, dtype=np.uint8)
    inside = _is_inside(letters)
    alone = np.empty((2, 0), dtype=np.intp)
    capitals = np.empty(0, dtype=np.intp)
    leads = capitals if laid_out.isascii() else _without_punctuation(letters, inside)
    if leads.size:
        sizes, codes = _decode(letters, leads)
        classes = classify(codes)
        if (classes == FOLDS).any():
            return _block_words(_unfold(pieces, np.unique(codes[classes == FOLDS]).tolist()))
        separators = classes == SEPARATOR
        if separators.any():
            _set_apart(inside, leads[separators], sizes[separators])
        upper = classes >= FOLDS_IN_PLACE
        if upper.any():
            letters = letters.copy()
            _fold(letters, leads[upper], sizes[upper], folded_in_place()[codes[upper]])
        of_its_own = classes == WORD_OF_ITS_OWN
        alone = np.stack((leads[of_its_own], leads[of_its_own] + sizes[of_its_own]))
        capitals = leads[classes == CAPITAL]
    starts, ends = _word_bounds(inside, alone)
    hashes, marks = _hash_words(letters, starts, ends)
    if capitals.size and starts.size:
        first = np.minimum(np.searchsorted(starts, capitals), len(starts) - 1)
        marks[first[starts[first] == capitals]] = True
    if len(pieces) == 1:
        return [Words(hashes, marks)]
    borders = np.searchsorted(starts, np.cumsum([len(piece) + 1 for piece in pieces[:-1]])).tolist()
    runs = [slice(*run) for run in pairwise([0, *borders, len(starts)])]
    return [Words(hashes[run], marks[run]) for run in runs]


def _unfold(pieces: Sequence[Encoded], codes: Sequence[int]) -> list[bytes]:
    """Replace letters that fold to others of another size by those, with a capital first where one is meant."""
    changed = [bytes(piece) for piece in pieces]
    for code in codes:
        folded = chr(code).casefold()
        first = folded[0].upper()
        if not chr(code).islower() and len(first) == 1 and class_of(ord(first)) in {LETTER, CAPITAL}:
            folded = first + folded[1:]
        old, new = (text.encode("utf-8", "surrogatepass") for text in (chr(code), folded))
        changed = [piece.replace(old, new) for piece in changed]
    return changed


def _lay_out(pieces: Sequence[Encoded]) -> bytes:
    """Pieces between spaces, with room for reading eight bytes on."""
    return b" ".join((b"", *pieces, b" " * _LONGEST))


def _is_inside(letters: Octets) -> Marks:
    """Which bytes are part of a word as far as they tell: letters and digits of ASCII, and all that is outside it."""
    moved = letters | np.uint8(0x20)
    moved -= np.uint8(0x61)
    inside = moved < 26
    np.subtract(letters, np.uint8(0x30), out=moved)
    inside |= moved < 10
    inside |= letters >= 0x80
    return inside


def _without_punctuation(letters: Octets, inside: Marks) -> Places:
    """Leave out U+2000 to U+203F (dashes, quotes, spaces: never part of a word); where the other characters lie.

    They are most of what English has outside ASCII: the general way costs several times as much.
    """
    leads = np.flatnonzero(letters[:-1] >= 0xC0)
    is_punctuation = letters.take(leads) == 0xE2
    is_punctuation &= letters.take(leads + 1) == 0x80
    found = leads[is_punctuation]
    for n in range(3):
        inside[found + n] = False
    others: Places = leads[~is_punctuation]
    return others


def _decode(letters: Octets, leads: Places) -> tuple[Places, npt.NDArray[np.uint32]]:
    """Sizes in bytes and code points of the characters outside ASCII."""
    codes = letters[leads].astype(np.uint32)
    sizes = 2 + (codes >= 0xE0).astype(np.intp) + (codes >= 0xF0)
    codes &= np.array([0, 0, 0x1F, 0x0F, 0x07], dtype=np.uint32)[sizes]
    for n in (1, 2, 3):
        reaches = slice(None) if n == 1 else np.flatnonzero(sizes > n)
        codes[reaches] = codes[reaches] << 6 | letters[leads[reaches] + n] & 0x3F
    return sizes, codes


def _set_apart(inside: Marks, leads: Places, sizes: Places) -> None:
    """Take characters out of the words."""
    for n in range(4):
        inside[leads[sizes > n] + n] = False


def _fold(letters: Octets, leads: Places, sizes: Places, folded: npt.NDArray[np.uint32]) -> None:
    """Overwrite letters with what they fold to."""
    for n in range(4):
        reaches = sizes > n
        letters[leads[reaches] + n] = folded[reaches] >> 8 * n & 0xFF


def _word_bounds(inside: Marks, alone: Places) -> tuple[Places, Places]:
    """First byte of each word and the byte after it."""
    if alone.size:
        begins = inside.copy()
        begins[1:] &= ~inside[:-1]
        begins[alone[0]] = True
        begins[alone[1]] |= inside[alone[1]]
        finishes = ~inside
        finishes |= begins
        finishes[1:] &= inside[:-1]
        finishes[0] = False
        starts, ends = np.flatnonzero(begins), np.flatnonzero(finishes)
    else:
        edges = np.flatnonzero(inside[1:] != inside[:-1]) + 1
        starts, ends = edges[::2], edges[1::2]
    lengths = ends - starts
    if lengths.size and lengths.max() > _LONGEST:
        parts = -(-lengths // _LONGEST)
        nth = np.arange(parts.sum()) - np.repeat(np.cumsum(parts) - parts, parts)
        starts = np.repeat(starts, parts) + nth * _LONGEST
        ends = np.minimum(np.repeat(ends, parts), starts + _LONGEST)
    return starts, ends


def _hash_words(letters: Octets, starts: Places, ends: Places) -> tuple[Hashes, Marks]:
    """Hash of each word by its bytes, eight at a time; and whether it begins with a capital of ASCII."""
    whole = letters[: len(letters) & -8].view("<u8")
    aligned = whole.astype(np.uint64, copy=False)  # little-endian on every machine
    lengths = ends - starts
    hashes = _eight_from(aligned, starts)
    capitals = hashes.astype(np.uint8) - np.uint8(0x41) < 26
    hashes = _stir(_folded_bytes(hashes, lengths))
    longer = np.flatnonzero(lengths > 8)
    offset = 8
    while longer.size:
        rest = _folded_bytes(_eight_from(aligned, starts[longer] + offset), lengths[longer] - offset)
        rest ^= hashes[longer]
        hashes[longer] = _stir(rest)
        offset += 8
        longer = longer[lengths[longer] > offset]
    return hashes, capitals


def _eight_from(aligned: Hashes, places: Places) -> Hashes:
    """Eight bytes from each of some places on, out of the two aligned eights that they lie in."""
    eights = places >> 3
    bits = (places & 7).view(np.uint64)
    bits <<= np.uint64(3)
    low = aligned.take(eights)
    low >>= bits
    eights += 1
    high = aligned.take(eights)
    high <<= np.uint64(1)  # a shift by 64, where the low eight is all, is defined only in two parts
    bits ^= np.uint64(63)
    high <<= bits
    high |= low
    return high


def _folded_bytes(eights: Hashes, lengths: Places) -> Hashes:
    """So many bytes of each eight, but eight at most, with letters of ASCII made small, in place."""
    small = ~eights
    small >>= np.uint64(2)
    small &= _SMALL
    eights |= small
    eights &= _KEEP_BYTES.take(lengths, mode="clip")
    return eights


def _stir(values: Hashes) -> Hashes:
    """Bijective mixing in place, enough for words: shingles are mixed again."""
    values ^= values >> np.uint64(32)
    values *= _MIX_1
    values ^= values >> np.uint64(29)
    return values


def mix(values: Hashes) -> Hashes:
    """Bijective mixing of 64-bit values (the finaliser of SplitMix64), in place."""
    values += np.uint64(_SPREAD[0])
    values ^= values >> np.uint64(30)
    values *= _MIX_1
    values ^= values >> np.uint64(27)
    values *= _MIX_2
    values ^= values >> np.uint64(31)
    return values


def words(text: str) -> Hashes:
    """Hashes of a text's words, in order. A run of letters longer than 64 bytes counts as several words."""
    return words_of([text])[0]


def words_of(texts: Sequence[str | Encoded]) -> list[Hashes]:
    """``words`` of several texts at once: short ones share the cost of a call."""
    return [found.hashes for found in cased_words_of(texts)]


def cased_words_of(texts: Sequence[str | Encoded]) -> list[Words]:
    """Words of several texts at once, and which of them begin with a capital."""
    parts: list[list[Words]] = [[] for _ in texts]
    for numbers, pieces in _blocks(texts):
        for number, part in zip(numbers, _block_words(pieces), strict=True):
            parts[number].append(part)
    return [group[0] if len(group) == 1 else Words(*map(np.concatenate, zip(*group, strict=True))) for group in parts]


def shingles(word_hashes: Hashes) -> Hashes:
    """Hashes of the word 5-grams, in order, repeats included.

    Fewer than five words give one shingle of all of them; no words give none.
    """
    size = min(SHINGLE_WORDS, len(word_hashes))
    if size == 0:
        return np.empty(0, dtype=np.uint64)
    if size < SHINGLE_WORDS:
        total = np.full(1, size, dtype=np.uint64)
        for place in range(size):
            total += word_hashes[place : place + 1] * np.uint64(_SPREAD[place])
        return mix(total)
    two = word_hashes[:-1] * _PLACE_1
    two += word_hashes[1:]
    five = two[:-3] * _PLACE_2
    five += two[2:-1]
    five *= _PLACE_4
    five += word_hashes[4:]
    return mix(five)


def shingle_set(texts: Iterable[str]) -> Hashes:
    """Sorted distinct shingles of a work's chapters."""
    return distinct(shingles(chapter) for chapter in words_of(list(texts)))


def distinct(parts: Iterable[Hashes]) -> Hashes:
    """Sorted distinct values of several arrays of hashes."""
    ordered = _sorted(np.concatenate([np.empty(0, dtype=np.uint64), *parts]))
    new = np.ones(len(ordered), dtype=bool)  # np.unique hashes first, and takes three times as long
    np.not_equal(ordered[1:], ordered[:-1], out=new[1:])
    return ordered.take(np.flatnonzero(new))


def _sorted(hashes: Hashes) -> Hashes:
    """Hashes in order. They are spread evenly: in that of their first 16 bits few are out of place.

    Numpy sorts by those in linear time, and all 64 bits three times as slowly on some processors with AVX-512.
    """
    if not _FEW <= len(hashes) <= _MANY:
        return np.sort(hashes)
    first = (hashes >> np.uint64(48)).astype(np.uint16)
    order = first.argsort(kind="stable")
    hashes, first = hashes.take(order), first.take(order)
    same = first[1:] == first[:-1]
    tied = np.zeros(len(hashes), dtype=bool)
    tied[1:] = same
    tied[:-1] |= same
    places = np.flatnonzero(tied)
    hashes[places] = np.sort(hashes.take(places))
    return hashes
