"""Headers that authors typed at the top of a page's text: ``Title: … Pairing: … Rating: …``.

They are read by the rules for the headers of text files; what follows them is the text.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, TypeVar

from crawler.pages.body import Passage
from crawler.readers.text_fields import read_fields
from crawler.readers.text_header import Header, read_header
from schemas.work import Block, HeaderField, Span

HEADER_IN_TEXT: Final = "header_in_text"

_Mark = TypeVar("_Mark", Block, Span)


@dataclass(frozen=True, slots=True)
class Typed:
    """A typed header: fields of ``Work``, statements without a field, and the text that follows."""

    rest: Passage
    values: dict[str, Any]
    header: tuple[HeaderField, ...]
    flags: tuple[str, ...]
    chapter_number: int | None


def typed_header(told: Passage, *, title: str | None = None) -> Typed | None:
    """The header typed at the top of a text; ``None`` where there is none, or nothing after it.

    Labels tell a header; lines of title and byline without labels do where the title is the one that the page states.
    """
    header = read_header(told.text)
    if not header.fields or not _is_sure(header, title) or not told.text[header.body :].strip():
        return None
    reading = read_fields(header.fields)
    number = reading.chapter.number if reading.chapter else None
    flags = (*reading.flags, HEADER_IN_TEXT)
    return Typed(after(told, header.body), dict(reading.values), tuple(reading.header), flags, number)


def _is_sure(header: Header, title: str | None) -> bool:
    if header.layout == "key-value":
        return True
    stated = next((field.value for field in header.fields if field.meaning == "title"), "")
    return header.layout != "title" and bool(title) and _letters(stated) == _letters(title or "")


def _letters(text: str) -> str:
    return "".join(char for char in text.casefold() if char.isalnum())


def after(told: Passage, start: int) -> Passage:
    """The passage from an offset on, its blocks and spans moved along."""
    text = told.text[start:].lstrip("\n")
    start = len(told.text) - len(text)
    blocks = tuple(_moved(block, start) for block in told.blocks if block.end > start)
    spans = tuple(_moved(span, start) for span in told.spans if span.end > start)
    return Passage(text, blocks, spans, told.flags)


def _moved(mark: _Mark, start: int) -> _Mark:
    return mark.model_copy(update={"start": max(0, mark.start - start), "end": mark.end - start})
