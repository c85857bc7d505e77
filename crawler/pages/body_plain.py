"""Paragraphs of text with plain marks and nothing else, nearly all that stories hold: in one pass, past the walker."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from crawler.pages.body_marks import PLAIN_MARKS
from schemas.work import SpanKind

RawSpan = tuple[SpanKind, int, int, str | None]
"""Kind, start, end and value of a span."""

ODD: Final = re.compile(
    "[^\u00a1-\u00ac\u00ae-\u02ff\u0388-\u0482\u048a-\u052f\u0531-\u0587\u05d0-\u05ea\u2010-\u2027\u2030-\u205e\u20a0-\u20bf"
    "\u2100-\u2125\u212c-\u2328\u232b-\u2adb\u3001-\u3029\u3041-\u3096\u309d-\u30ff\u3400-\u9fff\uac00-\ud7a3\uff01-\uff5e"
    "\ufe0f\u200c\u200d\u060c\u061b\u061f\u0621-\u063a\u0641-\u064a\U0001f300-\U0001faff]"
)
"""All but characters that cleaning leaves as they are, whatever stands beside them: no spaces, no combining marks."""
_TAGS: Final = re.compile(f"<(/?)({'|'.join(sorted(PLAIN_MARKS, key=len, reverse=True))})>")


@dataclass(slots=True)
class Found:
    """Canonical text with its spans."""

    text: str
    spans: list[RawSpan]
    breaks: list[int]
    """Paragraphs that are thematic breaks, by their numbers."""
    between: str
    """White space that stands in the source between two paragraphs, as a rule."""


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
