"""Real words for generated corpora: texts and word lists of Debian packages, kept in a cache outside the repository.

Where they cannot be had, a small vocabulary of our own takes their place, and that is said.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from tests.benchmarks.packages import Missing, debian

Numbers = npt.NDArray[np.int32]

PACKAGES = {
    "en": ("anarchism", "fortunes"),
    "de": ("fortunes-de",),
    "es": ("fortunes-es",),
    "ru": ("fortunes-ru",),
    "zh": ("fortunes-zh",),
}
"""Debian packages with plain or HTML text, by language."""
WORD_LIST = "wamerican"
SUCCESSORS = 48
LARGEST_TEXT = 6_000_000
"""Characters that a chain is made of: enough for its statistics."""

_OWN = {
    "en": "the a of and to in that it was he said with as at on for but not had from this by they were all which one "
    "out when into then there no could her his what so up if about over time down like after more other before two "
    "way hand back eyes long still little night door old never through house again where head room just too morning "
    "window voice away light fire water river letter stone winter garden road story silence laughter kitchen candle",
    "de": "der die das und in zu den mit sich auf für ist im dem nicht ein eine als auch es an werden aus er hat dass "
    "sie nach wird bei noch wie einem über so zum war haben nur oder aber vor zur bis mehr durch man sein wurde sei",
    "es": "de la que el en y a los se del las un por con no una su para es al lo como más o pero sus le ha me si sin "
    "sobre este ya entre cuando todo esta ser son dos también fue había era muy años hasta desde está mi porque qué",
    "ru": "и в не на я быть он с что а по это она этот к но они мы весь который из у то за свой от со для о же ты все "
    "так его как год бы мочь вы человек сказать только время себя другой один наш если первый ещё самый знать когда",
    "zh": "的一是在不了有和人这中大为上个国我以要他时来用们生到作地于出就分对成会",
}


@dataclass(frozen=True)
class Chain:
    """Words with their successors in real text, and how often each comes."""

    words: tuple[str, ...]
    successors: Numbers
    """A row of successors for each word, drawn as often as they follow it."""
    running: Numbers
    """The words of the text, in order: a draw from it is a draw by frequency."""
    tail: Numbers
    """Rare words, the most frequent first."""
    joined_by: str
    is_real: bool

    def tokens(self, count: int, rng: np.random.Generator) -> Numbers:
        """Words of new text: a third of the draws ignore the chain, and one in thirty is a rare word."""
        streams = max(1, count // 64)
        steps = -(-count // streams)
        state = self.running[rng.integers(0, len(self.running), streams)]
        choices = rng.integers(0, SUCCESSORS, (steps, streams))
        free = self.running[rng.integers(0, len(self.running), (steps, streams))]
        rare = self.tail[np.minimum(rng.zipf(1.3, (steps, streams)), len(self.tail)) - 1]
        which = rng.random((steps, streams))
        out = np.empty((steps, streams), dtype=np.int32)
        for step in range(steps):
            state = np.where(which[step] < 0.62, self.successors[state, choices[step]], free[step])
            out[step] = np.where(which[step] > 0.97, rare[step], state)
        return out.T.ravel()[:count]


def chain(language: str, seed: int) -> Chain:
    """The chain of a language."""
    text = "\n".join(_texts(language))[:LARGEST_TEXT]
    is_real = len(text) > 100_000
    if not is_real:
        print(f"{language}: no packaged text is to be had; a vocabulary of our own takes its place", file=sys.stderr)
        own = list(_OWN[language]) if language == "zh" else _OWN[language].split()
        text = " ".join(np.random.default_rng(7).choice(own, 40_000).tolist())
    pattern = r"[\u4e00-\u9fff]" if language == "zh" else r"[^\W\d_]+(?:['’][^\W\d_]+)?"
    running = re.findall(pattern, text.lower())
    rare = _word_list() if language == "en" else []
    words = sorted({*running, *rare})
    place = {word: number for number, word in enumerate(words)}
    order = np.array([place[word] for word in running], dtype=np.int32)
    frequent = set(running)
    tail = [place[word] for word in rare if word not in frequent] or order[:500].tolist()
    rng = np.random.default_rng(seed)
    rng.shuffle(tail)
    return Chain(
        words=tuple("I" if word == "i" and language == "en" else word for word in words),
        successors=_successors(order, len(words), rng),
        running=order,
        tail=np.array(tail, dtype=np.int32),
        joined_by="" if language == "zh" else " ",
        is_real=is_real,
    )


def _successors(running: Numbers, n_words: int, rng: np.random.Generator) -> Numbers:
    order = np.argsort(running[:-1], kind="stable")
    after = running[1:][order]
    counts = np.bincount(running[:-1], minlength=n_words)
    starts = np.cumsum(counts) - counts
    draws = starts[:, np.newaxis] + (rng.random((n_words, SUCCESSORS)) * counts[:, np.newaxis]).astype(np.int64)
    chosen = after[np.minimum(draws, len(after) - 1)]
    free = running[rng.integers(0, len(running), (n_words, SUCCESSORS))]
    return np.where(counts[:, np.newaxis] > 0, chosen, free).astype(np.int32)


def _word_list() -> list[str]:
    folder = _unpacked(WORD_LIST)
    if folder is None:
        return []
    words = (folder / "usr/share/dict/american-english").read_text(encoding="utf-8").split()
    return [word for word in words if word.isalpha() and word.islower()]


def _texts(language: str) -> Iterator[str]:
    for package in PACKAGES[language]:
        folder = _unpacked(package)
        for path in sorted(folder.rglob("*")) if folder else ():
            if path.is_file() and not path.is_symlink() and path.suffix in {"", ".html", ".txt", ".u8", ".fortunes"}:
                content = path.read_bytes()
                if b"\0" in content[:4096] or len(content) < 2_000 or path.name in {"copyright", "changelog"}:
                    continue
                text = content.decode("utf-8", "ignore")
                yield re.sub(r"<[^>]{0,400}>|&\w{1,8};|\x1b\[[0-9;]*m", " ", text)


def _unpacked(package: str) -> Path | None:
    """Folder of a Debian package; ``None`` where it cannot be had, which is said."""
    try:
        return debian(package)[0]
    except Missing as error:
        print(f"missing: {error}", file=sys.stderr)
        return None
