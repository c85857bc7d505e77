"""Blocks of a canonical text: paragraphs, and what only looks like one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from pipelines.clean_groups import Paragraphs
from pipelines.clean_notes import NO_STEMS, note_label, note_opener, note_words, speaks, talks
from pipelines.clean_rules import LONGEST_MARK, Guess, end_marker, heading, image, scene_break, verse
from pipelines.clean_signs import ALL_SIGNS, NO_SIGNS, Signs, signs_of
from schemas.work import Block, BlockKind, Blocks

_EDGE = 3
"""Blocks at each end of a chapter that notes are looked for in, beyond those that are no prose."""
_LONGEST_RUN = 40
"""Blocks that the notes before or after a story reach at most."""
_LONGEST_NOTE = 5
"""Paragraphs that follow a note's opener at most."""
_CLOSING = {"(": ")", "[": "]", "{": "}", "（": "）", "【": "】", "<": ">"}
_OPEN = frozenset({"p", "note_candidate", "disclaimer"})
"""Kinds that a note may go on over."""
_PROSE = frozenset({"p", "verse", "quote", "list"})
_BREAKS = frozenset({"scene_break", "end_marker", "heading"})


def find_units(text: str, title: str | None = None, paragraphs: Paragraphs | None = None) -> Units:
    """The paragraphs of ``text``, which is canonical: sorted, disjoint, covering all but white space.

    ``title`` is the chapter's, to know it when the text repeats it; ``paragraphs`` are the text's where each is known
    to be one line.
    """
    if paragraphs:
        return _one_line_units(text, title, paragraphs)
    units = Units(text, title)
    at = 0
    for paragraph in text.split("\n\n") if text else ():
        if "\n" in paragraph:
            units.add_lines(paragraph, at)
        else:
            plain = len(paragraph) > LONGEST_MARK and paragraph[0] not in _CLOSING
            units.add(at, at + len(paragraph), None if plain else _by_itself(paragraph))
        at += len(paragraph) + 2
    return units


def _one_line_units(text: str, title: str | None, paragraphs: Paragraphs) -> Units:
    units = Units(text, title, paragraphs.starts, paragraphs.ends)
    units.openings = [index for index in paragraphs.openings if text[units.starts[index]] in _CLOSING]
    for index in {*units.openings, *paragraphs.short}:
        units.tell(index, _by_itself(units.paragraph(index)))
    return units


def given_units(text: str, given: Sequence[Block], title: str | None = None) -> Units:
    """The ``given`` blocks of a canonical ``text``.

    Kinds other than ``p`` stay as given. Text between the given blocks becomes paragraphs, overlaps go to the
    block that begins first.
    """
    units = Units(text, title)
    done = 0
    marks = zip(*Blocks.of(given).columns, strict=True)
    for kind, start, end, rule, score in sorted(marks, key=lambda mark: (mark[1], -mark[2])):
        start, end = trimmed(text, max(start, done), end)  # noqa: PLW2901 - what is left of it
        if start >= end:
            continue
        if done < start:
            units.add_gap(done, start)
        if kind != "p" or rule is not None:
            units.add(start, end, Guess(kind, rule or "", score))
        elif end - start <= LONGEST_MARK or text[start] in _CLOSING:
            units.add(start, end, _by_itself(text[start:end]))
        else:
            units.add(start, end, None)
        done = end
    units.add_gap(done, len(text))
    return units


def look_at_edges(chapters: Iterable[Units]) -> None:
    """Find out which signs of notes the blocks at the edges have, of many chapters at once."""
    all_units = list(chapters)
    edges = [units.edges() for units in all_units]
    found = iter(signs_of([units.paragraph(i) for units, own in zip(all_units, edges, strict=True) for i in own]))
    for units, own in zip(all_units, edges, strict=True):
        units.edge_signs = dict(zip(own, found, strict=False))  # as many as there are edges


def trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    """``start`` and ``end`` moved inwards past white space."""
    if start < end and not text[start].isspace() and not text[end - 1].isspace():
        return start, end
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


class Units:
    """The blocks to be: where each begins and ends, and of those that are no plain paragraphs what a rule said."""

    def __init__(
        self, text: str, title: str | None, starts: list[int] | None = None, ends: list[int] | None = None
    ) -> None:
        self.text = text
        self.title = title
        self.starts = starts or []
        self.ends = ends or []
        self.guesses: dict[int, Guess] = {}
        """By index."""
        self.openings: list[int] | None = None
        """Indexes of those that begin with a bracket, where they are known."""
        self.edge_signs: dict[int, Signs] = {}
        """Those that the blocks at the edges have, by index; of others, any."""

    def add(self, start: int, end: int, guess: Guess | None) -> None:
        """Add a block, and what a rule said of it."""
        if guess:
            self.guesses[len(self.starts)] = guess
        self.starts.append(start)
        self.ends.append(end)

    def add_lines(self, paragraph: str, at: int) -> None:
        """Add a paragraph of several lines: a scene break or first heading among them is a block of its own."""
        lines = paragraph.split("\n")
        begin = here = at
        for number, line in enumerate(lines):
            guess = scene_break(line) if len(line) <= LONGEST_MARK else None
            if at == number == 0 and guess is None:
                guess = heading(line, self.title)
            if guess and (guess.score or 0) >= 0.9:
                self.add_paragraph(begin, here - 1)
                self.add(here, here + len(line), guess)
                begin = here + len(line) + 1
            here += len(line) + 1
        self.add_paragraph(begin, here - 1)

    def add_paragraph(self, start: int, end: int) -> None:
        """Add a paragraph of several lines, unless it is empty."""
        if start < end:
            paragraph = self.text[start:end]
            self.add(start, end, _by_itself(paragraph) or verse(paragraph))

    def add_gap(self, start: int, end: int) -> None:
        """Add the paragraphs of a stretch that no given block covers."""
        for paragraph in self.text[start:end].split("\n\n") if start < end else ():
            inner, outer = trimmed(self.text, start, start + len(paragraph))
            if inner < outer:
                self.add(inner, outer, _by_itself(self.text[inner:outer]))
            start += len(paragraph) + 2

    def paragraph(self, index: int) -> str:
        """The text of a block."""
        return self.text[self.starts[index] : self.ends[index]]

    def kind(self, index: int) -> str:
        """The kind of a block, as far as it is told."""
        guess = self.guesses.get(index)
        return guess.kind if guess else "p"

    def tell(self, index: int, guess: Guess | None) -> None:
        """Take what a rule said of a block, if anything."""
        if guess:
            self.guesses[index] = guess

    def edges(self) -> list[int]:
        """Indexes of the blocks at both ends."""
        count = len(self.starts)
        return list(range(count)) if count <= 2 * _EDGE else [*range(_EDGE), *range(count - _EDGE, count)]

    def marked(self) -> Blocks:
        """The blocks, with notes, breaks and ends told by their place."""
        if not self.starts:
            return Blocks.empty()
        self._mark_head()
        self._mark_ends()
        self._mark_tail()
        self._mark_after_breaks()
        self._mark_open_brackets()
        self._continue_notes()
        return self._blocks()

    def _mark_head(self) -> None:
        prose = False
        count = len(self.starts)
        for index in range(min(_LONGEST_RUN, count)):
            if prose and index >= _EDGE:
                break
            if index not in self.guesses:
                if not prose:
                    paragraph = self.paragraph(index)
                    self.tell(index, heading(paragraph, self.title) or note_label(paragraph))
                if index not in self.guesses:
                    self._mark_by_signs(index)
            prose = prose or self.kind(index) in _PROSE

    def _mark_by_signs(self, index: int) -> None:
        signs = self.edge_signs.get(index, ALL_SIGNS)
        if signs is not NO_SIGNS:
            paragraph = self.paragraph(index)
            opens = note_opener(paragraph) if signs.may_open else None
            self.tell(index, opens or (note_words(paragraph, signs.stems) if signs.stems is not NO_STEMS else None))

    def _mark_ends(self) -> None:
        """End markers: they stand near the end of the text, or before a break."""
        count = len(self.starts)
        near = range(max(0, count - 2 * _EDGE), count)
        for index in sorted({*near, *(i - 1 for i in self._breaks() if i)}) if self.guesses else near:
            guess = self.guesses.get(index)
            if guess is None:
                if self.ends[index] - self.starts[index] <= LONGEST_MARK:
                    self.tell(index, end_marker(self.paragraph(index)))
            elif guess.rule == "scene_break_dots" and 0 < index >= count - 2:
                self.guesses[index] = Guess("end_marker", "end_dots", 0.6)

    def _breaks(self) -> list[int]:
        return sorted(index for index, guess in self.guesses.items() if guess.kind in _BREAKS)

    def _mark_tail(self) -> None:
        prose = False
        last = len(self.starts) - 1
        for index in range(last, max(-1, last - _LONGEST_RUN), -1):
            if prose and last - index >= _EDGE:
                break
            if index not in self.guesses:
                self._mark_by_signs(index)
            prose = prose or self.kind(index) in _PROSE

    def _mark_after_breaks(self) -> None:
        for index in self._breaks():
            if index + 1 < len(self.starts) and index + 1 not in self.guesses:
                guess = note_opener(self.paragraph(index + 1))
                self.tell(index + 1, guess and Guess(guess.kind, guess.rule, 0.85))

    def _mark_open_brackets(self) -> None:
        """Notes whose bracket closes some paragraphs later."""
        openings = self.openings
        if openings is None:
            openings = [index for index, start in enumerate(self.starts) if self.text[start] in _CLOSING]
        for index in openings:
            closing = _CLOSING[self.text[self.starts[index]]]
            if closing in self.paragraph(index) or self.kind(index) not in _OPEN:
                continue
            guess = note_opener(self.paragraph(index))
            last = self._closed_at(index, closing) if guess else None
            for other in range(index, last + 1) if last else ():
                self.tell(other, _bracketed(guess))

    def _closed_at(self, index: int, closing: str) -> int | None:
        for other in range(index + 1, min(index + 1 + _LONGEST_NOTE, len(self.starts))):
            if self.kind(other) not in _OPEN:
                return None
            if closing in self.paragraph(other):
                return other if self.text[self.ends[other] - 1] == closing else None
        return None

    def _continue_notes(self) -> None:
        """Paragraphs from a note's opener to the break that ends it, or from a parted opener to the chapter's end."""
        openers = sorted(index for index, guess in self.guesses.items() if guess.rule == "note_opener")
        if not openers:
            return
        count = len(self.starts)
        prose = next((i for i in range(count) if i not in self.guesses), count)
        for index in openers:
            run = index + 1
            while run < count and run - index <= _LONGEST_NOTE and self.kind(run) in _OPEN:
                run += 1
            following = [i for i in range(index + 1, run) if i not in self.guesses]
            if index < prose:
                continues = run < count and self.kind(run) in _BREAKS and self._about_writing(following)
            else:
                continues = run == count and self.kind(index - 1) in _BREAKS
            for i in following if continues else ():
                self.guesses[i] = Guess("note_candidate", "note_continued", 0.6)

    def _about_writing(self, indexes: list[int]) -> bool:
        paragraphs = [self.paragraph(index) for index in indexes]
        return not any(map(speaks, paragraphs)) and 2 * sum(talks(p) > 0 for p in paragraphs) >= len(paragraphs)

    def _blocks(self) -> Blocks:
        count = len(self.starts)
        if not self.guesses:
            return Blocks(("p",) * count, self.starts, self.ends, (None,) * count, (None,) * count)
        kinds: list[BlockKind] = ["p"] * count
        rules: list[str | None] = [None] * count
        scores: list[float | None] = [None] * count
        for index, guess in self.guesses.items():
            kinds[index], rules[index], scores[index] = guess.kind, guess.rule or None, guess.score
        return Blocks(kinds, self.starts, self.ends, rules, scores)
