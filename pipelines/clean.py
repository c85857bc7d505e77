"""Text cleaning: canonical text, its blocks, its counts. Nothing is cut from a text by guess; blocks only mark."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TypeVar

from pipelines.clean_blocks import find_blocks, mark_blocks, trimmed
from pipelines.clean_counts import compression_ratio, count_words
from pipelines.clean_unicode import canonical, moved
from schemas.work import Block, Span

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

CLEANER_VERSION = "1"
"""Rises when the same text may come out otherwise: other characters, other blocks, other counts."""

_PARAGRAPHS = frozenset({"p", "list", "quote", "verse"})


@dataclass(frozen=True, slots=True)
class Cleaned:
    """A canonical text with its blocks and spans; offsets are code points into ``text``."""

    text: str
    blocks: tuple[Block, ...]
    spans: tuple[Span, ...]
    flags: tuple[str, ...]
    """What ``canonical`` changed in kind."""


def clean(
    text: str, *, title: str | None = None, blocks: tuple[Block, ...] = (), spans: tuple[Span, ...] = ()
) -> Cleaned:
    """Canonical form of a chapter's ``text``, its blocks and its spans."""
    clean_text, flags = canonical(text)
    if (blocks or spans) and clean_text != text:
        marks: tuple[Block | Span, ...] = (*blocks, *spans)
        offsets = moved(text, (offset for mark in marks for offset in (mark.start, mark.end)))
        blocks = _marks_moved(blocks, offsets)
        spans = _marks_moved(spans, offsets)
    marked = mark_blocks(clean_text, blocks, title) if blocks else find_blocks(clean_text, title)
    return Cleaned(clean_text, marked, tuple(_trimmed(spans, clean_text)), flags)


_Mark = TypeVar("_Mark", Block, Span)


def _marks_moved(marks: tuple[_Mark, ...], offsets: dict[int, int]) -> tuple[_Mark, ...]:
    return tuple(mark.model_copy(update={"start": offsets[mark.start], "end": offsets[mark.end]}) for mark in marks)


def _trimmed(spans: Iterable[Span], text: str) -> Iterator[Span]:
    """``spans`` without white space at their edges; those of nothing else are gone."""
    for span in spans:
        start, end = trimmed(text, span.start, span.end)
        if start < end:
            moves = (start, end) != (span.start, span.end)
            yield span.model_copy(update={"start": start, "end": end}) if moves else span


def count_paragraphs(blocks: Iterable[Block]) -> int:
    """Number of blocks that hold running text: p, list, quote and verse."""
    return sum(block.kind in _PARAGRAPHS for block in blocks)


def one_line(text: str) -> str:
    """Canonical ``text`` on one line, for titles, names and tags; may be empty."""
    return " ".join(canonical(text)[0].split())


def few_lines(text: str) -> str | None:
    """Canonical paragraphs of a summary or note; ``None`` where nothing is left."""
    return canonical(text)[0] or None
