"""The header of a text file: which layout it has, what it states, and where the story begins.

Nothing becomes a header by its looks alone: a label must be a known one, and a title must stand where titles stand.
Labels in the middle of a story are never reached, as the header ends with the first line that belongs to none.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final, NamedTuple

from crawler.readers import text_fanficfare
from crawler.readers.text_chapters import heading_of, is_heading
from crawler.readers.text_labels import is_strong, label_of
from crawler.readers.text_lines import Lines
from crawler.readers.text_paragraphs import wrap_width
from crawler.readers.text_titles import OPENS_SPEECH, byline, title_and_author, title_of

_MAX_CONTINUATION: Final = 1500
_MAX_GAP_LINES: Final = 8
_MAX_OPENING: Final = 200
_MAX_NOTE: Final = 600
_MAX_COLUMNS: Final = 500
_MAX_WIDTH: Final = 100  # code points; no mail or news was wrapped wider
_PROSE: Final = frozenset({"summary", "notes", "disclaimer", "warnings", "feedback", "archive", "spoilers", "other"})

_RULE: Final = re.compile(r"[\s\-=_*~#+•·—–]{3,}")
_COLUMNS: Final = re.compile(r"\s*\|\s*|\t+| {2,}")
_STORY_MARK: Final = re.compile(r"(?i)[*_]{0,2}(?:story|(?:story|work|chapter) text)\s?:[*_]{0,2}")


class Field(NamedTuple):
    """A statement of the header: the reader's own word for it, the label as written, and what it says."""

    meaning: str
    label: str
    value: str


class Header(NamedTuple):
    """What stands before the story. ``body`` is the offset in the text at which the story begins."""

    layout: str
    fields: tuple[Field, ...] = ()
    body: int = 0


def read_header(text: str) -> Header:
    """Header of a text with newlines as line ends; layout ``none`` where there is no header."""
    lines = Lines(text)
    for layout in (_fiction_dl, _fanficfare, _labelled, _byline_only, _one_line, _lone_title):
        if header := layout(lines):
            return Header(header.layout, header.fields, lines.offset(_skip_rule(lines, header.body)))
    return Header("none")


def _skip_rule(lines: Lines, number: int) -> int:
    """The line after a drawn rule or a lone ``Story:`` that parts header and story."""
    for mark in (_RULE, _STORY_MARK):
        first = lines.next_full(number)
        if lines.has(first) and mark.fullmatch(lines.lines[first]):
            number = first + 1
    return number


def _fiction_dl(lines: Lines) -> Header | None:
    """fiction-dl's ``LOCAL TEXT STORY``: marker, address, title, author and summary on a line each."""
    if lines.lines[0] != "LOCAL TEXT STORY" or not lines.has(4):
        return None
    meanings = ("url", "title", "author", "summary")
    values = lines.lines[1:5]
    fields = (Field(meaning, meaning.title(), value) for meaning, value in zip(meanings, values, strict=True) if value)
    return Header("fiction-dl", tuple(fields), 5)


def _fanficfare(lines: Lines) -> Header | None:
    """FanFicFare's text format."""
    if (found := text_fanficfare.read(lines)) is None:
        return None
    statements, body = found
    return Header("fanficfare", tuple(Field(*statement) for statement in statements), body)


def _labelled(lines: Lines) -> Header | None:
    """Header with labels, and up to three lines of fandom, title and byline before them."""
    before: list[str] = []
    start = number = lines.next_full(0)
    while lines.has(number):
        line = lines.lines[number]
        if lines.label(number):
            break
        if _RULE.fullmatch(line):
            number = lines.next_full(number + 1)
            continue
        if len(before) == 3 or is_heading(line):
            return None
        if not (byline(line) or title_of(line) or number < _titled_block(lines, start)):
            return None
        before.append(line)
        number = lines.next_full(number + 1)
    if not lines.has(number):
        return None
    fields, end = _Fields(lines).read(number)
    if not _is_header(before, fields, lone=lines.blank(number - 1)):
        return None
    opening = _opening(before, {field.meaning for field in fields})
    if opening is None:
        return None
    return Header(_layout(before, fields), (*opening, *fields), end)


def _titled_block(lines: Lines, number: int) -> int:
    """End of a first block of fandom and title above a summary, where a title may look like anything at all."""
    end = lines.block_end(number)
    below = lines.next_full(end)
    if end - number > 2 or not lines.has(below) or any(len(line) > _MAX_OPENING for line in lines.lines[number:end]):
        return 0
    label = lines.label(below)
    return end if label and label.meaning == "summary" else 0


def _is_header(before: Sequence[str], fields: Sequence[Field], *, lone: bool) -> bool:
    strong = False
    for meaning, label, value in fields:
        if meaning == "title" and len(value) > 300:
            return False
        strong = strong or is_strong(meaning, label)
    if strong or not before:
        return strong
    names = {field.label for field in fields}
    return len(names) > 1 or (lone and fields[0].meaning in ("notes", "warnings"))


def _layout(before: Sequence[str], fields: Sequence[Field]) -> str:
    names = {field.label.casefold() for field in fields}
    if {"packaged", "story url"} <= names:
        return "fanficfare"
    if not before:
        return "key-value"
    if byline(before[-1]) or (len(before) == 1 and [field.meaning for field in fields] == ["author"]):
        return "title-by-author"
    return "fandom-title-summary"


def _opening(before: Sequence[str], stated: set[str]) -> list[Field] | None:
    """Fields of the lines before the labels: title, or fandom and title, and a byline; ``None`` if they are neither."""
    if not before:
        return []
    fields: list[Field] = []
    free = []
    for line in before:
        if name := byline(line):
            fields.append(Field("author", "by", name))
        else:
            free.append(title_of(line) or line)
    if len(free) > (2 if fields or "title" not in stated else 3):
        return None
    meanings = [meaning for meaning in ("fandom", "title") if meaning not in stated]
    meanings = meanings[-len(free) :] if free else []
    extra = len(free) - len(meanings)
    named = [("other", line) for line in free[:extra]] + list(zip(meanings, free[extra:], strict=True))
    return [Field(meaning, "" if meaning == "other" else meaning.title(), line) for meaning, line in named] + fields


class _Fields:
    """Reads labels and their values from a line on, until a line belongs to none."""

    def __init__(self, lines: Lines) -> None:
        self.lines = lines
        self.fields: list[Field] = []

    def read(self, number: int) -> tuple[list[Field], int]:
        """Fields from line ``number`` on, and the line at which the story begins."""
        while self.lines.has(number):
            if not self.lines.label(number):
                taken = self._paragraphs(number)
                if not taken:
                    break
                number = taken
                continue
            end = self.lines.block_end(number)
            stop = self._block(number, end)
            number = self.lines.next_full(stop)
            if stop < end:
                break
        return self.fields, number

    def _block(self, number: int, end: int) -> int:
        """Reads the labels of a block of lines, and returns the line after the last one that belongs to the header."""
        while number < end:
            self._add(number)
            following = self._next_label(number, end)
            last = following if following is not None else self._wrapped(number, end)
            if last > number + 1:
                self._extend(self.lines.lines[number + 1 : last])
            if following is None:
                return last
            number = following
        return end

    def _add(self, number: int) -> None:
        line = self.lines.lines[number]
        if len(line) < _MAX_COLUMNS and ("  " in line or "|" in line or "\t" in line):
            parts = [part for part in _COLUMNS.split(line) if part]
            labels = list(filter(None, map(label_of, parts)))
            if len(labels) == len(parts) > 1:
                self.fields += map(Field._make, labels)
                return
        if label := self.lines.label(number):
            self.fields.append(Field._make(label))

    def _extend(self, more: Sequence[str], joiner: str = " ") -> None:
        if more:
            field = self.fields[-1]
            value = joiner.join([field.value, *more] if field.value else more)
            self.fields[-1] = Field(field.meaning, field.label, value)

    def _next_label(self, number: int, end: int) -> int | None:
        """The next line of the block that begins with a label, if what stands between belongs to this label's value."""
        if number + 1 < end and self.lines.label(number + 1):
            return number + 1
        for following in range(number + 2, min(end, number + _MAX_GAP_LINES + 2)):
            label = self.lines.label(following)
            if not label:
                continue
            between = self.lines.lines[number + 1 : following]
            if sum(map(len, between)) > _MAX_CONTINUATION or not label.strong:
                return following if self._wrapped(number, following) == following else None
            return following
        return None

    def _wrapped(self, number: int, end: int) -> int:
        """The line after the last one that continues the value of the label in line ``number``.

        Without a blank line between summary and story only the width of a wrapped file tells them apart: a line that
        the next line's first word would still have fitted on was ended on purpose.
        """
        lines, raw = self.lines.lines, self.lines.raw
        start = number + 1
        if start >= end:
            return start
        if not self.fields[-1].value and len(lines[start]) <= 400 and not OPENS_SPEECH.match(lines[start]):
            start += 1
        if start < end and _indent(raw[start]) >= 2 and _indent(raw[start]) > _indent(raw[number]):
            while start < end and _indent(raw[start]) >= 2:
                start += 1
            return start
        tail = lines[start:end]
        if (
            self.fields[-1].meaning in ("notes", "disclaimer")
            and _is_short_note(tail)
            and self.lines.has(self.lines.next_full(end))
        ):
            return end
        width = wrap_width(self.lines.rest(number)) if start < end else 0
        lines = self.lines.lines
        stop = start
        while stop < end and len(lines[stop]) <= _MAX_WIDTH and _continues(lines[stop - 1], lines[stop], width):
            stop += 1
        if sum(map(len, lines[start:stop])) > _MAX_CONTINUATION or not self.lines.has(self.lines.next_full(stop)):
            return start  # that would be the story itself
        return stop

    def _paragraphs(self, number: int) -> int | None:
        """Takes paragraphs without a label into the last field; ``None`` if they are the story.

        They belong to the header if the field is prose (a summary in two paragraphs) and a strong label follows soon,
        or if it is a summary whose label stands alone above its paragraph.
        """
        if not self.fields:
            return None
        lines, field = self.lines, self.fields[-1]
        first_end = lines.block_end(number)
        if field.meaning not in _PROSE or OPENS_SPEECH.match(lines.lines[number]) or is_heading(lines.lines[number]):
            return None
        follows = self._label_after(number)
        if follows:
            self._extend([" ".join(lines.lines[number:first_end])], "\n\n")
            return lines.next_full(first_end)
        alone = field.meaning == "summary" and not field.value
        size = sum(map(len, lines.lines[number:first_end]))
        if alone and first_end - number <= _MAX_GAP_LINES and size <= 1000 and lines.has(lines.next_full(first_end)):
            self._extend([" ".join(lines.lines[number:first_end])])
            return lines.next_full(first_end)
        return None

    def _label_after(self, number: int) -> bool:
        """Whether a strong label begins a block at most two short paragraphs after line ``number``."""
        size = 0
        for _ in range(2):
            end = self.lines.block_end(number)
            size += sum(map(len, self.lines.lines[number:end]))
            number = self.lines.next_full(end)
            if not self.lines.has(number) or size > _MAX_CONTINUATION // 2:
                return False
            label = self.lines.label(number)
            if label:
                known = {field.meaning for field in self.fields}
                return label.strong and (label.meaning not in known or label.meaning in _PROSE)
            if OPENS_SPEECH.match(self.lines.lines[number]) or is_heading(self.lines.lines[number]):
                return False
        return False


def _is_short_note(tail: Sequence[str]) -> bool:
    """Whether lines right under a note's label are the note's own: nobody begins a story there, save in long runs."""
    few = len(tail) <= 3 and sum(map(len, tail)) <= _MAX_NOTE
    return few and not any(OPENS_SPEECH.match(line) or is_heading(line) for line in tail)


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip()) if not line.startswith("\t") else 8


def _continues(line: str, following: str, width: int) -> bool:
    """Whether ``following`` goes on with the sentence of ``line``, which was wrapped at ``width``."""
    word = following.split(maxsplit=1)[0] if following else ""
    if width and len(line) + 1 + len(word) > width:
        return True
    return following[:1].islower() and line[-1:] not in ".!?…\"”'"


def _after_rule(lines: Lines) -> int:
    """Number of the first line with words; a rule drawn above it is passed over."""
    number = lines.next_full(0)
    if lines.has(number) and _RULE.fullmatch(lines.lines[number]):
        return lines.next_full(number + 1)
    return number


def _byline_only(lines: Lines) -> Header | None:
    """Title, or fandom and title, and ``by Author`` below; then a blank line."""
    before: list[str] = []
    number = _after_rule(lines)
    while lines.has(number) and len(before) < 3:
        line = lines.lines[number]
        if before and _RULE.fullmatch(line):
            number = lines.next_full(number + 1)
            continue
        name = byline(line) if before else None
        if name and lines.blank(number + 1):
            opening = _opening([*before, line], set())
            return Header("title-by-author", tuple(opening), number + 1) if opening else None
        if not title_of(line) or is_heading(line):
            return None
        before.append(line)
        number = lines.next_full(number + 1)
    return None


def _one_line(lines: Lines) -> Header | None:
    """``Title by Author`` in one line, above a blank line and more text."""
    number = lines.next_full(0)
    if not lines.has(number) or not lines.blank(number + 1) or not lines.has(lines.next_full(number + 1)):
        return None
    if not (found := title_and_author(lines.lines[number])):
        return None
    title, name = found
    return Header("title-by-author", (Field("title", "Title", title), Field("author", "by", name)), number + 1)


def _lone_title(lines: Lines) -> Header | None:
    """A first line that is a title and stands alone above the prose."""
    number = _after_rule(lines)
    if not lines.has(number):
        return None
    line = lines.lines[number]
    title = title_of(line)
    if lines.has(number + 1) and _RULE.fullmatch(lines.lines[number + 1]):
        number += 1  # the title is underlined
    following = lines.next_full(number + 1)
    if not title or not lines.has(following) or heading_of(line) or label_of(line):
        return None
    below = lines.lines[following]
    heading_below = is_heading(below)
    if not lines.blank(number + 1) and not (heading_below and lines.blank(following + 1)):
        return None
    marked = line.startswith("# ")
    prose = len(below) > 60 or OPENS_SPEECH.match(below) or below[-1] in ".!?…。！？」”\"'" or heading_below
    if not marked and (not prose or (title[0].islower() and len(title.split()) > 6)):
        return None
    return Header("title", (Field("title", "Title", title),), number + 1)
