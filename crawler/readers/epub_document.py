"""A page of an EPUB: its bytes as they are, and its markup and tree once they are asked for.

To decode, mend and spell out a page costs more than to parse it, and nearly no page needs it: what can be told of the
bytes is told of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray
from selectolax.lexbor import LexborHTMLParser

from crawler.pages.body_cut import Frame, framed
from crawler.pages.body_plain import ODD
from crawler.readers.epub_markup import MANY_TAGS, flattened, foreign_in, spelled_out, text_of_xhtml
from crawler.readers.text_mojibake import is_suspicious, mend

_HEAD: Final = 4_000


@dataclass
class Document:
    """A page. ``source`` is UTF-8, of XHTML as it was written, or of what was made of it for an HTML parser."""

    source: bytes
    is_spelled_out: bool = False
    """Whether the spellings of XHTML are gone from the source already."""
    is_mended: bool = False
    """Whether there was mojibake in it."""
    is_flattened: bool = False
    """Whether it was nested too deep to be parsed."""
    is_plain: bool = False
    """Whether it is known to hold no character that cleaning may change (``body_plain``)."""

    @cached_property
    def markup(self) -> str:
        """The page for an HTML parser."""
        text = self.source.decode("utf-8", "replace")
        return text if self.is_spelled_out else spelled_out(text)

    @cached_property
    def head(self) -> str:
        """The first characters of the page, where its maker and its kind are told."""
        text = self.source[: _HEAD + _HEAD // 4].decode("utf-8", "ignore")
        return (text if len(text) >= _HEAD else self.source[: 4 * _HEAD].decode("utf-8", "ignore"))[:_HEAD]

    def says(self, mark: str) -> bool:
        """Whether a mark stands anywhere in the page but in the paragraphs of its story."""
        return mark.encode() in (self.source if self._frame is None else self._frame.raw_html)

    def parsed(self) -> LexborHTMLParser:
        """A tree of the page, to be changed by whoever asks for it."""
        return LexborHTMLParser(self.markup)

    def framed(self) -> LexborHTMLParser:
        """The same without the paragraphs of its story, where they can be taken out (``body_cut``)."""
        frame = self._frame
        del self._frame  # whoever asks next must not find it changed
        return self.parsed() if frame is None else frame

    @cached_property
    def _frame(self) -> Frame | None:
        return framed(self.source, None if self.is_spelled_out else _spelled_out, is_plain=self.is_plain)


def _spelled_out(source: bytes) -> bytes | None:
    """What is left of a page as HTML; ``None`` for a DOCTYPE amid its text, which counts by its place."""
    if source.find(b"<!DOCTYPE", source.find(b"<p data-run-")) >= 0:
        return None
    return spelled_out(source.decode("utf-8")).encode("utf-8")


def document_of(raw: bytes) -> Document:
    """The page that a member of the zip is."""
    source = raw.removeprefix(b"\xef\xbb\xbf")
    codes = np.frombuffer(source, np.uint8)
    foreign = None if raw.startswith((b"\xff\xfe", b"\xfe\xff")) else foreign_in(source, codes)
    if foreign is not None and _is_fit(source, codes, foreign):
        return Document(source, is_plain=b"\x7f" not in source and ODD.search(foreign) is None)
    text, is_mended = mend(text_of_xhtml(raw), "<")
    flat = flattened(text)
    return Document(flat.encode("utf-8", "replace"), True, is_mended, flat is not text)


def _is_fit(source: bytes, codes: NDArray[np.uint8], foreign: str) -> bool:
    """Whether there is nothing to mend in a page, and too little to be flattened."""
    tags = int(np.count_nonzero(codes == ord("<")))
    if tags * 2 > MANY_TAGS and tags + source.count(b"/>") > MANY_TAGS:
        return False
    if not foreign or not is_suspicious(foreign):
        return True
    # What is spelled out may bring together what stands apart.
    return b"\0" not in source and b"<![CDATA[" not in source and not mend(source.decode(), "<", foreign)[1]
