r"""HTML → text with its blocks and spans: the story of one element, notes and summaries, single lines.

What a reader sees is what comes out, and nothing is invented but ``* * *`` for a thematic break and
``[image: …]`` around an image's alternative text. White space collapses as HTML has it; a line break is ``\n``, two
or more end the paragraph; the items of a list are its lines; table cells are paragraphs; empty blocks are gone.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Final

from selectolax.lexbor import LexborHTMLParser, LexborNode

from crawler.pages.body_cut import Frame
from crawler.pages.body_elements import without
from crawler.pages.body_plain import Found, RawSpan, unescaped
from crawler.pages.body_source import story_in_source
from crawler.pages.body_walk import RawBlock, Writer
from pipelines.clean import canonical, one_line
from pipelines.clean_unicode import moved
from schemas.work import Block, BlockKind, Span, SpanKind, Spans

_KEEPERS: Final = ("<pre", "<listing", "<xmp", "<plaintext", "white-space", "\u0338")
"""What keeps white space as typed, and the one mark that would join a ``>`` before it."""
_BLANK: Final = " \n\t\f\r"
_LONG: Final = 2_000
"""Characters of markup from which on it pays to look for a note in the page's source."""
_REACHING: Final = re.compile(
    r"<(?:!--|script|style|iframe|no|template|svg|head|title|select|datalist|audio|video|canvas|rp)"
)
"""What may hold a ``</p>`` that ends no paragraph of the story."""


@dataclass(frozen=True, slots=True)
class Passage:
    """Text in canonical form (``pipelines.clean.canonical``), its blocks and spans by code points into it."""

    text: str = ""
    blocks: tuple[Block, ...] = ()
    """Empty where the text is nothing but plain paragraphs, parted by blank lines: ``clean`` finds the same."""
    spans: Sequence[Span] = ()
    flags: tuple[str, ...] = ()
    """``br_scene``: three or more line breaks part two paragraphs."""


def passage(node: LexborNode, *, leave_out: Collection[str] = ()) -> Passage:
    """Text of an element; the descendants that one of the CSS selectors ``leave_out`` matches are skipped."""
    skipped = [found for selector in leave_out for found in node.css(selector) if found.mem_id != node.mem_id]
    parser = node.parser
    if isinstance(parser, Frame):
        return _passage_in_frame(_markup(node, skipped), parser)
    if (story := story_in_source(node, skipped)) is not None:
        return _taken(story)
    return passage_of_serialised(_markup(node, skipped))


def _markup(node: LexborNode, skipped: Sequence[LexborNode]) -> str:
    """Serialised HTML of an element without the elements that are ``skipped``."""
    if not skipped:
        return node.inner_html or ""
    whole = node.inner_html or ""
    skip = next(name for n in count() if (name := f"data-skipped-{n}") not in whole)
    # The tree is marked only while it is serialised: callers share it.
    for found in skipped:
        found.attrs[skip] = ""
    try:
        marked = node.inner_html or ""
    finally:
        for found in skipped:
            if skip in found.attributes:
                del found.attrs[skip]
    return without(marked, skip)


def _passage_in_frame(markup: str, frame: Frame) -> Passage:
    """Text of serialised HTML of a page without its stories, and theirs: what is left is walked over around them."""
    pieces, runs = frame.runs_in(markup)
    if not runs:
        return passage_of_serialised(markup)
    if len(runs) == 1 and _is_alone(*pieces):
        return _taken(runs[0].found)
    writer = Writer()
    for piece, run in zip(pieces, runs, strict=False):
        writer.feed(piece)
        if not writer.put_story(run.found):
            writer.feed(frame.markup_of(run))
    writer.feed(pieces[-1])
    return _finished(writer)


def _is_alone(before: str, after: str) -> bool:
    """Whether a story is all that a reader sees of the serialised HTML around it, and is changed by nothing there."""
    if not before.strip(_BLANK) and not after.strip(_BLANK):
        return True
    writer = Writer()
    writer.feed(before)
    if not writer.is_neutral:
        return False
    writer.feed(after)
    writer.finish()
    return not writer.paragraphs


def passage_of_html(html: str) -> Passage:
    """Text of a fragment of HTML."""
    return passage_of_serialised(_serialised(html))


def passage_of_serialised(markup: str) -> Passage:
    """Text of HTML as the parser serialises it: paragraphs of mere text at once, the rest by the walker."""
    clean = _cleaned(markup)
    if clean is None:
        return walked(markup)
    writer = Writer(spaced=True)
    chunks = clean.split("</p>")
    last = len(chunks) - 1
    for number, chunk in enumerate(chunks):
        body = chunk.lstrip(" ")
        if number < last and body.startswith("<p>") and "<" not in (text := body[3:]) and writer.is_outside:
            if text := unescaped(text).strip(" "):
                writer.put_paragraph(text)
        elif number < last and writer.is_outside and body.startswith("<p>") and writer.put_marked(body[3:]):
            continue
        elif _REACHING.search(chunk):
            writer.feed("</p>".join(chunks[number:]))
            break
        else:
            writer.feed(f"{chunk}</p>" if number < last else chunk)
    return _finished(writer)


def _taken(story: Found) -> Passage:
    """A story that was taken from the source."""
    blocks: list[Block] = []
    if story.breaks:
        breaks, at = set(story.breaks), 0
        for number, part in enumerate(story.text.split("\n\n")):
            blocks.append(_block("scene_break" if number in breaks else "p", at, at + len(part)))
            at += len(part) + 2
    return Passage(story.text, tuple(blocks), Spans(*zip(*story.spans, strict=True)) if story.spans else ())


def walked(markup: str) -> Passage:
    """The same by the walker alone."""
    writer = Writer()
    writer.feed(markup)
    return _finished(writer)


def _cleaned(markup: str) -> str | None:
    """``markup`` with single spaces for all white space, and canonical; ``None`` where that might change more."""
    if any(keeper in markup for keeper in _KEEPERS):
        return None
    clean = markup.replace("\n", " ")
    for space in ("\t", "\f", "\r", "&nbsp;"):
        clean = clean.replace(space, " ")
    while "  " in clean:
        clean = clean.replace("  ", " ")
    canon = canonical(clean)[0]
    if canon != clean.strip(" ") and ('="' in clean or "\n" in canon):
        return None
    return canon


def join(passages: Iterable[Passage]) -> Passage:
    """Several passages, one after the other."""
    full = [one for one in passages if one.text]
    if len(full) == 1:
        return full[0]
    blocks: list[Block] = []
    spans: list[Span] = []
    at = 0
    stated = any(one.blocks for one in full)
    for one in full:
        blocks += (_block(block.kind, block.start + at, block.end + at) for block in one.blocks)
        if stated and not one.blocks:
            blocks += _paragraphs(one.text, at)
        spans += (_span(span.kind, span.start + at, span.end + at, span.value) for span in one.spans)
        at += len(one.text) + 2
    flags = dict.fromkeys(flag for one in full for flag in one.flags)
    return Passage("\n\n".join(one.text for one in full), tuple(blocks), tuple(spans), tuple(flags))


def _paragraphs(text: str, at: int) -> Iterator[Block]:
    """The blocks of a text that is nothing but plain paragraphs, from ``at`` on."""
    for part in text.split("\n\n"):
        yield _block("p", at, at + len(part))
        at += len(part) + 2


def plain(node: LexborNode) -> str | None:
    """Paragraphs of a summary or note as plain text; ``None`` where nothing is left."""
    markup = node.inner_html or ""
    whole = len(markup) > _LONG or isinstance(node.parser, Frame)
    found = passage(node) if whole else passage_of_serialised(markup)
    return found.text or None


def plain_of_html(html: str) -> str | None:
    """Paragraphs of a fragment of HTML as plain text; ``None`` where nothing is left."""
    return passage_of_html(html).text or None


def line(node: LexborNode) -> str:
    """Text of a heading or link on one line, without images; may be empty."""
    return line_of_serialised(node.inner_html or "")


def line_of_serialised(markup: str) -> str:
    """The same of HTML as the parser serialises it."""
    if is_plain_line(markup):
        return one_line(markup)
    writer = Writer(images=False)
    writer.feed(markup)
    writer.finish()
    return one_line(writer.text)


def is_plain_line(html: str) -> bool:
    """Whether HTML is nothing but letters that say what they are."""
    return "<" not in html and "&" not in html and html.isascii() and html.isprintable()


def _serialised(html: str) -> str:
    clean = html.encode("utf-8", "surrogatepass").decode("utf-8", "replace") if not _encodes(html) else html
    body = LexborHTMLParser(clean).body
    return (body.inner_html or "") if body is not None else ""


def _encodes(text: str) -> bool:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _finished(writer: Writer) -> Passage:
    writer.finish()
    return _passage(writer.text, writer.blocks, writer.spans, tuple(writer.flags))


def _passage(text: str, blocks: list[RawBlock], spans: list[RawSpan], flags: tuple[str, ...]) -> Passage:
    if not text.isascii() and not unicodedata.is_normalized("NFC", text):
        places = {place for _, start, end in blocks for place in (start, end)}
        places |= {place for _, start, end, _ in spans for place in (start, end)}
        new = moved(text, places)
        text = canonical(text)[0]
        blocks = [(kind, new[start], new[end]) for kind, start, end in blocks]
        spans = [(kind, new[start], new[end], value) for kind, start, end, value in spans]
    spans.sort(key=_order)
    return Passage(
        text,
        tuple([_block(kind, start, end) for kind, start, end in blocks]),
        tuple(_distinct(spans)),
        flags,
    )


def _order(span: RawSpan) -> tuple[int, int, str, str]:
    return span[1], -span[2], span[0], span[3] or ""


def _distinct(spans: list[RawSpan]) -> Iterator[Span]:
    last: RawSpan | None = None
    for span in spans:
        if span != last and span[1] < span[2]:
            yield _span(*span)
        last = span


_BLOCK_FIELDS: Final = {"kind", "start", "end"}
_SPAN_FIELDS: Final = {"kind", "start", "end", "value"}
"""Names of the fields that are set: one set for all, as nothing changes a frozen record."""


def _block(kind: BlockKind, start: int, end: int) -> Block:
    """A ``Block`` that is right by construction: to validate every one takes longer than to find it."""
    block = object.__new__(Block)
    put = object.__setattr__
    put(block, "__dict__", {"kind": kind, "start": start, "end": end, "rule": None, "score": None})
    put(block, "__pydantic_fields_set__", _BLOCK_FIELDS)
    put(block, "__pydantic_extra__", None)
    put(block, "__pydantic_private__", None)
    return block


def _span(kind: SpanKind, start: int, end: int, value: str | None) -> Span:
    """A ``Span`` that is right by construction."""
    span = object.__new__(Span)
    put = object.__setattr__
    put(span, "__dict__", {"kind": kind, "start": start, "end": end, "value": value})
    put(span, "__pydantic_fields_set__", _SPAN_FIELDS)
    put(span, "__pydantic_extra__", None)
    put(span, "__pydantic_private__", None)
    return span
