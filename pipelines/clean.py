"""Text cleaning: canonical text, its blocks, its counts. Nothing is cut from a text by guess; blocks only mark."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import chain
from typing import TypeVar

from pipelines.clean_blocks import find_blocks, mark_blocks, trimmed
from pipelines.clean_counts import compression_ratio, count_words
from pipelines.clean_unicode import canonical, is_canonical, moved
from pipelines.clean_utf8 import Utf8
from schemas.work import Block, Blocks, Span, Spans

__all__ = [
    "CLEANER_VERSION",
    "Cleaned",
    "canonical",
    "clean",
    "compression_ratio",
    "count_paragraphs",
    "count_words",
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


def clean(text: str, *, title: str | None = None, blocks: Sequence[Block] = (), spans: Sequence[Span] = ()) -> Cleaned:
    """Canonical form of a chapter's ``text``, its blocks and its spans."""
    clean_text, flags, utf8 = _encoded(text)
    held_blocks, held_spans = Blocks.of(blocks), Spans.of(spans)
    if (held_blocks or held_spans) and clean_text != text:
        marks = (*held_blocks.columns[1:3], *held_spans.columns[1:3])
        offsets = moved(text, chain.from_iterable(marks))
        held_blocks, held_spans = _moved(held_blocks, offsets), _moved(held_spans, offsets)
    marked = mark_blocks(clean_text, held_blocks, title) if held_blocks else find_blocks(clean_text, title, utf8)
    return Cleaned(clean_text, marked, _trimmed(held_spans, clean_text), flags, utf8)


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
