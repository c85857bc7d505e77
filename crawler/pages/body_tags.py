"""Where the tags of HTML stand, and which of them are those of paragraphs and plain marks: at the speed of arrays."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from crawler.pages.body_marks import PLAIN_MARKS

OPENS: Final = 0
"""Kind of a ``<p>``, with attributes or without."""
CLOSES: Final = 1
"""Kind of a ``</p>``."""
RELATED: Final = 2
"""Kind of other tags that stand among paragraphs: plain marks, ``<span>``, ``<hr>``."""
OTHER: Final = 3
"""Kind of all other tags."""

_WORD: Final = 8
"""Bytes of a tag that are looked at: no plain one is longer."""


def _number(tag: str) -> int:
    """The first bytes of a tag as a number: they sort as the tags do."""
    return int.from_bytes(tag.encode().ljust(_WORD, b"\0"), "big")


def _mask(tag: str) -> int:
    """The bits of a word that a tag has a say in."""
    return (1 << 8 * _WORD) - (1 << 8 * (_WORD - len(tag)))


_BEGINNINGS: Final = sorted(
    [("p>", OPENS), ("p ", OPENS), ("/p>", CLOSES), ("span>", RELATED), ("span ", RELATED), ("/span>", RELATED)]
    + [(f"hr{end}", RELATED) for end in "> /"]
    + [(f"{slash}{name}{end}", RELATED) for name in PLAIN_MARKS for slash, end in (("", ">"), ("", " "), ("/", ">"))]
)
"""What tags begin with, behind their ``<``, and their kinds. None begins as another does."""
_WORDS: Final = np.array([_number(tag) for tag, _ in _BEGINNINGS], np.uint64)
_MASKS: Final = np.array([_mask(tag) for tag, _ in _BEGINNINGS], np.uint64)
_KINDS: Final = np.array([kind for _, kind in _BEGINNINGS], np.uint8)


class Tags:
    """The tags of a piece of HTML in UTF-8, in order."""

    def __init__(self, markup: bytes) -> None:
        padded = np.frombuffer(markup + bytes(_WORD + 1), np.uint8)
        self.markup = markup
        self.starts: NDArray[np.intp] = (padded == ord("<")).nonzero()[0]
        words = np.ndarray((len(markup) + 1,), ">u8", padded, 1, (1,))[self.starts].astype(np.uint64)
        found = _WORDS.searchsorted(words, "right") - 1
        self.kinds: NDArray[np.uint8] = _KINDS.take(found)
        self.kinds[words & _MASKS.take(found) != _WORDS.take(found)] = OTHER
