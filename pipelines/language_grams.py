"""langdetect's method over arrays: the same answers but for rounding, at a tenth of the time.

langdetect looks at a text character by character and at its languages one by one, in Python. Here the features of a
text (letters, pairs and threes of letters that any profile knows) are looked up all at once, and the languages of a
script are weighed as one array, many draws at a time. Profiles, normalisation and draws are langdetect's own.
"""

from __future__ import annotations

import math
import random
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple

import numpy as np
from langdetect.detector import Detector
from langdetect.utils.ngram import NGram
from numpy.typing import NDArray

SEED = 0
TRIALS = 7
_MOST_CHARACTERS = 10_000
_FIRST_LOOKS = np.arange(0, 31, 5)
_LOOKS = np.arange(4, 30, 5)
"""Which of the features that are drawn at a time langdetect ends a trial at, if one language stands out by then: its
first, and every fifth after that."""
_FEW_WORDS = 1 << 11
_MOST_WORDS = 20_000
"""Random words: as good as always enough for a text, and for seven trials of a thousand draws."""

_PLANES = 0x20000
"""Code points from here on are in no profile, and have no case."""
_NOT_SEEN = -1
_BLANK = 1
_CAPITAL = 1 << 20
_VIETNAMESE_MARKS = frozenset(NGram.DMARK_CLASS)
_LATIN_FIRST, _LATIN_LAST = ord("A"), ord("z")
_FIRST_NOT_LATIN = 0x300

Rows = NDArray[np.int32]


class _Tables(NamedTuple):
    """Where the features of a text stand in the matrix of probabilities; 0 for what no profile knows."""

    singles: Rows
    pairs: Rows
    """By first and second letter."""
    openings: Rows
    """By the same: which pair that threes begin with."""
    threes: Rows
    """By opening pair and third letter."""


class Grams:
    """The profiles that compete for one script."""

    def __init__(self, profiles: Sequence[Mapping[str, Any]]) -> None:
        self._codes = [str(profile["name"]) for profile in profiles]
        rows = {gram: row for row, gram in enumerate(dict.fromkeys(g for each in profiles for g in each["freq"]), 1)}
        self._matrix = np.zeros((len(rows) + 1, len(profiles)))
        for column, profile in enumerate(profiles):
            counts = profile["freq"]
            totals = np.array([1, *profile["n_words"]])[list(map(len, counts))]
            self._matrix[[rows[gram] for gram in counts], column] = np.array(list(counts.values())) / totals
        letters = sorted({letter for gram in rows for letter in gram if letter != " "})
        self._index = {" ": _BLANK} | {letter: index for index, letter in enumerate(letters, _BLANK + 1)}
        self._width = len(letters) + 3  # the last stands for letters of no profile, 0 for nothing
        self._letters = np.full(_PLANES, _NOT_SEEN, dtype=np.int32)
        self._letters[-1] = self._width - 1
        self._tables = self._made(rows)

    def _made(self, rows: Mapping[str, int]) -> _Tables:
        width = self._width
        singles = np.zeros(width, dtype=np.int32)
        pairs = np.zeros(width * width, dtype=np.int32)
        openings = np.zeros(width * width, dtype=np.int32)
        begun: dict[int, int] = {}
        threes: dict[tuple[int, int], int] = {}
        for gram, row in rows.items():
            at = [self._index[letter] for letter in gram]
            if len(at) == 1 and gram != " ":
                singles[at[0]] = row
            elif len(at) == 2 and gram != "  ":
                pairs[at[0] * width + at[1]] = row
            elif len(at) == 3 and gram[1] != " ":
                opening = at[0] * width + at[1]
                threes[begun.setdefault(opening, len(begun) + 1), at[2]] = row
        openings[list(begun)] = list(begun.values())
        table = np.zeros((len(begun) + 1, width), dtype=np.int32)
        if threes:
            table[tuple(zip(*threes, strict=True))] = list(threes.values())
        return _Tables(singles, pairs, openings, table.ravel())

    def probabilities(self, text: str) -> list[tuple[str, float]]:
        """Codes of langdetect and their probabilities above 0.1, best first; empty where it finds no features."""
        features = self._features(_prepared(text))
        if not features.size:
            return []
        found = zip(self._codes, self._weighed(features), strict=True)
        likely = [(code, probability) for code, probability in found if probability > Detector.PROB_THRESHOLD]
        return sorted(likely, key=lambda each: each[1], reverse=True)

    def _features(self, text: str) -> Rows:
        """Rows of the features of a text in the order of their last letters, short ones first."""
        points = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype="<u4")
        if not text.isascii():
            points = _without_latin(points)
        if not points.size:
            return np.zeros(0, dtype=np.int32)
        letters = self._letters.take(points, mode="clip")
        if letters.min() == _NOT_SEEN:
            self._learn(set(points[letters == _NOT_SEEN].tolist()))
            letters = self._letters.take(points, mode="clip")
        shouted: NDArray[np.bool_] | None = None
        if letters.max() >= _CAPITAL:
            capital = letters >= _CAPITAL
            letters[capital] -= _CAPITAL
            shouted = capital
            shouted[1:] &= capital[:-1].copy()
            shouted[0] = False
        before = np.concatenate(([_BLANK], letters[:-1]))
        opened = before * self._width
        opened += letters
        rows = np.empty((len(letters), 3), dtype=np.int32)
        tables = self._tables
        tables.singles.take(letters, out=rows[:, 0])
        tables.pairs.take(opened, out=rows[:, 1])
        openings = tables.openings.take(opened[:-1])
        rows[:1, 2] = 0
        tables.threes.take(openings * self._width + letters[1:], out=rows[1:, 2])
        if shouted is not None:
            rows[shouted] = 0
        return rows[rows > 0]

    def _learn(self, points: set[int]) -> None:
        """Note which letters langdetect takes characters for."""
        for point in points:
            letter = NGram.normalize(chr(point))
            index = self._index.get(letter, self._width - 1)
            self._letters[point] = index + _CAPITAL if letter.isupper() else index

    def _weighed(self, features: Rows) -> list[float]:
        """Probabilities of the languages: the mean of trials that each draw features until one language stands out."""
        count = len(self._codes)
        draws = _Draws(len(features))
        total = np.zeros(count)
        for _ in range(TRIALS):
            smoothing = Detector.ALPHA_DEFAULT + draws.gauss() * Detector.ALPHA_WIDTH
            shares = np.full(count, 1.0 / count)
            looks, drawn = _FIRST_LOOKS, 0
            while True:
                factors = self._matrix.take(features[draws.ahead(int(looks[-1]) + 1)], axis=0)
                factors += smoothing / Detector.BASE_FREQ
                factors[0] *= shares
                products = np.multiply.accumulate(factors, axis=0)[looks]
                products /= products.sum(axis=1, keepdims=True)
                ended = products.max(axis=1) > Detector.CONV_THRESHOLD
                ended |= drawn + looks >= Detector.ITERATION_LIMIT
                end = int(ended.argmax()) if ended.any() else len(looks) - 1
                shares = products[end]
                draws.passed(int(looks[end]) + 1)
                if ended[end]:
                    break
                drawn += int(looks[-1]) + 1
                looks = _LOOKS
            total += shares / TRIALS
        return total.tolist()


class _Draws:
    """What ``random.Random(0)`` draws in ``gauss`` and in ``choice`` among so many, many draws at a time.

    Both are made of the same row of 32-bit words: two of them are one ``random()``, and the high bits of one are one
    choice, or none where they say too much.
    """

    def __init__(self, count: int) -> None:
        self._count = count
        self._next = 0
        """The first choice that is not used up."""
        self._spare: float | None = None
        self._look(_FEW_WORDS)

    def _look(self, words: int) -> None:
        choices = _words()[:words] >> np.uint32(32 - self._count.bit_length())
        self._places = (choices < self._count).nonzero()[0]
        """Which words are a choice."""
        self._choices = choices[self._places]

    def gauss(self) -> float:
        """As ``random.gauss(0.0, 1.0)``, which makes two at a time."""
        if self._spare is not None:
            value, self._spare = self._spare, None
            return value
        start = int(self._places[self._next - 1]) + 1 if self._next else 0
        self._next = int(self._places.searchsorted(start + 4))
        a, b, c, d = _words()[start : start + 4].tolist()
        turn, size = (((high >> 5) * 2**26 + (low >> 6)) / 2**53 for high, low in ((a, b), (c, d)))
        radius = math.sqrt(-2.0 * math.log(1.0 - size))
        self._spare = math.sin(turn * math.tau) * radius
        return math.cos(turn * math.tau) * radius

    def ahead(self, number: int) -> NDArray[np.uint32]:
        """The next choices; they are not used up before it is said how many are."""
        if self._next + number > len(self._choices):
            self._look(_MOST_WORDS)
        return self._choices[self._next : self._next + number]

    def passed(self, number: int) -> None:
        """So many choices have been used."""
        self._next += number


@cache
def _words() -> NDArray[np.uint32]:
    drawn = random.Random(SEED).getrandbits(32 * _MOST_WORDS)  # noqa: S311 - the same for every text
    return np.frombuffer(drawn.to_bytes(4 * _MOST_WORDS, "little"), "<u4").astype(np.uint32)


def _prepared(text: str) -> str:
    """A text as langdetect takes it in."""
    if "http" in text:
        text = Detector.URL_RE.sub(" ", text)
    if "@" in text:
        text = Detector.MAIL_RE.sub(" ", text)
    if not text.isascii() and not _VIETNAMESE_MARKS.isdisjoint(text):
        text = NGram.normalize_vi(text)
    text = text[:_MOST_CHARACTERS]
    while "  " in text:
        text = text.replace("  ", " ")
    return text


def _without_latin(points: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """Without the Latin letters of a text that is mostly in another script."""
    latin = (points >= _LATIN_FIRST) & (points <= _LATIN_LAST)
    other = np.count_nonzero(points >= _FIRST_NOT_LATIN)  # Vietnamese too: langdetect means to spare it, and does not
    return points[~latin] if 2 * np.count_nonzero(latin) < other else points
