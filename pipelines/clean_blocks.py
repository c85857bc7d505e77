"""Blocks of a canonical text."""

from __future__ import annotations

from schemas.work import Block


def find_blocks(text: str, title: str | None = None) -> tuple[Block, ...]:  # noqa: ARG001 - the rules come next
    """Blocks of ``text``, which is canonical."""
    blocks = []
    at = 0
    for paragraph in text.split("\n\n") if text else ():
        end = at + len(paragraph)
        blocks.append(Block(kind="p", start=at, end=end))
        at = end + 2
    return tuple(blocks)
