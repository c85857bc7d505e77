"""Story text of a page: elements into paragraphs, blocks and spans; notes and headings into plain text."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TypeVar

from selectolax.lexbor import LexborHTMLParser, LexborNode

from crawler.pages.body_walk import Walk
from schemas.work import Block, Span


@dataclass(frozen=True, slots=True)
class Passage:
    """Text with paragraphs separated by a blank line; offsets of blocks and spans are code points into it."""

    text: str
    blocks: tuple[Block, ...] = ()
    spans: tuple[Span, ...] = ()


def passage(node: LexborNode, *, leave_out: Collection[str] = ()) -> Passage:
    """Text of a story element. ``leave_out`` are CSS selectors of descendants that are no story."""
    skip = {found.mem_id for selector in leave_out for found in node.css(selector)}
    walk = Walk()
    walk.walk(node, skip)
    text = "".join(walk.parts)
    spans = (_within(span, text) for span in sorted(walk.spans, key=lambda span: (span.start, -span.end)))
    return Passage(text, tuple(walk.blocks), tuple(span for span in spans if span is not None))


def _within(span: Span, text: str) -> Span | None:
    """A span without white space at its edges, or ``None`` where nothing is left of it."""
    start, end = span.start, min(span.end, len(text))
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    if start == end:
        return None
    return span if (start, end) == (span.start, span.end) else span.model_copy(update={"start": start, "end": end})


def passage_of_html(html: str) -> Passage:
    """Text of a fragment of HTML."""
    root = LexborHTMLParser(html).body
    return passage(root) if root is not None else Passage("")


def join(passages: Sequence[Passage]) -> Passage:
    """Several passages as one, in order."""
    text: list[str] = []
    blocks: list[Block] = []
    spans: list[Span] = []
    length = 0
    for part in passages:
        if not part.text:
            continue
        if length:
            text.append("\n\n")
            length += 2
        text.append(part.text)
        blocks += [_moved(block, length) for block in part.blocks]
        spans += [_moved(span, length) for span in part.spans]
        length += len(part.text)
    return Passage("".join(text), tuple(blocks), tuple(spans))


_Mark = TypeVar("_Mark", Block, Span)


def _moved(mark: _Mark, by: int) -> _Mark:
    return mark.model_copy(update={"start": mark.start + by, "end": mark.end + by}) if by else mark


def plain(node: LexborNode) -> str | None:
    """Paragraphs of a summary or a note; ``None`` where it holds nothing."""
    return passage(node).text or None


def plain_of_html(html: str) -> str | None:
    """Paragraphs of a fragment of HTML; ``None`` where it holds nothing."""
    return passage_of_html(html).text or None


def line(node: LexborNode) -> str:
    """Text of a heading or a link on one line."""
    return " ".join(node.text(deep=True).split())
