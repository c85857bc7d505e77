"""Language tags: the engines' codes as BCP 47, and which tags no engine tells apart."""

from __future__ import annotations

from functools import lru_cache

import langcodes

_ENGINE_CODES = {
    "zh-cn": "zh-Hans",
    "zh": "zh-Hans",  # pycld2 calls Traditional zh-Hant
    "zh-tw": "zh-Hant",
    "iw": "he",
    "jw": "jv",
    "tl": "fil",  # the name that archives use
}
_NO_LANGUAGES = frozenset({"un", "zzp", "unknown"})

# Languages that no engine here separates, each under the name of its group.
_GROUPS = {
    "ms": "id",
    "zsm": "id",
    "bs": "hr",
    "sr": "hr",
    "sh": "hr",
    "nb": "no",
    "nn": "no",
    "yue": "zh",
    "nan": "zh",
    "wuu": "zh",
    "hak": "zh",
    "cmn": "zh",
    "lzh": "zh",
    "tl": "fil",
    "grc": "el",
}
_NOT_STATED = frozenset({"und", "mul", "zxx", "mis"})


def tag_of(code: str) -> str | None:
    """BCP 47 tag of an engine's code, ``None`` for codes that are no language (``un``, ``xx-Goth``)."""
    if code in _NO_LANGUAGES or code.startswith("xx-"):
        return None
    return _ENGINE_CODES.get(code, code)


@lru_cache(maxsize=4096)
def primary(tag: str) -> str:
    """Language subtag in its shortest, current form: ``pt-BR`` → ``pt``, ``iw`` → ``he``, ``eng`` → ``en``."""
    try:
        return langcodes.Language.get(tag).language or "und"
    except ValueError:
        return tag.split("-", maxsplit=1)[0].lower()


@lru_cache(maxsize=4096)
def group(tag: str) -> str:
    """Name of the group of languages that the engines do not tell apart, the language itself for most."""
    language = primary(tag)
    return _GROUPS.get(language, language)


def same_language(a: str, b: str) -> bool:
    """Whether two BCP 47 tags are one language to the engines: regions, scripts and close kin do not count.

    The groups: Indonesian and Malay; Croatian, Bosnian and Serbian; the Norwegians; the Chinese languages;
    Tagalog and Filipino; Modern and Ancient Greek.
    """
    return group(a) == group(b)


def is_stated(tag: str | None) -> bool:
    """Whether a declared tag says a language: ``und``, ``mul``, ``mis`` and ``zxx`` do not."""
    return tag is not None and primary(tag) not in _NOT_STATED


def settled(detected: str, declared: str | None) -> str:
    """The better of two tags, the detected one being sure.

    The declared one says more where it only adds to the detected (``pt-BR`` to ``pt``), or names another
    language of a group that no engine tells apart (``ms`` for ``id``).
    """
    if declared is None or not is_stated(declared) or not same_language(detected, declared):
        return detected
    adds = declared.lower().startswith(detected.lower() + "-")
    return declared if adds or primary(declared) != primary(detected) else detected
