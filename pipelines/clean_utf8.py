"""A text's UTF-8, looked at once for all who clean and count it."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Places = npt.NDArray[np.integer[Any]]

NEWLINE = 0x0A
SPACE = 0x20
LEAD = 0xC0
"""The least byte that begins a character beyond ASCII: those that follow within one are less."""
DELETE = b"\x7f"
_SIGNED_LEAD = LEAD - 0x100


class Utf8:
    """The UTF-8 of a text, and where in it the bytes are that all look for."""

    __slots__ = ("_signed", "beyond", "beyond_data", "breaks", "data", "lines", "units")

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.units = np.frombuffer(data, np.uint8)
        """One number per byte."""
        self._signed = self.units.view(np.int8)
        is_beyond = self._signed < 0
        self.beyond: Places | None = None
        """Places of the bytes beyond ASCII, where these are few: they take eight bytes each."""
        if 8 * int(np.count_nonzero(is_beyond)) <= len(data):
            self.beyond = is_beyond.nonzero()[0]
        self.beyond_data = self.units[is_beyond if self.beyond is None else self.beyond].tobytes()
        """The bytes beyond ASCII by themselves, which are UTF-8 too."""
        self.lines = (self.units < SPACE).nonzero()[0]
        """Places of the controls: in a canonical text, of the line ends."""
        beside = self.lines[1:] - self.lines[:-1] == 1
        self.breaks = self.lines[:-1][beside]
        """Those that another follows at once: in a canonical text, the ends of its paragraphs but the last."""

    @classmethod
    def of(cls, text: str) -> Utf8:
        """That of ``text``; surrogates are kept."""
        return cls(text.encode("utf-8", "surrogatepass"))

    def is_well_spaced(self) -> bool:
        """Whether of all blanks (spaces, controls) there are only single spaces and one or two line ends on end."""
        units, breaks = self.units, self.breaks
        if not units.size:
            return True
        if units[0] <= SPACE or units[-1] <= SPACE or (units[self.lines] != NEWLINE).any():
            return False
        blank = units <= SPACE
        pairs = int(np.count_nonzero(blank[1:] & blank[:-1]))
        return pairs == breaks.size and not (breaks[1:] - breaks[:-1] == 1).any()

    def characters_before(self, places: Places) -> Places:
        """Offset in code points of each of ``places``, which are sorted, different places of bytes."""
        if not places.size or not self.beyond_data:
            return places
        if self.beyond is not None:
            following = self.beyond[self._signed[self.beyond] < _SIGNED_LEAD]
            return places - following.searchsorted(places)
        is_first = self._signed >= _SIGNED_LEAD
        between = np.add.reduceat(is_first, places, dtype=np.int64)[:-1]
        return np.concatenate(([np.count_nonzero(is_first[: places[0]])], between)).cumsum()


def count_latin(codes: npt.NDArray[Any]) -> int:
    """Number of the letters A to Z among code points or bytes."""
    small = codes | 0x20  # makes letters of A to Z, of nothing else
    small -= ord("a")
    return int(np.count_nonzero(small < 26))
