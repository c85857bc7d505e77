"""The lines at the head of a text, bounded: a header is never longer, however long the file or its lines are."""

from __future__ import annotations

from typing import Final

HEAD_CHARACTERS: Final = 24_000
_HEAD_LINES: Final = 250


class Lines:
    """The first lines of a text, stripped, and where each begins."""

    def __init__(self, text: str) -> None:
        self.head = text[:HEAD_CHARACTERS]
        self.raw = self.head.split("\n", _HEAD_LINES)[:_HEAD_LINES]
        self.lines = list(map(str.strip, self.raw))
        self.size = len(text)

    def __len__(self) -> int:
        return len(self.lines)

    def offset(self, number: int) -> int:
        """Offset in the text of a line."""
        return min(sum(map(len, self.raw[:number])) + number, self.size)

    def next_full(self, number: int) -> int:
        """Number of the first line from ``number`` on that is not blank; the number of lines if there is none."""
        while number < len(self.lines) and not self.lines[number]:
            number += 1
        return number

    def block_end(self, number: int) -> int:
        """Number of the blank line (or end) that closes the block in which a line stands."""
        while number < len(self.lines) and self.lines[number]:
            number += 1
        return number

    def blank(self, number: int) -> bool:
        """Whether a line is blank or lies behind the end."""
        return number >= len(self.lines) or not self.lines[number]
