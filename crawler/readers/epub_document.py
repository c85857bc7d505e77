"""A page of an EPUB: its bytes as they are, and its markup and tree once they are asked for.

To decode, mend and spell out a page costs more than to parse it, and nearly no page needs it: what can be told of the
bytes is told of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Final

from selectolax.lexbor import LexborHTMLParser

from crawler.pages.body_cut import Frame, framed
from crawler.readers.epub_markup import MANY_TAGS, flattened, spelled_out, text_of_xhtml, utf8_of
from crawler.readers.text_mojibake import foreign_of, is_suspicious, mend

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

    @cached_property
    def markup(self) -> str:
        """The page for an HTML parser."""
        text = self.source.decode("utf-8", "replace")
        return text if self.is_spelled_out else spelled_out(text)

    @cached_property
    def head(self) -> str:
        """The first characters of the page, where its maker and its kind are told."""
        return self.source[: 4 * _HEAD].decode("utf-8", "ignore")[:_HEAD]

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
        return framed(self.source, None if self.is_spelled_out else _spelled_out)


def _spelled_out(source: bytes) -> bytes | None:
    """What is left of a page as HTML; ``None`` for a DOCTYPE amid its text, which counts by its place."""
    if source.find(b"<!DOCTYPE", source.find(b"<p data-run-")) >= 0:
        return None
    return spelled_out(source.decode("utf-8")).encode("utf-8")


def document_of(raw: bytes) -> Document:
    """The page that a member of the zip is."""
    source = utf8_of(raw)
    if source is not None and _is_fit(source):
        return Document(source)
    text, is_mended = mend(text_of_xhtml(raw), "<")
    flat = flattened(text)
    return Document(flat.encode("utf-8", "replace"), True, is_mended, flat is not text)


def _is_fit(source: bytes) -> bool:
    """Whether there is nothing to mend in a page, and too little to be flattened."""
    tags = source.count(b"<")
    if tags * 2 > MANY_TAGS and tags + source.count(b"/>") > MANY_TAGS:
        return False
    if not (foreign := foreign_of(source)) or not is_suspicious(foreign):
        return True
    # What is spelled out may bring together what stands apart.
    return b"\0" not in source and b"<![CDATA[" not in source and not mend(source.decode(), "<", foreign)[1]
