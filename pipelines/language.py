"""Which language a chapter and a work are written in, and how far to trust the answer.

langdetect, repaired from outside: a script gate, lower case, profiles of Latin and Esperanto, windows spread over
the body. The declared language of a work
is never a prior: stated and found stay independent signals until ``combine`` holds one against the other.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import fsum
from typing import NamedTuple

from pipelines import language_engines
from pipelines.language_engines import Engines, Guess, Opinion
from pipelines.language_scripts import PROFILES, SINGLE, Gate, gate
from pipelines.language_tags import group, is_stated, same_language, settled, tag_of
from pipelines.language_windows import cleaned, condensed, count_letters, slices, windows
from schemas.tables import LanguageShare
from schemas.vocabulary import LanguageStatus

__all__ = ["Detection", "WorkLanguage", "combine", "detect", "detect_many", "engines", "same_language"]

WINDOWS, WINDOW_CHARS = 5, 200
RETRY_WINDOWS, RETRY_CHARS = 16, 120
STRATEGY = "w5x200-cat/w16x120-vote/gate1/clean1"

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
"""A work is in one language if that makes up this part of its letters."""


class Detection(NamedTuple):
    """The language of one chapter."""

    language: str | None
    """BCP 47 tag; ``None`` below 60 letters or without any answer."""
    confidence: float | None
    """0 to 1, four digits; ``None`` where ``language`` is."""
    status: LanguageStatus
    letters: int
    """Letters of the whole text."""
    second: str | None = None
    """What the second engine says; ``None`` where it abstains, was not asked or is not installed."""


@dataclass(frozen=True, slots=True)
class WorkLanguage:
    """The language of a work."""

    language: str
    """BCP 47 tag: the detected language where it is sure, else the declared one, else the guess, else ``und``."""
    detected: str | None
    confidence: float | None
    """The chapters' confidence in ``detected``, weighted by letters; chapters in another language count 0."""
    status: LanguageStatus
    agrees: bool | None
    """Whether declared and detected language are one or of one group; ``None`` unless both are known."""
    shares: tuple[LanguageShare, ...]
    """Languages by their part of the work's letters, largest first; what is missing to 1 is undetermined."""


def engines() -> dict[str, str]:
    """The method in force, for a manifest: engines with versions and reasons, digest of the profiles, strategy."""
    return {**language_engines.load().methods, "language_strategy": STRATEGY}


def detect_many(texts: Sequence[str]) -> list[Detection]:
    """``detect`` of each text. Equal texts are looked at once."""
    known = {text: detect(text) for text in dict.fromkeys(texts)}
    return [known[text] for text in texts]


def detect(text: str) -> Detection:
    """The language of one chapter's clean body, whatever it holds; raises nothing.

    Reads at most 5 windows of 200 characters, and 16 of 120 where these leave a doubt. Reliable means: at least
    150 letters, confidence of at least 0.99, most of it in one script, words that are not the same few again
    and again, and a second engine that says the same; without one, no letters that none of langdetect's languages
    writes.
    """
    letters = count_letters(text)
    if letters == 0:
        return Detection(None, None, LanguageStatus.NO_LANGUAGE, 0)
    if letters < MIN_LETTERS:
        return Detection(None, None, LanguageStatus.UNDETERMINED, letters)
    pieces = windows(text, WINDOWS, WINDOW_CHARS)
    if len(pieces) > 1 and sum(map(count_letters, pieces)) < SURE_LETTERS:
        text = condensed(text)
        pieces = windows(text, WINDOWS, WINDOW_CHARS)
    sample = " ".join(map(cleaned, pieces))
    allowed = gate(sample)
    return _judged(text, sample, allowed, letters, language_engines.load())


def _judged(text: str, sample: str, allowed: Gate, letters: int, used: Engines) -> Detection:
    guess = _guess(sample, allowed, used)
    opinion = used.second.opinion(sample) if used.second else None
    if opinion and _knows_better(opinion, guess):
        status = LanguageStatus.SECOND if letters >= SURE_LETTERS else LanguageStatus.LOW
        return Detection(opinion.language, round(opinion.confidence, 4), status, letters, opinion.language)
    if guess is None or guess.confidence < SURE_CONFIDENCE or not _concurs(opinion, guess):
        guess, opinion = _second_look(text, allowed, guess, opinion, used)
    if guess is None:
        return Detection(None, None, LanguageStatus.UNDETERMINED, letters)
    sure = (
        letters >= SURE_LETTERS
        and guess.confidence >= SURE_CONFIDENCE
        and allowed.share >= MAIN_SCRIPT
        and _concurs(opinion, guess)
        and not (opinion is None and _is_strange(sample, allowed.script, used))
        and not is_degenerate(sample)
    )
    status = LanguageStatus.RELIABLE if sure else LanguageStatus.LOW
    second = opinion.language if opinion else None
    return Detection(guess.language, round(guess.confidence, 4), status, letters, second)


def _guess(sample: str, allowed: Gate, used: Engines) -> Guess | None:
    votes = _votes(sample, allowed, used)
    return _best(votes)


def _votes(sample: str, allowed: Gate, used: Engines) -> list[tuple[str, float]]:
    """Languages and probabilities: of the script alone where it leaves one language, else of langdetect."""
    if allowed.script in SINGLE:
        return [(SINGLE[allowed.script], 1.0)]
    if allowed.script not in PROFILES:
        return []
    found = used.first.probabilities(sample, allowed.script)
    return [(tag, probability) for code, probability in found if (tag := tag_of(code))]


def _best(votes: Sequence[tuple[str, float]]) -> Guess | None:
    return Guess(*min(votes, key=lambda vote: (-vote[1], vote[0]))) if votes else None


def _knows_better(opinion: Opinion, guess: Guess | None) -> bool:
    """Whether the second engine is sure of a language that the first does not know."""
    if opinion.language is None or not opinion.is_reliable:
        return False
    if opinion.language in language_engines.KNOWN or opinion.language in AUXILIARY:
        return False
    return guess is None or not same_language(opinion.language, guess.language)


def _concurs(opinion: Opinion | None, guess: Guess) -> bool:
    """Whether nothing stands against a guess: an engine that abstains does, one that is not installed does not."""
    return opinion is None or (opinion.language is not None and same_language(opinion.language, guess.language))


def _is_strange(sample: str, script: str, used: Engines) -> bool:
    """Whether a text has more letters than a foreign name or two that langdetect's languages do not write."""
    if script not in PROFILES:
        return False
    return used.first.strange_letters(sample, script) > max(2, len(sample) // 250)


def _second_look(
    text: str, allowed: Gate, guess: Guess | None, opinion: Opinion | None, used: Engines
) -> tuple[Guess | None, Opinion | None]:
    """A vote of up to 16 windows, each by probability and length; the first answers where there is no room."""
    pieces = [piece for piece in map(cleaned, slices(text, RETRY_WINDOWS, RETRY_CHARS)) if piece]
    if allowed.script not in PROFILES or len(pieces) < 3:
        return guess, opinion
    weights: defaultdict[str, list[float]] = defaultdict(list)
    for piece in pieces:
        for language, probability in _votes(piece, allowed, used):
            weights[language].append(probability * len(piece))
    total = sum(map(len, pieces))
    voted = _best([(language, fsum(parts) / total) for language, parts in weights.items()])
    return voted or guess, used.second.opinion(" ".join(pieces)) if used.second else None


def is_degenerate(sample: str) -> bool:
    """Whether a text is the same few words or letters again and again, such as a refrain or a scream."""
    words = sample.split()
    if len(words) >= 20 and len(set(words)) < len(words) / 5:
        return True
    return sum(map(str.isalpha, set(sample))) < 8


def combine(detections: Sequence[Detection], declared: str | None) -> WorkLanguage:
    """The language of a work from its chapters', weighted by their letters, held against the declared one.

    The main language, or group of languages that no engine tells apart, has most letters. It is sure if sure
    chapters in it make up at least 80 % of the work's letters: a bilingual work is ``low``, and ``shares`` tell
    its languages. A declared language that the engines do not know cannot be contradicted by langdetect alone,
    which would give it some other name: then the answer is ``low`` and ``agrees`` is ``None``.
    """
    declared = declared if is_stated(declared) else None
    total = sum(each.letters for each in detections)
    by_language = _letters_by_language(detections)
    shares = tuple(LanguageShare(language=tag, share=round(part / total, 4)) for tag, part in by_language)
    if not by_language:
        status = LanguageStatus.UNDETERMINED if total else LanguageStatus.NO_LANGUAGE
        return WorkLanguage(declared or "und", None, None, status, None, shares)
    detected, main = _main(detections, by_language)
    status = _status(main, total)
    confidence = round(fsum((each.confidence or 0.0) * each.letters for each in main) / total, 4)
    agrees = None if declared is None else same_language(declared, detected)
    if declared and not agrees and not _could_know(declared, main):
        status, agrees = LanguageStatus.LOW, None
    is_sure = status in {LanguageStatus.RELIABLE, LanguageStatus.SECOND}
    language = settled(detected, declared) if is_sure else declared or detected
    return WorkLanguage(language, detected, confidence, status, agrees, shares)


def _letters_by_language(detections: Iterable[Detection]) -> list[tuple[str, int]]:
    """Letters of each detected language, most first, then by tag."""
    letters: defaultdict[str, int] = defaultdict(int)
    for each in detections:
        if each.language:
            letters[each.language] += each.letters
    return sorted(letters.items(), key=lambda item: (-item[1], item[0]))


def _main(detections: Iterable[Detection], by_language: Sequence[tuple[str, int]]) -> tuple[str, list[Detection]]:
    """The largest language of the largest group, and the chapters in that group."""
    groups: defaultdict[str, int] = defaultdict(int)
    for language, letters in by_language:
        groups[group(language)] += letters
    main = min(groups, key=lambda name: (-groups[name], name))
    detected = next(language for language, _ in by_language if group(language) == main)
    return detected, [each for each in detections if each.language and group(each.language) == main]


def _status(main: Iterable[Detection], total: int) -> LanguageStatus:
    letters: defaultdict[LanguageStatus, int] = defaultdict(int)
    for each in main:
        letters[each.status] += each.letters
    reliable, second = letters[LanguageStatus.RELIABLE], letters[LanguageStatus.SECOND]
    if reliable + second < MAIN_LANGUAGE * total:
        return LanguageStatus.LOW
    return LanguageStatus.RELIABLE if reliable >= second else LanguageStatus.SECOND


def _could_know(declared: str, main: Iterable[Detection]) -> bool:
    """Whether an engine that took part would have known the declared language: a second one knows them all."""
    return any(each.second for each in main) or any(same_language(declared, known) for known in language_engines.KNOWN)
