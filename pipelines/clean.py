"""Text cleaning: canonical text, its blocks, its counts. Nothing is cut from a text by guess; blocks only mark."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import chain
from typing import NamedTuple, TypeVar

from pipelines.clean_blocks import Units, find_units, given_units, look_at_edges, trimmed
from pipelines.clean_counts import compression_ratio, count_words, count_words_of
from pipelines.clean_unicode import canonical, is_canonical, moved
from pipelines.clean_utf8 import Utf8
from schemas.work import Block, Blocks, Span, Spans

__all__ = [
    "CLEANER_VERSION",
    "Cleaned",
    "Raw",
    "canonical",
    "clean",
    "clean_many",
    "compression_ratio",
    "count_paragraphs",
    "count_words",
    "count_words_of",
    "few_lines",
    "one_line",
]

CLEANER_VERSION = "3"
"""Rises when the same text may come out otherwise: other characters, other blocks, other counts."""

_PARAGRAPHS = ("p", "list", "quote", "verse")


@dataclass(frozen=True, slots=True)
class Cleaned:
    """A canonical text with its blocks and spans; offsets are code points into ``text``."""

    text: str
    blocks: Sequence[Block]
    spans: Sequence[Span]
    flags: tuple[str, ...]
    """What ``canonical`` changed in kind."""
    utf8: Utf8 = field(repr=False, compare=False)
    """``text`` in UTF-8, for those who count and hash it."""


class Raw(NamedTuple):
    """A chapter as a source has it."""

    text: str
    title: str | None = None
    blocks: Sequence[Block] = ()
    spans: Sequence[Span] = ()


def clean(text: str, *, title: str | None = None, blocks: Sequence[Block] = (), spans: Sequence[Span] = ()) -> Cleaned:
    """Canonical form of a chapter's ``text``, its blocks and its spans."""
    return clean_many([Raw(text, title, blocks, spans)])[0]


def clean_many(chapters: Sequence[Raw], begin: Callable[[int], None] = lambda _: None) -> list[Cleaned]:
    """``clean`` of each chapter; ``begin`` is called with the number of the one that is at work."""
    opened = []
    for number, chapter in enumerate(chapters):
        begin(number)
        opened.append(_opened(chapter))
    look_at_edges(each.units for each in opened)
    cleaned = []
    for number, (text, units, spans, flags, utf8) in enumerate(opened):
        begin(number)
        cleaned.append(Cleaned(text, units.marked(), spans, flags, utf8))
    return cleaned


class _Opened(NamedTuple):
    """A canonical text whose blocks are not yet marked."""

    text: str
    units: Units
    spans: Spans
    flags: tuple[str, ...]
    utf8: Utf8


def _opened(chapter: Raw) -> _Opened:
    text, flags, utf8 = _encoded(chapter.text)
    blocks, spans = Blocks.of(chapter.blocks), Spans.of(chapter.spans)
    if (blocks or spans) and text != chapter.text:
        marks = (*blocks.columns[1:3], *spans.columns[1:3])
        offsets = moved(chapter.text, chain.from_iterable(marks))
        blocks, spans = _moved(blocks, offsets), _moved(spans, offsets)
    units = given_units(text, blocks, chapter.title) if blocks else find_units(text, chapter.title, utf8)
    return _Opened(text, units, _trimmed(spans, text), flags, utf8)


def _encoded(text: str) -> tuple[str, tuple[str, ...], Utf8]:
    """``canonical(text)``, and it in UTF-8."""
    with suppress(UnicodeEncodeError):
        utf8 = Utf8(text.encode())
        if is_canonical(text, utf8):
            return text, (), utf8
    clean_text, flags = canonical(text)
    return clean_text, flags, Utf8(clean_text.encode())


_Marks = TypeVar("_Marks", Blocks, Spans)


def _moved(marks: _Marks, offsets: dict[int, int]) -> _Marks:
    kinds, starts, ends, *others = marks.columns
    return type(marks)(kinds, map(offsets.__getitem__, starts), map(offsets.__getitem__, ends), *others)


def _trimmed(spans: Spans, text: str) -> Spans:
    """``spans`` without white space at their edges; those of nothing else are gone."""
    if not spans:
        return spans
    kinds, starts, ends, values = spans.columns
    bounds = [trimmed(text, start, end) for start, end in zip(starts, ends, strict=True)]
    kept = [
        (kind, start, end, value)
        for kind, (start, end), value in zip(kinds, bounds, values, strict=True)
        if start < end
    ]
    return Spans(*zip(*kept, strict=True)) if kept else Spans.empty()


def count_paragraphs(blocks: Sequence[Block]) -> int:
    """Number of blocks that hold running text: p, list, quote and verse."""
    return sum(map(Blocks.of(blocks).columns[0].count, _PARAGRAPHS))


def one_line(text: str) -> str:
    """Canonical ``text`` on one line, for titles, names and tags; may be empty."""
    if text.isascii() and text.isprintable():
        return " ".join(text.split())
    return " ".join(canonical(text)[0].split())


def few_lines(text: str) -> str | None:
    """Canonical paragraphs of a summary or note; ``None`` where nothing is left."""
    return canonical(text)[0] or None
