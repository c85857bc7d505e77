"""A text's UTF-8, looked at once for all who clean and count it."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Places = npt.NDArray[np.integer[Any]]

_NEWLINE = 0x0A
_SPACE = 0x20
_LEAD = 0xC0 - 0x100
"""The first signed byte that begins a character: those that follow within one are less."""


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
        self.lines = (self.units < _SPACE).nonzero()[0]
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
        if units[0] <= _SPACE or units[-1] <= _SPACE or (units[self.lines] != _NEWLINE).any():
            return False
        blank = units <= _SPACE
        pairs = int(np.count_nonzero(blank[1:] & blank[:-1]))
        return pairs == breaks.size and not (breaks[1:] - breaks[:-1] == 1).any()

    def characters_before(self, places: Places) -> Places:
        """Offset in code points of each of ``places``, which are sorted, different places of bytes."""
        if not places.size or not self.beyond_data:
            return places
        if self.beyond is not None:
            following = self.beyond[self._signed[self.beyond] < _LEAD]
            return places - following.searchsorted(places)
        is_first = self._signed >= _LEAD
        between = np.add.reduceat(is_first, places, dtype=np.int64)[:-1]
        return np.concatenate(([np.count_nonzero(is_first[: places[0]])], between)).cumsum()
