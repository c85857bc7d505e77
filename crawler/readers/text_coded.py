"""A text beside its UTF-8: what is asked of every line is found among bytes, many times sooner than among characters."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from typing import Any, Final

import numpy as np

Numbers = np.ndarray[Any, Any]

_NEWLINE: Final = 0x0A
_LETTERS: Final = "abcdefghijklmnopqrstuvwxyz"


class Coded:
    """A text with newlines as line ends, and its UTF-8; lone surrogates are written as ``surrogatepass`` does."""

    def __init__(self, text: str, raw: bytes | None = None) -> None:
        self.text = text
        self.raw = text.encode("utf-8", "surrogatepass") if raw is None else raw

    @cached_property
    def ends(self) -> Numbers:
        """Places of the newlines among the bytes."""
        return np.flatnonzero(np.frombuffer(self.raw, np.uint8) == _NEWLINE)

    @cached_property
    def _lines(self) -> tuple[Numbers, Numbers]:
        """Where each line begins among the bytes, and its length."""
        starts = np.zeros(len(self.ends) + 1, np.int64)
        np.add(self.ends, 1, out=starts[1:])
        return starts, np.append(self.ends, len(self.raw)) - starts

    def after(self, offset: int) -> Coded:
        """The text from an offset in code points on."""
        if not offset:
            return self
        place = len(self.text[:offset].encode("utf-8", "surrogatepass"))
        rest = Coded(self.text[offset:], self.raw[place:])
        rest.ends = self.ends[int(np.searchsorted(self.ends, place)) :] - place
        return rest

    def ended_by(self, *blanks: bytes) -> bool:
        """Whether a line that has an end has one of some bytes before it."""
        ends = self.ends[1:] if self.raw.startswith(b"\n") else self.ends
        last = np.frombuffer(self.raw, np.uint8)[ends - 1].tobytes()
        return any(blank in last for blank in blanks)

    def has_ends_in_a_row(self, number: int) -> bool:
        """Whether so many line ends stand in a row."""
        ends, more = self.ends, number - 1
        return bool((ends[more:] - ends[:-more] == more).any())

    @cached_property
    def has_pairs(self) -> bool:
        """Whether a line that is not empty follows another."""
        is_full = self._lines[1] > 0
        return bool((is_full[1:] & is_full[:-1]).any())

    def opened_by(self, openings: Openings, longest: int, *, alone: bool) -> Iterable[tuple[int, int]]:
        """Bounds, in bytes, of the lines of at most ``longest`` code points that ``openings`` may be the start of.

        A line may still be longer if it has more bytes than code points. With ``alone``, of those lines only that
        have an empty line or nothing before them.
        """
        starts, lengths = self._lines
        found = (lengths > 0) & (lengths <= 4 * longest)
        if alone:
            found[1:] &= lengths[:-1] == 0
        places = np.flatnonzero(found)
        places = places[openings.may_begin(self.raw, starts[places])]
        return zip(starts[places].tolist(), (starts[places] + lengths[places]).tolist(), strict=True)

    def line(self, start: int, end: int) -> str:
        """The text between two places among the bytes."""
        return self.raw[start:end].decode("utf-8", "surrogatepass")


class Openings:
    """Which three bytes a line can begin with whose first word is one of some: asked of all lines at once.

    It errs on the side of yes. Bytes are told by class: each letter whatever its case, digits, marks that may stand
    before the word, the rest of ASCII, and what is beyond it.
    """

    _OTHER, _DIGIT, _MARK, _E2, _QUOTE, _FOREIGN = 0, 27, 28, 29, 30, 31
    """``E2 80 98`` to ``9F`` are curly quotes, which open every other line of a story and no heading."""

    def __init__(self, words: Iterable[str], marks: str) -> None:
        """``words`` are in lower case; a line may begin with a digit, too."""
        self._classes = np.zeros(256, np.int16)
        self._classes[0x80:] = self._FOREIGN
        self._classes[0x98:0xA0] = self._QUOTE
        self._classes[0xE2] = self._E2
        self._classes[ord("0") : ord("9") + 1] = self._DIGIT
        self._classes[[ord(mark) for mark in marks if mark.isascii()]] = self._MARK
        for place, letter in enumerate(_LETTERS, 1):
            self._classes[[ord(letter), ord(letter.upper())]] = place
        self._table = np.zeros((32, 32, 32), np.bool_)
        self._table[self._DIGIT :] = True
        self._table[self._E2, self._FOREIGN, self._QUOTE] = False
        self._table[1:27, self._E2 :] = True
        self._table[1:27, 1:27, self._E2 :] = True
        for word in words:
            self._allow(word)
        self._flat = self._table.ravel()

    def _allow(self, word: str) -> None:
        if not word[:3].isascii():
            return  # allowed already
        first, *more = (int(self._classes[ord(letter)]) for letter in word[:3])
        for parted in (self._OTHER, self._MARK):
            place = (first, *more, parted)[:3]
            self._table[place] = True

    def may_begin(self, raw: bytes, starts: Numbers) -> Numbers:
        """Whether the lines that begin at some places of a text in UTF-8 may begin so."""
        codes = np.frombuffer(raw + b"\n\n", np.uint8)
        first, second, third = (self._classes[codes[starts + place]] for place in range(3))
        allowed: Numbers = self._flat[(first << 10) | (second << 5) | third]
        return allowed
