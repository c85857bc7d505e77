"""Pages parsed without their stories: nearly all bytes of a page are paragraphs with plain marks, which need no parser.

In the source of a page, stretches of such paragraphs are found, and read there (``body_paragraphs``). One
``<p>`` with a name of its own stands for each in what is parsed. In the tree it must stand where nothing but itself
decides what a paragraph is: it holds only its own letter, so no mark is open from before, and the elements around it
are plain wrappers. The paragraphs it stands for are balanced: they change nothing for what comes after them either, and
the page around them is parsed as it would be with them. A run whose stand-in is elsewhere stays in the page.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from itertools import count
from typing import Final, NamedTuple

import numpy as np
from selectolax.lexbor import LexborHTMLParser, LexborNode

from crawler.pages.body_open import WRAPPERS
from crawler.pages.body_paragraphs import paragraphs_of
from crawler.pages.body_plain import Found
from crawler.pages.body_tags import CLOSES, OPENS, OTHER, Tags

_LEAST: Final = 1_000
"""Bytes of paragraphs from which on it pays to take them out."""
_LONGEST: Final = 32 << 20
_MOST_TRIED: Final = 4
_DEEPEST: Final = 60
_ATTRIBUTES: Final = re.compile(rb"<[a-z]+ ([^<>]*)>")
_HARMLESS: Final = re.compile(
    rb'(?:(?:align|dir|lang|style|xml:lang|width|size)="[^"]*"'
    rb'|class="(?:Mso\w+|calibre_?\d*|[a-z]{1,3}\d{1,3}|no-?indent|indent)"|\s|/)*',
    re.IGNORECASE,
)
"""Attributes that no page is recognised by, and nothing is looked for by."""


Spelled = Callable[[bytes], bytes | None]
"""Makes HTML of what is left of a page that is none yet; ``None`` where that depends on what was taken out."""


class Run(NamedTuple):
    """A stretch of paragraphs, from ``start`` to ``end`` of the source, and what it says."""

    start: int
    end: int
    found: Found


class Frame(LexborHTMLParser):
    """The tree of a page without the runs that were taken out, and these in order.

    Selectors find in it what they find in the page, but for what is in the runs: paragraphs, marks and breaks. The text
    of an element lacks them; ``body.passage`` has it whole.
    """

    source: bytes
    runs: tuple[Run, ...]
    name: str
    """Name of the attribute that a stand-in has; its value is the number of the run."""

    def runs_in(self, markup: str) -> tuple[list[str], list[Run]]:
        """Serialised HTML of an element parted at its stand-ins, and the runs that they stand for."""
        pieces = re.split(rf'<p {self.name}="(\d+)">x</p>', markup)
        return pieces[::2], [self.runs[int(number)] for number in pieces[1::2]]

    def markup_of(self, run: Run) -> str:
        """A run as a parser serialises it."""
        body = LexborHTMLParser(self.source[run.start : run.end]).body
        return (body.inner_html or "") if body is not None else ""

    def filled(self, pieces: Sequence[str], runs: Sequence[Run]) -> str:
        """Serialised HTML of an element with the runs in their places."""
        parts = [f"{piece}{self.markup_of(run)}" for piece, run in zip(pieces, runs, strict=False)]
        return "".join([*parts, *pieces[len(runs) :]])


def last_paragraph(node: LexborNode) -> LexborNode:
    """The last of the paragraphs that a node of a frame stands for; any other node is itself."""
    frame = node.parser
    number = node.attributes.get(frame.name) if isinstance(frame, Frame) else None
    if number is None or not isinstance(frame, Frame):
        return node
    run = frame.runs[int(number)]
    return LexborHTMLParser(frame.source[run.start : run.end]).css("p")[-1]


def framed(source: bytes, spelled: Spelled | None = None, *, is_plain: bool = False) -> Frame | None:
    """A page in UTF-8 parsed without its stories; ``None`` where there is nothing to take out.

    ``is_plain`` says of its characters what ``paragraphs_of`` need not find out.
    """
    if not _LEAST <= len(source) <= _LONGEST:
        return None
    runs = list(_runs(Tags(source), is_plain=is_plain))
    for _ in range(_MOST_TRIED):
        if not runs:
            return None
        frame = _frame(source, runs, spelled)
        if frame is None:
            return None
        in_place = _in_place(frame)
        if len(in_place) == len(runs):
            return frame
        runs = in_place  # the others are written in comments, scripts, tables …: they are parsed with the page
    return None


def _frame(source: bytes, runs: Sequence[Run], spelled: Spelled | None) -> Frame | None:
    edges = [0, *(edge for run in runs for edge in (run.start, run.end)), len(source)]
    pieces = [source[start:end] for start, end in zip(edges[::2], edges[1::2], strict=True)]
    names = (f"data-run-{number}" for number in count())
    name = next(name for name in names if not any(name.encode() in piece for piece in pieces))
    stand_ins = [f"<p {name}={number}>x</p>".encode() for number in range(len(runs))]
    rest = b"".join([part for pair in zip(pieces, [*stand_ins, b""], strict=True) for part in pair])
    html = rest if spelled is None else spelled(rest)
    if html is None:
        return None
    frame = Frame(html)
    frame.source, frame.runs, frame.name = source, tuple(runs), name
    return frame


def _runs(tags: Tags, *, is_plain: bool) -> Iterator[Run]:
    """Stretches of paragraphs between tags of other kinds that can be read where they stand."""
    others = np.concatenate(([-1], (tags.kinds == OTHER).nonzero()[0], [len(tags.kinds)]))
    edges = np.concatenate((tags.starts, [len(tags.markup)] * 2))
    sizes = edges[others[1:]] - edges[others[:-1] + 1]
    for number in (sizes >= _LEAST).nonzero()[0].tolist():
        first, last = int(others[number]) + 1, int(others[number + 1])
        kinds = tags.kinds[first:last]
        opening, closing = (kinds == OPENS).nonzero()[0], (kinds == CLOSES).nonzero()[0]
        if not len(opening) or not len(closing):
            continue
        start = int(tags.starts[first + opening[0]])
        end = int(tags.starts[first + closing[-1]]) + len(b"</p>")
        if end - start >= _LEAST and (found := _harmless(tags.markup[start:end], is_plain=is_plain)):
            yield Run(start, end, found)


def _harmless(markup: bytes, *, is_plain: bool) -> Found | None:
    """What paragraphs say that hold nothing that a page is recognised by."""
    found = paragraphs_of(markup, is_plain=is_plain)
    if found is None or not found.text or b"=" not in markup:
        return found if found is not None and found.text else None
    return found if all(map(_HARMLESS.fullmatch, set(_ATTRIBUTES.findall(markup)))) else None


def _in_place(frame: Frame) -> list[Run]:
    """The runs whose stand-ins are in the tree where the paragraphs that they stand for would be."""
    return [
        frame.runs[int(node.attributes[frame.name] or 0)]
        for node in frame.css(f"p[{frame.name}]")
        if _is_plain(node)
        and _is_wrapped(node)
        and not (_may_be_before_table(node) and frame.css_first("table") is not None)
    ]


def _is_plain(node: LexborNode) -> bool:
    inside = node.child
    return inside is not None and inside.is_text_node and inside.next is None


def _is_wrapped(node: LexborNode) -> bool:
    """Whether all elements around a stand-in are wrappers: no mark is open, and nothing changes how tags are read."""
    above = node.parent
    for _ in range(_DEEPEST):
        if above is None or above.tag not in WRAPPERS:
            return False
        if above.tag == "html":
            return True
        above = above.parent
    return False


def _may_be_before_table(node: LexborNode) -> bool:
    """Whether a stand-in may have been written in a table, before which the tree then has it."""
    for _ in range(_DEEPEST):
        if (following := node.next) is None:
            return False
        node = following
        if node.tag == "table":
            return True
    return True
