"""Paragraphs of text with plain marks and nothing else, nearly all that stories hold: in one pass, past the walker."""

from __future__ import annotations

import re
from typing import Final

from crawler.pages.body_marks import PLAIN_MARKS
from schemas.work import SpanKind

RawSpan = tuple[SpanKind, int, int, str | None]
"""Kind, start, end and value of a span."""

_TAGS: Final = re.compile(f"<(/?)({'|'.join(sorted(PLAIN_MARKS, key=len, reverse=True))})>")


def marked_paragraph(markup: str, base: int) -> tuple[str, list[RawSpan]] | None:
    """Text of a serialised paragraph's inside and its spans, with offsets from ``base`` on; the text may be empty.

    ``markup`` has no white space but single spaces. ``None`` where it holds more than plain marks, or marks that
    do not close in order.
    """
    pieces = _TAGS.split(markup)
    if any("<" in text for text in pieces[::3]):
        return None
    parts: list[str] = []
    spans: list[RawSpan] = []
    marks: list[tuple[str, int]] = []  # tag, and where its first character stands: -1 before there is one
    size, space = 0, False
    for place in range(0, len(pieces), 3):
        text = unescaped(pieces[place])
        if words := text.strip(" "):
            if size and (space or text[0] == " "):
                parts.append(" ")
                size += 1
            marks = [(tag, base + size if start < 0 else start) for tag, start in marks]
            parts.append(words)
            size += len(words)
            space = text[-1] == " "
        elif text:
            space = True
        if place + 2 >= len(pieces):
            break
        tag = pieces[place + 2]
        if not pieces[place + 1]:
            marks.append((tag, -1))
            continue
        if not marks or marks[-1][0] != tag:
            return None
        _, start = marks.pop()
        if start >= 0:
            spans.append((PLAIN_MARKS[tag], start, base + size, None))
    return None if marks else ("".join(parts), spans)


def unescaped(text: str) -> str:
    """Serialised text with its four entities resolved (HTML, escaping a string)."""
    if "&" not in text:
        return text
    text = text.replace("&nbsp;", "\xa0").replace("&lt;", "<").replace("&gt;", ">")
    return text.replace("&amp;", "&")
