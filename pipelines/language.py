"""Which language a work is written in, and how far to trust the answer.

langdetect, repaired from outside: a script gate, lower case, profiles of Latin and Esperanto, windows spread over
the body (``language_chapters``). The declared language of a work is never a prior: stated and found stay
independent signals until ``combine`` holds one against the other. It can only have chapters examined more closely.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import fsum

from pipelines import language_engines
from pipelines.language_chapters import (
    STRATEGY,
    Body,
    Detection,
    detect,
    detect_many,
    detect_works,
    is_known,
)
from pipelines.language_looks import MAIN_LANGUAGE
from pipelines.language_tags import group, is_stated, same_language, settled
from schemas.tables import LanguageShare
from schemas.vocabulary import LanguageStatus

__all__ = [
    "Body",
    "Detection",
    "WorkLanguage",
    "combine",
    "detect",
    "detect_many",
    "detect_works",
    "engines",
    "same_language",
]


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
    return any(each.second for each in main) or is_known(declared)
