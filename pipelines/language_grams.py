"""langdetect's method over arrays: the same answers to the last bit, at a tenth of the time.

langdetect looks at a text character by character and at its languages one by one, in Python. Here the features of a
text (letters, pairs and threes of letters that any profile knows) are looked up all at once, and the languages of a
script are weighed as one array. Profiles, normalisation, draws and the order of all sums are langdetect's own.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from langdetect.detector import Detector
from langdetect.utils.ngram import NGram
from numpy.typing import NDArray

SEED = 0
TRIALS = 7
_MOST_CHARACTERS = 10_000
_STEPS = 5
"""Features that are weighed between two looks at whether a trial has come to an answer."""

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
        chance = random.Random(SEED)  # noqa: S311 - langdetect's draws, the same for every text
        count = len(self._codes)
        places = range(len(features))
        total = np.zeros(count)
        for _ in range(TRIALS):
            smoothing = Detector.ALPHA_DEFAULT + chance.gauss(0.0, 1.0) * Detector.ALPHA_WIDTH
            shares = np.full(count, 1.0 / count)
            drawn, steps = 0, 1
            while True:
                chosen = features[[chance.choice(places) for _ in range(steps)]]
                factors = self._matrix.take(chosen, axis=0)
                factors += smoothing / Detector.BASE_FREQ
                factors[0] *= shares
                shares = np.multiply.reduce(factors, axis=0)
                shares /= sum(shares.tolist())  # not numpy's sum, which adds in another order
                drawn += steps
                if shares.max() > Detector.CONV_THRESHOLD or drawn > Detector.ITERATION_LIMIT:
                    break
                steps = _STEPS
            total += shares / TRIALS
        return total.tolist()


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
