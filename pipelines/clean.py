"""Text cleaning: canonical text, its blocks, its counts. Nothing is cut from a text by guess; blocks only mark."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeVar

from pipelines.clean_blocks import find_blocks
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
        offsets = moved(text, (offset for mark in (*blocks, *spans) for offset in (mark.start, mark.end)))
        blocks = _marks_moved(blocks, offsets)
        spans = _marks_moved(spans, offsets)
    blocks, spans = _trimmed(blocks, clean_text), _trimmed(spans, clean_text)
    return Cleaned(clean_text, blocks or find_blocks(clean_text, title), spans, flags)


_Mark = TypeVar("_Mark", Block, Span)


def _marks_moved(marks: tuple[_Mark, ...], offsets: dict[int, int]) -> tuple[_Mark, ...]:
    return tuple(mark.model_copy(update={"start": offsets[mark.start], "end": offsets[mark.end]}) for mark in marks)


def _trimmed(marks: tuple[_Mark, ...], text: str) -> tuple[_Mark, ...]:
    """``marks`` without white space at their edges; those of nothing else are gone."""
    result = []
    for mark in marks:
        inside = text[mark.start : mark.end]
        start = mark.start + len(inside) - len(inside.lstrip())
        end = mark.end - (len(inside) - len(inside.rstrip()))
        if start >= end:
            continue
        moves = (start, end) != (mark.start, mark.end)
        result.append(mark.model_copy(update={"start": start, "end": end}) if moves else mark)
    return tuple(result)


def count_paragraphs(blocks: Iterable[Block]) -> int:
    """Number of blocks that hold running text: p, list, quote and verse."""
    return sum(block.kind in _PARAGRAPHS for block in blocks)


def one_line(text: str) -> str:
    """Canonical ``text`` on one line, for titles, names and tags; may be empty."""
    return " ".join(canonical(text)[0].split())


def few_lines(text: str) -> str | None:
    """Canonical paragraphs of a summary or note; ``None`` where nothing is left."""
    return canonical(text)[0] or None
