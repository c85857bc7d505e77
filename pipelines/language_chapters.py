"""Which languages the chapters of a work are written in, and how far to trust each answer.

What is cheap is done for every chapter: letters and scripts of the whole text, pairs of letters of its windows, the
second engine. Chapters that these leave alike are decided by one call of langdetect on windows of them all.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import chain
from math import fsum
from typing import NamedTuple

from pipelines import language_engines
from pipelines.clean_utf8 import Utf8
from pipelines.language_engines import Engines, Guess, Opinion
from pipelines.language_pairs import Reading
from pipelines.language_scripts import (
    ALL_LATIN,
    PROFILES,
    SINGLE,
    Gate,
    count_ascii_letters,
    gate_of,
    letters_by_script,
)
from pipelines.language_tags import group, is_stated, same_language, tag_of
from pipelines.language_windows import cleaned, cleaned_all, condensed, slices, windows
from schemas.vocabulary import LanguageStatus

WINDOWS, WINDOW_CHARS = 5, 200
LEAST_WINDOWS, MOST_WINDOWS = 3, 10
"""Windows of one of many chapters, and about how many are read of a work whose chapters are alike."""
RETRY_WINDOWS, RETRY_CHARS = 16, 120
STRATEGY = "work-w5x200-cat/pairs1/w16x120-vote/gate1/clean1"

MIN_LETTERS = 60
"""Fewer letters are right too rarely to be called an answer."""
SURE_LETTERS = 150
SURE_CONFIDENCE = 0.99
"""langdetect's number is a share of seven votes: 6/7 is right two times in three."""
AUXILIARY = frozenset({"ia", "ie", "vo"})
"""What pycld2, being sure, calls a list of names. A work in Interlingua keeps its declared language."""
MAIN_SCRIPT = 2 / 3
"""A script with a smaller part of the text does not speak for all of it."""
MAIN_LANGUAGE = 0.8
"""A chapter or work is in one language if that makes up this part of its letters."""

_GLANCE, _SHORT_GLANCE = 400, 60
_VARIED = 8
_NO_GATE = Gate("", 0.0)


class Detection(NamedTuple):
    """The language of one chapter."""

    language: str | None
    """BCP 47 tag; ``None`` below 60 letters or without any answer."""
    confidence: float | None
    """0 to 1, four digits; ``None`` where ``language`` is. langdetect's, in the windows that decided: those of the
    chapter or, where it was decided together with others that look alike, those of them all. Where less than 80 % of
    a chapter is in its language, times that part. Of the second engine where that alone knows the language."""
    status: LanguageStatus
    letters: int
    """Letters of the whole text."""
    second: str | None = None
    """What the second engine says of this chapter; ``None`` where it abstains or is not installed."""


@dataclass(slots=True)
class _Chapter:
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


class Body(NamedTuple):
    """The texts of a work."""

    texts: Sequence[str]
    """Clean bodies of its chapters."""
    declared: str | None = None
    """The language that it is said to be in, as BCP 47 tag."""
    encoded: Sequence[Utf8] | None = None
    """UTF-8 of the texts, where that is at hand."""


def detect(text: str) -> Detection:
    """The language of one text, as that of a work's only chapter."""
    return detect_many([text])[0]


def detect_many(texts: Sequence[str], declared: str | None = None) -> list[Detection]:
    """The languages of the chapters of one work."""
    return detect_works([Body(texts, declared)])[0]


def detect_works(bodies: Sequence[Body], begin: Callable[[int], None] = lambda _: None) -> list[list[Detection]]:
    """The languages of the chapters of each of some works, whatever these hold; raises nothing.

    Chapters of a work that look alike are decided together, by one call of langdetect on 5 windows of 200 characters
    spread over them: those in one script whose pairs of letters speak for one language and of which the second engine
    says the same. The answer holds for each if it is sure, nothing contradicts it, and the declared language, where
    langdetect knows that, is the same. Any other chapter is examined by itself: 5 windows, and 16 of 120 characters
    where they leave a doubt. Equal texts are looked at once.

    A chapter is reliable if it has at least 150 letters, a confidence of at least 0.99, most of it in one script and
    four fifths in one language, words that are not the same few again and again, and a second engine that says the
    same; without one, no letters that none of langdetect's languages writes.

    ``begin`` is called with the number of the work that is at work. Pairs of letters are read of all works together.
    """
    used = language_engines.load()
    looked = []
    for number, body in enumerate(bodies):
        begin(number)
        looked.append(_Looked.of(body))
    _read_all([chapter for each in looked for chapter in each.chapters], used)
    found = []
    for number, (body, each) in enumerate(zip(bodies, looked, strict=True)):
        begin(number)
        found.append(each.decided(body, used))
    return found


@dataclass(slots=True)
class _Looked:
    """What is known of a work before langdetect is asked."""

    texts: Sequence[str]
    """Its distinct texts."""
    found: list[Detection | None]
    """Of each."""
    chapters: list[_Chapter]
    """Those of the texts that have letters enough."""

    @classmethod
    def of(cls, body: Body) -> _Looked:
        texts = _distinct(body.texts)
        encoded = body.encoded if body.encoded is not None and texts is body.texts else [None] * len(texts)
        found: list[Detection | None] = []
        chapters: list[_Chapter] = []
        count = max(LEAST_WINDOWS, min(WINDOWS, MOST_WINDOWS // max(1, len(texts))))
        for key, (text, utf8) in enumerate(zip(texts, encoded, strict=True)):
            by_script = letters_by_script(text, utf8)
            letters = sum(by_script.values())
            if letters >= MIN_LETTERS:
                found.append(None)
                chapters.append(_looked(_Chapter(key, text, letters, gate_of(by_script)), count))
            else:
                status = LanguageStatus.UNDETERMINED if letters else LanguageStatus.NO_LANGUAGE
                found.append(Detection(None, None, status, letters))
        return cls(texts, found, chapters)

    def decided(self, body: Body, used: Engines) -> list[Detection]:
        """The languages of all texts of the work."""
        for chapter in self.chapters:
            _hear(chapter, used)
        for pool in _alike(self.chapters):
            for chapter, detection in zip(pool, _decided(pool, body.declared, used), strict=True):
                self.found[chapter.key] = detection
        if self.texts is body.texts:
            return [each for each in self.found if each]
        by_text = dict(zip(self.texts, self.found, strict=True))
        return [each for text in body.texts if (each := by_text[text])]


def _distinct(texts: Sequence[str]) -> Sequence[str]:
    """Each text once; texts of different lengths, which most are, need not be hashed to be told apart."""
    return texts if len(set(map(len, texts))) == len(texts) else list(dict.fromkeys(texts))


def _looked(chapter: _Chapter, count: int) -> _Chapter:
    """A chapter with so many windows of its text."""
    cut = windows(chapter.text, count, WINDOW_CHARS)
    letters = _sample(chapter, cleaned_all(cut))
    if len(cut) > 1 and letters < SURE_LETTERS:
        chapter.text = condensed(chapter.text)
        _sample(chapter, cleaned_all(windows(chapter.text, count, WINDOW_CHARS)))
    return chapter


def _sample(chapter: _Chapter, pieces: list[str]) -> int:
    """Take windows as those of a chapter; the number of letters in them, at least."""
    sample = " ".join(filter(None, pieces))
    if len(pieces) == 1:
        pieces = [sample[start : start + WINDOW_CHARS] for start in range(0, len(sample), WINDOW_CHARS)]
    chapter.sample, chapter.pieces = sample, pieces
    if chapter.whole == ALL_LATIN and (letters := count_ascii_letters(sample)) >= SURE_LETTERS:
        chapter.gate = chapter.whole
        return letters
    by_script = letters_by_script(sample)
    chapter.gate = gate_of(by_script)
    return sum(by_script.values())


def _compared(chapter: _Chapter, used: Engines) -> None:
    """Take in what the cheap means say of a chapter: pairs of letters, the second engine."""
    _read_all([chapter], used)
    _hear(chapter, used)


def _read_all(chapters: Iterable[_Chapter], used: Engines) -> None:
    by_script: defaultdict[str, list[_Chapter]] = defaultdict(list)
    for chapter in chapters:
        by_script[chapter.gate.script].append(chapter)
    for script, those in by_script.items():
        _read(those, script, used)


def _hear(chapter: _Chapter, used: Engines) -> None:
    """Ask the second engine of a chapter whose pairs of letters are read."""
    chapter.opinion = used.second.opinion(chapter.sample) if used.second else None
    chapter.is_mixed = _is_mixed(chapter)


def _read(chapters: Sequence[_Chapter], script: str, used: Engines) -> None:
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


def _alike(chapters: Sequence[_Chapter]) -> Iterable[Sequence[_Chapter]]:
    """Chapters that look alike together, and each that is not sure to be of one kind for itself."""
    if len(chapters) == 1:
        return [chapters]
    pools: defaultdict[tuple[object, ...], list[_Chapter]] = defaultdict(list)
    for chapter in chapters:
        script = chapter.gate.script
        kind: tuple[object, ...] = (script, chapter.label, _spoken(chapter.opinion))
        if chapter.is_mixed or (script in PROFILES and chapter.label is None):
            kind = (chapter.key,)
        pools[kind].append(chapter)
    return pools.values()


def _spoken(opinion: Opinion | None) -> str | None:
    return group(opinion.language) if opinion and opinion.language else None


def _is_mixed(chapter: _Chapter) -> bool:
    """Whether a chapter may be in two scripts or languages.

    The pairs of letters of a language that only the second engine knows look like those of several others.
    """
    if _knows_better(chapter.opinion, None):
        return False
    if chapter.whole.script != chapter.gate.script or min(chapter.whole.share, chapter.gate.share) < MAIN_SCRIPT:
        return True
    return chapter.is_mixed


def _decided(pool: Sequence[_Chapter], declared: str | None, used: Engines) -> list[Detection]:
    if len(pool) == 1:
        return [_examined(pool[0], used)]
    guess = _guess(_joint_sample(pool), pool[0].gate.script, used)
    if guess is None or guess.confidence < SURE_CONFIDENCE:
        return [_examined(each, used) for each in pool]
    return [_judged(each, guess, used) if _fits(guess, each, declared) else _examined(each, used) for each in pool]


def _joint_sample(pool: Sequence[_Chapter]) -> str:
    pieces = [piece for each in pool for piece in each.pieces]
    chosen = [pieces[(2 * index + 1) * len(pieces) // (2 * WINDOWS)] for index in range(min(WINDOWS, len(pieces)))]
    return " ".join(chosen if len(pieces) > WINDOWS else pieces)


def _fits(guess: Guess, chapter: _Chapter, declared: str | None) -> bool:
    """Whether what was found in windows of several chapters holds for one of them."""
    if chapter.label is not None and not same_language(chapter.label, guess.language):
        return False
    if declared and not same_language(declared, guess.language) and _could_be(declared, chapter):
        return False
    return _concurs(chapter.opinion, guess) or _knows_better(chapter.opinion, guess)


def _could_be(declared: str, chapter: _Chapter) -> bool:
    """Whether a chapter could be in the declared language after all, as far as its letters and their pairs tell."""
    return is_stated(declared) and chapter.reading is not None and not chapter.reading.excludes(declared)


def is_known(tag: str) -> bool:
    """Whether langdetect knows a language, given as BCP 47 tag."""
    return any(same_language(tag, known) for known in language_engines.KNOWN)


def _examined(chapter: _Chapter, used: Engines) -> Detection:
    """The language of a chapter by itself."""
    if len(chapter.pieces) < WINDOWS and len(chapter.text) > WINDOWS * WINDOW_CHARS:
        _compared(_looked(chapter, WINDOWS), used)
    mixed = chapter.is_mixed
    if mixed:
        _part(chapter, used)
    guess = _guess(chapter.sample, chapter.gate.script, used)
    if _knows_better(chapter.opinion, guess):
        return _judged(chapter, guess, used)
    if not mixed and (guess is None or guess.confidence < SURE_CONFIDENCE or _is_disputed(chapter, guess)):
        guess, chapter.opinion = _second_look(chapter, guess, used)
    return _judged(chapter, guess, used)


def _part(chapter: _Chapter, used: Engines) -> None:
    """Reduce a chapter of several scripts or languages to windows in the language of most of it."""
    if len(chapter.text) > WINDOWS * WINDOW_CHARS:
        _sample(chapter, [piece for piece in map(cleaned, slices(chapter.text, RETRY_WINDOWS, RETRY_CHARS)) if piece])
        _compared(chapter, used)
    reading = used.pairs.read(chapter.pieces, chapter.gate.script) if used.pairs else None
    usual = reading.usual() if reading else None
    if reading is None or usual is None:
        return
    foreign = reading.foreign(usual)
    own = [piece for piece, out, size in zip(chapter.pieces, foreign, reading.sizes, strict=True) if size and not out]
    chapter.share = 1 - int(reading.sizes[foreign].sum()) / int(reading.sizes.sum())
    gate = chapter.gate
    _sample(chapter, own[: 2 * WINDOWS])
    _compared(chapter, used)
    chapter.gate = gate


def _judged(chapter: _Chapter, guess: Guess | None, used: Engines) -> Detection:
    """What a guess is worth for one chapter."""
    opinion, letters, share = chapter.opinion, chapter.letters, chapter.share
    part = 1.0 if share >= MAIN_LANGUAGE else share
    if opinion and opinion.language and _knows_better(opinion, guess):
        sure = letters >= SURE_LETTERS and share >= MAIN_LANGUAGE
        status = LanguageStatus.SECOND if sure else LanguageStatus.LOW
        return Detection(opinion.language, round(opinion.confidence * part, 4), status, letters, opinion.language)
    if guess is None:
        return Detection(None, None, LanguageStatus.UNDETERMINED, letters)
    sure = (
        letters >= SURE_LETTERS
        and guess.confidence >= SURE_CONFIDENCE
        and chapter.gate.share >= MAIN_SCRIPT
        and share >= MAIN_LANGUAGE
        and not _is_disputed(chapter, guess)
        and not (opinion is None and _is_strange(chapter.sample, chapter.gate.script, used))
        and not is_degenerate(chapter.sample)
    )
    status = LanguageStatus.RELIABLE if sure else LanguageStatus.LOW
    second = opinion.language if opinion else None
    return Detection(guess.language, round(guess.confidence * part, 4), status, letters, second)


def _guess(sample: str, script: str, used: Engines) -> Guess | None:
    return _best(_votes(sample, script, used))


def _votes(sample: str, script: str, used: Engines) -> list[tuple[str, float]]:
    """Languages and probabilities: of the script alone where it leaves one language, else of langdetect."""
    if script in SINGLE:
        return [(SINGLE[script], 1.0)]
    if script not in PROFILES:
        return []
    found = used.first.probabilities(sample, script)
    return [(tag, probability) for code, probability in found if (tag := tag_of(code))]


def _best(votes: Sequence[tuple[str, float]]) -> Guess | None:
    return Guess(*min(votes, key=lambda vote: (-vote[1], vote[0]))) if votes else None


def _knows_better(opinion: Opinion | None, guess: Guess | None) -> bool:
    """Whether the second engine is sure of a language, in most of the text, that the first does not know."""
    if opinion is None or opinion.language is None or not opinion.is_reliable or opinion.confidence < MAIN_LANGUAGE:
        return False
    if opinion.language in language_engines.KNOWN or opinion.language in AUXILIARY:
        return False
    return guess is None or not same_language(opinion.language, guess.language)


def _concurs(opinion: Opinion | None, guess: Guess) -> bool:
    """Whether nothing stands against a guess: an engine that abstains does, one that is not installed does not."""
    return opinion is None or (opinion.language is not None and same_language(opinion.language, guess.language))


def _is_disputed(chapter: _Chapter, guess: Guess) -> bool:
    """Whether anything in a chapter stands against a guess."""
    if not _concurs(chapter.opinion, guess):
        return True
    if chapter.label is not None and same_language(chapter.label, guess.language):
        return False
    return bool(chapter.reading and chapter.reading.differs(guess.language))


def _is_strange(sample: str, script: str, used: Engines) -> bool:
    """Whether a text has more letters than a foreign name or two that langdetect's languages do not write."""
    if script not in PROFILES:
        return False
    return used.first.strange_letters(sample, script) > max(2, len(sample) // 250)


def _second_look(chapter: _Chapter, guess: Guess | None, used: Engines) -> tuple[Guess | None, Opinion | None]:
    """A vote of up to 16 windows, each by probability and length; the first answers where there is no room."""
    script = chapter.gate.script
    pieces = [piece for piece in map(cleaned, slices(chapter.text, RETRY_WINDOWS, RETRY_CHARS)) if piece]
    if script not in PROFILES or len(pieces) < 3:
        return guess, chapter.opinion
    weights: defaultdict[str, list[float]] = defaultdict(list)
    for piece in pieces:
        for language, probability in _votes(piece, script, used):
            weights[language].append(probability * len(piece))
    total = sum(map(len, pieces))
    voted = _best([(language, fsum(parts) / total) for language, parts in weights.items()])
    return voted or guess, used.second.opinion(" ".join(pieces)) if used.second else None


def is_degenerate(sample: str) -> bool:
    """Whether a cleaned text is the same few words or letters again and again, such as a refrain or a scream.

    Where its first part alone is varied enough for all, no more is looked at.
    """
    count = sample.count(" ") + 1
    if count >= 20 and len(set(sample[:_GLANCE].split())) < count / 5 and len(set(sample.split())) < count / 5:
        return True
    return not (_is_varied(sample[:_SHORT_GLANCE]) or _is_varied(sample))


def _is_varied(text: str) -> bool:
    return sum(map(str.isalpha, set(text))) >= _VARIED
