"""Numbers as chapter headings write them: digits, Roman, Chinese, and words of some languages."""

from __future__ import annotations

import re
from typing import Final


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


_EN_ONES: Final = _words("one two three four five six seven eight nine")
_EN_TEENS: Final = _words("ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen")
_EN_TENS: Final = _words("twenty thirty forty fifty sixty seventy eighty ninety")
_SERIES: Final = (
    (*_EN_ONES, *_EN_TEENS),
    _words("first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth"),
    _words("eins zwei drei vier fünf sechs sieben acht neun zehn elf zwölf dreizehn vierzehn fünfzehn"),
    _words("un deux trois quatre cinq six sept huit neuf dix onze douze treize quatorze quinze seize"),
    _words("uno dos tres cuatro cinco seis siete ocho nueve diez once doce trece catorce quince"),
    _words("uno due tre quattro cinque sei sette otto nove dieci undici dodici tredici quattordici quindici"),
    _words("um dois três quatro cinco seis sete oito nove dez onze doze treze catorze quinze"),
    _words("один два три четыре пять шесть семь восемь девять десять одиннадцать двенадцать"),
    _words("первая вторая третья четвёртая пятая шестая седьмая восьмая девятая десятая"),
    _words("pierwszy drugi trzeci czwarty piąty szósty siódmy ósmy dziewiąty dziesiąty"),
    _words("primero segundo tercero cuarto quinto sexto séptimo octavo noveno décimo"),
    _words("primo secondo terzo quarto quinto sesto settimo ottavo nono decimo"),
    _words("premier deuxième troisième quatrième cinquième sixième septième huitième neuvième dixième"),
    _words("één twee drie vier vijf zes zeven acht negen tien"),
)
_WORDS: Final = {
    "zero": 0,
    "une": 1,
    "ein": 1,
    "uma": 1,
    "duas": 2,
    "четвертая": 4,
    **{word: number for series in _SERIES for number, word in enumerate(series, 1)},
    **{
        f"{ten}{joint}{one}": 10 * tens + ones
        for tens, ten in enumerate(_EN_TENS, 2)
        for ones, one in enumerate(_EN_ONES, 1)
        for joint in ("-", " ")
    },
    **{ten: 10 * tens for tens, ten in enumerate(_EN_TENS, 2)},
}
_ROMAN: Final = {"i": 1, "v": 5, "x": 10, "l": 50, "c": 100, "d": 500, "m": 1000}
_ROMAN_NUMERALS: Final = frozenset(
    hundreds + tens + ones
    for hundreds in ("", "c", "cc", "ccc")
    for tens in ("", "x", "xx", "xxx", "xl", "l", "lx", "lxx", "lxxx", "xc")
    for ones in ("", "i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix")
) - {""}
_CHINESE: Final = {char: value for value, char in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2, "兩": 2}
_CHINESE_UNITS: Final = {"十": 10, "百": 100, "千": 1000}

# Longest words first, so that "sixteen" is not read as "six".
NUMBER: Final = (
    r"(?:\d{1,4}(?![\d,]|\.\d)|(?:[IVXLC]{1,9}|[ivxlc]{1,9})(?!\w)|(?i:"
    + "|".join(sorted((word.replace(" ", r"\s") for word in _WORDS), key=lambda word: (-len(word), word)))
    + r")(?!\w))"
)
"""Pattern of a number, without groups."""

NUMBER_WORDS: Final = _ROMAN_NUMERALS | _WORDS.keys()
"""Numbers written in letters, in lower case."""


def number_of(text: str) -> int | None:
    """The number that a word, Roman or Chinese numeral or digits stand for; ``None`` for anything else."""
    word = re.sub(r"\s+", " ", text.strip()).casefold()
    if word.isdecimal():
        return int(word)
    if word in _WORDS:
        return _WORDS[word]
    if word in _ROMAN_NUMERALS:
        return _roman(word)
    if word and all(char in _CHINESE or char in _CHINESE_UNITS for char in word):
        return _chinese(word)
    return None


def is_number_word(word: str) -> bool:
    """Whether a number written in letters may begin with ``word``: ``twenty`` of ``twenty one``, ``IV``."""
    return word.casefold() in NUMBER_WORDS


def _roman(word: str) -> int:
    values = [_ROMAN[char] for char in word]
    return sum(-value if value < max(values[place:]) else value for place, value in enumerate(values))


def _chinese(word: str) -> int:
    if not any(char in _CHINESE_UNITS for char in word):
        return int("".join(str(_CHINESE[char]) for char in word))
    total, digit = 0, 0
    for char in word:
        if char in _CHINESE:
            digit = _CHINESE[char]
        else:
            total += (digit or 1) * _CHINESE_UNITS[char]
            digit = 0
    return total + digit
