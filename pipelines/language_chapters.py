"""Which languages the chapters of a work are written in, and how far to trust each answer.

What is cheap is done for every chapter: letters and scripts of the whole text, pairs of letters of its windows, the
second engine. Chapters that these leave alike are decided by one call of langdetect on windows of them all.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from math import fsum
from string import ascii_lowercase
from typing import NamedTuple

from pipelines import language_engines
from pipelines.clean_groups import Counted
from pipelines.language_engines import Engines, Guess, Opinion
from pipelines.language_looks import (
    MAIN_LANGUAGE,
    MAIN_SCRIPT,
    SURE_LETTERS,
    WINDOW_CHARS,
    WINDOWS,
    Look,
    compare,
    hear,
    knows_better,
    look_at,
    read_all,
    take,
)
from pipelines.language_scripts import (
    PROFILES,
    SINGLE,
    gate_of,
    letters_by_scripts,
)
from pipelines.language_tags import group, is_stated, same_language, tag_of
from pipelines.language_windows import cleaned, slices
from schemas.vocabulary import LanguageStatus

LEAST_WINDOWS, MOST_WINDOWS = 3, 10
"""Windows of one of many chapters, and about how many are read of a work whose chapters are alike."""
RETRY_WINDOWS, RETRY_CHARS = 16, 120
STRATEGY = "work-w5x200-cat/pairs1/w16x120-vote/gate1/clean1"

MIN_LETTERS = 60
"""Fewer letters are right too rarely to be called an answer."""
SURE_CONFIDENCE = 0.99
"""langdetect's number is a share of seven votes: 6/7 is right two times in three."""
_GLANCE, _SHORT_GLANCE = 400, 60
_VARIED = 8
_LETTERS = frozenset(ascii_lowercase)


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


class Body(NamedTuple):
    """The texts of a work."""

    texts: Sequence[str]
    """Clean bodies of its chapters."""
    declared: str | None = None
    """The language that it is said to be in, as BCP 47 tag."""
    counted: Sequence[Counted] | None = None
    """What is counted of the texts, where that is at hand."""


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
    opened = _opened(bodies, begin)
    read_all([chapter for each in opened for chapter in each.chapters], used)
    found = []
    for number, (body, each) in enumerate(zip(bodies, opened, strict=True)):
        begin(number)
        found.append(each.decided(body, used))
    return found


@dataclass(slots=True)
class _Opened:
    """What is known of a work before langdetect is asked."""

    texts: Sequence[str]
    """Its distinct texts."""
    found: list[Detection | None]
    """Of each."""
    chapters: list[Look]
    """Those of the texts that have letters enough."""

    def decided(self, body: Body, used: Engines) -> list[Detection]:
        """The languages of all texts of the work."""
        for chapter in self.chapters:
            hear(chapter, used)
        for pool in _alike(self.chapters):
            for chapter, detection in zip(pool, _decided(pool, body.declared, used), strict=True):
                self.found[chapter.key] = detection
        if self.texts is body.texts:
            return [each for each in self.found if each]
        by_text = dict(zip(self.texts, self.found, strict=True))
        return [each for text in body.texts if (each := by_text[text])]


def _opened(bodies: Sequence[Body], begin: Callable[[int], None]) -> list[_Opened]:
    """What is known of each of some works: letters are counted and windows taken of all together."""
    opened = [_Opened(_distinct(body.texts), [], []) for body in bodies]
    texts = [text for each in opened for text in each.texts]
    counted = [known for body, each in zip(bodies, opened, strict=True) for known in _known(body, each.texts)]
    letters_of = iter(letters_by_scripts(texts, counted))
    by_count: defaultdict[int, list[Look]] = defaultdict(list)
    for number, each in enumerate(opened):
        begin(number)
        for key, (text, by_script) in enumerate(zip(each.texts, islice(letters_of, len(each.texts)), strict=True)):
            letters = sum(by_script.values())
            if letters >= MIN_LETTERS:
                each.found.append(None)
                each.chapters.append(Look(key, text, letters, gate_of(by_script)))
            else:
                status = LanguageStatus.UNDETERMINED if letters else LanguageStatus.NO_LANGUAGE
                each.found.append(Detection(None, None, status, letters))
        count = max(LEAST_WINDOWS, min(WINDOWS, MOST_WINDOWS // max(1, len(each.texts))))
        by_count[count] += each.chapters
    for count, chapters in by_count.items():
        look_at(chapters, count)
    return opened


def _known(body: Body, texts: Sequence[str]) -> Sequence[Counted | None]:
    return body.counted if body.counted and texts is body.texts else [None] * len(texts)


def _distinct(texts: Sequence[str]) -> Sequence[str]:
    """Each text once; texts of different lengths, which most are, need not be hashed to be told apart."""
    return texts if len(set(map(len, texts))) == len(texts) else list(dict.fromkeys(texts))


def _alike(chapters: Sequence[Look]) -> Iterable[Sequence[Look]]:
    """Chapters that look alike together, and each that is not sure to be of one kind for itself."""
    if len(chapters) == 1:
        return [chapters]
    pools: defaultdict[tuple[object, ...], list[Look]] = defaultdict(list)
    for chapter in chapters:
        script = chapter.gate.script
        kind: tuple[object, ...] = (script, chapter.label, _spoken(chapter.opinion))
        if chapter.is_mixed or (script in PROFILES and chapter.label is None):
            kind = (chapter.key,)
        pools[kind].append(chapter)
    return pools.values()


def _spoken(opinion: Opinion | None) -> str | None:
    return group(opinion.language) if opinion and opinion.language else None


def _decided(pool: Sequence[Look], declared: str | None, used: Engines) -> list[Detection]:
    if len(pool) == 1:
        return [_examined(pool[0], used)]
    guess = _guess(_joint_sample(pool), pool[0].gate.script, used)
    if guess is None or guess.confidence < SURE_CONFIDENCE:
        return [_examined(each, used) for each in pool]
    return [_judged(each, guess, used) if _fits(guess, each, declared) else _examined(each, used) for each in pool]


def _joint_sample(pool: Sequence[Look]) -> str:
    pieces = [piece for each in pool for piece in each.pieces]
    chosen = [pieces[(2 * index + 1) * len(pieces) // (2 * WINDOWS)] for index in range(min(WINDOWS, len(pieces)))]
    return " ".join(chosen if len(pieces) > WINDOWS else pieces)


def _fits(guess: Guess, chapter: Look, declared: str | None) -> bool:
    """Whether what was found in windows of several chapters holds for one of them."""
    if chapter.label is not None and not same_language(chapter.label, guess.language):
        return False
    if declared and not same_language(declared, guess.language) and _could_be(declared, chapter):
        return False
    return _concurs(chapter.opinion, guess) or knows_better(chapter.opinion, guess)


def _could_be(declared: str, chapter: Look) -> bool:
    """Whether a chapter could be in the declared language after all, as far as its letters and their pairs tell."""
    return is_stated(declared) and chapter.reading is not None and not chapter.reading.excludes(declared)


def is_known(tag: str) -> bool:
    """Whether langdetect knows a language, given as BCP 47 tag."""
    return any(same_language(tag, known) for known in language_engines.KNOWN)


def _examined(chapter: Look, used: Engines) -> Detection:
    """The language of a chapter by itself."""
    if len(chapter.pieces) < WINDOWS and len(chapter.text) > WINDOWS * WINDOW_CHARS:
        look_at([chapter], WINDOWS)
        compare(chapter, used)
    mixed = chapter.is_mixed
    if mixed:
        _part(chapter, used)
    guess = _guess(chapter.sample, chapter.gate.script, used)
    if knows_better(chapter.opinion, guess):
        return _judged(chapter, guess, used)
    if not mixed and (guess is None or guess.confidence < SURE_CONFIDENCE or _is_disputed(chapter, guess)):
        guess, chapter.opinion = _second_look(chapter, guess, used)
    return _judged(chapter, guess, used)


def _part(chapter: Look, used: Engines) -> None:
    """Reduce a chapter of several scripts or languages to windows in the language of most of it."""
    if len(chapter.text) > WINDOWS * WINDOW_CHARS:
        take(chapter, [piece for piece in map(cleaned, slices(chapter.text, RETRY_WINDOWS, RETRY_CHARS)) if piece])
        compare(chapter, used)
    reading = used.pairs.read(chapter.pieces, chapter.gate.script) if used.pairs else None
    usual = reading.usual() if reading else None
    if reading is None or usual is None:
        return
    foreign = reading.foreign(usual)
    own = [piece for piece, out, size in zip(chapter.pieces, foreign, reading.sizes, strict=True) if size and not out]
    chapter.share = 1 - int(reading.sizes[foreign].sum()) / int(reading.sizes.sum())
    gate = chapter.gate
    take(chapter, own[: 2 * WINDOWS])
    compare(chapter, used)
    chapter.gate = gate


def _judged(chapter: Look, guess: Guess | None, used: Engines) -> Detection:
    """What a guess is worth for one chapter."""
    opinion, letters, share = chapter.opinion, chapter.letters, chapter.share
    part = 1.0 if share >= MAIN_LANGUAGE else share
    if opinion and opinion.language and knows_better(opinion, guess):
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


def _concurs(opinion: Opinion | None, guess: Guess) -> bool:
    """Whether nothing stands against a guess: an engine that abstains does, one that is not installed does not."""
    return opinion is None or (opinion.language is not None and same_language(opinion.language, guess.language))


def _is_disputed(chapter: Look, guess: Guess) -> bool:
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


def _second_look(chapter: Look, guess: Guess | None, used: Engines) -> tuple[Guess | None, Opinion | None]:
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
    few = count / 5
    if count >= 20 and len(set(sample[: 2 * count].split()[:-1])) < few and _is_repeated(sample, few):
        return True
    return not (_is_varied(sample[:_SHORT_GLANCE]) or _is_varied(sample))


def _is_repeated(sample: str, few: float) -> bool:
    return len(set(sample[:_GLANCE].split())) < few and len(set(sample.split())) < few


def _is_varied(text: str) -> bool:
    letters = set(text)
    return len(_LETTERS & letters) >= _VARIED or sum(map(str.isalpha, letters)) >= _VARIED
