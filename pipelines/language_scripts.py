"""The script gate: which languages a text's letters allow.

langdetect normalises kanji, kana and Hangul so far that Traditional Chinese comes out as Korean. Asking it
only about the languages of the script that a text is written in repairs that. Where the script leaves one
language, nobody needs to be asked.
"""

from __future__ import annotations

import unicodedata
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipelines.clean_groups import Counted
from pipelines.clean_utf8 import count_latin

# First and last code point of the blocks that matter, after NFKC: compatibility forms are gone by then.
_BLOCKS = (
    (0x0041, 0x02AF, "Latin"),
    (0x0370, 0x03E1, "Greek"),
    (0x03E2, 0x03EF, "Coptic"),
    (0x03F0, 0x03FF, "Greek"),
    (0x0400, 0x052F, "Cyrillic"),
    (0x0530, 0x058F, "Armenian"),
    (0x0590, 0x05FF, "Hebrew"),
    (0x0600, 0x06FF, "Arabic"),
    (0x0700, 0x074F, "Syriac"),
    (0x0750, 0x077F, "Arabic"),
    (0x0780, 0x07BF, "Thaana"),
    (0x0870, 0x08FF, "Arabic"),
    (0x0900, 0x097F, "Devanagari"),
    (0x0980, 0x09FF, "Bengali"),
    (0x0A00, 0x0A7F, "Gurmukhi"),
    (0x0A80, 0x0AFF, "Gujarati"),
    (0x0B00, 0x0B7F, "Oriya"),
    (0x0B80, 0x0BFF, "Tamil"),
    (0x0C00, 0x0C7F, "Telugu"),
    (0x0C80, 0x0CFF, "Kannada"),
    (0x0D00, 0x0D7F, "Malayalam"),
    (0x0D80, 0x0DFF, "Sinhala"),
    (0x0E00, 0x0E7F, "Thai"),
    (0x0E80, 0x0EFF, "Lao"),
    (0x0F00, 0x0FFF, "Tibetan"),
    (0x1000, 0x109F, "Myanmar"),
    (0x10A0, 0x10FF, "Georgian"),
    (0x1100, 0x11FF, "Hangul"),
    (0x1200, 0x139F, "Ethiopic"),
    (0x13A0, 0x13FF, "Cherokee"),
    (0x1780, 0x17FF, "Khmer"),
    (0x1C80, 0x1C8F, "Cyrillic"),
    (0x1C90, 0x1CBF, "Georgian"),
    (0x1E00, 0x1EFF, "Latin"),
    (0x1F00, 0x1FFF, "Greek"),
    (0x2C60, 0x2C7F, "Latin"),
    (0x2D00, 0x2D2F, "Georgian"),
    (0x2D80, 0x2DDF, "Ethiopic"),
    (0x3005, 0x3007, "Han"),
    (0x3040, 0x30FF, "Kana"),
    (0x3100, 0x312F, "Han"),
    (0x31A0, 0x31BF, "Han"),
    (0x31F0, 0x31FF, "Kana"),
    (0x3400, 0x4DBF, "Han"),
    (0x4E00, 0x9FFF, "Han"),
    (0xA640, 0xA69F, "Cyrillic"),
    (0xA720, 0xA7FF, "Latin"),
    (0xAB30, 0xAB6F, "Latin"),
    (0xAB70, 0xABBF, "Cherokee"),
    (0xAC00, 0xD7FF, "Hangul"),
    (0x20000, 0x323AF, "Han"),
)
_STARTS = [start for start, _, _ in _BLOCKS]
_CLASSES = ("", *sorted({script for _, _, script in _BLOCKS}), "marks", "other")
_CHUNK = 1 << 16
_STEP = 61
_SHORT = 1 << 11  # below, numpy takes longer to begin than bytes to end
_MOST_BEYOND = 4
"""One in so many bytes is beyond ASCII, at most, where texts are looked at together."""
_LAST_LETTER = 0x3FFFF
_VOWEL_SIGNS = range(0x0900, 0x1800)  # Devanagari to Khmer
_NO_ASCII_LETTERS = bytes(code for code in range(256) if code > 127 or not chr(code).isalpha())

_LATIN = (
    "af", "ca", "cs", "cy", "da", "de", "en", "eo", "es", "et", "fi", "fr", "hr", "hu", "id", "it", "la",
    "lt", "lv", "nl", "no", "pl", "pt", "ro", "sk", "sl", "so", "sq", "sv", "sw", "tl", "tr", "vi",
)  # fmt: skip
PROFILES: Mapping[str, tuple[str, ...]] = {
    "Latin": _LATIN,
    "Cyrillic": ("bg", "mk", "ru", "uk"),
    "Arabic": ("ar", "fa", "ur"),
    "Devanagari": ("hi", "mr", "ne"),
    "Chinese": ("zh-cn", "zh-tw"),
    "Chinese or Japanese": ("ja", "zh-cn", "zh-tw"),
}
"""Profiles that compete for a text, by kind of script."""

SINGLE: Mapping[str, str] = {
    "Armenian": "hy",
    "Bengali": "bn",
    "Cherokee": "chr",
    "Georgian": "ka",
    "Greek": "el",
    "Gujarati": "gu",
    "Gurmukhi": "pa",
    "Hangul": "ko",
    "Hebrew": "he",
    "Japanese": "ja",
    "Kannada": "kn",
    "Khmer": "km",
    "Lao": "lo",
    "Malayalam": "ml",
    "Myanmar": "my",
    "Oriya": "or",
    "Sinhala": "si",
    "Tamil": "ta",
    "Telugu": "te",
    "Thaana": "dv",
    "Thai": "th",
}
"""Scripts that one language stands for, as BCP 47 tag. Small languages in the same script (Yiddish, Assamese)
are the second engine's to find."""

_PARTS = {"Chinese": ("Han",), "Chinese or Japanese": ("Han", "Kana")}
# A Chinese, Japanese or Korean character carries as much text as 2.5 letters of an alphabet.
_DENSITY = {"Chinese": 2.5, "Chinese or Japanese": 2.5, "Japanese": 2.5, "Hangul": 2.5}
# Japanese prose is at least one third kana; a Chinese text about Japanese things holds a few.
_KANA_MAKES_JAPANESE = 0.2
_KANA_MAY_BE_JAPANESE = 0.05


class Gate(NamedTuple):
    """What the letters of a text allow."""

    script: str
    """A key of ``PROFILES`` or ``SINGLE``; ``other`` or a script that is in neither; empty without letters."""
    share: float
    """Part of the text that this script makes up, 0 to 1, letters weighted by how much they carry."""


ALL_LATIN = Gate("Latin", 1.0)


def script_of(char: str) -> str | None:
    """Script of one letter, ``None`` for what is no letter or of no script that is told apart here."""
    code = ord(char)
    at = bisect_right(_STARTS, code) - 1
    if at < 0 or code > _BLOCKS[at][1] or not char.isalpha():
        return None
    return _BLOCKS[at][2]


def letters_by_script(text: str, counted: Counted | None = None) -> dict[str, int]:
    """Number of letters of a whole text by script: Unicode category L, in ``other`` where no script is told apart.

    Kana and Han are apart. ``marks`` are the vowel signs of the scripts of South Asia: half of what a reader there
    calls letters. One linear pass without a Python object for each character; ``counted`` is what is counted of
    the text, where that is at hand.
    """
    if counted is not None:
        counts = {"Latin": counted.n_latin} if counted.n_latin else {}
        if counted.beyond:
            _count(_codes(counted.beyond.decode("utf-8", "surrogatepass")), counts)
        return counts
    if len(text) < _SHORT and text.isascii():
        latin = count_ascii_letters(text)
        return {"Latin": latin} if latin else {}
    latin = 0
    counts = {}
    for start in range(0, len(text), _CHUNK):
        codes = _codes(text[start : start + _CHUNK])
        latin += count_latin(codes)
        if codes.itemsize > 1 and len(others := codes[codes > 127]):
            _count(others, counts)
    if latin:
        counts["Latin"] = counts.get("Latin", 0) + latin
    return counts


def letters_by_scripts(texts: Sequence[str], counted: Sequence[Counted | None] | None = None) -> list[dict[str, int]]:
    """``letters_by_script`` of each of some texts: short ones are counted together, and what mostly is ASCII.

    ``counted`` is what is counted of the texts, where that is at hand.
    """
    known = counted or [None] * len(texts)
    mostly_ascii = [n for n, each in enumerate(known) if each and _MOST_BEYOND * len(each.beyond) <= len(each.data)]
    short = [n for n, text in enumerate(texts) if not known[n] and len(text) < _SHORT and not text.isascii()]
    if len(short) < 2:
        short = []
    together = dict(zip(mostly_ascii, _mostly_latin([each for n in mostly_ascii if (each := known[n])]), strict=True))
    together |= zip(short, _counted_together([texts[number] for number in short]), strict=True)
    return [
        together[number] if number in together else letters_by_script(text, known[number])
        for number, text in enumerate(texts)
    ]


def _mostly_latin(texts: Sequence[Counted]) -> list[dict[str, int]]:
    """Letters of texts whose few characters beyond ASCII are looked at together."""
    counts = [{"Latin": text.n_latin} if text.n_latin else {} for text in texts]
    beyond = [text.beyond.decode("utf-8", "surrogatepass") for text in texts]
    found = _classes().take(_codes("".join(beyond)), mode="clip")
    letters = found.nonzero()[0]  # of a text in English few, and often none: quotes and dashes
    owners = np.cumsum(list(map(len, beyond)), dtype=np.intp).searchsorted(letters, "right")
    slots, sizes = np.unique(owners * len(_CLASSES) + found[letters], return_counts=True)
    for slot, size in zip(slots.tolist(), sizes.tolist(), strict=True):
        owner, index = divmod(slot, len(_CLASSES))
        counts[owner][_CLASSES[index]] = counts[owner].get(_CLASSES[index], 0) + size
    return counts


def _counted_together(texts: Sequence[str]) -> list[dict[str, int]]:
    if not texts:
        return []
    found = _classes().take(_codes("".join(texts)), mode="clip")
    kinds = len(_CLASSES)
    slots = np.repeat(np.arange(0, kinds * len(texts), kinds), list(map(len, texts)))
    slots += found
    counts = np.bincount(slots, minlength=kinds * len(texts)).reshape(len(texts), kinds).tolist()
    return [{script: n for script, n in zip(_CLASSES, row, strict=True) if n and script} for row in counts]


def _codes(text: str) -> NDArray[Any]:
    """Code points, in the smallest type that a quick encoding has for them."""
    if text.isascii():
        return np.frombuffer(text.encode(), dtype=np.uint8)
    raw = text.encode("utf-16-le", "surrogatepass")
    if len(raw) == 2 * len(text):
        return np.frombuffer(raw, dtype=np.uint16)
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)


def _count(codes: NDArray[Any], counts: dict[str, int]) -> None:
    """Add the letters among some characters beyond ASCII."""
    found = _classes().take(codes, mode="clip")
    if not found.any():  # quotes and dashes
        return
    seen = {index: int(np.count_nonzero(found == index)) for index in set(found[::_STEP].tolist())}
    if sum(seen.values()) < len(found):  # what is rare has not been seen
        seen = {index: count for index, count in enumerate(np.bincount(found).tolist()) if count}
    for index, count in seen.items():
        if index:
            counts[_CLASSES[index]] = counts.get(_CLASSES[index], 0) + count


def count_ascii_letters(text: str) -> int:
    """Number of the letters A to Z of a short text, quicker than all of them."""
    return len(text.encode("utf-8", "replace").translate(None, _NO_ASCII_LETTERS))


def count_letters(text: str) -> int:
    """Number of letters of a text, vowel signs included."""
    return sum(letters_by_script(text).values())


@lru_cache(maxsize=1)
def _classes() -> NDArray[np.uint8]:
    """Index in ``_CLASSES`` of each code point of planes 0 to 3; there are no letters beyond."""
    table = np.fromiter((chr(code).isalpha() for code in range(_LAST_LETTER + 1)), dtype=np.uint8)
    table *= _CLASSES.index("other")
    for start, end, script in _BLOCKS:
        block = table[start : end + 1]
        block[block > 0] = _CLASSES.index(script)
    for code in _VOWEL_SIGNS:
        if unicodedata.category(chr(code))[0] == "M":
            table[code] = _CLASSES.index("marks")
    return table


def letters_of(script: str) -> list[int]:
    """Code points of the letters and vowel signs of a kind of script, in plane 0."""
    names = _PARTS.get(script, (script,))
    return [
        code
        for start, end, name in _BLOCKS
        if name in names
        for code in range(start, min(end, 0xFFFF) + 1)
        if unicodedata.category(chr(code))[0] in "LM"
    ]


def gate(text: str) -> Gate:
    """The script that most of a text is written in, kanji and kana taken together."""
    return gate_of(letters_by_script(text))


def gate_of(letters: Mapping[str, int]) -> Gate:
    """The script of most of a text from its letters by script."""
    if len(letters) == 1 and "Latin" in letters:
        return ALL_LATIN
    counts = {script: count for script, count in letters.items() if script != "marks"}
    if not counts:
        return Gate("", 0.0)
    kana, han = counts.pop("Kana", 0), counts.pop("Han", 0)
    if kana or han:
        counts[_cjk(kana, han)] = kana + han
    weights = {script: count * _DENSITY.get(script, 1.0) for script, count in counts.items()}
    script = max(sorted(weights), key=lambda name: weights[name])
    return Gate(script, weights[script] / sum(weights.values()))


def _cjk(kana: int, han: int) -> str:
    share = kana / (kana + han)
    if share >= _KANA_MAKES_JAPANESE:
        return "Japanese"
    return "Chinese or Japanese" if share >= _KANA_MAY_BE_JAPANESE else "Chinese"
