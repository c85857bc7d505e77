"""The lines at the head of a text, bounded: a header is never longer, however long the file or its lines are."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from crawler.readers.text_labels import Label, label_of

_HEAD_CHARACTERS: Final = 24_000
_HEAD_LINES: Final = 250
_TAKEN_FIRST: Final = 2_000  # code points: most headers end long before


class Lines:
    """The first lines of a text, stripped, and where each begins.

    They are parted when they are asked for: ``lines`` and ``raw`` hold those that ``has``, ``next_full``, ``block_end``
    or ``blank`` have passed by.
    """

    def __init__(self, text: str) -> None:
        self.size = len(text)
        self._text = text
        self._is_whole = False
        self._labels: dict[int, Label | None] = {}
        self._part(text.rfind("\n", 0, min(_TAKEN_FIRST, _HEAD_CHARACTERS)))

    def _part(self, end: int) -> None:
        """Take the lines of the head up to a line end; all of them where there is none."""
        self._is_whole = end < 0
        self.raw = self._text[: _HEAD_CHARACTERS if end < 0 else end].split("\n", _HEAD_LINES)[:_HEAD_LINES]
        self.lines = list(map(str.strip, self.raw))

    def has(self, number: int) -> bool:
        """Whether there is a line of that number."""
        if number >= len(self.lines) and not self._is_whole:
            self._part(-1)
        return number < len(self.lines)

    def rest(self, number: int) -> list[str]:
        """All lines from ``number`` on."""
        self.has(_HEAD_LINES)
        return self.lines[number:]

    def label(self, number: int) -> Label | None:
        """The label that a line begins with."""
        if number not in self._labels:
            self._labels[number] = label_of(self.lines[number])
        return self._labels[number]

    def offset(self, number: int) -> int:
        """Offset in the text of a line."""
        self.has(number - 1)
        return min(sum(map(len, self.raw[:number])) + number, self.size)

    def next_full(self, number: int) -> int:
        """Number of the first line from ``number`` on that is not blank; the number of lines if there is none."""
        lines, count = self.lines, len(self.lines)
        while number < count and not lines[number]:
            number += 1
        return number if number < count or self._is_whole else self._after_more(self.next_full, number)

    def block_end(self, number: int) -> int:
        """Number of the blank line (or end) that closes the block in which a line stands."""
        lines, count = self.lines, len(self.lines)
        while number < count and lines[number]:
            number += 1
        return number if number < count or self._is_whole else self._after_more(self.block_end, number)

    def _after_more(self, method: Callable[[int], int], number: int) -> int:
        """The answer of a method with all lines of the head at hand."""
        self._part(-1)
        return method(number)

    def blank(self, number: int) -> bool:
        """Whether a line is blank or lies behind the end."""
        return not self.has(number) or not self.lines[number]
