"""The block walker: serialised HTML → paragraphs, blocks and spans.

It goes over the tags of what the parser serialised, where every element is closed, ``<`` and ``>`` in text and in
attribute values are escaped, and depth costs nothing: nothing here recurses.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from crawler.pages.body_elements import TAG, end_of, raw_end
from crawler.pages.body_marks import DROPPED, LISTS, RAW, VOID, Meaning, meaning
from crawler.pages.body_plain import Found, RawSpan, marked_paragraph, unescaped
from schemas.work import BlockKind, SpanKind

SCENE_BREAK: Final = "* * *"
"""Text of a thematic break (``<hr>``)."""
BR_SCENE: Final = "br_scene"
"""Flag: three or more line breaks part two paragraphs."""

_DEEPEST: Final = 64
"""Marks that are open at once at most; those within are not kept. Nobody writes so; a million may be nested."""
_HTML_SPACE: Final = dict.fromkeys(map(ord, " \t\n\r\f"), " ")
_OTHER_SPACE: Final = dict.fromkeys((0xA0, 0x1680, *range(0x2000, 0x200B), 0x202F, 0x205F, 0x3000), " ")
_LINE_END: Final = dict.fromkeys((0x0B, 0x85, 0x2028, 0x2029), "\n")
_INVISIBLE: Final = dict.fromkeys(
    (
        *(code for code in (*range(0x20), *range(0x7F, 0xA0)) if code not in (9, 10, 11, 12, 13, 0x85)),
        *(0xAD, 0x61C, 0x200B, 0x200E, 0x200F, *range(0x202A, 0x202F), 0x2060, *range(0x2066, 0x206A), 0xFEFF),
    ),
    "",
)
_FLOWING: Final = _HTML_SPACE | _OTHER_SPACE | _LINE_END | _INVISIBLE
_AS_TYPED: Final = _FLOWING | dict.fromkeys((0x0A, 0x0D), "\n") | {0x0C: "\n\n"}
"""Characters as ``pipelines.clean.canonical`` has them, after HTML has collapsed its own white space."""

RawBlock = tuple[BlockKind, int, int]


@dataclass(slots=True)
class _Mark:
    kind: SpanKind
    value: str | None
    start: int | None = None


@dataclass(slots=True)
class _Element:
    """An open element and what it set, to be undone at its end."""

    name: str
    block: bool = False
    marks: int = 0
    kind: bool = False
    keeps_lines: bool = False
    ends: Callable[[], None] | None = None


@dataclass(slots=True)
class _Ruby:
    start: int
    reading: list[str] | None = None
    last: int | None = None


@dataclass
class Writer:
    """Text in the making. Offsets are code points into what ``text`` gives."""

    images: bool = True
    spaced: bool = False
    """Whether what is fed has no white space but single spaces, and no character that cleaning replaces."""
    paragraphs: list[str] = field(default_factory=list)
    blocks: list[RawBlock] = field(default_factory=list)
    spans: list[RawSpan] = field(default_factory=list)
    flags: list[str] = field(default_factory=list)
    base: int = 0
    """Where the paragraph in the making begins."""

    _parts: list[str] = field(default_factory=list)
    _size: int = 0
    _space: bool = False
    _breaks: int = 0
    _open: list[_Mark] = field(default_factory=list)
    _waiting: list[_Mark] = field(default_factory=list)
    """Marks that begin with the next character."""
    _kinds: list[BlockKind] = field(default_factory=list)
    _kind: BlockKind = "p"
    _images_only: bool = True
    _stack: list[_Element] = field(default_factory=list)
    _lists: int = 0
    _list_text: bool = False
    """Whether the paragraph in the making belongs to the list that is open."""
    _item: bool = False
    """Whether an item of that list has just begun or ended."""
    _typed: int = 0
    """Open elements that keep lines."""
    _rubies: list[_Ruby] = field(default_factory=list)

    @property
    def text(self) -> str:
        """All paragraphs, parted by a blank line."""
        return "\n\n".join(self.paragraphs)

    @property
    def is_outside(self) -> bool:
        """Whether no element is open, so that what comes next is a paragraph like any other."""
        return not self._stack

    @property
    def is_neutral(self) -> bool:
        """Whether none of the open elements has a say in what a paragraph in them is."""
        return not (self._open or self._kinds or self._typed or self._lists or self._rubies)

    def put_paragraph(self, text: str) -> None:
        """Add a paragraph of clean text, where no element is open."""
        if self._size:
            self.end_paragraph()
        end = self.base + len(text)
        self.paragraphs.append(text)
        self.blocks.append(("p", self.base, end))
        self.base = end + 2

    def put_marked(self, markup: str) -> bool:
        """Add a paragraph of clean text with plain marks in it, where no element is open; says whether it could."""
        found = marked_paragraph(markup, self.base + self._size + 2 if self._size else self.base)
        if found is None:
            return False
        text, spans = found
        if text:
            self.put_paragraph(text)
            self.spans += spans
        return True

    def put_story(self, story: Found) -> bool:
        """Add clean paragraphs; says whether it could, as none of the open elements has a say in them."""
        if not self.is_neutral:
            return False
        self.end_paragraph()
        breaks = set(story.breaks)
        self.spans += [(kind, start + self.base, end + self.base, value) for kind, start, end, value in story.spans]
        for number, text in enumerate(story.text.split("\n\n")):
            end = self.base + len(text)
            self.paragraphs.append(text)
            self.blocks.append(("scene_break" if number in breaks else "p", self.base, end))
            self.base = end + 2
        return True

    def feed(self, markup: str) -> None:
        """Write serialised HTML; elements that it opens may be closed by what is fed next."""
        at, size = 0, len(markup)
        while at < size:
            start = markup.find("<", at)
            if start != at:
                self.write(markup[at : start if start >= 0 else size], escaped=True)
            if start < 0:
                break
            tag = TAG.match(markup, start)
            if tag is None:
                self.write("<")
                at = start + 1
                continue
            at = tag.end()
            name = tag[2]
            if name is None:
                continue
            if tag[1]:
                self._ended(name)
            elif name in DROPPED:
                at = end_of(markup, name, at)
            elif name in RAW:
                end, after = raw_end(markup, name, at)
                self._started(name, tag[3])
                self.write(markup[at:end])
                self._ended(name)
                at = after
            else:
                self._started(name, tag[3])

    def finish(self) -> None:
        """End the last paragraph."""
        self.end_paragraph()

    def write(self, text: str, *, escaped: bool = False) -> None:
        """Write characters; white space collapses as HTML has it."""
        if self._rubies and (reading := self._rubies[-1].reading) is not None:
            reading.append(unescaped(text) if escaped else text)
            return
        text = unescaped(text) if escaped else text
        if self.spaced:
            self._write_line(text)
            return
        text = text.translate(_AS_TYPED if self._typed else _FLOWING)
        if "\n" not in text:
            self._write_line(text)
            return
        for number, piece in enumerate(text.split("\n")):
            if number:
                self.line_break()
            self._write_line(piece)

    def _write_line(self, text: str) -> None:
        if not text:
            return
        words = text.strip(" ") if self.spaced else " ".join(text.split())
        if not words:
            self._space = True
            return
        self._put(words, space=text[0] == " ")
        self._space = text[-1] == " "
        self._images_only = False

    def _put(self, text: str, *, space: bool = False) -> None:
        if self._size:
            if self._breaks == 1:
                self._add("\n")
            elif self._breaks:
                if self._breaks > 2 and BR_SCENE not in self.flags:
                    self.flags.append(BR_SCENE)
                self.end_paragraph()
            elif self._space or space:
                self._add(" ")
        if not self._size:
            self._kind = self._kinds[-1] if self._kinds else "p"
            self._list_text = bool(self._lists)
        self._breaks = 0
        self._space = False
        self._item = False
        if self._waiting:
            for mark in self._waiting:
                mark.start = self.base + self._size
            self._waiting.clear()
        self._add(text)

    def _add(self, text: str) -> None:
        self._parts.append(text)
        self._size += len(text)

    def line_break(self) -> None:
        """A ``<br>``: one ends a line, two end the paragraph."""
        self._breaks += 1
        self._space = False

    def end_paragraph(self) -> None:
        """End the paragraph; marks that are open go on in the next."""
        self._space = False
        self._breaks = 0
        self._item = False
        if not self._size:
            return
        end = self.base + self._size
        self.blocks.append(("image" if self._images_only else self._kind, self.base, end))
        self.paragraphs.append("".join(self._parts))
        for mark in self._open:
            self._close(mark, end)
        self._waiting = list(self._open)
        self.base = end + 2
        for ruby in self._rubies:
            ruby.start = self.base
        self._parts.clear()
        self._size = 0
        self._images_only = True
        self._list_text = False

    def _close(self, mark: _Mark, end: int) -> None:
        if mark.start is not None and mark.start < end:
            self.spans.append((mark.kind, mark.start, end, mark.value))
        mark.start = None

    def scene_break(self) -> None:
        """A thematic break, as a block of its own."""
        self.end_paragraph()
        marks, self._open, self._waiting = self._open, [], []
        self._put(SCENE_BREAK)
        self._kind = "scene_break"
        self._images_only = False
        self.end_paragraph()
        self._open, self._waiting = marks, list(marks)

    def _image(self, description: str) -> None:
        only = self._images_only
        self.write(f"[image: {description}]")
        self._images_only = only and not (self._rubies and self._rubies[-1].reading is not None)

    def _started(self, name: str, attributes: str) -> None:
        if name == "br":
            self.line_break()
            return
        if name == "hr":
            self.scene_break()
            return
        what = meaning(name, attributes)
        if name in VOID:
            if what.image and self.images:
                self._image(what.image)
            return
        self._stack.append(self._entered(what))

    def _entered(self, what: Meaning) -> _Element:
        element = _Element(what.name, what.block)
        if what.block:
            self._edge(what.name)
        if what.name in LISTS:
            self._lists += 1
            element.ends = self._list_ended
        elif what.name == "ruby":
            self._rubies.append(_Ruby(self.base + self._size))
            element.ends = self._ruby_ended
        elif what.name == "rt" and self._rubies and self._rubies[-1].reading is None:
            self._rubies[-1].reading = []
            element.ends = self._reading_ended
        if what.kind:
            self._kinds.append(what.kind)
            element.kind = True
        if what.keeps_lines:
            self._typed += 1
            element.keeps_lines = True
        for kind, value in what.marks:
            if len(self._open) < _DEEPEST:
                mark = _Mark(kind, value)
                self._open.append(mark)
                self._waiting.append(mark)
                element.marks += 1
        return element

    def _edge(self, name: str) -> None:
        """A block begins or ends; the items of one list are its lines."""
        if not (self._size and self._list_text and self._lists):
            self.end_paragraph()
        elif name == "li" or name in LISTS:
            self._breaks = 1
            self._item = True
            self._space = False
        elif not self._item:
            self._breaks = max(self._breaks, 2)

    def _ended(self, name: str) -> None:
        if not self._stack or self._stack[-1].name != name:
            return
        element = self._stack.pop()
        for _ in range(element.marks):
            mark = self._open.pop()
            self._close(mark, self.base + self._size)
            if self._waiting and self._waiting[-1] is mark:
                self._waiting.pop()
        if element.ends:
            element.ends()
        if element.block:
            self._edge(name)
        if element.kind:
            self._kinds.pop()
        self._typed -= element.keeps_lines

    def _list_ended(self) -> None:
        self._lists -= 1

    def _ruby_ended(self) -> None:
        self._rubies.pop()

    def _reading_ended(self) -> None:
        ruby = self._rubies[-1]
        reading = " ".join("".join(ruby.reading or ()).translate(_FLOWING).split())
        ruby.reading = None
        start, end = ruby.start, self.base + self._size
        part = "".join(self._parts)[start - self.base :] if start < end else ""
        start += len(part) - len(part.lstrip())
        if not reading:
            pass
        elif start < end:
            ruby.last = len(self.spans)
            self.spans.append(("ruby", start, end, reading))
        elif ruby.last is not None:
            kind, first, last, value = self.spans[ruby.last]
            self.spans[ruby.last] = (kind, first, last, f"{value} {reading}")
        else:
            self.write(reading)
        ruby.start = self.base + self._size
