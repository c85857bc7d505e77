"""A text beside its UTF-8: what is asked of every line is found among bytes, much sooner than among characters."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final, NamedTuple

import numpy as np

from crawler.readers.source import Low

Numbers = np.ndarray[Any, Any]

_NEWLINE: Final = 0x0A
_LETTERS: Final = "abcdefghijklmnopqrstuvwxyz"


class Lines(NamedTuple):
    """Where the lines of a text are among its bytes."""

    bounds: Numbers
    """Places of the line ends, and what is none but bounds the first and the last line."""
    lengths: Numbers
    """Bytes of each line, its end included."""
    full: bytes
    """Whether there is anything in each line: 0 or 1."""

    @classmethod
    def plain(cls, raw: bytes, low: Low) -> Lines | None:
        """The lines of a file that holds no control but the newline; ``None`` for any other."""
        return None if low.codes.strip(b"\n") else cls.of(low.places, 0, len(raw))

    @classmethod
    def of(cls, ends: Numbers, start: int, stop: int) -> Lines:
        """The lines between two places, by the places of their ends."""
        bounds = np.empty(len(ends) + 2, np.int64)
        bounds[0], bounds[-1] = start - 1, stop
        bounds[1:-1] = ends
        lengths = bounds[1:] - bounds[:-1]
        return cls(bounds, lengths, (lengths > 1).tobytes())

    def after(self, start: int) -> Lines:
        """Those from a place on."""
        first = int(self.bounds.searchsorted(start - 1))
        if self.bounds[first] != start - 1:  # in the middle of a line
            return self.of(self.bounds[first:-1], start, int(self.bounds[-1]))
        return Lines(self.bounds[first:], self.lengths[first:], self.full[first:])


class Coded:
    """A text with newlines as line ends, and its UTF-8; lone surrogates are written as ``surrogatepass`` does.

    ``start`` is the place in ``raw`` at which the text begins; ``lines`` are given where they are known.
    """

    def __init__(self, text: str, raw: bytes | None = None, start: int = 0, lines: Lines | None = None) -> None:
        self.text = text
        self.raw = text.encode("utf-8", "surrogatepass") if raw is None else raw
        self.start = start
        self._codes = np.frombuffer(self.raw, np.uint8)
        if lines is None:
            lines = Lines.of((self._codes[start:] == _NEWLINE).nonzero()[0] + start, start, len(self.raw))
        self._lines = lines

    def after(self, offset: int) -> Coded:
        """The text from an offset in code points on."""
        if not offset:
            return self
        start = self.start + len(self.text[:offset].encode("utf-8", "surrogatepass"))
        return Coded(self.text[offset:], self.raw, start, self._lines.after(start))

    def ended_by(self, *blanks: bytes) -> bool:
        """Whether a line that has an end has one of some bytes before it."""
        ends = self._lines.bounds[1:-1]
        if len(ends) and ends[0] == self.start:
            ends = ends[1:]
        last = self._codes.take(ends - 1).tobytes()
        return any(blank in last for blank in blanks)

    def has_ends_in_a_row(self, number: int) -> bool:
        """Whether so many line ends stand in a row."""
        return b"\0" * (number - 1) in self._lines.full[1:-1]

    @property
    def has_pairs(self) -> bool:
        """Whether a line that is not empty follows another."""
        return b"\1\1" in self._lines.full

    def opened_by(self, openings: Openings, longest: int, *, alone: bool) -> list[tuple[int, int]]:
        """Bounds, in bytes, of the lines of at most ``longest`` code points that ``openings`` may be the start of.

        A line may still be longer if it has more bytes than code points. With ``alone``, of those lines only that
        have an empty line or nothing before them.
        """
        bounds, lengths, _ = self._lines
        found = (lengths > 1) & (lengths <= 4 * longest + 1)
        if alone and self.has_pairs:
            found[1:] &= lengths[:-1] == 1
        places = found.nonzero()[0]
        starts = bounds[places] + 1
        allowed = openings.may_begin(self._codes, starts)
        ends = bounds[places[allowed] + 1].tolist()
        return [
            (start, end)
            for start, end in zip(starts[allowed].tolist(), ends, strict=True)
            if end - start <= longest or not self.raw[start:end].isascii()
        ]

    def line(self, start: int, end: int) -> str:
        """The text between two places among the bytes."""
        return self.raw[start:end].decode("utf-8", "surrogatepass")


def codes_of(text: str) -> Numbers:
    """The text in the unit that it is brought to soonest.

    Raises ``UnicodeEncodeError`` for one with lone surrogates.
    """
    return np.frombuffer(text.encode(), np.uint8) if text.isascii() else np.frombuffer(text.encode("utf-16-le"), "<u2")


def has_pairs(codes: Numbers) -> bool:
    """Whether a line that is not empty follows another: a newline has none beside it."""
    ends = codes == _NEWLINE
    return bool((ends[1:-1] > (ends[:-2] | ends[2:])).any())


class Openings:
    """Which three bytes a line can begin with whose first word is one of some: asked of all lines at once.

    It errs on the side of yes. Bytes are told by class: each letter whatever its case, digits, marks that may stand
    before the word, the rest of ASCII, and what is beyond it.
    """

    _OTHER, _DIGIT, _MARK, _E2, _QUOTE, _FOREIGN = 0, 27, 28, 29, 30, 31
    """``E2 80 98`` to ``9F`` are curly quotes, which open every other line of a story and no heading."""

    def __init__(self, words: Iterable[str], marks: str) -> None:
        """``words`` are in lower case; a line may begin with a digit, too."""
        classes = np.zeros(256, np.int64)
        classes[0x80:] = self._FOREIGN
        classes[0x98:0xA0] = self._QUOTE
        classes[0xE2] = self._E2
        classes[ord("0") : ord("9") + 1] = self._DIGIT
        classes[[ord(mark) for mark in marks if mark.isascii()]] = self._MARK
        for place, letter in enumerate(_LETTERS, 1):
            classes[[ord(letter), ord(letter.upper())]] = place
        table = np.zeros((32, 32, 32), np.bool_)
        table[self._DIGIT :] = True
        table[self._E2, self._FOREIGN, self._QUOTE] = False
        table[1:27, self._E2 :] = True
        table[1:27, 1:27, self._E2 :] = True
        for word in words:
            if word[:3].isascii():  # others are allowed already
                first, *more = classes[[ord(letter) for letter in word[:3]]].tolist()
                for parted in (self._OTHER, self._MARK):
                    table[(first, *more, parted)[:3]] = True
        self._table = table.ravel()
        self._parts = (classes << 10, classes << 5, classes)

    def may_begin(self, codes: Numbers, starts: Numbers) -> Numbers:
        """Whether the lines that begin at some places of a text in UTF-8, in order, may begin so."""
        if not len(starts):
            return np.empty(0, np.bool_)
        if starts[-1] + 2 >= len(codes):  # it has no three bytes
            return np.append(self.may_begin(codes, starts[:-1]), [True])
        first, second, third = self._parts
        places = first[codes[starts]]
        places += second[codes[starts + 1]]
        places += third[codes[starts + 2]]
        allowed: Numbers = self._table[places]
        return allowed
