"""Counts of a text: words as the Archive of Our Own counts them, and how well it compresses."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from itertools import pairwise

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
_BORDER = 0xFF
_BETWEEN = bytes([_BORDER])
"""Stands between texts that are counted together: no byte of UTF-8."""
_IS_WORD = bytes(chr(byte).isalnum() or byte == ord("_") for byte in range(0x80)) + bytes(0x7F) + _BETWEEN
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
        return _count_mostly_ascii([utf8.data])[0]
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


def count_words_of(texts: Sequence[tuple[str, Utf8]]) -> list[int]:
    """``count_words`` of each of some texts, given with their UTF-8: those of mostly ASCII are counted together."""
    counts = [0] * len(texts)
    numbers: list[int] = []
    size = 0
    for number, (text, utf8) in enumerate(texts):
        if utf8.beyond is None:
            counts[number] = count_words(text, utf8)
            continue
        numbers.append(number)
        size += len(utf8.data)
        if size >= _PIECE:
            _count_into(counts, numbers, texts)
            numbers, size = [], 0
    _count_into(counts, numbers, texts)
    return counts


def _count_into(counts: list[int], numbers: Sequence[int], texts: Sequence[tuple[str, Utf8]]) -> None:
    found = _count_mostly_ascii([texts[number][1].data for number in numbers])
    for number, count in zip(numbers, found, strict=True):
        counts[number] = count


def _count_mostly_ascii(texts: Sequence[bytes]) -> list[int]:
    """The same for UTF-8: characters beyond ASCII are looked at one by one, the rest is a table of bytes."""
    data = _BETWEEN.join([b"", *texts, b""])
    units = np.frombuffer(data, np.uint8)
    hyphens = units == _HYPHEN
    if (hyphens[1:] & hyphens[:-1]).any():
        data = data.replace(b"--", b" ")
        units = np.frombuffer(data, np.uint8)
    alone = np.zeros(len(texts), np.intp)
    beyond = (units.view(np.int8) < -1).nonzero()[0]  # -1 stands between texts
    if beyond.size:
        codes = np.frombuffer(
            units[beyond].tobytes().decode("utf-8", "surrogatepass").encode("utf-32-le", "surrogatepass"), "<u4"
        )
        kinds = _classes(0x10000 if codes.max() < 0x10000 else 0x110000)[codes]
        sizes = 2 + (codes >= 0x800).astype(np.int8) + (codes >= 0x10000)
        is_alone = kinds == _ALONE
        if is_alone.any():
            leads = beyond[sizes.cumsum() - sizes]
            before = leads[is_alone].searchsorted((units == _BORDER).nonzero()[0])
            alone = before[1:] - before[:-1]
        marks = _MARKS[kinds]
        marks[(codes == 0x2019) | (codes == 0x2018)] = _HYPHEN
        plain = bytearray(data)
        np.frombuffer(plain, np.uint8)[beyond] = marks.repeat(sizes)
        data = bytes(plain)
    kept = np.frombuffer(data.translate(_IS_WORD, b"'-"), np.uint8)
    words = kept == _IN_WORD
    starts = words[1:] > words[:-1]
    borders = (kept == _BORDER).nonzero()[0].tolist()
    return [
        int(np.count_nonzero(starts[start:end])) + more
        for (start, end), more in zip(pairwise(borders), alone.tolist(), strict=True)
    ]


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
