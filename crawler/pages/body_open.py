"""Whether an element of a tree is the one that a start tag in the source opens: told by parsing the source up to there.

A parser reads from left to right: what it has made of the first part of a page is what it makes of it in the whole one.
Where it then stands in nothing but wrappers, no element that is open can be moved by what comes after, and balanced
paragraphs are read as they stand. To parse a head again costs less than to compare all letters of a story.
"""

from __future__ import annotations

from typing import Final

from selectolax.lexbor import LexborHTMLParser, LexborNode

WRAPPERS: Final = frozenset({"html", "body", "div", "section", "article", "main", "blockquote"})
"""Elements that change nothing of how tags in them are read, and are never moved in the tree."""
_LONGEST_HEAD: Final = 50_000
_DEEPEST: Final = 60
_MOST_BEFORE: Final = 100
"""Nodes before an element, among those that it stands beside, that are counted."""


def is_opened_by(node: LexborNode, head: bytes, size: int) -> bool:
    """Whether an element is the innermost that is open at the end of a ``head`` of its page, empty, and in wrappers.

    ``size`` are the bytes of its content: a ``head`` that costs more than these to look through is not looked at.
    """
    if len(head) > min(size, _LONGEST_HEAD) or b"<table" in head.lower():
        return False
    one: LexborNode | None = _innermost(LexborHTMLParser(head + b"<p>x"))
    other: LexborNode | None = node
    while one is not None and other is not None:
        if (name := one.tag) != other.tag or name not in WRAPPERS:
            return False
        if name == "html":
            return True
        if (before := _before(one)) is None or before != _before(other):
            return False
        one, other = one.parent, other.parent
    return False


def _innermost(tree: LexborHTMLParser) -> LexborNode | None:
    """What holds the paragraph at the end of a page, which is nothing but a letter.

    ``None`` where a mark is open, or there is anything before the paragraph.
    """
    last, depth = tree.body, 0
    while last is not None and (inner := last.last_child) is not None and depth < _DEEPEST:
        last, depth = inner, depth + 1
    if last is None or last.prev is not None or (paragraph := last.parent) is None or paragraph.tag != "p":
        return None
    return paragraph.parent if paragraph.prev is None else None


def _before(node: LexborNode) -> int | None:
    """Number of the nodes before a node that it stands beside; ``None`` for many."""
    for number in range(_MOST_BEFORE):
        before = node.prev
        if before is None:
            return number
        node = before
    return None
