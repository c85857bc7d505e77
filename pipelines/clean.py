"""Text cleaning: canonical text, its blocks, its counts. Nothing is cut from a text by guess; blocks only mark."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import NamedTuple, TypeVar

from pipelines.clean_blocks import Units, find_units, given_units, look_at_edges, trimmed
from pipelines.clean_counts import compression_ratio, count_words
from pipelines.clean_groups import Counted, Paragraphs, fits, groups
from pipelines.clean_unicode import canonical, is_canonical, made_canonical, moved
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
    counted: Counted = field(repr=False, compare=False)
    """``text`` in UTF-8 and what was counted in it."""


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
    texts = _canonical_texts([chapter.text for chapter in chapters], begin)
    opened = []
    for number, chapter in enumerate(chapters):
        begin(number)
        opened.append(_opened(chapter, texts[number]))
    look_at_edges(units for units, _ in opened)
    return [
        Cleaned(text.text, units.marked(), spans, text.flags, text.counted)
        for text, (units, spans) in zip(texts, opened, strict=True)
    ]


class _Text(NamedTuple):
    """A canonical text, and what was seen in it."""

    text: str
    flags: tuple[str, ...]
    counted: Counted
    paragraphs: Paragraphs | None


def _canonical_texts(texts: Sequence[str], begin: Callable[[int], None]) -> list[_Text]:
    """Texts made canonical: most are already, which is seen of many at once."""
    encoded = list(map(_encoded, texts))
    made = {
        number: _Text(texts[number], (), counted, paragraphs)
        for number, counted, paragraphs, is_doubtful in _seen(
            (number, text, data) for number, (text, data) in enumerate(zip(texts, encoded, strict=True)) if data
        )
        if not is_doubtful
    }
    changed: dict[int, tuple[str, tuple[str, ...]]] = {}
    for number, (text, data) in enumerate(zip(texts, encoded, strict=True)):
        if number in made:
            continue
        begin(number)
        if data and not fits(text, data) and is_canonical(text, utf8 := Utf8(data)):
            made[number] = _by_itself(text, (), utf8)
        else:
            changed[number] = made_canonical(text)
    for number, counted, paragraphs, _ in _seen((number, text, text.encode()) for number, (text, _) in changed.items()):
        made[number] = _Text(*changed[number], counted, paragraphs)
    for number, (text, flags) in changed.items():
        if number not in made:
            made[number] = _by_itself(text, flags, Utf8.of(text))
    return [made[number] for number in range(len(texts))]


def _encoded(text: str) -> bytes | None:
    """``text`` in UTF-8; ``None`` where it holds surrogates."""
    try:
        return text.encode()
    except UnicodeEncodeError:
        return None


def _seen(
    texts: Iterable[tuple[int, str, bytes]],
) -> Iterator[tuple[int, Counted, Paragraphs | None, bool]]:
    """Of numbered texts that fit in groups, what is seen in each, and whether it may not be canonical."""
    fitting = ((number, data) for number, text, data in texts if fits(text, data))
    for numbers, group in groups(fitting):
        doubtful = group.doubtful()
        for place, seen in enumerate(zip(numbers, group.counted(), group.paragraphs(), strict=True)):
            yield *seen, place in doubtful


def _by_itself(text: str, flags: tuple[str, ...], utf8: Utf8) -> _Text:
    return _Text(text, flags, Counted.of(text, utf8), Paragraphs.of(text, utf8))


def _opened(chapter: Raw, made: _Text) -> tuple[Units, Spans]:
    """The blocks to be and the spans of a chapter."""
    text = made.text
    blocks, spans = Blocks.of(chapter.blocks), Spans.of(chapter.spans)
    if (blocks or spans) and text != chapter.text:
        marks = (*blocks.columns[1:3], *spans.columns[1:3])
        offsets = moved(chapter.text, chain.from_iterable(marks))
        blocks, spans = _moved(blocks, offsets), _moved(spans, offsets)
    units = given_units(text, blocks, chapter.title) if blocks else find_units(text, chapter.title, made.paragraphs)
    return units, _trimmed(spans, text)


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
