"""Blocks of a canonical text: paragraphs, and what only looks like one."""

from __future__ import annotations

from collections.abc import Iterable

from pipelines.clean_notes import may_hold_note_words, note_label, note_opener, note_words, speaks, talks
from pipelines.clean_rules import LONGEST_MARK, Guess, end_marker, heading, image, scene_break, verse
from schemas.work import Block, BlockKind

_EDGE = 3
"""Blocks at each end of a chapter that notes are looked for in, beyond those that are no prose."""
_LONGEST_RUN = 40
"""Blocks that the notes before or after a story reach at most."""
_BODY = 1500
"""Characters of a paragraph that note words are looked for in."""
_LONGEST_NOTE = 5
"""Paragraphs that follow a note's opener at most."""
_CLOSING = {"(": ")", "[": "]", "{": "}", "（": "）", "【": "】", "<": ">"}
_OPEN = frozenset({"p", "note_candidate", "disclaimer"})
"""Kinds that a note may go on over."""
_PROSE = frozenset({"p", "verse", "quote", "list"})
_BREAKS = frozenset({"scene_break", "end_marker", "heading"})


def find_blocks(text: str, title: str | None = None) -> tuple[Block, ...]:
    """Blocks of ``text``, which is canonical: sorted, disjoint, covering all but white space.

    ``title`` is the chapter's, to know it when the text repeats it.
    """
    units = _Units(text)
    add_start, add_end, add_guess = units.starts.append, units.ends.append, units.guesses.append
    at = 0
    for paragraph in text.split("\n\n") if text else ():
        end = at + len(paragraph)
        if "\n" in paragraph:
            units.add_lines(paragraph, at, title)
        else:
            add_start(at)
            add_end(end)
            plain = end - at > LONGEST_MARK and paragraph[0] not in _CLOSING
            add_guess(None if plain else _by_itself(paragraph))
        at = end + 2
    units.mark(title)
    return units.blocks()


def mark_blocks(text: str, given: Iterable[Block], title: str | None = None) -> tuple[Block, ...]:
    """The ``given`` blocks of a canonical ``text``, with notes, breaks and ends told among its paragraphs.

    Kinds other than ``p`` stay as given. Text between the given blocks becomes paragraphs, overlaps go to the
    block that begins first.
    """
    units = _Units(text)
    done = 0
    for block in sorted(given, key=lambda block: (block.start, -block.end)):
        start, end = trimmed(text, max(block.start, done), block.end)
        if start >= end:
            continue
        units.add_gap(done, start)
        if block.kind == "p" and block.rule is None:
            units.add(start, end, _by_itself(text[start:end]))
        else:
            units.add(start, end, Guess(block.kind, block.rule or "", block.score))
        done = end
    units.add_gap(done, len(text))
    units.mark(title)
    return units.blocks()


def trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    """``start`` and ``end`` moved inwards past white space."""
    inside = text[start:end]
    left = len(inside) - len(inside.lstrip())
    return start + left, max(start + left, end - (len(inside) - len(inside.rstrip())))


def _by_itself(paragraph: str) -> Guess | None:
    """Kind of a short or bracketed paragraph, wherever it stands."""
    if len(paragraph) <= LONGEST_MARK and (guess := scene_break(paragraph)):
        return guess
    closing = _CLOSING.get(paragraph[0])
    if closing is None:
        return None
    if guess := image(paragraph):
        return guess
    return _bracketed(note_opener(paragraph)) if paragraph.rstrip(" .!*_~").endswith(closing) else None


def _bracketed(guess: Guess | None) -> Guess | None:
    return guess and Guess(guess.kind, "note_bracketed", 0.9)


class _Units:
    """The blocks to be: where each begins and ends, and what a rule said of it (``None``: a paragraph)."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.starts: list[int] = []
        self.ends: list[int] = []
        self.guesses: list[Guess | None] = []

    def add(self, start: int, end: int, guess: Guess | None) -> None:
        self.starts.append(start)
        self.ends.append(end)
        self.guesses.append(guess)

    def add_lines(self, paragraph: str, at: int, title: str | None) -> None:
        """Add a paragraph of several lines: a scene break or first heading among them is a block of its own."""
        lines = paragraph.split("\n")
        begin = here = at
        for number, line in enumerate(lines):
            guess = scene_break(line) if len(line) <= LONGEST_MARK else None
            if at == number == 0 and guess is None:
                guess = heading(line, title)
            if guess and (guess.score or 0) >= 0.9:
                self.add_paragraph(begin, here - 1)
                self.add(here, here + len(line), guess)
                begin = here + len(line) + 1
            here += len(line) + 1
        self.add_paragraph(begin, here - 1)

    def add_paragraph(self, start: int, end: int) -> None:
        if start < end:
            paragraph = self.text[start:end]
            self.add(start, end, _by_itself(paragraph) or verse(paragraph))

    def add_gap(self, start: int, end: int) -> None:
        for paragraph in self.text[start:end].split("\n\n") if start < end else ():
            inner, outer = trimmed(self.text, start, start + len(paragraph))
            if inner < outer:
                self.add(inner, outer, _by_itself(self.text[inner:outer]))
            start += len(paragraph) + 2

    def paragraph(self, index: int) -> str:
        return self.text[self.starts[index] : self.ends[index]]

    def kind(self, index: int) -> str:
        guess = self.guesses[index]
        return guess.kind if guess else "p"

    def mark(self, title: str | None) -> None:
        """Apply the rules that go by a block's place."""
        self._mark_head(title)
        self._mark_ends()
        self._mark_tail()
        self._mark_after_breaks()
        self._mark_open_brackets()
        self._continue_notes()

    def _mark_head(self, title: str | None) -> None:
        prose = False
        wordy = self._wordy(range(min(_EDGE, len(self.guesses))))
        for index in range(min(_LONGEST_RUN, len(self.guesses))):
            if prose and index >= _EDGE:
                break
            wordy = wordy or index >= _EDGE
            if self.guesses[index] is None:
                paragraph = self.paragraph(index)
                told = None if prose else heading(paragraph, title) or note_label(paragraph)
                self.guesses[index] = told or note_opener(paragraph) or (wordy and note_words(paragraph)) or None
            prose = prose or self.kind(index) in _PROSE

    def _mark_ends(self) -> None:
        """End markers: they stand near the end of the text, or before a break."""
        count = len(self.guesses)
        near = range(max(0, count - 2 * _EDGE), count)
        for index in sorted({*near, *(i - 1 for i in self._breaks() if i)}):
            guess = self.guesses[index]
            if guess is None and self.ends[index] - self.starts[index] <= LONGEST_MARK:
                self.guesses[index] = end_marker(self.paragraph(index))
            elif guess and guess.rule == "scene_break_dots" and 0 < index >= count - 2:
                self.guesses[index] = Guess("end_marker", "end_dots", 0.6)

    def _breaks(self) -> list[int]:
        return [i for i, guess in enumerate(self.guesses) if guess and guess.kind in _BREAKS]

    def _mark_tail(self) -> None:
        prose = False
        last = len(self.guesses) - 1
        wordy = self._wordy(range(max(0, last + 1 - _EDGE), last + 1))
        for index in range(last, max(-1, last - _LONGEST_RUN), -1):
            if prose and last - index >= _EDGE:
                break
            wordy = wordy or last - index >= _EDGE
            if self.guesses[index] is None:
                paragraph = self.paragraph(index)
                self.guesses[index] = note_opener(paragraph) or (wordy and note_words(paragraph)) or None
            prose = prose or self.kind(index) in _PROSE

    def _wordy(self, indexes: range) -> bool:
        return may_hold_note_words("\n".join(self.text[self.starts[i] : self.ends[i]][:_BODY] for i in indexes))

    def _mark_after_breaks(self) -> None:
        for index in self._breaks():
            if index + 1 < len(self.guesses) and self.guesses[index + 1] is None:
                guess = note_opener(self.paragraph(index + 1))
                self.guesses[index + 1] = guess and Guess(guess.kind, guess.rule, 0.85)

    def _mark_open_brackets(self) -> None:
        """Notes whose bracket closes some paragraphs later."""
        for index in [i for i, start in enumerate(self.starts) if self.text[start] in _CLOSING]:
            closing = _CLOSING[self.text[self.starts[index]]]
            if closing in self.paragraph(index) or self.kind(index) not in _OPEN:
                continue
            guess = note_opener(self.paragraph(index))
            last = self._closed_at(index, closing) if guess else None
            if guess and last:
                self.guesses[index : last + 1] = [_bracketed(guess)] * (last + 1 - index)

    def _closed_at(self, index: int, closing: str) -> int | None:
        for other in range(index + 1, min(index + 1 + _LONGEST_NOTE, len(self.guesses))):
            if self.kind(other) not in _OPEN:
                return None
            if closing in self.paragraph(other):
                return other if self.text[self.ends[other] - 1] == closing else None
        return None

    def _continue_notes(self) -> None:
        """Paragraphs from a note's opener to the break that ends it, or from a parted opener to the chapter's end."""
        count = len(self.guesses)
        prose = next((i for i in range(count) if self.guesses[i] is None), count)
        for index in [i for i, guess in enumerate(self.guesses) if guess and guess.rule == "note_opener"]:
            run = index + 1
            while run < count and run - index <= _LONGEST_NOTE and self.kind(run) in _OPEN:
                run += 1
            following = [i for i in range(index + 1, run) if self.guesses[i] is None]
            if index < prose:
                continues = run < count and self.kind(run) in _BREAKS and self._about_writing(following)
            else:
                continues = run == count and self.kind(index - 1) in _BREAKS
            for i in following if continues else ():
                self.guesses[i] = Guess("note_candidate", "note_continued", 0.6)

    def _about_writing(self, indexes: list[int]) -> bool:
        paragraphs = [self.paragraph(index) for index in indexes]
        return not any(map(speaks, paragraphs)) and 2 * sum(talks(p) > 0 for p in paragraphs) >= len(paragraphs)

    def blocks(self) -> tuple[Block, ...]:
        return tuple(
            _block(guess.kind, start, end, guess.rule or None, guess.score) if guess else _block("p", start, end)
            for start, end, guess in zip(self.starts, self.ends, self.guesses, strict=True)
        )


def _block(kind: BlockKind, start: int, end: int, rule: str | None = None, score: float | None = None) -> Block:
    """A ``Block`` of values that are right by construction.

    What ``Block.model_construct`` does, without its loop over the fields: to validate every paragraph took
    half of the time of finding it.
    """
    block = object.__new__(Block)
    put = object.__setattr__
    put(block, "__dict__", {"kind": kind, "start": start, "end": end, "rule": rule, "score": score})
    put(block, "__pydantic_fields_set__", {"kind", "start", "end", "rule", "score"})
    put(block, "__pydantic_extra__", None)
    put(block, "__pydantic_private__", None)
    return block
