"""Counts of a text: words as the Archive of Our Own counts them, and how well it compresses."""

from __future__ import annotations

from functools import cache

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import regex

from pipelines.clean_utf8 import Utf8

_BY_CHARACTER = r"\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}"
_IN_WORDS = r"\p{L}\p{M}\p{Nd}\p{Pc}"
_DELETED = "'’‘-"

_IN_WORD, _ALONE = 1, 2
_HYPHEN = ord("-")
_IS_WORD = bytes(chr(byte).isalnum() or byte == ord("_") for byte in range(0x80)) + bytes(0x80)
_MARKS = np.frombuffer(b" a ", np.uint8)
"""ASCII that counts as a character of each class does; those alone are counted apart."""

_ASSIGNED = ((0, 0x40000), (0xE0000, 0xE1000))
"""Where Unicode has letters and marks; to look through the empty planes takes most of a second."""

_PIECE = 1 << 18
"""Characters that are classified at once: what fits a processor's cache."""

_WINDOW = 4 * 1024
_WINDOWS = 4


def count_words(text: str, utf8: Utf8 | None = None) -> int:
    """Number of words of ``text`` by the rule of the Archive of Our Own (``lib/word_counter.rb``).

    ``--`` divides words, apostrophes and hyphens do not; every Han, Hiragana, Katakana and Thai character
    is a word, and so is every run of other letters, marks, decimal digits and connectors.
    ``utf8`` is the text's UTF-8, where that is at hand.
    """
    utf8 = utf8 or Utf8.of(text)
    if utf8.beyond is not None:
        return _count_mostly_ascii(utf8)
    text = text.replace("--", "—")
    for char in _DELETED:
        text = text.replace(char, "")
    encoding, classes = ("ascii", _classes(0x80)) if text.isascii() else ("utf-16-le", _classes(0x10000))
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


def _count_mostly_ascii(utf8: Utf8) -> int:
    """The same for UTF-8: characters beyond ASCII are looked at one by one, the rest is a table of bytes."""
    hyphens = utf8.units == _HYPHEN
    if (hyphens[1:] & hyphens[:-1]).any():
        utf8 = Utf8(utf8.data.replace(b"--", b" "))
    alone = 0
    data: bytes | bytearray = utf8.data
    if utf8.beyond_data:
        codes = np.frombuffer(
            utf8.beyond_data.decode("utf-8", "surrogatepass").encode("utf-32-le", "surrogatepass"), "<u4"
        )
        kinds = _classes(0x10000 if codes.max() < 0x10000 else 0x110000)[codes]
        alone = int(np.count_nonzero(kinds == _ALONE))
        marks = _MARKS[kinds]
        marks[(codes == 0x2019) | (codes == 0x2018)] = _HYPHEN
        sizes = 2 + (codes >= 0x800).astype(np.int8) + (codes >= 0x10000)
        data = bytearray(data)
        np.frombuffer(data, np.uint8)[utf8.beyond] = marks.repeat(sizes)
    words = np.frombuffer(data.translate(_IS_WORD, b"'-"), np.uint8)
    if not words.size:
        return alone
    return alone + int(np.count_nonzero(words[1:] > words[:-1])) + int(words[0])


def _kinds(piece: str, encoding: str, classes: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    data = piece.encode(encoding, "surrogatepass")
    if encoding == "ascii":
        return classes[np.frombuffer(data, np.uint8)]
    if len(data) == 2 * len(piece):
        return classes[np.frombuffer(data, np.dtype("<u2"))]
    wide = np.frombuffer(piece.encode("utf-32-le", "surrogatepass"), np.dtype("<u4"))
    return _classes(0x110000)[wide]


@cache
def _classes(size: int) -> npt.NDArray[np.uint8]:
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
