"""The closed vocabularies, and how the archives' own words map onto them.

A raw value is always kept beside its normalised one; what cannot be mapped stays ``None``
rather than being guessed.
"""

from __future__ import annotations

import re
import unicodedata
from enum import StrEnum
from functools import lru_cache


class Rating(StrEnum):
    """For whom a work is meant. FanFiction.net and FimFiction know no ``explicit``."""

    GENERAL = "general"
    TEEN = "teen"
    MATURE = "mature"
    EXPLICIT = "explicit"
    NOT_RATED = "not_rated"


class Status(StrEnum):
    """Whether the author has finished the work."""

    COMPLETE = "complete"
    IN_PROGRESS = "in_progress"
    HIATUS = "hiatus"
    ABANDONED = "abandoned"


class ArchiveWarning(StrEnum):
    """The archive warnings of AO3-type archives.

    ``choose_not_to_warn`` says nothing of the content and is never the same as ``no_warnings_apply``.
    """

    NO_WARNINGS_APPLY = "no_warnings_apply"
    CHOOSE_NOT_TO_WARN = "choose_not_to_warn"
    GRAPHIC_VIOLENCE = "graphic_violence"
    MAJOR_CHARACTER_DEATH = "major_character_death"
    RAPE_NONCON = "rape_noncon"
    UNDERAGE = "underage"


class Category(StrEnum):
    """The kinds of relationship that an AO3-type archive files a work under."""

    FF = "f/f"
    FM = "f/m"
    GEN = "gen"
    MM = "m/m"
    MULTI = "multi"
    OTHER = "other"


class RelationshipKind(StrEnum):
    """``A/B`` is romantic, ``A & B`` is platonic; what is written otherwise is ``other``."""

    ROMANTIC = "romantic"
    PLATONIC = "platonic"
    OTHER = "other"


class AuthorKind(StrEnum):
    """What stands behind a byline. ``anonymous`` and ``orphaned`` are no persons."""

    USER = "user"
    ANONYMOUS = "anonymous"
    ORPHANED = "orphaned"
    GUEST = "guest"
    UNKNOWN = "unknown"


class LanguageStatus(StrEnum):
    """How far the detected language can be trusted."""

    RELIABLE = "reliable"
    """At least 150 letters, confidence of at least 0.99, and no second opinion against it."""
    SECOND = "second"
    """Only the second engine knows this language, and is sure of it."""
    LOW = "low"
    """A guess: short text, low confidence, or engines that disagree."""
    UNDETERMINED = "und"
    """Fewer than 60 letters, or no features."""
    NO_LANGUAGE = "zxx"
    """No letters at all."""


_RATINGS = {
    # AO3 and other OTW archives
    "general audiences": Rating.GENERAL,
    "teen and up audiences": Rating.TEEN,
    "mature": Rating.MATURE,
    "explicit": Rating.EXPLICIT,
    "not rated": Rating.NOT_RATED,
    # FanFiction.net and FictionPress ("Fiction T"), which print the letter alone or with "Rated:"
    "k": Rating.GENERAL,
    "k+": Rating.GENERAL,
    "t": Rating.TEEN,
    "m": Rating.MATURE,
    "ma": Rating.EXPLICIT,
    # FimFiction
    "everyone": Rating.GENERAL,
    "teen": Rating.TEEN,
    # film ratings of mailing lists and eFiction archives
    "g": Rating.GENERAL,
    "pg": Rating.GENERAL,
    "pg-13": Rating.TEEN,
    "pg13": Rating.TEEN,
    "pg-15": Rating.TEEN,
    "r": Rating.MATURE,
    "nc-17": Rating.EXPLICIT,
    "nc17": Rating.EXPLICIT,
    "frc": Rating.GENERAL,
    "frt": Rating.TEEN,
    "frt-13": Rating.TEEN,
    "frm": Rating.MATURE,
    "frao": Rating.EXPLICIT,
    "fr7": Rating.GENERAL,
    "fr13": Rating.TEEN,
    "fr15": Rating.TEEN,
    "fr18": Rating.MATURE,
    "fr21": Rating.EXPLICIT,
    "adult": Rating.EXPLICIT,
    "general": Rating.GENERAL,
    "all ages": Rating.GENERAL,
    "unrated": Rating.NOT_RATED,
}
_RATING_NOISE = re.compile(r"^(?:(?:rated\s*:?|fiction)\s*)+", re.IGNORECASE)


def rating_of(raw: str | None) -> Rating | None:
    """The rating that an archive's own word stands for, or ``None``.

    A word with an explanation (``PG-13 for language``) is taken by its first word.
    """
    if raw is None:
        return None
    words = _RATING_NOISE.sub("", raw.strip()).casefold()
    if words in _RATINGS:
        return _RATINGS[words]
    first = re.split(r"[\s,;:(/]", words, maxsplit=1)[0]
    return _RATINGS.get(first)


_STATUSES = {
    "complete": Status.COMPLETE,
    "complete work": Status.COMPLETE,
    "completed": Status.COMPLETE,
    "finished": Status.COMPLETE,
    "in progress": Status.IN_PROGRESS,
    "in-progress": Status.IN_PROGRESS,
    "incomplete": Status.IN_PROGRESS,
    "work in progress": Status.IN_PROGRESS,
    "wip": Status.IN_PROGRESS,
    "ongoing": Status.IN_PROGRESS,
    "updated": Status.IN_PROGRESS,
    "unfinished": Status.IN_PROGRESS,
    "hiatus": Status.HIATUS,
    "on hiatus": Status.HIATUS,
    "abandoned": Status.ABANDONED,
    "cancelled": Status.ABANDONED,
    "dropped": Status.ABANDONED,
    "discontinued": Status.ABANDONED,
}


def status_of(raw: str | None) -> Status | None:
    """The status that an archive's own word stands for, or ``None``."""
    return None if raw is None else _STATUSES.get(raw.strip().rstrip(".!").casefold())


_WARNINGS = {
    "no archive warnings apply": ArchiveWarning.NO_WARNINGS_APPLY,
    "choose not to use archive warnings": ArchiveWarning.CHOOSE_NOT_TO_WARN,
    "creator chose not to use archive warnings": ArchiveWarning.CHOOSE_NOT_TO_WARN,
    "author chose not to use archive warnings": ArchiveWarning.CHOOSE_NOT_TO_WARN,
    "graphic depictions of violence": ArchiveWarning.GRAPHIC_VIOLENCE,
    "major character death": ArchiveWarning.MAJOR_CHARACTER_DEATH,
    "rape/non-con": ArchiveWarning.RAPE_NONCON,
    "underage": ArchiveWarning.UNDERAGE,
    "underage sex": ArchiveWarning.UNDERAGE,
}


def warning_of(raw: str) -> ArchiveWarning | None:
    """The archive warning that a raw value names, or ``None`` (an archive's or author's own warning)."""
    return _WARNINGS.get(raw.strip().casefold())


_CATEGORIES = {str(category): category for category in Category} | {
    "slash": Category.MM,
    "femslash": Category.FF,
    "het": Category.FM,
    "m/f": Category.FM,
    "general": Category.GEN,
}


def category_of(raw: str) -> Category | None:
    """The category that a raw value names, or ``None``."""
    return _CATEGORIES.get(raw.strip().casefold())


def relationship_kind(raw: str) -> RelationshipKind:
    """Kind of a relationship tag by its spelling: ``/`` and FanFiction.net's ``[A, B]`` are romantic.

    ``A & B/C`` holds a romance and counts as romantic.
    """
    tag = raw.strip()
    if "/" in tag or (tag.startswith("[") and tag.endswith("]") and "," in tag):
        return RelationshipKind.ROMANTIC
    return RelationshipKind.PLATONIC if " & " in tag else RelationshipKind.OTHER


# Names that archives print and that no language library knows, or knows as something else.
_LANGUAGE_NAMES = {
    "中文-普通话 國語": "zh",
    "中文-普通话": "zh",
    "中文-廣東話 粵語": "yue",
    "中文-吴语 吳語": "wuu",
    "中文-客家話": "hak",
    "中文-閩南話 臺語": "nan",
    "简体中文": "zh-Hans",
    "繁體中文": "zh-Hant",
    "português brasileiro": "pt-BR",
    "português europeu": "pt-PT",
    "ptbr": "pt-BR",
    "ptpt": "pt-PT",
    "filipino": "fil",
    "bahasa malaysia": "ms",
    "norsk": "no",
    "british english": "en-GB",
    "american english": "en-US",
}


@lru_cache(maxsize=4096)
def language_of(raw: str) -> str | None:
    """BCP 47 tag of a language named in any way: ``English``, ``Español``, ``pt_BR``, ``deu``; else ``None``."""
    words = unicodedata.normalize("NFC", raw).strip().casefold()
    if not words:
        return None
    if words in _LANGUAGE_NAMES:
        return _LANGUAGE_NAMES[words]
    import langcodes  # noqa: PLC0415 - most processes ask for no other names: it loads for 40 ms

    if re.fullmatch(r"[a-z]{2,3}([-_][a-z0-9]{2,8})*", words) and langcodes.tag_is_valid(words):
        return langcodes.standardize_tag(words.replace("_", "-"))
    try:
        return langcodes.find(words).to_tag()
    except LookupError:
        return None


def language_name(tag: str) -> str:
    """English name of a BCP 47 tag: ``pt-BR`` → ``Brazilian Portuguese``."""
    import langcodes  # noqa: PLC0415 - as above

    return langcodes.Language.get(tag).display_name()
