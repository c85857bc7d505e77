"""Counts of a text: words as the Archive of Our Own counts them, and how well it compresses."""

from __future__ import annotations

from functools import cache

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import regex

_BY_CHARACTER = r"\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}"
_IN_WORDS = r"\p{L}\p{M}\p{Nd}\p{Pc}"
_DELETED = "'’‘-"

IN_WORD, ALONE = 1, 2

_ASSIGNED = ((0, 0x40000), (0xE0000, 0xE1000))
"""Where Unicode has letters and marks; to look through the empty planes takes most of a second."""

_PIECE = 1 << 18
"""Characters that are classified at once: what fits a processor's cache."""

_WINDOW = 4 * 1024
_WINDOWS = 4


def count_words(text: str) -> int:
    """Number of words of ``text`` by the rule of the Archive of Our Own (``lib/word_counter.rb``).

    ``--`` divides words, apostrophes and hyphens do not; every Han, Hiragana, Katakana and Thai character
    is a word, and so is every run of other letters, marks, decimal digits and connectors.
    """
    text = text.replace("--", "—")
    for char in _DELETED:
        text = text.replace(char, "")
    encoding, classes = ("ascii", word_classes(0x80)) if text.isascii() else ("utf-16-le", word_classes(0x10000))
    total = 0
    in_word = False
    for start in range(0, len(text), _PIECE):
        piece = text[start : start + _PIECE]
        kinds = _kinds(piece, encoding, classes)
        words = kinds == 1
        total += int(np.count_nonzero(words[1:] > words[:-1])) + int(words[0] and not in_word)
        if encoding != "ascii":
            total += int(np.count_nonzero(kinds == 2))
        in_word = bool(words[-1])
    return total


def _kinds(piece: str, encoding: str, classes: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    data = piece.encode(encoding, "surrogatepass")
    if encoding == "ascii":
        return classes[np.frombuffer(data, np.uint8)]
    if len(data) == 2 * len(piece):
        return classes[np.frombuffer(data, np.dtype("<u2"))]
    wide = np.frombuffer(piece.encode("utf-32-le", "surrogatepass"), np.dtype("<u4"))
    return word_classes(0x110000)[wide]


@cache
def word_classes(size: int) -> npt.NDArray[np.uint8]:
    """Class of each code point below ``size``: 1 in words, 2 a word by itself, 0 neither."""
    classes = np.zeros(size, np.uint8)
    for start, end in _ASSIGNED:
        everything = "".join(map(chr, range(min(start, size), min(end, size))))
        for kind, members in ((1, _IN_WORDS), (2, _BY_CHARACTER)):
            for run in regex.finditer(f"[{members}]++", everything):
                classes[start + run.start() : start + run.end()] = kind
    return classes


def compression_ratio(text: str | bytes) -> float | None:
    """Compressed size of ``text`` (UTF-8, zstd level 1) by its size, to 4 digits; ``None`` for no text.

    Of more than 16 KiB, four windows of 4 KiB spread evenly from the first to the last byte stand for it, as one
    stream: to tell junk from prose they do, and the whole would cost more than all other cleaning.
    """
    data = text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass")
    if not data:
        return None
    last = len(data) - _WINDOW
    if len(data) > _WINDOWS * _WINDOW:
        starts = [last * i // (_WINDOWS - 1) for i in range(_WINDOWS)]
        data = b"".join([data[start : start + _WINDOW] for start in starts])
    return round(len(_codec().compress(data, asbytes=True)) / len(data), 4)


@cache
def _codec() -> pa.Codec:
    return pa.Codec("zstd", compression_level=1)
