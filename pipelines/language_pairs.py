"""Which language the pairs of letters of a window speak for: a cheap check of whether windows are in one language.

Naive Bayes over letters and pairs of letters, from the profiles that langdetect itself ships, as whole numbers:
the sum is the same in any order and on any machine. It never names a language in the data. It says which windows
differ from the others, so that langdetect, a hundred times dearer, need be asked only once about those that do
not.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate
from math import log
from typing import Any, NamedTuple

import numpy as np
import orjson
from langdetect.utils.ngram import NGram
from numpy.typing import NDArray

from pipelines.language_scripts import PROFILES, letters_of
from pipelines.language_tags import group, tag_of

COMMON = 1e-4
"""A letter that makes up this part of a profile belongs to its language, a rarer one to its names."""

_UNSEEN = 0.5e-4  # langdetect's own smoothing: its alpha of 0.5 over its base of 10,000
_PLANE = 0xFFFF
_UNITS = 64  # of a score, in one unit of natural logarithm
MARGIN = 12 * _UNITS
"""Scores must differ by this much to tell two languages apart: a likelihood ratio of e to the 12th."""
LEAST = 30
"""A window with fewer known letters has no say."""

_LONGEST = 8000  # times the largest score this is still a whole number to a 32-bit float
_BATCH = 64


class Reading(NamedTuple):
    """What the pairs of letters of some windows speak for."""

    tags: tuple[str, ...]
    """Languages as BCP 47 tags."""
    scores: NDArray[np.float32]
    """By window and language, whole numbers; higher is likelier; all 0 for a window with too few letters."""
    sizes: NDArray[np.float32]
    """Letters of each window, 0 for one with too few."""

    def parts(self, counts: Sequence[int]) -> list[Part]:
        """The readings of so many windows each, at least one, with what they speak for."""
        ends = list(accumulate(counts))
        starts = [0, *ends[:-1]]
        totals = np.add.reduceat(self.scores, starts, axis=0)
        labels, sizes = totals.argmax(axis=1).tolist(), self.sizes.tolist()
        likeliest = self.scores.argmax(axis=1).tolist()
        found = []
        for start, end, label in zip(starts, ends, labels, strict=True):
            reading = Reading(self.tags, self.scores[start:end], self.sizes[start:end])
            if not any(sizes[start:end]):
                found.append(Part(reading, None, is_mixed=False))
                continue
            kin = _kin(self.tags, self.tags[label])
            is_doubtful = not set(likeliest[start:end]).issubset(kin)
            is_mixed = is_doubtful and bool(_is_beaten(reading.scores, kin).any())
            found.append(Part(reading, self.tags[label], is_mixed))
        return found

    def usual(self) -> str | None:
        """The language, with its group, that speaks most for most of the windows, by their letters."""
        letters: defaultdict[str, float] = defaultdict(float)
        for best, size in zip(self.scores.argmax(axis=1).tolist(), self.sizes.tolist(), strict=True):
            letters[group(self.tags[best])] += size
        most = min(letters, key=lambda name: (-letters[name], name), default=None)
        return most if most is not None and letters[most] else None

    def foreign(self, language: str) -> NDArray[np.bool_]:
        """Which windows are clearly in another language than this one and those of its group."""
        return _is_beaten(self.scores, _kin(self.tags, language))

    def differs(self, language: str) -> bool:
        """Whether the windows taken together are clearly in another language."""
        return bool(_is_beaten(self.scores.sum(axis=0, keepdims=True), _kin(self.tags, language))[0])

    def excludes(self, language: str) -> bool:
        """Whether the windows are clearly in another language, or in a script that this one is not written in."""
        return not _kin(self.tags, language) or self.differs(language)


class Part(NamedTuple):
    """What some of the windows speak for."""

    reading: Reading
    language: str | None
    """The language that speaks most for them taken together."""
    is_mixed: bool
    """Whether any is clearly in another language than this one and those of its group."""


@lru_cache(maxsize=1024)
def _kin(tags: tuple[str, ...], language: str) -> list[int]:
    return [index for index, tag in enumerate(tags) if group(tag) == group(language)]


def _is_beaten(scores: NDArray[np.float32], kin: list[int]) -> NDArray[np.bool_]:
    if not kin:
        return np.zeros(len(scores), dtype=np.bool_)
    return np.asarray(scores.max(axis=1) - scores[:, kin].max(axis=1) > MARGIN)


@dataclass(frozen=True, slots=True)
class _Model:
    tags: tuple[str, ...]
    letters: NDArray[np.intp]
    """Index of each code point's letter, 0 for what is none."""
    scores: NDArray[np.float32]
    """By pair of letters and language, above that of two edges of a word; whole numbers. Last, whether the second
    of the pair is a letter, so that one sum counts them too."""
    width: int
    """Number of letters; 0 where single letters are scored."""


class Pairs:
    """The models, one for each script that several languages share; each is made when first asked for."""

    def __init__(self, profiles: Mapping[str, bytes]) -> None:
        self._profiles = profiles
        self._models: dict[str, _Model] = {}

    def read(self, windows: Sequence[str], script: str) -> Reading | None:
        """What cleaned windows in a script speak for; ``None`` where the script alone decides.

        Of a window, the first 8,000 characters are read.
        """
        if script not in PROFILES:
            return None
        model = self._models.get(script) or self._models.setdefault(script, self._made(script))
        found = [_sums(model, windows[start : start + _BATCH]) for start in range(0, len(windows), _BATCH)]
        sums = found[0] if len(found) == 1 else np.concatenate(found)
        if few := [index for index, size in enumerate(sums[:, -1].tolist()) if size < LEAST]:
            sums[few] = 0
        return Reading(model.tags, sums[:, :-1], sums[:, -1])

    def _made(self, script: str) -> _Model:
        codes = PROFILES[script]
        profiles: list[dict[str, Any]] = [orjson.loads(self._profiles[code]) for code in codes]
        common = {letter for profile in profiles for letter in common_letters(profile)}
        index = {letter: at for at, letter in enumerate(sorted(each for each in common if each == each.lower()), 1)}
        letters = np.zeros(_PLANE + 1, dtype=np.intp)
        for code in letters_of(script):
            letters[code] = index.get(NGram.normalize(chr(code)), 0)
        paired = not script.startswith("Chinese")  # a character there says enough by itself, and pairs are too many
        scores = np.stack([_logs(profile, index, paired=paired) for profile in profiles], axis=-1)
        width = len(index) + 1 if paired else 0
        tags = tuple(str(tag_of(code)) for code in codes)
        units = np.rint(scores * _UNITS)
        is_letter = np.resize(np.arange(len(index) + 1) > 0, len(units))
        table = np.column_stack([units - units[0], is_letter]).astype(np.float32)
        return _Model(tags, letters, table, width)


def _sums(model: _Model, windows: Sequence[str]) -> NDArray[np.float32]:
    """Scores and number of letters of each window. Whole numbers that a float holds exactly, in whatever order."""
    longest = 1 + min(_LONGEST, max(map(len, windows)))
    text = "".join([window[:_LONGEST].ljust(longest) for window in windows])
    codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
    letters = model.letters.take(codes, mode="clip")
    if model.width:
        letters[1:] += letters[:-1] * model.width  # each window ends in a space, so that the next begins after one
    rows = model.scores.take(letters, axis=0).reshape(len(windows), longest, -1)
    return np.asarray(np.ones(longest, dtype=np.float32) @ rows)


def _logs(profile: Mapping[str, Any], index: Mapping[str, int], *, paired: bool) -> NDArray[np.float64]:
    """Logarithms of a profile's likelihoods of each letter or, if paired, of each pair and its second letter.

    Pairs stand in rows by their first letter; index 0 is the edge of a word.
    """
    width = len(index) + 1
    singles = np.full(width, log(_UNSEEN))
    pairs = np.full((width, width), log(_UNSEEN)) if paired else np.zeros((1, width))
    at = {" ": 0, **index}
    for gram, count in profile["freq"].items():
        if len(gram) == 1 and gram in index:
            singles[index[gram]] = log(_UNSEEN + count / profile["n_words"][0])
        elif paired and len(gram) == 2 and gram[0] in at and gram[1] in at:
            pairs[at[gram[0]], at[gram[1]]] = log(_UNSEEN + count / profile["n_words"][1])
    return np.asarray(pairs + singles).ravel()


def common_letters(profile: Mapping[str, Any]) -> list[str]:
    """Letters that belong to the language of a profile."""
    total = profile["n_words"][0]
    return [gram for gram, count in profile["freq"].items() if len(gram) == 1 and count > COMMON * total]
