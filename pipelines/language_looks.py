"""What is known of a chapter before langdetect is asked: scripts, windows, pairs of letters, the second engine."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import chain

from pipelines import language_engines
from pipelines.language_engines import Engines, Guess, Opinion
from pipelines.language_pairs import Reading
from pipelines.language_scripts import ALL_LATIN, Gate, count_ascii_letters, gate_of, letters_by_scripts
from pipelines.language_tags import same_language
from pipelines.language_windows import cleaned_all, condensed, windows

WINDOWS, WINDOW_CHARS = 5, 200
SURE_LETTERS = 150
AUXILIARY = frozenset({"ia", "ie", "vo"})
"""What pycld2, being sure, calls a list of names. A work in Interlingua keeps its declared language."""
MAIN_SCRIPT = 2 / 3
"""A script with a smaller part of the text does not speak for all of it."""
MAIN_LANGUAGE = 0.8
"""A chapter or work is in one language if that makes up this part of its letters."""

_NO_GATE = Gate("", 0.0)


@dataclass(slots=True)
class Look:
    """What is known of a chapter before langdetect is asked."""

    key: int
    """Which of the distinct texts it is."""
    text: str
    """The text that windows are cut from."""
    letters: int
    whole: Gate
    """The script of the whole text, markup included."""
    sample: str = ""
    """Its windows, cleaned and joined."""
    pieces: list[str] = field(default_factory=list)
    """The same in pieces of a window's length."""
    gate: Gate = _NO_GATE
    """The script of the sample."""
    opinion: Opinion | None = None
    """What the second engine says of the sample."""
    reading: Reading | None = None
    """What the pairs of letters of the pieces speak for."""
    label: str | None = None
    """The language that they speak for together."""
    is_mixed: bool = False
    """Whether it may be in two scripts or, as the pairs of letters say, languages."""
    share: float = 1.0
    """Part of the chapter that is in the language of the sample."""


def look_at(chapters: Sequence[Look], count: int) -> None:
    """Take so many windows of each chapter's text."""
    for chapter in chapters:
        _cut(chapter, count)
    for chapter, letters in zip(chapters, _measure(chapters), strict=True):
        if letters < SURE_LETTERS and len(chapter.text) > count * WINDOW_CHARS:
            chapter.text = condensed(chapter.text)
            _cut(chapter, count)
            _measure([chapter])


def take(chapter: Look, pieces: Sequence[str]) -> None:
    """Take cleaned windows as those of a chapter."""
    _hold(chapter, pieces)
    _measure([chapter])


def _cut(chapter: Look, count: int) -> None:
    _hold(chapter, cleaned_all(windows(chapter.text, count, WINDOW_CHARS)))


def _hold(chapter: Look, pieces: Sequence[str]) -> None:
    chapter.sample = sample = " ".join(filter(None, pieces))
    if len(pieces) == 1:
        pieces = [sample[start : start + WINDOW_CHARS] for start in range(0, len(sample), WINDOW_CHARS)]
    chapter.pieces = list(pieces)


def _measure(chapters: Sequence[Look]) -> list[int]:
    """Find the scripts of the chapters' samples; the number of letters in each, at least."""
    letters = [count_ascii_letters(each.sample) if each.whole == ALL_LATIN else 0 for each in chapters]
    others = [number for number, count in enumerate(letters) if count < SURE_LETTERS]
    for chapter in chapters:
        chapter.gate = chapter.whole
    by_scripts = letters_by_scripts([chapters[number].sample for number in others]) if others else []
    for number, by_script in zip(others, by_scripts, strict=True):
        chapters[number].gate = gate_of(by_script)
        letters[number] = sum(by_script.values())
    return letters


def compare(chapter: Look, used: Engines) -> None:
    """Take in what the cheap means say of a chapter: pairs of letters, the second engine."""
    read_all([chapter], used)
    hear(chapter, used)


def read_all(chapters: Iterable[Look], used: Engines) -> None:
    """Read the pairs of letters of many chapters at once."""
    by_script: defaultdict[str, list[Look]] = defaultdict(list)
    for chapter in chapters:
        by_script[chapter.gate.script].append(chapter)
    for script, those in by_script.items():
        _read(those, script, used)


def hear(chapter: Look, used: Engines) -> None:
    """Ask the second engine of a chapter whose pairs of letters are read."""
    chapter.opinion = used.second.opinion(chapter.sample) if used.second else None
    chapter.is_mixed = _is_mixed(chapter)


def _read(chapters: Sequence[Look], script: str, used: Engines) -> None:
    """Read the pairs of letters of chapters in one script."""
    parts = [_halves(each.pieces) for each in chapters]
    reading = used.pairs.read(list(chain(*parts)), script) if used.pairs else None
    if reading is None:
        for chapter in chapters:
            chapter.reading, chapter.label, chapter.is_mixed = None, None, False
        return
    for chapter, part in zip(chapters, reading.parts(list(map(len, parts))), strict=True):
        chapter.reading, chapter.label, chapter.is_mixed = part


def _halves(pieces: Iterable[str]) -> list[str]:
    """Windows cut in two, so that a change of language within one shows."""
    return [half for piece in pieces for half in (piece[: len(piece) // 2], piece[len(piece) // 2 :])]


def _is_mixed(chapter: Look) -> bool:
    """Whether a chapter may be in two scripts or languages.

    The pairs of letters of a language that only the second engine knows look like those of several others.
    """
    if knows_better(chapter.opinion, None):
        return False
    if chapter.whole.script != chapter.gate.script or min(chapter.whole.share, chapter.gate.share) < MAIN_SCRIPT:
        return True
    return chapter.is_mixed


def knows_better(opinion: Opinion | None, guess: Guess | None) -> bool:
    """Whether the second engine is sure of a language, in most of the text, that the first does not know."""
    if opinion is None or opinion.language is None or not opinion.is_reliable or opinion.confidence < MAIN_LANGUAGE:
        return False
    if opinion.language in language_engines.KNOWN or opinion.language in AUXILIARY:
        return False
    return guess is None or not same_language(opinion.language, guess.language)
