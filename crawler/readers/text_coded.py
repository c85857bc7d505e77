"""A text beside its UTF-8: what is asked of every line is found among bytes, much sooner than among characters."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final, NamedTuple

import numpy as np

from crawler.readers.source import Low

Numbers = np.ndarray[Any, Any]

_NEWLINE: Final = 0x0A
_FULLNESS: Final = bytes(code != _NEWLINE for code in range(256))
_LETTERS: Final = "abcdefghijklmnopqrstuvwxyz"


class Lines(NamedTuple):
    """Where the lines of a text are among its bytes."""

    ends: Numbers
    """Places of the line ends; the last line has none."""
    before: bytes
    """The byte before each of them: a newline where the line is empty."""
    full: bytes
    """Whether there is anything in each line: 0 or 1."""

    @classmethod
    def plain(cls, raw: bytes, low: Low) -> Lines | None:
        """The lines of a file that holds no control but the newline; ``None`` for any other."""
        return None if low.codes.strip(b"\n") else cls.of(np.frombuffer(raw, np.uint8), low.places, 0)

    @classmethod
    def of(cls, codes: Numbers, ends: Numbers, start: int) -> Lines:
        """The lines from a place on, by the places of their ends."""
        before = codes[ends - 1].tobytes()
        last = start
        if before:
            if ends.item(0) == start:
                before = b"\n" + before[1:]
            last = ends.item(-1) + 1
        return cls(ends, before, before.translate(_FULLNESS) + (b"\1" if last < len(codes) else b"\0"))

    def after(self, number: int) -> Lines:
        """Those from a number on."""
        return Lines(self.ends[number:], self.before[number:], self.full[number:])


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
            lines = Lines.of(self._codes, (self._codes[start:] == _NEWLINE).nonzero()[0] + start, start)
        self._lines = lines

    def after(self, offset: int) -> Coded:
        """The text from an offset in code points on."""
        if not offset:
            return self
        start = self.start + len(self.text[:offset].encode("utf-8", "surrogatepass"))
        number = self.raw.count(b"\n", self.start, start)
        if self.raw[start - 1] == _NEWLINE:
            lines = self._lines.after(number)
        else:  # in the middle of a line
            lines = Lines.of(self._codes, self._lines.ends[number:], start)
        return Coded(self.text[offset:], self.raw, start, lines)

    def ended_by(self, *blanks: bytes) -> bool:
        """Whether a line that has an end has one of some bytes before it."""
        return any(map(self._lines.before.__contains__, blanks))

    def has_ends_in_a_row(self, number: int) -> bool:
        """Whether so many line ends stand in a row."""
        return b"\0" * (number - 1) in self._lines.full[1:-1]

    @property
    def has_pairs(self) -> bool:
        """Whether a line that is not empty follows another."""
        return b"\1\1" in self._lines.full

    def opened_by(self, openings: Openings, longest: int, *, alone: bool) -> list[tuple[int, int]]:
        """Bounds, in bytes, of the lines of at most ``longest`` code points that ``openings`` may be the start of.

        A line may still be longer if it has more bytes than code points. The first line is always one of them. With
        ``alone``, of those lines only that have an empty line or nothing before them.
        """
        ends, _, full = self._lines
        found = []
        for number in (0, *openings.lines_after(self._codes, ends)):
            if not full[number] or (alone and number and full[number - 1]):
                continue
            start = ends.item(number - 1) + 1 if number else self.start
            end = ends.item(number) if number < len(ends) else len(self.raw)
            size = end - start
            if size <= longest or (size <= 4 * longest and not self.raw[start:end].isascii()):
                found.append((start, end))
        return found

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

    def lines_after(self, codes: Numbers, ends: Numbers) -> list[int]:
        """Numbers, from 1 on, of the lines that may begin so, by the ends of the lines before them in a UTF-8 text."""
        last = len(ends)
        while last and ends[last - 1] + 3 >= len(codes):
            last -= 1  # the line after it has no three bytes
        found: list[int] = []
        if last:
            first, second, third = self._parts
            places = first[codes[1:][ends[:last]]]
            places += second[codes[2:][ends[:last]]]
            places += third[codes[3:][ends[:last]]]
            found = self._table[places].nonzero()[0].tolist()
        return [*(number + 1 for number in found), *range(last + 1, len(ends) + 1)]
