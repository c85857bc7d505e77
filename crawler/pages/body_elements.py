"""Where the elements of serialised HTML end: every one is closed, and ``<`` and ``>`` stand in tags alone."""

from __future__ import annotations

import re
from typing import Final

from crawler.pages.body_marks import BLOCKS, RAW, VOID

TAG: Final = re.compile(r"<!--.*?-->|<(/?)([^\s/>]+)([^>]*)>", re.DOTALL)
"""A comment; or a tag: its slash, its name and its attributes."""


def without(markup: str, attribute: str) -> str:
    """Serialised HTML without the elements that have an ``attribute``; a block leaves its break behind."""
    parts: list[str] = []
    done = 0
    while (found := markup.find(f' {attribute}=""', done)) >= 0:
        start = markup.rfind("<", done, found)
        name = markup[start + 1 : found].split(" ", 1)[0]
        parts.append(markup[done:start])
        if name in BLOCKS:
            parts.append("<div></div>")
        done = end_of(markup, name, markup.index(">", found) + 1)
    return "".join([*parts, markup[done:]])


def end_of(markup: str, name: str, at: int) -> int:
    """Where the element ends whose start tag ended at ``at``."""
    if name in VOID:
        return at
    if name in RAW:
        return raw_end(markup, name, at)[1]
    depth = 1
    while depth:
        start = markup.find("<", at)
        tag = TAG.match(markup, start) if start >= 0 else None
        if tag is None:
            return len(markup) if start < 0 else start + 1
        at = tag.end()
        if tag[2] in RAW and not tag[1]:
            at = raw_end(markup, tag[2], at)[1]
        elif tag[2] == name:
            depth += -1 if tag[1] else 1
    return at


def raw_end(markup: str, name: str, at: int) -> tuple[int, int]:
    """Where the content of a raw text element ends, and where its end tag does."""
    closing = f"</{name}>"
    end = markup.rfind(closing, at) if name == "plaintext" else markup.find(closing, at)
    return (end, end + len(closing)) if end >= 0 else (len(markup), len(markup))
